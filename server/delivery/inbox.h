#ifndef WEBHOOKD_SERVER_DELIVERY_INBOX_H_
#define WEBHOOKD_SERVER_DELIVERY_INBOX_H_

#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "base/mutex.h"

namespace webhookd {

// Tasks that other threads leave for a shard. Callers share it, so that one who answers late finds
// it closed instead of finding no shard. Thread-safe.
class Inbox {
 public:
  using Task = absl::AnyInvocable<void() &&>;

  // `interrupt` is called after a task was left in an empty inbox; never after Close.
  explicit Inbox(absl::AnyInvocable<void()> interrupt) : interrupt_(std::move(interrupt)) {}

  // Leaves a task; destroys it when the inbox is closed.
  void Post(Task task) {
    MutexLock lock(mutex_);
    if (closed_) return;
    tasks_.push_back(std::move(task));
    if (tasks_.size() == 1) interrupt_();
  }

  // Takes all tasks, in the order they were left.
  std::vector<Task> Take() {
    MutexLock lock(mutex_);
    return std::exchange(tasks_, {});
  }

  void Close() {
    std::vector<Task> dropped;
    MutexLock lock(mutex_);
    closed_ = true;
    dropped.swap(tasks_);
  }

 private:
  Mutex mutex_;
  absl::AnyInvocable<void()> interrupt_ ABSL_GUARDED_BY(mutex_);
  std::vector<Task> tasks_ ABSL_GUARDED_BY(mutex_);
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_DELIVERY_INBOX_H_
