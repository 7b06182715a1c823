#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "tests/client/cli/cli_fixture.h"

// What happened, why, what would have happened, and the reports of lines, metrics and alerts.
namespace webhookd::testing {
namespace {

namespace pb = determined::webhook::v1;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kEventId[] = "4cd26e62-60c6-4a8b-8d03-7629091a4ef5";

// Has one event, and keeps what it was asked.
class FakeHistory final : public v1::DeliveryService::Service {
 public:
  grpc::Status ListEvents(grpc::ServerContext*, const v1::ListEventsRequest* request,
                          v1::ListEventsResponse* response) override {
    listed = *request;
    *response->add_events() = Event();
    return grpc::Status::OK;
  }
  grpc::Status GetEvent(grpc::ServerContext*, const v1::GetEventRequest* request,
                        v1::GetEventResponse* response) override {
    if (request->event_id() != kEventId) {
      return {grpc::StatusCode::NOT_FOUND, "there is no event"};
    }
    *response->mutable_event() = Event();
    v1::TriggerJudgement& fired = *response->add_judgements();
    fired.set_webhook_id(1);
    fired.set_webhook_name("mine");
    fired.set_trigger_id(11);
    fired.set_fired(true);
    fired.set_reason(v1::JUDGEMENT_REASON_FIRED);
    fired.set_explanation("it fired");
    fired.set_delivery_id(99);
    fired.set_delivery_state(v1::DELIVERY_STATE_FAILED);
    v1::TriggerJudgement& other = *response->add_judgements();
    other.set_webhook_id(2);
    other.set_webhook_name("other");
    other.set_reason(v1::JUDGEMENT_REASON_FOR_STEPS);
    other.set_explanation("not yet");
    other.set_changed_since(true);
    return grpc::Status::OK;
  }
  grpc::Status TestPattern(grpc::ServerContext*, const v1::TestPatternRequest* request,
                           v1::TestPatternResponse* response) override {
    tested = *request;
    if (request->regex() == "(") {
      response->set_error(R"("(" is not a valid pattern)");
      return grpc::Status::OK;
    }
    for (const std::string& line : request->lines()) {
      v1::LineMatch& match = *response->add_results();
      const size_t at = line.find(request->regex());
      if (at == std::string::npos) continue;
      match.set_matches(true);
      match.set_begin(static_cast<int>(at));
      match.set_end(static_cast<int>(at + request->regex().size()));
      match.set_config_line(line.find("log_policies") != std::string::npos);
    }
    return grpc::Status::OK;
  }
  grpc::Status DryRunTrigger(grpc::ServerContext*, const v1::DryRunTriggerRequest* request,
                             v1::DryRunTriggerResponse* response) override {
    tried = *request;
    response->set_examined_count(20);
    response->set_fired_count(1);
    *response->add_fired() = Event();
    response->add_reasons()->set_reason(v1::JUDGEMENT_REASON_PATTERN);
    response->mutable_reasons(0)->set_count(19);
    return grpc::Status::OK;
  }

  v1::ListEventsRequest listed;
  v1::TestPatternRequest tested;
  v1::DryRunTriggerRequest tried;

 private:
  static v1::RecordedEvent Event() {
    v1::RecordedEvent event;
    event.set_event_id(kEventId);
    event.set_event_type("TASK_LOG");
    event.set_experiment_id(41);
    event.set_delivery_count(1);
    event.mutable_input()->mutable_task_log()->set_task_id("task");
    event.mutable_input()->mutable_task_log()->set_log("CUDA out of memory");
    return event;
  }
};

// Takes lines and metrics.
class FakeReports final : public v1::EventService::Service {
 public:
  grpc::Status ReportTaskLogs(grpc::ServerContext*, const v1::ReportTaskLogsRequest* request,
                              v1::ReportTaskLogsResponse* response) override {
    logs = *request;
    response->set_delivery_count(1);
    response->add_deliveries()->set_delivery_id(99);
    return grpc::Status::OK;
  }
  grpc::Status ReportMetrics(grpc::ServerContext*, const v1::ReportMetricsRequest* request,
                             v1::ReportMetricsResponse* response) override {
    metrics = *request;
    response->set_duplicate(true);
    return grpc::Status::OK;
  }

