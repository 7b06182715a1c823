#include "server/delivery/retry_policy.h"

#include <algorithm>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"

namespace webhookd {
namespace {

// `wait` changed by at most `jitter` of it, up or down, as `random` says.
absl::Duration Jittered(absl::Duration wait, double jitter, uint64_t random) {
  // The upper 53 bits as a fraction in [0, 1).
  const double fraction = static_cast<double>(random >> 11) * 0x1p-53;
  return wait * (1 + jitter * (2 * fraction - 1));
}

}  // namespace

absl::Duration RetryPolicy::Ceiling() const {
  absl::Duration longest;
  for (const absl::Duration wait : schedule) longest = std::max(longest, wait);
  return longest * (1 + jitter);
}

RetryDecision DecideRetry(const RetryPolicy& policy, int attempts_made, const FailedAttempt& failed,
                          absl::Time now, uint64_t random) {
  if (failed.error == AttemptError::kGone) return {.disable_webhook = true};
  if (attempts_made >= static_cast<int>(policy.schedule.size())) return {};
  absl::Duration wait =
      Jittered(policy.schedule[std::max(attempts_made, 0)], policy.jitter, random);
  if (failed.status == 429 || failed.status == 503) {
    const std::optional<absl::Duration> asked = ParseRetryAfter(failed.retry_after, now);
    if (asked.has_value()) wait = std::max(wait, std::min(*asked, policy.Ceiling()));
  }
  return {.wait = wait};
}

std::optional<absl::Duration> ParseRetryAfter(absl::string_view value, absl::Time now) {
  value = absl::StripAsciiWhitespace(value);
  if (value.empty()) return std::nullopt;
  if (std::all_of(value.begin(), value.end(), absl::ascii_isdigit)) {
    int64_t seconds = 0;
    // More digits than a number can have still mean a long time.
    if (!absl::SimpleAtoi(value, &seconds)) return absl::InfiniteDuration();
    return absl::Seconds(seconds);
  }
  // The three forms of an HTTP date (RFC 9110, section 5.6.7); all are in GMT.
  for (const char* format :
       {"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"}) {
    absl::Time date;
    std::string error;
    if (absl::ParseTime(format, value, absl::UTCTimeZone(), &date, &error)) {
      return std::max(date - now, absl::ZeroDuration());
    }
  }
  return std::nullopt;
}

}  // namespace webhookd
