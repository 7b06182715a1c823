#ifndef WEBHOOKD_SERVER_AUTH_LAST_USE_H_
#define WEBHOOKD_SERVER_AUTH_LAST_USE_H_

#include <atomic>
#include <cstdint>
#include <optional>

#include "absl/time/time.h"

namespace webhookd {

// When something was last used, as it is noted from time to time. Thread-safe, without a lock.
class LastUse {
 public:
  explicit LastUse(std::optional<absl::Time> time)
      : micros_(time.has_value() ? absl::ToUnixMicros(*time) : kNever) {}

  std::optional<absl::Time> time() const {
    const int64_t micros = micros_.load(std::memory_order_relaxed);
    if (micros == kNever) return std::nullopt;
    return absl::FromUnixMicros(micros);
  }

  // Notes `now` and gives true if the last note is older than `interval`; of several callers at one
  // time, one gets true.
  bool Note(absl::Time now, absl::Duration interval) {
    int64_t micros = micros_.load(std::memory_order_relaxed);
    const int64_t new_micros = absl::ToUnixMicros(now);
    if (micros != kNever && new_micros - micros < absl::ToInt64Microseconds(interval)) return false;
    return micros_.compare_exchange_strong(micros, new_micros, std::memory_order_relaxed);
  }

 private:
  static constexpr int64_t kNever = 0;

  std::atomic<int64_t> micros_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_AUTH_LAST_USE_H_
