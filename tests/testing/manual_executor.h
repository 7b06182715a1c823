#ifndef WEBHOOKD_TESTS_TESTING_MANUAL_EXECUTOR_H_
#define WEBHOOKD_TESTS_TESTING_MANUAL_EXECUTOR_H_

#include <cstddef>
#include <deque>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "base/executor.h"
#include "base/mutex.h"

namespace webhookd {

// An Executor whose tasks run when the test says so.
class ManualExecutor final : public Executor {
 public:
  void Post(absl::AnyInvocable<void() &&> task) override {
    MutexLock lock(mutex_);
    tasks_.push_back(std::move(task));
  }

  // Runs what was posted and what that posts; gives the number of tasks.
  size_t RunAll() {
    size_t ran = 0;
    while (RunOne()) ++ran;
    return ran;
  }

  // Runs the oldest task, if there is one.
  bool RunOne() {
    absl::AnyInvocable<void() &&> task;
    {
      MutexLock lock(mutex_);
      if (tasks_.empty()) return false;
      task = std::move(tasks_.front());
      tasks_.pop_front();
    }
    std::move(task)();
    return true;
  }

 private:
  Mutex mutex_;
  std::deque<absl::AnyInvocable<void() &&>> tasks_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace webhookd

#endif  // WEBHOOKD_TESTS_TESTING_MANUAL_EXECUTOR_H_
