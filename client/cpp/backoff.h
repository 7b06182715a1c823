#ifndef WEBHOOKD_CLIENT_CPP_BACKOFF_H_
#define WEBHOOKD_CLIENT_CPP_BACKOFF_H_

#include <cstdint>

#include "absl/time/time.h"

namespace webhookd {

// How long to wait between tries.
struct Backoff {
  absl::Duration initial = absl::Milliseconds(100);
  absl::Duration max = absl::Seconds(5);
};

// The wait after the `failures`-th failure in a row (from 1): uniform between a half and the whole
// of initial × 2^(failures-1), the whole being at most `max`. Pure: `random_bits` decides.
absl::Duration BackoffDelay(const Backoff& backoff, int failures, uint64_t random_bits);

}  // namespace webhookd

#endif  // WEBHOOKD_CLIENT_CPP_BACKOFF_H_
