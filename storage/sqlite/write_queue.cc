#include "storage/sqlite/write_queue.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "storage/errors.h"

namespace webhookd::sqlite {

std::shared_ptr<WriteQueue> WriteQueue::Create(Executors executors,
                                               std::unique_ptr<GroupCommit> group_commit,
                                               Options options) {
  return std::shared_ptr<WriteQueue>(
      new WriteQueue(executors, std::move(group_commit), std::move(options)));
}

WriteQueue::WriteQueue(Executors executors, std::unique_ptr<GroupCommit> group_commit,
                       Options options)
    : executors_(executors), options_(std::move(options)), group_commit_(std::move(group_commit)) {}

WriteQueue::~WriteQueue() { Stop(); }

void WriteQueue::Push(std::unique_ptr<Write> write) { Take(std::move(write), true); }

void WriteQueue::PushUnbounded(std::unique_ptr<Write> write) { Take(std::move(write), false); }

void WriteQueue::Take(std::unique_ptr<Write> write, bool bounded) {
  absl::Status refusal = bounded ? options_.refusal() : absl::OkStatus();
  {
    MutexLock lock(mutex_);
    if (!stopped_) {
      const bool full = bounded && std::ssize(waiting_) + unfinished_ >= options_.max_waiting;
      if (full && refusal.ok()) refusal = TooManyWaitingWrites(options_.max_waiting);
      if (!refusal.ok()) {
        refused_.writes.push_back(std::move(write));
        refused_.results.push_back(std::move(refusal));
      } else {
        waiting_.push_back(std::move(write));
      }
      if (posted_) return;
      posted_ = true;
    }
  }
  if (write == nullptr) {
    PostBatch();
  } else {
    executors_.finishes.Post([write = std::move(write)] { write->Finish(StoreStopped()); });
  }
}

// The task keeps the queue alive: it may run after the store is gone, and then does nothing.
void WriteQueue::PostBatch() {
  executors_.commits.Post([self = shared_from_this()] { self->RunPosted(); });
}

void WriteQueue::RunPosted() {
  bool more;
  {
    MutexLock lock(running_);
    if (group_commit_ == nullptr) return;
    more = RunBatch();
  }
  // Not in a loop: the executor may have other tasks.
  if (more) PostBatch();
}

bool WriteQueue::RunBatch() {
  Decided refused;
  Decided batch;
  {
    MutexLock lock(mutex_);
    refused = std::exchange(refused_, {});
    const auto end =
        waiting_.begin() + std::min<ptrdiff_t>(options_.max_batch, std::ssize(waiting_));
    batch.writes.assign(std::move_iterator(waiting_.begin()), std::move_iterator(end));
    waiting_.erase(waiting_.begin(), end);
  }
  if (!refused.writes.empty()) PostFinish(std::move(refused));
  if (!batch.writes.empty()) {
    batch.results = group_commit_->Run(batch.writes);
    PostFinish(std::move(batch));
  }

  MutexLock lock(mutex_);
  posted_ = !waiting_.empty() || !refused_.writes.empty();
  return posted_;
}

void WriteQueue::PostFinish(Decided decided) {
  {
    MutexLock lock(mutex_);
    unfinished_ += std::ssize(decided.writes);
    decided_.push_back(std::move(decided));
  }
  executors_.finishes.Post([self = shared_from_this()] { self->Finish(); });
}

void WriteQueue::Finish() {
  MutexLock lock(finishing_);
  std::deque<Decided> decided;
  {
    MutexLock queue_lock(mutex_);
    decided.swap(decided_);
  }
  for (const Decided& batch : decided) {
    for (size_t i = 0; i < batch.writes.size(); ++i) batch.writes[i]->Finish(batch.results[i]);
    MutexLock queue_lock(mutex_);
    unfinished_ -= std::ssize(batch.writes);
  }
}

void WriteQueue::Stop() {
  {
    MutexLock lock(mutex_);
    stopped_ = true;
  }
  MutexLock lock(running_);
  if (group_commit_ == nullptr) return;
  while (RunBatch()) {
  }
  group_commit_.reset();
  Finish();
}

}  // namespace webhookd::sqlite
