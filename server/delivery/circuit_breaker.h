#ifndef WEBHOOKD_SERVER_DELIVERY_CIRCUIT_BREAKER_H_
#define WEBHOOKD_SERVER_DELIVERY_CIRCUIT_BREAKER_H_

#include <algorithm>

#include "absl/time/time.h"
#include "server/delivery/attempt_error.h"

namespace webhookd {

// Keeps a webhook that is down from being tried with everything that waits for it. After a row of
// failures the circuit opens: one probe goes out at growing intervals, and a success closes it.
// Times are Clock::Steady. Not thread-safe.
class CircuitBreaker {
 public:
  static constexpr int kFailuresToOpen = 10;
  static constexpr absl::Duration kFirstPause = absl::Seconds(1);
  static constexpr absl::Duration kLongestPause = absl::Seconds(60);

  bool open() const { return failures_ >= kFailuresToOpen; }

  // Whether an attempt may start. `under_way`: attempts that have started and not ended.
  bool Allows(absl::Duration now, int under_way) const {
    return !open() || (under_way == 0 && now >= probe_at_);
  }

  // When the next probe may start, while it is open.
  absl::Duration probe_at() const { return probe_at_; }

  // Somebody wants to know whether it is well again: the next probe may start at `now`.
  void ProbeAt(absl::Duration now) { probe_at_ = std::min(probe_at_, now); }

  // Takes in how an attempt ended at `now`. An answer of 4xx (but 408 and 429) or 3xx changes
  // nothing: the receiver is up.
  void Record(AttemptError error, int status, absl::Duration now);

 private:
  int failures_ = 0;  // since the last success
  absl::Duration pause_ = kFirstPause;
  absl::Duration probe_at_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_DELIVERY_CIRCUIT_BREAKER_H_
