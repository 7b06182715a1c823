#include "server/events/trigger_condition.h"

#include <gmock/gmock.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "determined/experiment/v1/experiment.pb.h"

namespace webhookd {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

absl::StatusOr<std::string> Canonical(TriggerType type, const std::string& json) {
  google::protobuf::Struct condition;
  EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(json, &condition).ok()) << json;
  return CanonicalCondition(type, condition, "triggers[2].condition");
}

void ExpectRefused(TriggerType type, const std::string& json, absl::StatusCode code,
                   const testing::Matcher<std::string>& message) {
  const absl::StatusOr<std::string> canonical = Canonical(type, json);
  EXPECT_EQ(canonical.status().code(), code) << json << canonical.status();
  EXPECT_THAT(std::string(canonical.status().message()), message) << json;
}

TEST(CanonicalCondition, TakesEveryStateByName) {
  const auto& states = *determined::experiment::v1::State_descriptor();
  for (int i = 0; i < states.value_count(); ++i) {
    const std::string name = states.value(i)->name().substr(strlen("STATE_"));
    const std::string json = absl::StrCat(R"({"state":")", name, R"("})");
    const absl::StatusOr<std::string> canonical =
        Canonical(TriggerType::kExperimentStateChange, json);
    if (name == "UNSPECIFIED") {
      EXPECT_EQ(canonical.status().code(), absl::StatusCode::kInvalidArgument);
      continue;
    }
    ASSERT_TRUE(canonical.ok()) << canonical.status();
    EXPECT_EQ(*canonical, json);
    EXPECT_EQ(StateOfCondition(*canonical).value(), states.value(i)->number());
  }
}

TEST(CanonicalCondition, KeepsErroredAsWritten) {
  EXPECT_EQ(Canonical(TriggerType::kExperimentStateChange, R"({ "state" : "ERRORED" })").value(),
            R"({"state":"ERRORED"})");
}

TEST(CanonicalCondition, RefusesAStateOfTheWrongShape) {
  const auto expect = [](const std::string& json, const testing::Matcher<std::string>& message) {
    ExpectRefused(TriggerType::kExperimentStateChange, json, absl::StatusCode::kInvalidArgument,
                  AllOf(HasSubstr("triggers[2].condition"), message));
  };
  expect("{}", AllOf(HasSubstr("condition is {}"), HasSubstr(R"({"state": S})")));
  expect(R"({"state":"COMPLETED","x":1})", HasSubstr(R"({"state":"COMPLETED","x":1.0})"));
  expect(R"({"regex":"x"})", HasSubstr(R"(is {"regex":"x"}; it must be {"state": S})"));
  expect(R"({"State":"COMPLETED"})", HasSubstr("must be"));
  expect(R"({"state":6})", HasSubstr("condition.state is 6.0; it must be a string"));
  expect(R"({"state":null})", HasSubstr("condition.state is null"));
  expect(R"({"state":["COMPLETED"]})", HasSubstr(R"(condition.state is ["COMPLETED"])"));
  expect(R"({"state":""})", HasSubstr(R"(condition.state is "", which is no state)"));
  expect(R"({"state":"completed"})", HasSubstr(R"("completed")"));
  expect(R"({"state":"STATE_COMPLETED"})", HasSubstr("use one of ACTIVE, PAUSED"));
  expect(R"({"state":"DONE"})", AllOf(HasSubstr("COMPLETED"), HasSubstr("ERRORED for ERROR"),
                                      Not(HasSubstr("UNSPECIFIED"))));
  expect(absl::StrCat(R"({"state":")", std::string(2000000, 'x'), R"("})"),
         HasSubstr("…\" (2000000 bytes)"));
  expect(absl::StrCat(R"({"other":")", std::string(2000000, 'x'), R"("})"),
         HasSubstr("… (2000012 bytes)"));
}

