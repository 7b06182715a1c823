#ifndef WEBHOOKD_BASE_EXECUTOR_H_
#define WEBHOOKD_BASE_EXECUTOR_H_

#include <deque>
#include <thread>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "base/mutex.h"

namespace webhookd {

// Runs tasks in the order they were posted, one after another unless it says otherwise, never
// inside Post.
class Executor {
 public:
  virtual ~Executor() = default;

  // Takes a task. Thread-safe. A task posted after the executor stopped is destroyed without
  // running.
  virtual void Post(absl::AnyInvocable<void() &&> task) = 0;
};

// An Executor with threads of its own: tasks begin in the order they were posted, but several run
// at once, so they must not need each other.
class ThreadPool : public Executor {
 public:
  // `name` is the threads', at most 15 bytes. `threads` is at least 1.
  ThreadPool(const char* name, int threads);
  // Stops first.
  ~ThreadPool() override;

  void Post(absl::AnyInvocable<void() &&> task) final;

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

// With one thread: a task ends before the next begins.
class ThreadExecutor final : public ThreadPool {
 public:
  explicit ThreadExecutor(const char* name = "executor") : ThreadPool(name, 1) {}
};

}  // namespace webhookd

#endif  // WEBHOOKD_BASE_EXECUTOR_H_
