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

TEST(ValidateReport, TakesEveryFieldAtItsBounds) {
  v1::ReportExperimentStateRequest report = ValidReport();
  report.set_idempotency_key(std::string(255, '~'));
  report.mutable_occurred_at()->set_seconds(253402300799);
  report.mutable_occurred_at()->set_nanos(999999999);
  v1::Experiment& experiment = *report.mutable_experiment();
  experiment.set_name(std::string(4096, 'n'));
  experiment.set_resource_pool(std::string(4096, 'n'));
  experiment.set_workspace_name(std::string(4096, 'n'));
  experiment.set_project_name(std::string(4096, 'n'));
  experiment.mutable_start_time()->set_seconds(-62135596800);
  experiment.mutable_end_time()->set_seconds(-62135596800);
  experiment.set_slots_per_trial(0);
  experiment.set_workspace_id(0);
  experiment.set_project_id(0);
  experiment.set_trial_id(1);
  for (int i = 0; i < 1000; ++i) {
    experiment.mutable_webhooks()->add_webhook_id(1);
    experiment.mutable_webhooks()->add_webhook_name(std::string(255, 'n'));
  }
  EXPECT_TRUE(ValidateReport(report).ok()) << ValidateReport(report);
}

TEST(ValidateReport, RefusesAReportWithoutExperiment) {
  const absl::Status status = ValidateReport(v1::ReportExperimentStateRequest());
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("experiment is not set"));
}

TEST(ValidateReport, RefusesNumbersOutOfRange) {
  ExpectRefused("experiment { id: -5 }", "experiment.id is -5; it must be 1 or more");
  ExpectRefused("experiment { slots_per_trial: -1 }", "experiment.slots_per_trial is -1");
  ExpectRefused("experiment { workspace_id: -1 }", "experiment.workspace_id is -1");
  ExpectRefused("experiment { project_id: -2147483648 }",
                "experiment.project_id is -2147483648; it must be 0 or more");
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
              HasSubstr("experiment.state is 17, which is no determined.experiment.v1.State; it "
                        "must be from 1 to 16"));
  report.mutable_experiment()->set_state(static_cast<determined::experiment::v1::State>(-1));
  EXPECT_THAT(std::string(ValidateReport(report).message()), HasSubstr("experiment.state is -1"));
}

TEST(ValidateReport, RefusesLongTexts) {
  const std::string shown = "\"" + std::string(80, 'x') + "…\" (4097 bytes)";
  const std::string name = "\"" + std::string(4097, 'x') + "\"";
  for (const std::string field : {"name", "resource_pool", "workspace_name", "project_name"}) {
    ExpectRefused("experiment { " + field + ": " + name + "}",
                  "experiment." + field + " is " + shown + "; at most 4096 bytes");
  }
  ExpectRefused("idempotency_key: \"" + std::string(256, 'k') + "\"",
                "(256 bytes); at most 255 bytes");
  ExpectRefused("experiment { webhooks { webhook_name: \"" + std::string(256, 'n') + "\" } }",
                "experiment.webhooks.webhook_name[0] is");
  v1::ReportExperimentStateRequest report = ValidReport();
  report.mutable_experiment()->set_name(std::string(2'000'000, 'x'));
  EXPECT_LT(ValidateReport(report).message().size(), 300);
}

TEST(ValidateReport, RefusesControlCharactersInTheIdempotencyKey) {
  ExpectRefused(R"(idempotency_key: "a\nb")", R"(idempotency_key is "a\nb"; control characters)");
  ExpectRefused(R"(idempotency_key: "a\000")", "control characters are not allowed");
  ExpectRefused(R"(idempotency_key: "a\177")", "control characters are not allowed");
}

TEST(ValidateReport, RefusesTimesOutOfRange) {
  for (const std::string field : {"experiment.start_time", "experiment.end_time", "occurred_at"}) {
    const auto expect = [&](const std::string& timestamp, const std::string& message) {
      const size_t dot = field.find('.');
      ExpectRefused(dot == std::string::npos
                        ? field + timestamp
                        : field.substr(0, dot) + "{" + field.substr(dot + 1) + timestamp + "}",
                    field + message);
    };
    expect("{ seconds: 253402300800 }", ".seconds is 253402300800; it must be from -62135596800");
    expect("{ seconds: -62135596801 }", ".seconds is -62135596801");
    expect("{ seconds: 9223372036854775807 }", ".seconds is 9223372036854775807");
    expect("{ nanos: -1 }", ".nanos is -1; it must be from 0 to 999999999");
    expect("{ nanos: 1000000000 }", ".nanos is 1000000000");
  }
}

TEST(ValidateReport, RefusesAnEndBeforeTheStart) {
  ExpectRefused("experiment { end_time { seconds: 1665689949 } }",
                "experiment.end_time 2022-10-13T19:39:09+00:00 is before start_time "
                "2022-10-13T19:39:10+00:00");
  ExpectRefused("experiment { start_time { nanos: 5 } end_time { seconds: 1665689950 nanos: 4 } }",
                "is before start_time");
}

TEST(ValidateReport, RefusesLongLists) {
  v1::ReportExperimentStateRequest report = ValidReport();
  for (int i = 0; i < 1001; ++i) report.mutable_experiment()->mutable_webhooks()->add_webhook_id(1);
  EXPECT_THAT(std::string(ValidateReport(report).message()),
              HasSubstr("experiment.webhooks.webhook_id has 1001 entries; at most 1000"));
  report = ValidReport();
  for (int i = 0; i < 1001; ++i) {
    report.mutable_experiment()->mutable_webhooks()->add_webhook_name("n");
  }
  EXPECT_THAT(std::string(ValidateReport(report).message()),
              HasSubstr("experiment.webhooks.webhook_name has 1001 entries"));
}

}  // namespace
}  // namespace webhookd
