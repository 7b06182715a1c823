#include "server/auth/attempt_limiter.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace webhookd {
namespace {

constexpr absl::Duration kStart = absl::Seconds(1'000);

TEST(AttemptLimiter, AllowsSomeAtOnceAndThenOneAtATime) {
  AttemptLimiter limiter({.at_once = 3, .one_more_every = absl::Seconds(10)});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(limiter.Take("a", kStart), absl::ZeroDuration());
  EXPECT_EQ(limiter.Take("a", kStart), absl::Seconds(10));
  EXPECT_EQ(limiter.Take("a", kStart + absl::Seconds(4)), absl::Seconds(6));
  EXPECT_EQ(limiter.Take("a", kStart + absl::Seconds(10)), absl::ZeroDuration());
  EXPECT_GT(limiter.Take("a", kStart + absl::Seconds(10)), absl::ZeroDuration());
}

TEST(AttemptLimiter, CountsEveryKeyByItself) {
  AttemptLimiter limiter({.at_once = 1, .one_more_every = absl::Seconds(10)});
  EXPECT_EQ(limiter.Take("a", kStart), absl::ZeroDuration());
  EXPECT_GT(limiter.Take("a", kStart), absl::ZeroDuration());
  EXPECT_EQ(limiter.Take("b", kStart), absl::ZeroDuration());
}

TEST(AttemptLimiter, GivesBackWhatWasTaken) {
  AttemptLimiter limiter({.at_once = 1, .one_more_every = absl::Seconds(10)});
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(limiter.Take("a", kStart), absl::ZeroDuration());
    limiter.GiveBack("a", kStart);
  }
  // No more than there were at the start.
  limiter.GiveBack("a", kStart);
  EXPECT_EQ(limiter.Take("a", kStart), absl::ZeroDuration());
  EXPECT_GT(limiter.Take("a", kStart), absl::ZeroDuration());
}

TEST(AttemptLimiter, RemembersABoundedNumberOfKeysThoseThatTriedLast) {
  AttemptLimiter limiter({.at_once = 1, .one_more_every = absl::Hours(1), .max_keys = 100});
  EXPECT_EQ(limiter.Take("first", kStart), absl::ZeroDuration());
  for (int i = 0; i < 99; ++i) limiter.Take(absl::StrCat("key", i), kStart);
  EXPECT_GT(limiter.Take("first", kStart), absl::ZeroDuration());
  for (int i = 0; i < 10'000; ++i) limiter.Take(absl::StrCat("other", i), kStart);
  EXPECT_LE(limiter.keys(), 100u);
  EXPECT_GT(limiter.Take("other9999", kStart), absl::ZeroDuration());
}

TEST(AddressKey, IsOneForAWholeNetworkOfIpv6) {
  EXPECT_EQ(AddressKey("2001:db8:1:2::1"), AddressKey("2001:db8:1:2:ffff::9"));
  EXPECT_NE(AddressKey("2001:db8:1:2::1"), AddressKey("2001:db8:1:3::1"));
  EXPECT_NE(AddressKey("127.0.0.1"), AddressKey("127.0.0.2"));
}

}  // namespace
}  // namespace webhookd
