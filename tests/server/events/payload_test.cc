#include "server/events/payload.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "determined/experiment/v1/experiment.pb.h"
#include "tests/server/events/python.h"
#include "tests/server/events/vectors.h"
#include "tests/testing/seeded_random.h"
#include "webhookd/v1/ingest.pb.h"

namespace webhookd {
namespace {

using determined::experiment::v1::State;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(PayloadStateName, DropsThePrefixAndSaysErrored) {
  EXPECT_EQ(PayloadStateName(determined::experiment::v1::STATE_COMPLETED), "COMPLETED");
  EXPECT_EQ(PayloadStateName(determined::experiment::v1::STATE_ERROR), "ERRORED");
  EXPECT_EQ(PayloadStateName(determined::experiment::v1::STATE_STOPPING_ERROR), "STOPPING_ERROR");
  EXPECT_EQ(PayloadStateName(determined::experiment::v1::STATE_RUNNING), "RUNNING");
}

TEST(PayloadStateName, GivesTheNumberOfAStateItDoesNotKnow) {
  EXPECT_EQ(PayloadStateName(17), "17");
  EXPECT_EQ(PayloadStateName(-1), "-1");
  EXPECT_EQ(PayloadStateName(std::numeric_limits<int>::max()), "2147483647");
}

class DurationSecondsTest : public testing::Test {
 protected:
  int64_t Duration() { return DurationSeconds(experiment_, absl::FromUnixSeconds(1000)); }

  void SetStart(int64_t seconds, int32_t nanos = 0) {
    experiment_.mutable_start_time()->set_seconds(seconds);
    experiment_.mutable_start_time()->set_nanos(nanos);
  }
  void SetEnd(int64_t seconds, int32_t nanos = 0) {
    experiment_.mutable_end_time()->set_seconds(seconds);
    experiment_.mutable_end_time()->set_nanos(nanos);
  }

