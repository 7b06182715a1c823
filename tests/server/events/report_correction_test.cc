#include "server/events/report_correction.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <string>

#include "determined/api/v1/webhook.pb.h"
#include "determined/task/v1/task.pb.h"
#include "server/events/payload.h"
#include "server/events/report_validation.h"
#include "tests/server/events/vectors.h"
#include "webhookd/v1/ingest.pb.h"

namespace webhookd {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

v1::ReportExperimentStateRequest ValidReport() {
  v1::ReportExperimentStateRequest report;
  *report.mutable_experiment() = VectorExperiment();
  return report;
}

// The valid report with these fields set, in text format.
v1::ReportExperimentStateRequest ReportWith(const std::string& fields) {
  v1::ReportExperimentStateRequest report = ValidReport();
  v1::ReportExperimentStateRequest changes;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(fields, &changes)) << fields;
  report.MergeFrom(changes);
  return report;
}

// Expects that a report is taken after one correction, and gives it.
v1::ReportExperimentStateRequest ExpectCorrected(v1::ReportExperimentStateRequest report,
                                                 const std::string& correction) {
  EXPECT_THAT(CorrectReport(report), ElementsAre(HasSubstr(correction)));
  EXPECT_TRUE(ValidateReport(report).ok()) << ValidateReport(report);
  return report;
}

TEST(CorrectReport, LeavesEveryFieldWithinItsBoundsAlone) {
  v1::ReportExperimentStateRequest report = ValidReport();
  report.mutable_occurred_at()->set_seconds(253402300799);
  report.mutable_occurred_at()->set_nanos(999999999);
  v1::Experiment& experiment = *report.mutable_experiment();
  experiment.set_name(std::string(4096, 'n'));
  experiment.set_resource_pool(std::string(4096, 'n'));
  experiment.set_workspace_name(std::string(4096, 'n'));
  experiment.set_project_name(std::string(4096, 'n'));
  experiment.mutable_start_time()->set_seconds(-62135596800);
  experiment.mutable_end_time()->set_seconds(-62135596800);
  experiment.set_trial_id(1);
  for (int i = 0; i < 1000; ++i) {
    experiment.mutable_webhooks()->add_webhook_id(i - 5);
    experiment.mutable_webhooks()->add_webhook_name(std::string(i % 256, 'n'));
  }
  const std::string before = report.SerializeAsString();
  EXPECT_THAT(CorrectReport(report), IsEmpty());
  EXPECT_EQ(report.SerializeAsString(), before);
  EXPECT_TRUE(ValidateReport(report).ok()) << ValidateReport(report);
}

TEST(CorrectReport, KeepsAnEndBeforeTheStart) {
  const auto report =
      ExpectCorrected(ReportWith("experiment { end_time { seconds: 1665689949 } }"),
                      "experiment.end_time 2022-10-13T19:39:09+00:00 is before start_time "
                      "2022-10-13T19:39:10+00:00: the duration is given as 0");
  EXPECT_EQ(report.experiment().end_time().seconds(), 1665689949);
  EXPECT_EQ(DurationSeconds(report.experiment(), absl::UnixEpoch()), 0);
  ExpectCorrected(
      ReportWith(
          "experiment { start_time { nanos: 5 } end_time { seconds: 1665689950 nanos: 4 } }"),
      "is before start_time");
}

TEST(CorrectReport, LeavesOutTimesOutOfRange) {
  for (const char* const time :
       {"{ seconds: 253402300800 }", "{ seconds: -62135596801 }",
        "{ seconds: 9223372036854775807 }", "{ nanos: -1 }", "{ nanos: 1000000000 }"}) {
    auto report = ExpectCorrected(ReportWith(std::string("occurred_at ") + time),
                                  "outside of the years 1 to 9999: the time of the report");
    EXPECT_FALSE(report.has_occurred_at());
    v1::ReportExperimentStateRequest unset = ValidReport();
    unset.mutable_experiment()->clear_start_time();
    unset.MergeFrom(ReportWith(std::string("experiment { end_time ") + time + " }"));
    unset.mutable_experiment()->clear_start_time();
    report = ExpectCorrected(unset, "experiment.end_time has ");
    EXPECT_FALSE(report.experiment().has_end_time());
  }
}

