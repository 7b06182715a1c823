#include "server/delivery/rate_limiter.h"

#include <gtest/gtest.h>

namespace webhookd {
namespace {

// How many requests start in `duration` when there is always one to start.
int Started(RateLimiter& limiter, absl::Duration start, absl::Duration duration) {
  int started = 0;
  for (absl::Duration now = start; now < start + duration;) {
    const absl::Duration next = limiter.NextStart(now);
    if (next > now) {
      now = next + absl::Nanoseconds(1);
      continue;
    }
    limiter.Take(now);
    ++started;
  }
  return started;
}

TEST(RateLimiter, LetsEverythingThroughWithoutALimit) {
  RateLimiter limiter;
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(limiter.NextStart(absl::Seconds(5)), absl::Seconds(5));
    limiter.Take(absl::Seconds(5));
  }
}

TEST(RateLimiter, HoldsTheRateOnTheLongRun) {
  for (const double rate : {0.5, 1.0, 10.0, 1000.0}) {
    RateLimiter limiter;
    limiter.SetRate(rate);
    const double burst = std::max(rate, 1.0);
    EXPECT_NEAR(Started(limiter, absl::Seconds(50), absl::Seconds(100)), rate * 100 + burst,
                rate * 0.01 + 1)
        << rate;
  }
}

TEST(RateLimiter, ARateBelowOneWaitsItsTime) {
  RateLimiter limiter;
  limiter.SetRate(0.1);
  limiter.Take(absl::Seconds(100));
  EXPECT_EQ(limiter.NextStart(absl::Seconds(100)), absl::Seconds(110));
}

TEST(RateLimiter, ANewRateTakesEffect) {
  RateLimiter limiter;
  limiter.SetRate(0.001);
  limiter.Take(absl::Seconds(100));
  limiter.SetRate(std::nullopt);
  EXPECT_EQ(limiter.NextStart(absl::Seconds(100)), absl::Seconds(100));
}

}  // namespace
}  // namespace webhookd