  v1::Experiment experiment_;
};

TEST_F(DurationSecondsTest, IsFromStartToEnd) {
  SetStart(100);
  SetEnd(141);
  EXPECT_EQ(Duration(), 41);
}

TEST_F(DurationSecondsTest, CountsWholeSecondsOnly) {
  SetStart(100, 500000000);
  SetEnd(102, 499999999);
  EXPECT_EQ(Duration(), 1);
}

TEST_F(DurationSecondsTest, EndsAtTheEventWhileTheExperimentRuns) {
  SetStart(990);
  EXPECT_EQ(Duration(), 10);
}

TEST_F(DurationSecondsTest, IsZeroWithoutAStart) {
  EXPECT_EQ(Duration(), 0);
  SetEnd(500);
  EXPECT_EQ(Duration(), 0);
}

TEST_F(DurationSecondsTest, IsNeverNegative) {
  SetStart(2000);
  EXPECT_EQ(Duration(), 0);
  SetEnd(1500);
  EXPECT_EQ(Duration(), 0);
}

TEST_F(DurationSecondsTest, Saturates) {
  SetStart(std::numeric_limits<int64_t>::min());
  SetEnd(std::numeric_limits<int64_t>::max());
  EXPECT_EQ(Duration(), std::numeric_limits<int64_t>::max());
}

TEST(RenderStateChange, GivesTheBodiesOfTheVectors) {
  const EventHeader event = VectorEvent();
  v1::Experiment experiment = VectorExperiment();
  EXPECT_EQ(RenderStateChange(event, experiment), ReadVector("bodies/default-completed.json"));
  experiment.set_state(determined::experiment::v1::STATE_ERROR);
  EXPECT_EQ(RenderStateChange(event, experiment), ReadVector("bodies/default-errored.json"));
  experiment.set_state(determined::experiment::v1::STATE_RUNNING);
  EXPECT_EQ(RenderStateChange(event, experiment), ReadVector("bodies/default-running.json"));
}

TEST(RenderStateChange, WritesNamesInManyScripts) {
  v1::Experiment experiment = VectorExperiment();
  experiment.set_name(ManyScripts());
  experiment.set_resource_pool("プール");
  experiment.set_workspace_name("Рабочая область");
  experiment.set_project_name("مشروع");
  EXPECT_EQ(RenderStateChange(VectorEvent(), experiment),
            ReadVector("bodies/default-scripts.json"));
}

TEST(RenderStateChange, EscapesEveryControlCharacter) {
  std::string name;
  for (char c = 0; c < 0x20; ++c) name.push_back(c);
  absl::StrAppend(&name, "\"\\/<>&'\x7f\u0080\u2028\u2029\ufeff\uffff\U0010ffff");
  v1::Experiment experiment = VectorExperiment();
  experiment.set_name(name);
  EXPECT_EQ(RenderStateChange(VectorEvent(), experiment),
            ReadVector("bodies/default-controls.json"));
}

TEST(RenderStateChange, WritesTheLargestNumbersAndEmptyNames) {
  v1::Experiment experiment;
  experiment.set_id(std::numeric_limits<int32_t>::max());
  experiment.set_state(determined::experiment::v1::STATE_COMPLETED);
  experiment.set_slots_per_trial(std::numeric_limits<int32_t>::max());
  experiment.mutable_start_time()->set_seconds(-62135596800);
  experiment.mutable_end_time()->set_seconds(253402300799);
  EXPECT_EQ(RenderStateChange(VectorEvent(), experiment),
            ReadVector("bodies/default-extremes.json"));
}

TEST(RenderStateChange, MeansWhatAMasterSends) {
  v1::Experiment experiment = VectorExperiment();
  experiment.set_id(6);
  experiment.set_name("exp-ws");
  experiment.set_slots_per_trial(1);
  experiment.set_workspace_name("ws-admin");
  experiment.set_project_name("proj-a");
  experiment.mutable_end_time()->set_seconds(experiment.start_time().seconds() + 1);
  const EventHeader event = {.event_id = "7b4f9f3e-0d5a-4a70-9d63-3c1b7cf1a111",
                             .occurred_at = absl::FromUnixSeconds(1795575779)};
  EXPECT_THAT(RunPython("import json, sys\n"
                        "ours, theirs = (json.loads(line) for line in sys.stdin)\n"
                        "print(ours == theirs)\n",
                        {RenderStateChange(event, experiment),
                         ReadVector("determined/default-completed.json")}),
              ElementsAre("True"));
}

TEST(RenderStateChange, IsAFixedPointOfPythonForAnyNameAndState) {
  SeededRandom random;
  std::vector<std::string> bodies;
  for (int i = 0; i < 2000; ++i) {
    v1::Experiment experiment = VectorExperiment();
    std::string name(random.Next() % 60, '\0');
    for (char& c : name) c = static_cast<char>(random.Next());
    experiment.set_id(static_cast<int32_t>(random.Next()));
    experiment.set_name(name);
    experiment.set_workspace_name(name.substr(name.size() / 2));
    experiment.set_state(static_cast<State>(random.Next() % 20));
    experiment.mutable_start_time()->set_seconds(static_cast<int64_t>(random.Next()) >> 20);
    bodies.push_back(RenderStateChange(VectorEvent(), experiment));
  }
  EXPECT_THAT(NotFixedPoints(bodies), IsEmpty());
}

TEST(RenderTestEvent, GivesTheBodyOfTheVector) {
  EXPECT_EQ(RenderTestEvent(VectorEvent()), ReadVector("bodies/default-test.json"));
}

TEST(Vectors, AreFixedPointsOfPython) {
  std::vector<std::string> bodies;
  for (const char* name :
       {"default-completed", "default-errored", "default-running", "default-test",
        "default-scripts", "default-controls", "default-extremes", "slack-completed",
        "slack-errored", "slack-running", "slack-links", "slack-scripts", "slack-test"}) {
    bodies.push_back(ReadVector(absl::StrCat("bodies/", name, ".json")));
  }
  EXPECT_THAT(NotFixedPoints(bodies), IsEmpty());
}

}  // namespace
}  // namespace webhookd
