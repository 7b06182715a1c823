#include "server/events/metric_tracker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace webhookd {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const absl::Time kStart = absl::FromUnixSeconds(1'665'689'991);

class MetricTrackerTest : public testing::Test {
 protected:
  v1::JudgementReason Next(double value, MetricGroup group = MetricGroup::kTraining) {
    return tracker_.Advance({1, 7, group}, condition_, value, now_).reason;
  }
  bool Fires(double value) { return Next(value) == v1::JUDGEMENT_REASON_FIRED; }

  MetricCondition condition_ = {.comparison = Comparison::kGreater, .threshold = 5};
  absl::Time now_ = kStart;
  MetricTracker tracker_;
};

TEST_F(MetricTrackerTest, FiresAtTheEdge) {
  EXPECT_EQ(Next(5), v1::JUDGEMENT_REASON_THRESHOLD);
  EXPECT_TRUE(Fires(6));
  EXPECT_EQ(Next(7), v1::JUDGEMENT_REASON_HYSTERESIS);
  EXPECT_EQ(Next(5), v1::JUDGEMENT_REASON_THRESHOLD);
  EXPECT_TRUE(Fires(6));
}

TEST_F(MetricTrackerTest, WaitsForARowOfReportsThatNaNBreaks) {
  condition_.for_steps = 2;
  EXPECT_EQ(Next(6), v1::JUDGEMENT_REASON_FOR_STEPS);
  EXPECT_EQ(Next(std::nan("")), v1::JUDGEMENT_REASON_THRESHOLD);
  EXPECT_EQ(Next(6), v1::JUDGEMENT_REASON_FOR_STEPS);
  const MetricTracker::Decision decision =
      tracker_.Advance({1, 7, MetricGroup::kTraining}, condition_, 6, now_);
  EXPECT_TRUE(decision.fires);
  EXPECT_EQ(decision.held_reports, 2);
}

TEST_F(MetricTrackerTest, NaNRearmsNothing) {
  EXPECT_TRUE(Fires(6));
  EXPECT_FALSE(Fires(std::nan("")));
  EXPECT_FALSE(Fires(6));
  EXPECT_FALSE(Fires(-HUGE_VAL));
  EXPECT_TRUE(Fires(HUGE_VAL));
}

TEST_F(MetricTrackerTest, AFiringInTheCooldownIsPutOff) {
  condition_.cooldown = absl::Seconds(60);
  EXPECT_TRUE(Fires(6));
  EXPECT_FALSE(Fires(0));
  now_ += absl::Seconds(59);
  EXPECT_EQ(Next(6), v1::JUDGEMENT_REASON_COOLDOWN);
  now_ += absl::Seconds(1);
  EXPECT_TRUE(Fires(6));
}

TEST_F(MetricTrackerTest, ACooldownThatBeganInTheFutureIsOver) {
  condition_.cooldown = absl::Seconds(60);
  now_ += absl::Hours(24 * 3'650);  // the clock was wrong
  EXPECT_TRUE(Fires(6));
  EXPECT_FALSE(Fires(0));
  now_ = kStart;
  EXPECT_TRUE(Fires(6));
}

TEST_F(MetricTrackerTest, TellsGroupsAndTrialsApart) {
  EXPECT_TRUE(Fires(6));
  EXPECT_EQ(Next(6, MetricGroup::kValidation), v1::JUDGEMENT_REASON_FIRED);
  EXPECT_TRUE(tracker_.Advance({1, 8, MetricGroup::kTraining}, condition_, 6, now_).fires);
  EXPECT_TRUE(tracker_.Advance({2, 7, MetricGroup::kTraining}, condition_, 6, now_).fires);
}

TEST_F(MetricTrackerTest, AFiringCanBeTakenBack) {
  condition_.cooldown = absl::Seconds(60);
  EXPECT_TRUE(Fires(6));
  tracker_.Undo({1, 7, MetricGroup::kTraining});
  EXPECT_TRUE(Fires(6));
}

TEST_F(MetricTrackerTest, GivesWhatWasRearmedOnce) {
  EXPECT_TRUE(Fires(6));
  EXPECT_THAT(tracker_.TakeRearmed(), IsEmpty());
  EXPECT_FALSE(Fires(0));
  EXPECT_FALSE(Fires(0));
  EXPECT_THAT(
      tracker_.TakeRearmed(),
      ElementsAre(MetricState{.trigger_id = 1, .trial_id = 7, .armed = true, .fired_at = kStart}));
  EXPECT_THAT(tracker_.TakeRearmed(), IsEmpty());
}

TEST_F(MetricTrackerTest, TakesOverWhatWasStored) {
  tracker_.Load(std::vector<MetricState>{
      {.trigger_id = 1, .trial_id = 7, .armed = false, .fired_at = kStart},
      {.trigger_id = 1, .trial_id = 7, .group = MetricGroup::kValidation, .armed = true}});
  EXPECT_EQ(Next(6), v1::JUDGEMENT_REASON_HYSTERESIS);
  EXPECT_EQ(Next(6, MetricGroup::kValidation), v1::JUDGEMENT_REASON_FIRED);
}

TEST(MetricTracker, ForgetsWhatWasNotUsedForLongest) {
  MetricTracker tracker(2);
  const MetricCondition condition = {.comparison = Comparison::kGreater, .threshold = 5};
  const auto fires = [&](int32_t trial_id) {
    return tracker.Advance({1, trial_id, MetricGroup::kTraining}, condition, 6, kStart).fires;
  };
  EXPECT_TRUE(fires(1));
  EXPECT_TRUE(fires(2));
  EXPECT_FALSE(fires(1));
  EXPECT_TRUE(fires(3));
  EXPECT_FALSE(fires(1));
  EXPECT_TRUE(fires(2));
}

}  // namespace
}  // namespace webhookd
