#include "server/rpc/sample_events.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace webhookd {
namespace {

using ::testing::HasSubstr;

std::string MetricBody(absl::string_view operator_and_threshold) {
  const auto body = SampleBody(
      {},
      {.type = TriggerType::kMetricThresholdExceeded,
       .condition_json = absl::StrCat(R"({"metric":"loss",)", operator_and_threshold, "}")},
      {.event_id = "e", .occurred_at = absl::FromUnixSeconds(1'700'000'000)}, "");
  EXPECT_TRUE(body.ok()) << body.status();
  return body.value_or("");
}

TEST(SampleBody, TellsAMetricThatMeetsTheCondition) {
  EXPECT_THAT(MetricBody(R"("operator":">","threshold":2)"), HasSubstr(R"("value":3)"));
  EXPECT_THAT(MetricBody(R"("operator":"<","threshold":2)"), HasSubstr(R"("value":1)"));
  EXPECT_THAT(MetricBody(R"("operator":">=","threshold":2)"), HasSubstr(R"("value":2)"));
  EXPECT_THAT(MetricBody(R"("operator":"<","threshold":-200)"), HasSubstr(R"("value":-220)"));
}

TEST(SampleBody, RefusesAConditionThatCannotBeRead) {
  const auto body = SampleBody(
      {}, {.type = TriggerType::kMetricThresholdExceeded, .condition_json = "{"}, {}, "");
  EXPECT_FALSE(body.ok());
}

}  // namespace
}  // namespace webhookd
