#ifndef WEBHOOKD_SERVER_DELIVERY_RATE_LIMITER_H_
#define WEBHOOKD_SERVER_DELIVERY_RATE_LIMITER_H_

#include <algorithm>
#include <optional>

#include "absl/time/time.h"

namespace webhookd {

// Spaces the requests of one webhook: at most `rate` a second on the long run, and at most a burst
// at once. Times are Clock::Steady. Not thread-safe.
class RateLimiter {
 public:
  // No rate: no limit. The burst is one second's worth, but at least `least_burst`.
  void SetRate(std::optional<double> rate, double least_burst = 1) {
    if (rate_ == rate && least_burst_ == least_burst) return;
    rate_ = rate;
    least_burst_ = least_burst;
    tokens_ = Burst();
  }

  // When the next request may start: `now` or earlier for at once.
  absl::Duration NextStart(absl::Duration now) {
    if (!rate_.has_value()) return now;
    Refill(now);
    return tokens_ >= 1 ? now : now + absl::Seconds((1 - tokens_) / *rate_);
  }

  // A request starts.
  void Take(absl::Duration now) {
    if (!rate_.has_value()) return;
    Refill(now);
    tokens_ -= 1;
  }

 private:
  double Burst() const { return std::max(rate_.value_or(1), least_burst_); }

  void Refill(absl::Duration now) {
    tokens_ = std::min(tokens_ + absl::ToDoubleSeconds(now - refilled_at_) * *rate_, Burst());
    refilled_at_ = now;
  }

  std::optional<double> rate_;
  double least_burst_ = 1;
  double tokens_ = 1;
  absl::Duration refilled_at_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_DELIVERY_RATE_LIMITER_H_
