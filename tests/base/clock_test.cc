#include "base/clock.h"

#include <gtest/gtest.h>

#include "absl/time/clock.h"

namespace webhookd {
namespace {

TEST(RealClock, TellsTheTimeOfTheMachine) {
  const absl::Time before = absl::Now();
  const absl::Time now = RealClock().Now();
  // Generous, for somebody may set the clock meanwhile.
  EXPECT_LT(absl::AbsDuration(now - before), absl::Hours(1));
}

TEST(RealClock, NeverGoesBackInSteadyTime) {
  absl::Duration last = RealClock().Steady();
  for (int i = 0; i < 1000; ++i) {
    const absl::Duration next = RealClock().Steady();
    ASSERT_GE(next, last);
    last = next;
  }
}

}  // namespace
}  // namespace webhookd
