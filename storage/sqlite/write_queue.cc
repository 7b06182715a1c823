#include "storage/sqlite/write_queue.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "storage/errors.h"

namespace webhookd::sqlite {

std::shared_ptr<WriteQueue> WriteQueue::Create(Executor& executor,
                                               std::unique_ptr<GroupCommit> group_commit,
                                               Options options) {
  return std::shared_ptr<WriteQueue>(new WriteQueue(executor, std::move(group_commit), options));
}

WriteQueue::WriteQueue(Executor& executor, std::unique_ptr<GroupCommit> group_commit,
                       Options options)
    : executor_(executor), options_(options), group_commit_(std::move(group_commit)) {}

WriteQueue::~WriteQueue() { Stop(); }

void WriteQueue::Push(std::unique_ptr<Write> write) { Take(std::move(write), true); }

void WriteQueue::PushUnbounded(std::unique_ptr<Write> write) { Take(std::move(write), false); }

void WriteQueue::Take(std::unique_ptr<Write> write, bool bounded) {
  {
    MutexLock lock(mutex_);
    if (!stopped_) {
      const bool full = bounded && static_cast<int64_t>(waiting_.size()) >= options_.max_waiting;
      if (full) {
        refused_.push_back(std::move(write));
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
    executor_.Post([write = std::move(write)] { write->Finish(StoreStopped()); });
  }
}

// The task keeps the queue alive: it may run after the store is gone, and then does nothing.
void WriteQueue::PostBatch() {
  executor_.Post([self = shared_from_this()] { self->RunPosted(); });
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
  std::vector<std::unique_ptr<Write>> refused;
  std::vector<std::unique_ptr<Write>> batch;
  {
    MutexLock lock(mutex_);
    refused.swap(refused_);
    const auto end =
        waiting_.begin() + std::min<ptrdiff_t>(options_.max_batch, std::ssize(waiting_));
    batch.assign(std::move_iterator(waiting_.begin()), std::move_iterator(end));
    waiting_.erase(waiting_.begin(), end);
  }
  for (const std::unique_ptr<Write>& write : refused) {
    write->Finish(TooManyWaitingWrites(options_.max_waiting));
  }
  if (!batch.empty()) group_commit_->Run(batch);

  MutexLock lock(mutex_);
  posted_ = !waiting_.empty() || !refused_.empty();
  return posted_;
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
}

}  // namespace webhookd::sqlite
