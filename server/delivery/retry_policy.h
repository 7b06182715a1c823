#ifndef WEBHOOKD_SERVER_DELIVERY_RETRY_POLICY_H_
#define WEBHOOKD_SERVER_DELIVERY_RETRY_POLICY_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/delivery/attempt_error.h"

namespace webhookd {

// How long to wait before each attempt: schedule[0] before the first, schedule[1] between the first
// and the second …
struct RetryPolicy {
  std::vector<absl::Duration> schedule = {
      absl::ZeroDuration(), absl::Seconds(5),  absl::Seconds(30), absl::Minutes(2),
      absl::Minutes(10),    absl::Minutes(30), absl::Hours(1),    absl::Hours(2),
      absl::Hours(5),       absl::Hours(10),   absl::Hours(14),   absl::Hours(24)};
  double jitter = 0.2;  // each wait is changed by at most this part of it, up or down

  // The longest wait, jitter included: what Retry-After is cut to.
  absl::Duration Ceiling() const;
};

// What an attempt that was not confirmed ended with.
struct FailedAttempt {
  AttemptError error = AttemptError::kInternal;
  int status = 0;
  absl::string_view retry_after;  // value of the header; honoured for 429 and 503 only
};

struct RetryDecision {
  // Before the next attempt; none: give up.
  std::optional<absl::Duration> wait;
  bool disable_webhook = false;  // 410 Gone
};

// What to do after attempt number `attempts_made` (from 1, since accepted or redelivered) failed at
// `now`. Pure: `random` is 64 uniform bits for the jitter. Retry-After lengthens a wait and never
// shortens it.
RetryDecision DecideRetry(const RetryPolicy& policy, int attempts_made, const FailedAttempt& failed,
                          absl::Time now, uint64_t random);

// The wait that a Retry-After header asks for (RFC 9110, section 10.2.3: seconds or an HTTP date);
// none if it is neither. A date in the past is zero.
std::optional<absl::Duration> ParseRetryAfter(absl::string_view value, absl::Time now);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_DELIVERY_RETRY_POLICY_H_
