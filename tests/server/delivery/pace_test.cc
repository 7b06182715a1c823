#include "server/delivery/pace.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

namespace webhookd {
namespace {

constexpr absl::Duration kStart = absl::Seconds(1'000);

// A receiver that takes so many a second, in windows of a second, and says so to the rest. One
// request takes 5 ms; nothing else holds back those who send.
struct Receiver {
  explicit Receiver(int limit) : limit(limit) {}

  bool Takes(absl::Duration now) {
    const int64_t window = absl::ToInt64Seconds(now);
    if (window != this->window) taken = 0;
    this->window = window;
    return ++taken <= limit;
  }

  const int limit;
  int64_t window = -1;
  int taken = 0;
};

struct Counts {
  int taken = 0;
  int refused = 0;
};

// Sends as fast as `pace` allows, one after another.
Counts Drive(Pace& pace, Receiver& receiver, absl::Duration from, absl::Duration duration) {
  constexpr absl::Duration kAnswer = absl::Milliseconds(5);
  Counts counts;
  absl::Duration now = from;
  while (true) {
    now = std::max(now, pace.NextStart(now, /*under_way=*/0));
    if (now >= from + duration) return counts;
    const absl::Duration started = now;
    pace.Start(started);
    const bool taken = receiver.Takes(started);
    now += kAnswer;
    if (taken) {
      pace.Taken(started, now);
      ++counts.taken;
    } else {
      pace.Refused(started, now, absl::Seconds(1));
      ++counts.refused;
    }
  }
}

TEST(PaceTest, HoldsNothingBackUntilTheReceiverRefuses) {
  Pace pace;
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(pace.NextStart(kStart, i), kStart);
    pace.Start(kStart);
    pace.Taken(kStart, kStart);
  }
}

TEST(PaceTest, PausesThenSendsOneThenRises) {
  Pace pace;
  pace.Refused(kStart, kStart, absl::Seconds(30));
  EXPECT_EQ(pace.NextStart(kStart, 0), kStart + absl::Seconds(30));
  EXPECT_EQ(pace.paused_until(), kStart + absl::Seconds(30));
  const absl::Duration probe = kStart + absl::Seconds(30);
  pace.Start(probe);
  EXPECT_EQ(pace.NextStart(probe, 1), absl::InfiniteDuration()) << "one at a time";
  pace.Taken(probe, probe);
  EXPECT_EQ(pace.NextStart(probe, 0), probe + absl::Seconds(1));
  // Nobody refuses: after two minutes it holds nothing back.
  Receiver receiver(1'000'000);
  EXPECT_EQ(Drive(pace, receiver, probe, absl::Minutes(2)).refused, 0);
  EXPECT_EQ(pace.NextStart(kStart + absl::Minutes(3), 16), kStart + absl::Minutes(3));
}

TEST(PaceTest, RequestsThatWereUnderWayTogetherCountOnce) {
  Pace pace;
  for (int i = 0; i < 16; ++i) pace.Refused(kStart, kStart + absl::Milliseconds(i), std::nullopt);
  EXPECT_LT(*pace.paused_until(), kStart + absl::Seconds(1.1));
  // One that the receiver took before it began to refuse does not end the pause.
  pace.Taken(kStart - absl::Seconds(1), kStart);
  EXPECT_TRUE(pace.paused_until().has_value());
}

TEST(PaceTest, WithoutAWordOfHowLongPausesGrow) {
  Pace pace;
  absl::Duration now = kStart;
  for (const int seconds : {1, 2, 4, 8, 16, 32, 60, 60}) {
    pace.Refused(now, now, std::nullopt);
    EXPECT_EQ(pace.paused_until(), now + absl::Seconds(seconds));
    now += absl::Seconds(seconds);
  }
  pace.Taken(now, now);
  pace.Refused(now, now, std::nullopt);
  EXPECT_EQ(pace.paused_until(), now + absl::Seconds(1));
}

TEST(PaceTest, APauseEndsWhenSomebodyAsks) {
  Pace pace;
  pace.Refused(kStart, kStart, absl::Hours(20));
  pace.EndPause(kStart + absl::Seconds(1));
  EXPECT_EQ(pace.NextStart(kStart + absl::Seconds(1), 0), kStart + absl::Seconds(1));
  EXPECT_EQ(pace.NextStart(kStart + absl::Seconds(1), 1), absl::InfiniteDuration());
}

TEST(PaceTest, FindsWhatAReceiverTakesAndRefusalsStayFew) {
  for (const int limit : {1, 10, 100}) {
    Pace pace;
    Receiver receiver(limit);
    const Counts first = Drive(pace, receiver, kStart, absl::Minutes(1));
    const Counts later = Drive(pace, receiver, kStart + absl::Minutes(5), absl::Minutes(5));
    EXPECT_LE(first.refused, 12) << limit;
    EXPECT_LE(later.refused, 30) << limit;
    EXPECT_GE(later.taken, limit * 300 * 0.6) << limit;
  }
}

}  // namespace
}  // namespace webhookd
