#ifndef WEBHOOKD_BASE_EXECUTOR_H_
#define WEBHOOKD_BASE_EXECUTOR_H_

#include <deque>
#include <thread>

#include "absl/functional/any_invocable.h"
#include "base/mutex.h"

namespace webhookd {

// Runs tasks one after another, in the order they were posted, never inside Post.
class Executor {
 public:
  virtual ~Executor() = default;

  // Takes a task. Thread-safe. A task posted after the executor stopped is destroyed without
  // running.
  virtual void Post(absl::AnyInvocable<void() &&> task) = 0;
};

// An Executor with one thread of its own.
class ThreadExecutor final : public Executor {
 public:
  // `name` is the thread's, at most 15 bytes.
  explicit ThreadExecutor(const char* name = "executor");
  // Stops first.
  ~ThreadExecutor() override;

  void Post(absl::AnyInvocable<void() &&> task) override;

  // Runs what was posted before, then ends the thread. Blocks; idempotent. Not from a task.
  void Stop();

 private:
  void Run(const char* name);

  Mutex mutex_;
  CondVar wake_;
  std::deque<absl::AnyInvocable<void() &&>> tasks_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_BASE_EXECUTOR_H_
