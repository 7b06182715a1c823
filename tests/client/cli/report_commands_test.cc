#include <algorithm>
#include <fstream>
#include <string>

#include "client/cli/report_stream.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/client/cli/cli_fixture.h"
#include "tests/testing/temp_dir.h"

namespace webhookd {
namespace {

using ::testing::AllOf;
using testing::CliResult;
using testing::CliTest;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

using ReportCommandsTest = CliTest;

TEST_F(ReportCommandsTest, ReportsEveryField) {
  const CliResult result = Run({"report",
                                "experiment-state",
                                "--id",
                                "41",
                                "--name",
                                "実験",
                                "--state",
                                "errored",
                                "--start",
                                "1665689950",
                                "--end",
                                "2022-10-13T19:39:51Z",
                                "--occurred-at",
                                "1665689992",
                                "--slots-per-trial",
                                "2",
                                "--resource-pool",
                                "default",
                                "--workspace-id",
                                "3",
                                "--workspace",
                                "Zürich",
                                "--project-id",
                                "4",
                                "--project",
                                "مشروع",
                                "--trial-id",
                                "5",
                                "--webhook-id",
                                "6",
                                "--webhook-id",
                                "7",
                                "--webhook-name",
                                "ci",
                                "--exclude",
                                "--idempotency-key",
                                "key-1"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(result.out,
            "Event event-1 is accepted; deliveries: 1\n"
            "DELIVERY  WEBHOOK  TRIGGER\n"
            "1         1        1\n");
  const auto received = events_.received();
  ASSERT_THAT(received, SizeIs(1));
  const v1::ReportExperimentStateRequest& report = received[0].experiment_state();
  EXPECT_EQ(report.idempotency_key(), "key-1");
  EXPECT_EQ(report.occurred_at().seconds(), 1'665'689'992);
  const v1::Experiment& experiment = report.experiment();
  EXPECT_EQ(experiment.id(), 41);
  EXPECT_EQ(experiment.name(), "実験");
  EXPECT_EQ(experiment.state(), determined::experiment::v1::STATE_ERROR);
  EXPECT_EQ(experiment.start_time().seconds(), 1'665'689'950);
  EXPECT_EQ(experiment.end_time().seconds(), 1'665'689'991);
  EXPECT_EQ(experiment.slots_per_trial(), 2);
  EXPECT_EQ(experiment.resource_pool(), "default");
  EXPECT_EQ(experiment.workspace_id(), 3);
  EXPECT_EQ(experiment.workspace_name(), "Zürich");
  EXPECT_EQ(experiment.project_id(), 4);
  EXPECT_EQ(experiment.project_name(), "مشروع");
  EXPECT_EQ(experiment.trial_id(), 5);
  EXPECT_THAT(experiment.webhooks().webhook_id(), ::testing::ElementsAre(6, 7));
  EXPECT_THAT(experiment.webhooks().webhook_name(), ::testing::ElementsAre("ci"));
  EXPECT_TRUE(experiment.webhooks().exclude());
}

TEST_F(ReportCommandsTest, TellsARepetition) {
  const std::vector<std::string> arguments = {
      "report", "experiment-state", "--id", "1", "--state", "COMPLETED", "--idempotency-key", "k"};
  EXPECT_EQ(Run(arguments).code, 0);
  EXPECT_THAT(Run(arguments).out, HasSubstr("Event event-1 was reported before"));
}

TEST_F(ReportCommandsTest, TimesCanBeRelative) {
  EXPECT_EQ(Run({"report", "experiment-state", "--id", "1", "--state", "COMPLETED", "--start",
                 "-41s", "--end", "now", "--json"})
                .code,
            0);
  const v1::Experiment experiment = events_.received()[0].experiment_state().experiment();
  EXPECT_NEAR(
      static_cast<double>(experiment.end_time().seconds() - experiment.start_time().seconds()), 41,
      1);
}

TEST_F(ReportCommandsTest, NeedsIdAndState) {
  for (const std::vector<std::string>& more :
       std::vector<std::vector<std::string>>{{},
                                             {"--id", "1"},
                                             {"--state", "COMPLETED"},
                                             {"--id", "1", "--state", "COMPLETED", "-"}}) {
    std::vector<std::string> arguments = {"report", "experiment-state"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    EXPECT_EQ(Run(arguments).code, 2);
  }
  EXPECT_THAT(events_.received(), IsEmpty());
}

TEST_F(ReportCommandsTest, ReportsLines) {
  const CliResult result =
      Run({"report", "experiment-state", "-"},
          {.input = R"({"experiment": {"id": 1, "state": "STATE_COMPLETED"}})"
                    "\r\n\n"
                    R"({"sequence": 77, "experimentState": {"experiment": {"id": 2}}})"
                    "\n"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("line 1: event event-1, deliveries: 1\n"));
  EXPECT_THAT(result.out, HasSubstr("line 77: event event-2, deliveries: 1\n"));
  EXPECT_EQ(events_.stored_count(), 2);
}

TEST_F(ReportCommandsTest, ABadLineDoesNotKeepTheOthers) {
  events_.SetAnswer([](const v1::StreamEventsRequest& request) {
    testing::FakeEventService::Answer answer;
    if (request.experiment_state().experiment().id() == 3) {
      answer.error.set_code(3);
      answer.error.set_message("experiment.id is 3");
    }
    return answer;
  });
  const std::string input = R"({"experiment": {"id": 1}})"
                            "\nnot json\n"
                            R"({"experiment": {"id": 3}})"
                            "\n"
                            R"({"experiment": {"id": 4}})";
  const CliResult result = Run({"report", "experiment-state", "--stdin"}, {.input = input});
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.out, AllOf(HasSubstr("line 1: event"), HasSubstr("line 4: event")));
  EXPECT_THAT(result.err, HasSubstr("webhookctl: line 2: INVALID_ARGUMENT: "));
  EXPECT_THAT(result.err, HasSubstr("webhookctl: line 3: INVALID_ARGUMENT: experiment.id is 3"));
  EXPECT_THAT(result.err, HasSubstr("reports accepted: 2, failed: 2"));

  const CliResult json = Run({"report", "experiment-state", "-", "--json"}, {.input = input});
  EXPECT_EQ(json.code, 1);
  EXPECT_EQ(std::count(json.out.begin(), json.out.end(), '\n'), 4);
  EXPECT_THAT(json.out, HasSubstr(R"({"sequence":"2","error":{"code":3,)"));
  EXPECT_THAT(json.out, HasSubstr(R"({"sequence":"4","experimentState":{"eventId":)"));
}

TEST_F(ReportCommandsTest, ReportsLinesOfAFile) {
  const TempDir folder;
  const std::string path = folder / "reports.jsonl";
  std::ofstream(path) << R"({"experiment": {"id": 1}})";
  EXPECT_EQ(Run({"report", "experiment-state", path}).code, 0);
  EXPECT_EQ(events_.stored_count(), 1);
  const CliResult missing = Run({"report", "experiment-state", path + "x"});
  EXPECT_EQ(missing.code, 1);
  EXPECT_THAT(missing.err, HasSubstr("cannot read " + path + "x"));
}

TEST_F(ReportCommandsTest, DoesNotReadWithoutAServer) {
  server_.Stop();
  const CliResult result =
      Run({"report", "experiment-state", "-"}, {.input = R"({"experiment": {"id": 1}})"});
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.err, HasSubstr("is webhookd running at"));
}

TEST(ParseReportLine, ExplainsInTheTermsOfWhatWasMeant) {
  EXPECT_TRUE(ParseReportLine("{}").ok());
  EXPECT_TRUE(ParseReportLine(R"({"taskLogs": {"logs": []}})").ok());
  EXPECT_THAT(std::string(ParseReportLine(R"({"experiment": {"nam": 1}})").status().message()),
              HasSubstr("nam"));
  EXPECT_THAT(
      std::string(
          ParseReportLine(R"({"experimentState": {"experiment": {"nam": 1}}})").status().message()),
      AllOf(HasSubstr("nam"), Not(HasSubstr("experimentState: "))));
}

}  // namespace
}  // namespace webhookd
