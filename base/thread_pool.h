#ifndef WEBHOOKD_BASE_THREAD_POOL_H_
#define WEBHOOKD_BASE_THREAD_POOL_H_

#include <deque>
#include <thread>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "base/executor.h"
#include "base/mutex.h"

namespace webhookd {

// An Executor with several threads: tasks begin in the order they were posted, but several run at
// once, so they must not need each other.
class ThreadPool final : public Executor {
 public:
  // `name` is the threads', at most 15 bytes. `threads` is at least 1.
  ThreadPool(const char* name, int threads);
  // Stops first.
  ~ThreadPool() override;

  void Post(absl::AnyInvocable<void() &&> task) override;

  // Runs what was posted before, then ends the threads. Blocks; idempotent. Not from a task.
  void Stop();

 private:
  void Run(const char* name);

  Mutex mutex_;
  CondVar wake_;
  std::deque<absl::AnyInvocable<void() &&>> tasks_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_BASE_THREAD_POOL_H_
