#ifndef WEBHOOKD_STORAGE_SQLITE_DAMAGE_H_
#define WEBHOOKD_STORAGE_SQLITE_DAMAGE_H_

#include <atomic>
#include <utility>

#include "absl/status/status.h"
#include "base/mutex.h"

namespace webhookd::sqlite {

// Whether a database was found to be damaged while it was open. Once found, it stays: only a file
// that is opened anew is trusted again. Thread-safe.
class Damage {
 public:
  // The first one is kept.
  void Note(absl::Status status) {
    MutexLock lock(mutex_);
    if (status_.ok()) status_ = std::move(status);
    found_.store(true, std::memory_order_release);
  }

  // OK: none was found. Costs nothing then.
  absl::Status status() const {
    if (!found_.load(std::memory_order_acquire)) return absl::OkStatus();
    MutexLock lock(mutex_);
    return status_;
  }

 private:
  std::atomic<bool> found_ = false;
  mutable Mutex mutex_;
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace webhookd::sqlite

#endif  // WEBHOOKD_STORAGE_SQLITE_DAMAGE_H_
