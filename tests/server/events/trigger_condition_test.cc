#include "server/events/trigger_condition.h"

#include <gmock/gmock.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <cmath>
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
  expect(R"({"state":""})", HasSubstr(R"(condition.state is "", which is not a state)"));
  expect(R"({"state":"completed"})", HasSubstr(R"("completed")"));
  expect(R"({"state":"STATE_COMPLETED"})", HasSubstr("use one of ACTIVE, PAUSED"));
  expect(R"({"state":"DONE"})", AllOf(HasSubstr("COMPLETED"), HasSubstr("ERRORED for ERROR"),
                                      Not(HasSubstr("UNSPECIFIED"))));
  expect(absl::StrCat(R"({"state":")", std::string(2000000, 'x'), R"("})"),
         HasSubstr("…\" (2000000 bytes)"));
  expect(absl::StrCat(R"({"other":")", std::string(2000000, 'x'), R"("})"),
         HasSubstr("… (2000012 bytes)"));
}

TEST(CanonicalCondition, TakesARegexThatCompilesAtABoundedCost) {
  const auto invalid = [](const std::string& json, const testing::Matcher<std::string>& message) {
    ExpectRefused(TriggerType::kTaskLog, json, absl::StatusCode::kInvalidArgument, message);
  };
  invalid("{}", HasSubstr(R"({"regex": R})"));
  invalid(R"({"regex":5})", HasSubstr("condition.regex is 5.0"));
  invalid(R"({"regex":""})", HasSubstr("condition.regex \"\" is empty"));
  invalid(R"({"regex":"a","state":"COMPLETED"})", HasSubstr("it must be"));
  invalid(R"({"regex":"ab(c"})", AllOf(HasSubstr(R"("ab(c")"), HasSubstr(R"(missing ): "ab(c")")));
  invalid(R"({"regex":"x(?<=a)b"})",
          AllOf(HasSubstr("not a valid pattern"), HasSubstr("from byte 2")));
  invalid(R"({"regex":"((a{100}){100}){100}"})", HasSubstr("not a valid pattern"));
  invalid(R"({"regex":"(\\pL{30}){30}"})", HasSubstr("too costly"));
  invalid(absl::StrCat(R"({"regex":")", std::string(1025, 'a'), R"("})"),
          HasSubstr("has 1025 bytes; at most 1024"));
  for (const std::string& regex : {std::string("CUDA out of memory"), std::string(1024, 'a')}) {
    const std::string json = absl::StrCat(R"({"regex":")", regex, R"("})");
    EXPECT_EQ(Canonical(TriggerType::kTaskLog, json).value(), json);
    EXPECT_EQ(ParseCondition(TriggerType::kTaskLog, json).value().regex, regex);
  }
}

TEST(CanonicalCondition, TakesAMetricWithItsOptions) {
  const auto expect = [](const std::string& json, const testing::Matcher<std::string>& message) {
    ExpectRefused(TriggerType::kMetricThresholdExceeded, json, absl::StatusCode::kInvalidArgument,
                  AllOf(HasSubstr("triggers[2].condition"), message));
  };
  const auto with = [](const std::string& more) {
    return absl::StrCat(R"({"metric":"loss","operator":"<","threshold":5,)", more, "}");
  };
  expect("{}", HasSubstr("it must be {\"metric\""));
  expect(R"({"metric":"loss","operator":"<"})", HasSubstr("it must be"));
  expect(R"({"metric":"loss","operator":"=","threshold":5})",
         HasSubstr(R"(.operator is "="; it must be one of <, <=, > and >=)"));
  expect(R"({"metric":"","operator":"<","threshold":5})", HasSubstr("1 to 255 bytes"));
  expect(
      absl::StrCat(R"({"metric":")", std::string(256, 'm'), R"(","operator":"<","threshold":5})"),
      HasSubstr("1 to 255 bytes"));
  expect(R"({"metric":7,"operator":"<","threshold":5})", HasSubstr(".metric is 7.0"));
  expect(R"({"metric":"loss","operator":"<","threshold":"5"})",
         HasSubstr(R"(.threshold is "5"; it must be a number)"));
  expect(with(R"("x":1)"), HasSubstr("it must be"));
  expect(with(R"("group":"test")"), HasSubstr(R"(.group is "test")"));
  expect(with(R"("for_steps":0)"), HasSubstr(".for_steps is 0.0; it must be a whole number"));
  expect(with(R"("for_steps":1.5)"), HasSubstr("whole number"));
  expect(with(R"("for_steps":"3")"), HasSubstr("whole number"));
  expect(with(R"("hysteresis":-1)"), HasSubstr(".hysteresis is -1.0"));
  expect(with(R"("hysteresis":"1")"), HasSubstr("finite number"));
  expect(with(R"("cooldown_seconds":-1)"), HasSubstr(".cooldown_seconds is -1.0"));
  expect(with(R"("cooldown_seconds":1e9)"), HasSubstr("31,536,000"));
  expect(with(R"("once_per":"task")"), HasSubstr(R"("trial" or "experiment")"));

  const std::string all =
      R"({"cooldown_seconds":60.5,"for_steps":3.0,"group":"validation","hysteresis":0.5,)"
      R"("metric":"loss","once_per":"trial","operator":">=","threshold":5.0})";
  EXPECT_EQ(Canonical(TriggerType::kMetricThresholdExceeded, all).value(), all);
  const MetricCondition metric =
      ParseCondition(TriggerType::kMetricThresholdExceeded, all).value().metric;
  EXPECT_EQ(metric.metric, "loss");
  EXPECT_EQ(metric.comparison, Comparison::kGreaterOrEqual);
  EXPECT_EQ(metric.threshold, 5);
  EXPECT_EQ(metric.group, "validation");
  EXPECT_EQ(metric.for_steps, 3);
  EXPECT_EQ(metric.hysteresis, 0.5);
  EXPECT_EQ(metric.cooldown, absl::Seconds(60.5));
  EXPECT_EQ(metric.once_per, MetricCondition::OncePer::kTrial);
}

TEST(CanonicalCondition, RefusesAThresholdThatIsNoFiniteNumber) {
  google::protobuf::Struct condition;
  auto& fields = *condition.mutable_fields();
  fields["metric"].set_string_value("loss");
  fields["operator"].set_string_value("<");
  for (const double threshold : {std::nan(""), HUGE_VAL, -HUGE_VAL}) {
    fields["threshold"].set_number_value(threshold);
    const auto canonical =
        CanonicalCondition(TriggerType::kMetricThresholdExceeded, condition, "condition");
    EXPECT_EQ(canonical.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(canonical.status().message()), HasSubstr("must be finite"));
  }
}

TEST(MetricCondition, ComparesAndRearms) {
  MetricCondition condition = {.threshold = 5, .hysteresis = 1};
  const auto expect = [&](Comparison comparison, double value, bool holds, bool rearms) {
    condition.comparison = comparison;
    EXPECT_EQ(condition.Holds(value), holds) << ComparisonSign(comparison) << value;
    EXPECT_EQ(condition.Rearms(value), rearms) << ComparisonSign(comparison) << value;
  };
  expect(Comparison::kGreater, 5.1, true, false);
  expect(Comparison::kGreater, 5, false, false);
  expect(Comparison::kGreater, 4.1, false, false);
  expect(Comparison::kGreater, 4, false, true);
  expect(Comparison::kGreaterOrEqual, 5, true, false);
  expect(Comparison::kGreaterOrEqual, 4, false, false);
  expect(Comparison::kGreaterOrEqual, 3.9, false, true);
  expect(Comparison::kLess, 4.9, true, false);
  expect(Comparison::kLess, 5.5, false, false);
  expect(Comparison::kLess, 6, false, true);
  expect(Comparison::kLessOrEqual, 5, true, false);
  expect(Comparison::kLessOrEqual, 6, false, false);
  expect(Comparison::kLessOrEqual, 6.1, false, true);
  expect(Comparison::kGreater, HUGE_VAL, true, false);
  expect(Comparison::kGreater, -HUGE_VAL, false, true);
  expect(Comparison::kLess, std::nan(""), false, false);
  expect(Comparison::kGreaterOrEqual, std::nan(""), false, false);
}

TEST(CanonicalCondition, TakesNoConditionForCustom) {
  ExpectRefused(TriggerType::kCustom, R"({"state":"COMPLETED"})",
                absl::StatusCode::kInvalidArgument, HasSubstr("CUSTOM takes no condition"));
  EXPECT_EQ(Canonical(TriggerType::kCustom, "{}").value(), "{}");
}

TEST(ParseCondition, RefusesWhatIsNotStored) {
  for (const TriggerType type : {TriggerType::kExperimentStateChange, TriggerType::kTaskLog,
                                 TriggerType::kMetricThresholdExceeded, TriggerType::kCustom}) {
    for (const char* json : {"", "spoiled", "[]", R"({"regex":"a("})"}) {
      EXPECT_FALSE(ParseCondition(type, json).ok()) << json;
    }
  }
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