  v1::ReportTaskLogsRequest logs;
  v1::ReportMetricsRequest metrics;
};

class FakeAlerts final : public determined::api::v1::Determined::Service {
 public:
  grpc::Status PostWebhookEventData(grpc::ServerContext*,
                                    const determined::api::v1::PostWebhookEventDataRequest* request,
                                    determined::api::v1::PostWebhookEventDataResponse*) override {
    alert = *request;
    return grpc::Status::OK;
  }

  determined::api::v1::PostWebhookEventDataRequest alert;
};

class EventCommandsTest : public ::testing::Test {
 protected:
  CliResult Run(std::vector<std::string> arguments, CliWorld world = {}) {
    world.environment["WEBHOOKCTL_SERVER"] = server_.address();
    return RunCli(arguments, world);
  }

  FakeHistory history_;
  FakeReports reports_;
  FakeAlerts alerts_;
  FakeServer server_{{&history_, &reports_, &alerts_}};
};

TEST_F(EventCommandsTest, ListsEvents) {
  const CliResult result =
      Run({"event", "list", "--type", "TASK_LOG", "--experiment-id", "41", "--limit", "7"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.out,
              AllOf(HasSubstr(kEventId), HasSubstr("task: CUDA out of memory"), HasSubstr("41")));
  EXPECT_EQ(history_.listed.event_type(), "TASK_LOG");
  EXPECT_EQ(history_.listed.experiment_id(), 41);
  EXPECT_EQ(history_.listed.page_size(), 7);
}

TEST_F(EventCommandsTest, ShowsWhatFired) {
  const CliResult result = Run({"event", "show", kEventId});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.out,
              AllOf(HasSubstr("mine (#1)"), HasSubstr("99 failed"), Not(HasSubstr("other"))));
}

TEST_F(EventCommandsTest, ExplainsWhatDidNotFire) {
  const CliResult result = Run({"event", "explain", kEventId});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.out,
              AllOf(HasSubstr("mine (#1)"), HasSubstr("other (#2)"), HasSubstr("for steps"),
                    HasSubstr("not yet (the webhook was changed since)")));
  EXPECT_THAT(Run({"--json", "event", "explain", kEventId}).out,
              HasSubstr("\"reason\": \"JUDGEMENT_REASON_FOR_STEPS\""));
  EXPECT_EQ(Run({"event", "explain", "unknown"}).code, 1);
  EXPECT_EQ(Run({"event", "explain"}).code, 2);
}

TEST_F(EventCommandsTest, TriesATrigger) {
  const CliResult result = Run({"trigger", "dry-run", "--regex", "CUDA", "--workspace-id", "3",
                                "--specific", "--webhook-name", "mine", "--events", "20"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.out, AllOf(HasSubstr("Tried on 20 events; would have fired for 1."),
                                HasSubstr("not for 19: pattern"), HasSubstr(kEventId)));
  EXPECT_EQ(history_.tried.trigger().trigger_type(), pb::TRIGGER_TYPE_TASK_LOG);
  EXPECT_EQ(history_.tried.trigger().condition().fields().at("regex").string_value(), "CUDA");
  EXPECT_EQ(history_.tried.workspace_id(), 3);
  EXPECT_EQ(history_.tried.mode(), pb::WEBHOOK_MODE_SPECIFIC);
  EXPECT_EQ(history_.tried.webhook_name(), "mine");
  EXPECT_EQ(history_.tried.event_count(), 20);
  EXPECT_EQ(Run({"trigger", "dry-run"}).code, 2);
  EXPECT_EQ(Run({"trigger", "dry-run", "--on", "ERROR", "--regex", "x"}).code, 2);
}

TEST_F(EventCommandsTest, ReportsLines) {
  const CliResult result = Run({"report", "log", "--task-id", "t", "--agent-id", "node",
                                "--experiment-id", "41", "--trial-id", "7", "-"},
                               {.input = "first\nsecond\n"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.out, AllOf(HasSubstr("Accepted; deliveries: 1"), HasSubstr("99")));
  ASSERT_EQ(reports_.logs.logs_size(), 2);
  EXPECT_EQ(reports_.logs.logs(1).log(), "second");
  EXPECT_EQ(reports_.logs.logs(1).task_id(), "t");
  EXPECT_EQ(reports_.logs.logs(1).agent_id(), "node");
  EXPECT_EQ(reports_.logs.experiment().id(), 41);
  EXPECT_EQ(reports_.logs.experiment().trial_id(), 7);
  EXPECT_EQ(Run({"report", "log", "--task-id", "t"}).code, 2);
  EXPECT_EQ(Run({"report", "log", "--task-id", "t", "--line", "x"}).code, 0);
  EXPECT_FALSE(reports_.logs.has_experiment());
}

TEST_F(EventCommandsTest, ReportsMetrics) {
  const CliResult result =
      Run({"report", "metric", "--experiment-id", "41", "--trial-id", "7", "--metric", "loss=0.5",
           "--metric", "x=inf", "--group", "validation", "--steps", "12"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("Reported before"));
  ASSERT_EQ(reports_.metrics.metrics_size(), 2);
  EXPECT_EQ(reports_.metrics.metrics(0).name(), "loss");
  EXPECT_EQ(reports_.metrics.metrics(0).value(), 0.5);
  EXPECT_EQ(reports_.metrics.group(), "validation");
  EXPECT_EQ(reports_.metrics.steps_completed(), 12);
  EXPECT_EQ(Run({"report", "metric", "--metric", "loss=1"}).code, 2);
  EXPECT_EQ(
      Run({"report", "metric", "--experiment-id", "1", "--trial-id", "1", "--metric", "loss=low"})
          .code,
      2);
}

TEST_F(EventCommandsTest, RaisesAlerts) {
  const CliResult result = Run({"report", "custom", "--experiment-id", "41", "--title", "a title",
                                "--description", "more", "--level", "error"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(alerts_.alert.experiment_id(), 41);
  EXPECT_FALSE(alerts_.alert.has_trial_id());
  EXPECT_EQ(alerts_.alert.data().title(), "a title");
  EXPECT_EQ(alerts_.alert.data().level(), determined::log::v1::LOG_LEVEL_ERROR);
}

TEST_F(EventCommandsTest, TriesAPatternOnLines) {
  const std::string lines =
      "all is well\r\nCUDA out of memory\n{\"log_policies\": \"memory\"}\nlast \xff memory";
  const CliResult tried = Run({"event", "test-pattern", "memory"}, {.input = lines});
  EXPECT_EQ(tried.code, 0) << tried.err;
  EXPECT_THAT(
      history_.tested.lines(),
      ::testing::ElementsAre("all is well\r\n", "CUDA out of memory\n",
                             "{\"log_policies\": \"memory\"}\n", "last \xEF\xBF\xBD memory"));
  EXPECT_THAT(tried.out, AllOf(HasSubstr("2     fires          memory  CUDA out of memory"),
                               HasSubstr("3     configuration  memory")));
  EXPECT_EQ(Run({"event", "test-pattern", "memory"}, {.input = "nothing\n"}).code, 1);
  EXPECT_EQ(Run({"event", "test-pattern", "memory"}).code, 0);
  const CliResult wrong = Run({"event", "test-pattern", "("}, {.input = "x\n"});
  EXPECT_EQ(wrong.code, 1);
  EXPECT_THAT(wrong.err, HasSubstr(R"("(" is not a valid pattern)"));
}

}  // namespace
}  // namespace webhookd::testing