TEST(CanonicalCondition, ChecksARegexAndSaysThatItDoesNotFireYet) {
  const auto invalid = [](const std::string& json, const testing::Matcher<std::string>& message) {
    ExpectRefused(TriggerType::kTaskLog, json, absl::StatusCode::kInvalidArgument, message);
  };
  invalid("{}", HasSubstr(R"({"regex": R})"));
  invalid(R"({"regex":5})", HasSubstr("condition.regex is 5.0"));
  invalid(R"({"regex":""})", HasSubstr("condition.regex is empty"));
  invalid(R"({"regex":"a","state":"COMPLETED"})", HasSubstr("it must be"));
  invalid(R"({"regex":"a(b"})", AllOf(HasSubstr(R"("a(b")"), HasSubstr("missing ): a(b")));
  invalid(R"({"regex":"(?<=a)b"})", HasSubstr("no RE2 pattern"));
  invalid(R"({"regex":"((a{100}){100}){100}"})", HasSubstr("no RE2 pattern"));
  invalid(absl::StrCat(R"({"regex":")", std::string(1025, 'a'), R"("})"),
          HasSubstr("at most 1024 bytes"));
  for (const std::string& regex : {std::string("CUDA out of memory"), std::string(1024, 'a')}) {
    ExpectRefused(TriggerType::kTaskLog, absl::StrCat(R"({"regex":")", regex, R"("})"),
                  absl::StatusCode::kUnimplemented,
                  AllOf(HasSubstr("triggers[2].condition"), HasSubstr("TASK_LOG")));
  }
}

TEST(CanonicalCondition, ChecksAMetricAndSaysThatItDoesNotFireYet) {
  const auto expect = [](const std::string& json, absl::StatusCode code, const char* message) {
    ExpectRefused(TriggerType::kMetricThresholdExceeded, json, code, HasSubstr(message));
  };
  const absl::StatusCode invalid = absl::StatusCode::kInvalidArgument;
  expect("{}", invalid, "it must be {\"metric\"");
  expect(R"({"metric":"loss","operator":"<"})", invalid, "it must be");
  expect(R"({"metric":"loss","operator":"=","threshold":5})", invalid, "one of <, <=, > and >=");
  expect(R"({"metric":"","operator":"<","threshold":5})", invalid, "M a name");
  expect(R"({"metric":7,"operator":"<","threshold":5})", invalid, "M a name");
  expect(R"({"metric":"loss","operator":"<","threshold":"5"})", invalid, "T a number");
  expect(R"({"metric":"loss","operator":"<","threshold":5,"x":1})", invalid, "it must be");
  expect(R"({"metric":"loss","operator":">=","threshold":5})", absl::StatusCode::kUnimplemented,
         "METRIC_THRESHOLD_EXCEEDED");
}

TEST(CanonicalCondition, TakesNoConditionForCustomWhichDoesNotFireYet) {
  ExpectRefused(TriggerType::kCustom, R"({"state":"COMPLETED"})",
                absl::StatusCode::kInvalidArgument, HasSubstr("CUSTOM takes no condition"));
  ExpectRefused(TriggerType::kCustom, "{}", absl::StatusCode::kUnimplemented, HasSubstr("CUSTOM"));
}

TEST(CanonicalCondition, RefusesATypeItDoesNotKnow) {
  ExpectRefused(static_cast<TriggerType>(9), "{}", absl::StatusCode::kInvalidArgument,
                HasSubstr("unknown trigger type 9"));
}

TEST(StateOfCondition, RefusesWhatIsNotCanonical) {
  for (const char* json : {"", "{}", R"({"state": "COMPLETED"})", R"({"state":"DONE"})",
                           R"({"state":"COMPLETED"}x)", R"({"regex":"x"})"}) {
    EXPECT_EQ(StateOfCondition(json).status().code(), absl::StatusCode::kInvalidArgument) << json;
  }
}

TEST(ParseStateName, TakesErrorAndErrored) {
  EXPECT_EQ(ParseStateName("ERROR").value(), determined::experiment::v1::STATE_ERROR);
  EXPECT_EQ(ParseStateName("ERRORED").value(), determined::experiment::v1::STATE_ERROR);
}

}  // namespace
}  // namespace webhookd
