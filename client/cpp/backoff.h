#ifndef WEBHOOKD_CLIENT_CPP_BACKOFF_H_
#define WEBHOOKD_CLIENT_CPP_BACKOFF_H_

#include <cstdint>

#include "absl/time/time.h"

namespace webhookd {

// How long to wait between tries, counted from the beginning of a try.
struct Backoff {
  absl::Duration initial = absl::Milliseconds(100);
  // Below the 5 s in which a report is to get through after the server came back.
  absl::Duration max = absl::Seconds(4);
};

// The wait after the `failures`-th failure in a row (from 1): uniform between a half and the whole
// of initial × 2^(failures-1), the whole being at most `max`. Pure: `random_bits` decides.
absl::Duration BackoffDelay(const Backoff& backoff, int failures, uint64_t random_bits);

// What is left of that wait after a try that took `elapsed`, but at least the wait after one
// failure, so that those whom one outage made wait do not all come back at once.
absl::Duration BackoffAfter(const Backoff& backoff, int failures, absl::Duration elapsed,
                            uint64_t random_bits);

}  // namespace webhookd

#endif  // WEBHOOKD_CLIENT_CPP_BACKOFF_H_
