#include "server/events/log_scanner.h"

#include <pthread.h>

#include <utility>

#include "absl/strings/str_cat.h"

namespace webhookd {
namespace {

absl::Status ShuttingDown() {
  return absl::UnavailableError("the server is shutting down: repeat the report");
}

}  // namespace

LogScanner::LogScanner(Options options) : options_(options) {
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
    waiting_.push_back(std::move(scan));
  }
  wake_.NotifyOne();
  return absl::OkStatus();
}

void LogScanner::Stop() {
  std::deque<std::unique_ptr<Scan>> abandoned;
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
    abandoned.swap(waiting_);
  }
  for (const std::unique_ptr<Scan>& scan : abandoned) scan->Refuse(ShuttingDown());
}

void LogScanner::Run() {
  pthread_setname_np(pthread_self(), "scanner");
  while (true) {
    std::unique_ptr<Scan> scan;
    {
      MutexLock lock(mutex_);
      while (waiting_.empty() && !stopping_) wake_.Wait(mutex_);
      if (stopping_) return;
      scan = std::move(waiting_.front());
      waiting_.pop_front();
    }
    const int64_t bytes = scan->bytes();
    const bool done = scan->Step();
    MutexLock lock(mutex_);
    if (done) {
      bytes_ -= bytes;
    } else {
      waiting_.push_back(std::move(scan));
      wake_.NotifyOne();
    }
  }
}

}  // namespace webhookd