TEST(CorrectReport, CutsLongNames) {
  for (const std::string field : {"name", "resource_pool", "workspace_name", "project_name"}) {
    const auto report = ExpectCorrected(
        ReportWith("experiment { " + field + ": \"" + std::string(5'000, 'x') + "\" }"),
        "experiment." + field + " is \"" + std::string(80, 'x') +
            "…\" (5000 bytes): it was cut to 4096 bytes");
    const auto* const descriptor = v1::Experiment::descriptor()->FindFieldByName(field);
    EXPECT_THAT(report.experiment().GetReflection()->GetString(report.experiment(), descriptor),
                AllOf(SizeIs(4096), StartsWith("xxx")));
  }
}

TEST(CorrectReport, MendsNumbersThatNothingHangsOn) {
  auto report = ExpectCorrected(ReportWith("experiment { slots_per_trial: -1 }"),
                                "experiment.slots_per_trial is -1: it is given as 0");
  EXPECT_EQ(report.experiment().slots_per_trial(), 0);
  report = ExpectCorrected(ReportWith("experiment { project_id: -2147483648 }"),
                           "experiment.project_id is -2147483648");
  EXPECT_EQ(report.experiment().project_id(), 0);
  report = ExpectCorrected(ReportWith("experiment { trial_id: -4 }"), "experiment.trial_id is -4");
  EXPECT_FALSE(report.experiment().has_trial_id());
  report = ReportWith("experiment { trial_id: 0 }");
  EXPECT_THAT(CorrectReport(report), IsEmpty());
  EXPECT_TRUE(ValidateReport(report).ok());
}

TEST(CorrectReport, CutsLongListsAndNamesOfAnExperimentsConfiguration) {
  v1::ReportExperimentStateRequest report = ValidReport();
  v1::WebhookIntegration& webhooks = *report.mutable_experiment()->mutable_webhooks();
  for (int i = 0; i < 1001; ++i) webhooks.add_webhook_id(i);
  for (int i = 0; i < 1001; ++i) webhooks.add_webhook_name("n");
  *webhooks.mutable_webhook_name(7) = std::string(256, 'n');
  EXPECT_THAT(CorrectReport(report),
              ElementsAre(HasSubstr("webhook_name has 1001 entries: only the first 1000 count"),
                          HasSubstr("webhook_name[7] is"),
                          HasSubstr("webhook_id has 1001 entries: only the first 1000 count")));
  EXPECT_EQ(webhooks.webhook_id_size(), 1000);
  EXPECT_EQ(webhooks.webhook_name_size(), 999);
  EXPECT_TRUE(ValidateReport(report).ok());
}

TEST(CorrectReport, KeepsWhatDecides) {
  for (const char* const fields :
       {"experiment { id: -5 }", "experiment { state: 99 }", "experiment { workspace_id: -1 }"}) {
    v1::ReportExperimentStateRequest report = ReportWith(fields);
    CorrectReport(report);
    EXPECT_FALSE(ValidateReport(report).ok()) << fields;
  }
}

TEST(CorrectReport, MendsReportsOfMetricsAndLines) {
  v1::ReportMetricsRequest metrics;
  *metrics.mutable_experiment() = VectorExperiment();
  metrics.mutable_experiment()->set_trial_id(7);
  metrics.mutable_experiment()->set_state(static_cast<determined::experiment::v1::State>(99));
  metrics.set_group("training");
  metrics.set_steps_completed(-1);
  metrics.mutable_occurred_at()->set_nanos(-1);
  metrics.add_metrics()->set_name(std::string(256, 'm'));
  EXPECT_THAT(CorrectReport(metrics), ElementsAre(HasSubstr("experiment.state is 99"),
                                                  HasSubstr("occurred_at has 0 seconds and -1"),
                                                  HasSubstr("steps_completed is -1")));
  EXPECT_TRUE(ValidateReport(metrics).ok()) << ValidateReport(metrics);
  metrics.mutable_experiment()->set_trial_id(0);
  CorrectReport(metrics);
  EXPECT_FALSE(ValidateReport(metrics).ok()) << "the trial decides";

  determined::task::v1::TaskLog log;
  log.set_level(static_cast<determined::log::v1::LogLevel>(40));
  log.mutable_timestamp()->set_seconds(-62135596801);
  EXPECT_THAT(CorrectLine(log), ElementsAre(HasSubstr("timestamp has -62135596801 seconds"),
                                            HasSubstr("level is 40, which is not a")));
  EXPECT_FALSE(log.has_timestamp());
  EXPECT_EQ(log.level(), determined::log::v1::LOG_LEVEL_UNSPECIFIED);
  EXPECT_THAT(CorrectLine(log), IsEmpty());
}

TEST(CorrectAlert, LeavesOutAnUnknownLevel) {
  determined::api::v1::PostWebhookEventDataRequest alert;
  EXPECT_THAT(CorrectAlert(alert), IsEmpty());
  alert.set_experiment_id(1);
  alert.set_trial_id(0);
  alert.mutable_data()->set_level(static_cast<determined::log::v1::LogLevel>(7));
  EXPECT_THAT(CorrectAlert(alert), ElementsAre(HasSubstr("data.level is 7")));
  EXPECT_EQ(alert.data().level(), determined::log::v1::LOG_LEVEL_UNSPECIFIED);
  EXPECT_TRUE(ValidateCustomEvent(alert).ok()) << ValidateCustomEvent(alert);
}

}  // namespace
}  // namespace webhookd
