#include "client/cpp/backoff.h"

#include <algorithm>

namespace webhookd {

absl::Duration BackoffDelay(const Backoff& backoff, int failures, uint64_t random_bits) {
  absl::Duration whole = std::min(backoff.initial, backoff.max);
  for (int i = 1; i < failures && whole < backoff.max; ++i)
    whole = std::min(whole * 2, backoff.max);
  const double share =
      static_cast<double>(random_bits >> 11) / static_cast<double>(uint64_t{1} << 53);
  return whole * (0.5 + 0.5 * share);
}

absl::Duration BackoffAfter(const Backoff& backoff, int failures, absl::Duration elapsed,
                            uint64_t random_bits) {
  return std::max(BackoffDelay(backoff, failures, random_bits) - elapsed,
                  BackoffDelay(backoff, 1, random_bits));
}

}  // namespace webhookd
