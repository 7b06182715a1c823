#ifndef WEBHOOKD_BASE_STOP_SIGNAL_H_
#define WEBHOOKD_BASE_STOP_SIGNAL_H_

#include <functional>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/clock.h"

namespace webhookd {

// Says whether what was asked for is still waited for. Thread-safe.
class StopSignal {
 public:
  // `timeout` from now on is waited. `is_gone`, which may be called often, says whether whoever
  // waits is gone; it is thread-safe. `clock` outlives the signal.
  StopSignal(Clock& clock, absl::Duration timeout, std::function<bool()> is_gone)
      : clock_(clock), deadline_(clock.Steady() + timeout), is_gone_(std::move(is_gone)) {}

  // OK as long as the result is waited for. DEADLINE_EXCEEDED; CANCELLED: nobody waits any more.
  absl::Status status() const {
    if (clock_.Steady() >= deadline_) {
      return absl::DeadlineExceededError("context deadline exceeded");
    }
    if (is_gone_()) return absl::CancelledError("the caller is gone");
    return absl::OkStatus();
  }

 private:
  Clock& clock_;
  const absl::Duration deadline_;
  const std::function<bool()> is_gone_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_BASE_STOP_SIGNAL_H_
