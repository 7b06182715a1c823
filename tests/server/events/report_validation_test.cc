#include "server/events/report_validation.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/server/events/vectors.h"
#include "webhookd/v1/ingest.pb.h"

namespace webhookd {
namespace {

using testing::HasSubstr;

v1::ReportExperimentStateRequest ValidReport() {
  v1::ReportExperimentStateRequest report;
  *report.mutable_experiment() = VectorExperiment();
  return report;
}

// Expects that the valid report, with these fields set (in text format), is refused with this
// message.
void ExpectRefused(const std::string& fields, const std::string& message) {
  v1::ReportExperimentStateRequest report = ValidReport();
  v1::ReportExperimentStateRequest changes;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(fields, &changes)) << fields;
  report.MergeFrom(changes);
  const absl::Status status = ValidateReport(report);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << fields;
  EXPECT_THAT(std::string(status.message()), HasSubstr(message)) << fields;
}

TEST(ValidateReport, TakesAValidReport) { EXPECT_TRUE(ValidateReport(ValidReport()).ok()); }

TEST(ValidateReport, TakesTheLeastReport) {
  v1::ReportExperimentStateRequest report;
  report.mutable_experiment()->set_id(1);
  report.mutable_experiment()->set_state(determined::experiment::v1::STATE_ACTIVE);
  EXPECT_TRUE(ValidateReport(report).ok());
}

TEST(ValidateReport, RefusesAReportWithoutExperiment) {
  const absl::Status status = ValidateReport(v1::ReportExperimentStateRequest());
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("experiment is not set"));
}

TEST(ValidateReport, RefusesNumbersOutOfRange) {
  ExpectRefused("experiment { id: -5 }", "experiment.id is -5; it must be 1 or more");
  ExpectRefused("experiment { workspace_id: -1 }", "experiment.workspace_id is -1");
  ExpectRefused("experiment { trial_id: 0 }", "experiment.trial_id is 0; it must be 1 or more");
}

TEST(ValidateReport, LeavesSlipsInAnExperimentsConfigurationAlone) {
  v1::ReportExperimentStateRequest report = ValidReport();
  v1::WebhookIntegration& webhooks = *report.mutable_experiment()->mutable_webhooks();
  webhooks.add_webhook_id(0);
  webhooks.add_webhook_id(-3);
  webhooks.add_webhook_name("");
  EXPECT_TRUE(ValidateReport(report).ok()) << ValidateReport(report);
}

TEST(ValidateReport, RefusesAnExperimentWithoutIdOrState) {
  v1::ReportExperimentStateRequest report = ValidReport();
  report.mutable_experiment()->clear_id();
  EXPECT_THAT(std::string(ValidateReport(report).message()), HasSubstr("experiment.id is 0"));
  report = ValidReport();
  report.mutable_experiment()->clear_state();
  EXPECT_THAT(std::string(ValidateReport(report).message()),
              HasSubstr("experiment.state is not set"));
}

TEST(ValidateReport, RefusesAnUnknownState) {
  v1::ReportExperimentStateRequest report = ValidReport();
  report.mutable_experiment()->set_state(static_cast<determined::experiment::v1::State>(17));
  EXPECT_THAT(std::string(ValidateReport(report).message()),
              HasSubstr("experiment.state is 17, which is not a determined.experiment.v1.State; it "
                        "must be from 1 to 16"));
  report.mutable_experiment()->set_state(static_cast<determined::experiment::v1::State>(-1));
  EXPECT_THAT(std::string(ValidateReport(report).message()), HasSubstr("experiment.state is -1"));
}

TEST(ValidateReport, RefusesALongIdempotencyKey) {
  ExpectRefused("idempotency_key: \"" + std::string(256, 'k') + "\"",
                "(256 bytes); at most 255 bytes");
  v1::ReportExperimentStateRequest report = ValidReport();
  report.set_idempotency_key(std::string(2'000'000, 'x'));
  EXPECT_LT(ValidateReport(report).message().size(), 300);
}

TEST(ValidateReport, RefusesControlCharactersInTheIdempotencyKey) {
  ExpectRefused(R"(idempotency_key: "a\nb")", R"(idempotency_key is "a\nb"; control characters)");
  ExpectRefused(R"(idempotency_key: "a\000")", "control characters are not allowed");
  ExpectRefused(R"(idempotency_key: "a\177")", "control characters are not allowed");
}

}  // namespace
}  // namespace webhookd
