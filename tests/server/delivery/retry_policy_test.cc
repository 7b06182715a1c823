#include "server/delivery/retry_policy.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace webhookd {
namespace {

constexpr uint64_t kMiddle = uint64_t{1} << 63;  // no jitter

absl::Time Now() { return absl::FromUnixSeconds(1'784'000'000); }

RetryDecision Decide(int attempts_made, FailedAttempt failed, uint64_t random = kMiddle) {
  return DecideRetry(RetryPolicy(), attempts_made, failed, Now(), random);
}

constexpr FailedAttempt kServerError = {.error = AttemptError::kHttp5xx, .status = 500};

TEST(DecideRetry, FollowsTheWholeScheduleThenGivesUp) {
  const std::vector<absl::Duration> waits = {absl::Seconds(5),  absl::Seconds(30), absl::Minutes(2),
                                             absl::Minutes(10), absl::Minutes(30), absl::Hours(1),
                                             absl::Hours(2),    absl::Hours(5),    absl::Hours(10),
                                             absl::Hours(14),   absl::Hours(24)};
  for (size_t i = 0; i < waits.size(); ++i) {
    const RetryDecision decision = Decide(static_cast<int>(i) + 1, kServerError);
    ASSERT_TRUE(decision.wait.has_value()) << i;
    EXPECT_EQ(*decision.wait, waits[i]) << i;
    EXPECT_FALSE(decision.disable_webhook);
  }
  EXPECT_FALSE(Decide(12, kServerError).wait.has_value());
  EXPECT_FALSE(Decide(1000, kServerError).wait.has_value());
}

TEST(DecideRetry, JitterChangesAWaitByAtMostAFifth) {
  EXPECT_EQ(*Decide(2, kServerError, 0).wait, absl::Seconds(24));
  const absl::Duration longest =
      *Decide(2, kServerError, std::numeric_limits<uint64_t>::max()).wait;
  EXPECT_GT(longest, absl::Seconds(35.99));
  EXPECT_LE(longest, absl::Seconds(36));
}

TEST(DecideRetry, EveryFailureButGoneIsTriedAgain) {
  for (const AttemptError error :
       {AttemptError::kDns, AttemptError::kEgressDenied, AttemptError::kConnect, AttemptError::kTls,
        AttemptError::kTimeout, AttemptError::kReset, AttemptError::kStaleConnection,
        AttemptError::kProtocol, AttemptError::kTooLarge, AttemptError::kHttp3xx,
        AttemptError::kHttp4xx, AttemptError::kHttp5xx, AttemptError::kInternal}) {
    EXPECT_TRUE(Decide(1, {.error = error}).wait.has_value()) << AttemptErrorName(error);
  }
  const RetryDecision gone = Decide(1, {.error = AttemptError::kGone, .status = 410});
  EXPECT_FALSE(gone.wait.has_value());
  EXPECT_TRUE(gone.disable_webhook);
}

TEST(DecideRetry, RetryAfterLengthensAWaitOf429And503) {
  for (const int status : {429, 503}) {
    const FailedAttempt failed = {
        .error = AttemptErrorFromStatus(status), .status = status, .retry_after = "100"};
    EXPECT_EQ(*Decide(1, failed).wait, absl::Seconds(100)) << status;
  }
  const FailedAttempt other = {
      .error = AttemptError::kHttp5xx, .status = 500, .retry_after = "100"};
  EXPECT_EQ(*Decide(1, other).wait, absl::Seconds(5));
}

TEST(DecideRetry, RetryAfterNeverShortensAWait) {
  const FailedAttempt failed = {.error = AttemptError::kHttp5xx, .status = 503, .retry_after = "1"};
  EXPECT_EQ(*Decide(3, failed).wait, absl::Minutes(2));
}

TEST(DecideRetry, RetryAfterIsCutToTheLongestWait) {
  for (const char* value :
       {"99999999", "99999999999999999999999999", "Fri, 31 Dec 9999 23:59:59 GMT"}) {
    const FailedAttempt failed = {
        .error = AttemptError::kHttp5xx, .status = 503, .retry_after = value};
    EXPECT_EQ(*Decide(1, failed).wait, RetryPolicy().Ceiling()) << value;
  }
}

TEST(RetryPolicy, CeilingIsTheLongestWaitWithItsJitter) {
  EXPECT_EQ(RetryPolicy().Ceiling(), absl::Hours(24) * 1.2);
  EXPECT_EQ((RetryPolicy{.schedule = {}}).Ceiling(), absl::ZeroDuration());
}

TEST(ParseRetryAfter, ReadsSecondsAndTheThreeKindsOfDates) {
  const absl::Time now = absl::FromUnixSeconds(784'111'777 - 60);  // 06 Nov 1994 08:48:37
  EXPECT_EQ(ParseRetryAfter("0", now), absl::ZeroDuration());
  EXPECT_EQ(ParseRetryAfter(" 120 ", now), absl::Seconds(120));
  EXPECT_EQ(ParseRetryAfter("Sun, 06 Nov 1994 08:49:37 GMT", now), absl::Seconds(60));
  EXPECT_EQ(ParseRetryAfter("Sunday, 06-Nov-94 08:49:37 GMT", now), absl::Seconds(60));
  EXPECT_EQ(ParseRetryAfter("Sun Nov  6 08:49:37 1994", now), absl::Seconds(60));
  EXPECT_EQ(ParseRetryAfter("Sun, 06 Nov 1994 08:00:00 GMT", now), absl::ZeroDuration());
}

TEST(ParseRetryAfter, TakesNothingElse) {
  for (const char* value :
       {"", "  ", "-5", "1.5", "soon", "12x", "Sun, 99 Nov 1994 08:49:37 GMT"}) {
    EXPECT_EQ(ParseRetryAfter(value, Now()), std::nullopt) << value;
  }
}

}  // namespace
}  // namespace webhookd
