#include "server/http/body_budget.h"

#include <gtest/gtest.h>

#include <memory>

namespace webhookd {
namespace {

constexpr size_t kMax = 1'000;

// A body and whether it was told to give way.
struct Body {
  Body(BodyBudget& budget, bool caller_is_known)
      : share(budget, caller_is_known, [this] { gave_way = true; }) {}

  bool gave_way = false;
  BodyBudget::Share share;
};

absl::Duration At(int seconds) { return absl::Seconds(seconds); }

TEST(BodyBudget, CountsWhatBodiesTakeUntilTheyAreGone) {
  BodyBudget budget(kMax);
  {
    Body a(budget, true);
    EXPECT_TRUE(a.share.Resize(400, At(1)));
    EXPECT_TRUE(a.share.Resize(600, At(1)));
    Body b(budget, true);
    EXPECT_TRUE(b.share.Resize(400, At(1)));
    EXPECT_EQ(budget.used(), 1'000u);
    EXPECT_TRUE(a.share.Resize(100, At(1)));
    EXPECT_EQ(budget.used(), 500u);
  }
  EXPECT_EQ(budget.used(), 0u);
}

TEST(BodyBudget, WhatMadeNoProgressForLongestGivesWay) {
  BodyBudget budget(kMax);
  Body first(budget, true);
  Body second(budget, true);
  EXPECT_TRUE(first.share.Resize(300, At(1)));
  EXPECT_TRUE(second.share.Resize(300, At(2)));
  EXPECT_TRUE(first.share.Resize(400, At(3)));
  Body third(budget, true);
  EXPECT_TRUE(third.share.Resize(500, At(4)));
  EXPECT_TRUE(second.gave_way);
  EXPECT_FALSE(first.gave_way);
  EXPECT_EQ(budget.used(), 900u);
  EXPECT_FALSE(second.share.Resize(10, At(5))) << "it is gone";
  EXPECT_EQ(budget.used(), 900u);
}

TEST(BodyBudget, AsManyGiveWayAsNeeded) {
  BodyBudget budget(kMax);
  Body first(budget, true);
  Body second(budget, true);
  EXPECT_TRUE(first.share.Resize(300, At(1)));
  EXPECT_TRUE(second.share.Resize(300, At(2)));
  Body third(budget, true);
  EXPECT_TRUE(third.share.Resize(1'000, At(3)));
  EXPECT_TRUE(first.gave_way);
  EXPECT_TRUE(second.gave_way);
  EXPECT_EQ(budget.used(), 1'000u);
}

TEST(BodyBudget, StrangersGiveWayToThoseWhoAreKnownAndNeverTheOtherWay) {
  BodyBudget budget(kMax);
  Body known(budget, true);
  EXPECT_TRUE(known.share.Resize(600, At(1)));
  Body stranger(budget, false);
  EXPECT_TRUE(stranger.share.Resize(400, At(9)));
  EXPECT_FALSE(stranger.share.Resize(500, At(9)));
  EXPECT_FALSE(stranger.gave_way) << "who asks is told by the answer";
  EXPECT_FALSE(known.gave_way);

  Body another(budget, false);
  EXPECT_TRUE(another.share.Resize(400, At(9)));
  EXPECT_TRUE(known.share.Resize(700, At(9)));
  EXPECT_TRUE(another.gave_way);
}

TEST(BodyBudget, CompleteBodiesStay) {
  BodyBudget budget(kMax);
  Body complete(budget, false);
  EXPECT_TRUE(complete.share.Resize(900, At(1)));
  complete.share.Keep();
  Body late(budget, true);
  EXPECT_FALSE(late.share.Resize(200, At(9)));
  EXPECT_FALSE(complete.gave_way);
  EXPECT_EQ(budget.used(), 900u);
}

TEST(BodyBudget, ABodyOverTheWholeHasToGoByItself) {
  BodyBudget budget(kMax);
  Body body(budget, true);
  EXPECT_FALSE(body.share.Resize(1'001, At(1)));
  EXPECT_EQ(budget.used(), 0u);
}

}  // namespace
}  // namespace webhookd
