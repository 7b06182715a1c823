#include "server/events/log_scanner.h"

#include <pthread.h>

#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"

namespace webhookd {
namespace {

absl::Status ShuttingDown() {
  return absl::UnavailableError("the server is shutting down: repeat the report");
}

}  // namespace

LogScanner::LogScanner(Options options, Clock& clock) : options_(options), clock_(clock) {
  threads_.reserve(options_.threads);
  for (int i = 0; i < options_.threads; ++i) threads_.emplace_back([this] { Run(); });
}

LogScanner::~LogScanner() { Stop(); }

absl::Status LogScanner::Add(std::unique_ptr<Scan>& scan) {
  const int64_t bytes = scan->bytes();
  {
    MutexLock lock(mutex_);
    if (stopping_) return ShuttingDown();
    // One that is longer than all that may wait is taken when nothing else waits.
    if (bytes_ > 0 && bytes_ + bytes > options_.max_bytes) {
      return absl::ResourceExhaustedError(
          absl::StrCat(bytes_, " bytes of lines wait to be matched, and at most ",
                       options_.max_bytes, " may: repeat the report later"));
    }
    bytes_ += bytes;
    absl::Duration least = absl::ZeroDuration();
    if (!queues_.empty()) {
      least = absl::c_min_element(queues_, [](const auto& a, const auto& b) {
                return a.second.used < b.second.used;
              })->second.used;
    }
    const auto [queue, is_new] = queues_.try_emplace(scan->owner());
    if (is_new) queue->second.used = least;
    queue->second.waiting.push_back(std::move(scan));
  }
  wake_.NotifyOne();
  return absl::OkStatus();
}

void LogScanner::Stop() {
  Queues abandoned;
  {
    MutexLock lock(mutex_);
    stopping_ = true;
  }
  wake_.NotifyAll();
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
  {
    MutexLock lock(mutex_);
    abandoned.swap(queues_);
  }
  for (const auto& [owner, queue] : abandoned) {
    for (const std::unique_ptr<Scan>& scan : queue.waiting) scan->Refuse(ShuttingDown());
  }
}

LogScanner::Queues::iterator LogScanner::Next() {
  auto next = queues_.end();
  for (auto queue = queues_.begin(); queue != queues_.end(); ++queue) {
    if (queue->second.waiting.empty()) continue;
    if (next == queues_.end() || queue->second.used < next->second.used) next = queue;
  }
  return next;
}

void LogScanner::Run() {
  pthread_setname_np(pthread_self(), "scanner");
  while (true) {
    std::unique_ptr<Scan> scan;
    {
      MutexLock lock(mutex_);
      auto queue = Next();
      while (queue == queues_.end() && !stopping_) {
        wake_.Wait(mutex_);
        queue = Next();
      }
      if (stopping_) return;
      scan = std::move(queue->second.waiting.front());
      queue->second.waiting.pop_front();
      ++queue->second.running;
    }
    const int64_t bytes = scan->bytes();
    const int32_t owner = scan->owner();
    const absl::Duration start = clock_.Steady();
    const bool done = scan->Step();
    const absl::Duration took = clock_.Steady() - start;
    MutexLock lock(mutex_);
    const auto place = queues_.find(owner);
    Queue& queue = place->second;
    queue.used += took;
    --queue.running;
    if (done) {
      bytes_ -= bytes;
      if (queue.waiting.empty() && queue.running == 0) queues_.erase(place);
    } else {
      queue.waiting.push_back(std::move(scan));
      wake_.NotifyOne();
    }
  }
}

}  // namespace webhookd
