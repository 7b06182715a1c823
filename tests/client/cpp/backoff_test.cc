#include "client/cpp/backoff.h"

#include <cstdint>

#include "gtest/gtest.h"

namespace webhookd {
namespace {

constexpr Backoff kBackoff = {.initial = absl::Milliseconds(100), .max = absl::Seconds(1)};

TEST(Backoff, DoublesUpToTheMaximum) {
  const uint64_t most = ~uint64_t{0};
  const absl::Duration expected[] = {absl::Milliseconds(100), absl::Milliseconds(200),
                                     absl::Milliseconds(400), absl::Milliseconds(800),
                                     absl::Seconds(1),        absl::Seconds(1)};
  int failures = 0;
  for (const absl::Duration whole : expected) {
    const absl::Duration delay = BackoffDelay(kBackoff, ++failures, most);
    EXPECT_LE(delay, whole);
    EXPECT_GT(delay, whole * 0.999);
  }
  EXPECT_LE(BackoffDelay(kBackoff, 1'000'000, most), absl::Seconds(1));
}

TEST(Backoff, IsNeverBelowAHalf) {
  EXPECT_EQ(BackoffDelay(kBackoff, 1, 0), absl::Milliseconds(50));
  EXPECT_EQ(BackoffDelay(kBackoff, 50, 0), absl::Milliseconds(500));
}

TEST(Backoff, InitialAboveMaximumIsTheMaximum) {
  EXPECT_EQ(BackoffDelay({.initial = absl::Seconds(9), .max = absl::Seconds(2)}, 1, 0),
            absl::Seconds(1));
}

TEST(Backoff, CountsFromTheBeginningOfATry) {
  EXPECT_EQ(BackoffAfter(kBackoff, 5, absl::ZeroDuration(), 0), absl::Milliseconds(500));
  EXPECT_EQ(BackoffAfter(kBackoff, 5, absl::Milliseconds(300), 0), absl::Milliseconds(200));
  EXPECT_EQ(BackoffAfter(kBackoff, 5, absl::Milliseconds(480), 0), absl::Milliseconds(50));
  EXPECT_EQ(BackoffAfter(kBackoff, 5, absl::Hours(1), 0), absl::Milliseconds(50));
}

// docs/clients.md promises that a report gets through within 5 s after the server came back.
TEST(Backoff, WaitsLessThanThePromiseByDefault) { EXPECT_LT(Backoff().max, absl::Seconds(5)); }

}  // namespace
}  // namespace webhookd
