#include "server/delivery/circuit_breaker.h"

#include <algorithm>

namespace webhookd {

void CircuitBreaker::Record(AttemptError error, int status, absl::Duration now) {
  if (error == AttemptError::kNone) {
    *this = CircuitBreaker();
    return;
  }
  const bool receiver_is_up =
      (error == AttemptError::kHttp3xx || error == AttemptError::kHttp4xx) && status != 408 &&
      status != 429;
  if (receiver_is_up || error == AttemptError::kCanceled) return;
  const bool was_open = open();
  ++failures_;
  if (!open()) return;
  // Attempts that were under way when it opened do not lengthen the pause.
  if (was_open && now < probe_at_) return;
  probe_at_ = now + pause_;
  pause_ = std::min(pause_ * 2, kLongestPause);
}

}  // namespace webhookd
