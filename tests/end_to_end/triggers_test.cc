#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/end_to_end/triggers_fixture.h"
#include "tests/server/events/python.h"

// Every other kind of trigger, from a report to the receiver, through the public API.
namespace webhookd {
namespace {

namespace api = determined::api::v1;
namespace pb = determined::webhook::v1;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// ---- Metrics

TEST_F(TriggersTest, AMetricBecomesARequest) {
  server_.Create(
      NewWebhook("hook", {MetricTrigger(R"({"metric":"loss","operator":">","threshold":5})")}));
  EXPECT_EQ(Report(Metrics(7, "loss", 4)).delivery_count(), 0);
  EXPECT_EQ(Report(Metrics(7, "loss", 5.5)).delivery_count(), 1);
  ASSERT_TRUE(receiver_.WaitForRequests(1));
  EXPECT_EQ(receiver_.requests()[0].body,
            absl::StrCat(R"({"event_id":")", receiver_.requests()[0].Header("webhook-id"),
                         R"(","event_type":"METRIC_THRESHOLD_EXCEEDED","timestamp":1665689991,)",
                         R"("condition":{"metric":"loss","operator":">","threshold":5.0},)",
                         R"("event_data":{"experiment":{"id":41,"state":"COMPLETED",)",
                         R"("name":"cifar10_pytorch_const","slots_per_trial":2,"duration":41,)",
                         R"("resource_pool":"default","workspace":"test workspace",)",
                         R"("project":"test project"},"trial_id":7,"metric":{"name":"loss",)",
                         R"("value":5.5,"steps_completed":100,"group":"training"}}})"));
}

TEST_F(TriggersTest, AMetricFiresWhenItCrossesAndAgainOnceItWentBack) {
  server_.Create(NewWebhook("hook", {MetricTrigger(R"({"metric":"loss","operator":">",)"
                                                   R"("threshold":5,"hysteresis":1})")}));
  const auto fires = [&](double value, int32_t trial_id = 7) {
    return Report(Metrics(trial_id, "loss", value)).delivery_count() == 1;
  };
  EXPECT_TRUE(fires(6));
  EXPECT_FALSE(fires(7));
  EXPECT_TRUE(fires(6, 8));
  server_.Restart();
  EXPECT_FALSE(fires(8));    // what fired is remembered
  EXPECT_FALSE(fires(4.5));  // not far enough back
  EXPECT_FALSE(fires(6));
  EXPECT_FALSE(fires(std::nan("")));
  EXPECT_FALSE(fires(6));
  EXPECT_FALSE(fires(4));
  server_.Restart();
  EXPECT_TRUE(fires(HUGE_VAL));  // and so is what was re-armed
  EXPECT_FALSE(fires(-HUGE_VAL));
  EXPECT_TRUE(fires(5.1));
  ASSERT_TRUE(receiver_.WaitForRequests(4));
  std::vector<std::string> bodies;
  for (const ReceivedRequest& request : receiver_.requests()) bodies.push_back(request.body);
  EXPECT_THAT(NotFixedPoints(bodies), IsEmpty());
  EXPECT_THAT(bodies, ::testing::Contains(HasSubstr(R"("value":"Infinity")")));
}

TEST_F(TriggersTest, AMetricMayHaveToHoldAndMayFireOnce) {
  server_.Create(NewWebhook(
      "hook", {MetricTrigger(R"({"metric":"loss","operator":">","threshold":5,"for_steps":3})"),
               MetricTrigger(R"({"metric":"acc","operator":">","threshold":0,)"
                             R"("once_per":"experiment"})")}));
  const auto fires = [&](const std::string& name, double value, int32_t trial_id = 7) {
    return Report(Metrics(trial_id, name, value)).delivery_count();
  };
  EXPECT_EQ(fires("loss", 6), 0);
  EXPECT_EQ(fires("loss", 6), 0);
  EXPECT_EQ(fires("loss", 1), 0);
  EXPECT_EQ(fires("loss", 6), 0);
  EXPECT_EQ(fires("loss", 6), 0);
  EXPECT_EQ(fires("loss", 6), 1);
  ASSERT_TRUE(receiver_.WaitForRequests(1));
  EXPECT_THAT(receiver_.requests()[0].body,
              AllOf(HasSubstr(R"("for_steps":3)"), HasSubstr(R"("held_reports":3)")));
  EXPECT_EQ(fires("acc", 1), 1);
  EXPECT_EQ(fires("acc", -1), 0);
  EXPECT_EQ(fires("acc", 1), 0);
  EXPECT_EQ(fires("acc", 1, 8), 0);
  server_.Restart();
  EXPECT_EQ(fires("acc", 1, 9), 0);
}

TEST_F(TriggersTest, ARepeatedMetricReportCountsOnce) {
  server_.Create(NewWebhook("hook", {MetricTrigger(R"({"metric":"loss","operator":">",)"
                                                   R"("threshold":5,"for_steps":2})")}));
  v1::ReportMetricsRequest request = Metrics(7, "loss", 6);
  request.set_idempotency_key("first");
  EXPECT_EQ(Report(request).delivery_count(), 0);
  EXPECT_TRUE(Report(request).duplicate());
  request.set_idempotency_key("second");
  EXPECT_EQ(Report(request).delivery_count(), 1);
  const v1::ReportMetricsResponse again = Report(request);
  EXPECT_TRUE(again.duplicate());
  EXPECT_EQ(again.delivery_count(), 1);
}

TEST_F(TriggersTest, WrongMetricReportsAreRefused) {
  const auto expect_refused = [&](const v1::ReportMetricsRequest& request, const char* message) {
    grpc::ClientContext context;
    v1::ReportMetricsResponse response;
    const grpc::Status status = server_.events().ReportMetrics(&context, request, &response);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << message;
    EXPECT_THAT(status.error_message(), HasSubstr(message));
  };
  v1::ReportMetricsRequest request = Metrics(7, "loss", 1);
  *request.add_metrics() = request.metrics(0);
  expect_refused(request, R"(metrics[1].name is "loss", as that of metrics[0])");
  expect_refused(Metrics(7, "loss", 1, "testing"), R"(group is "testing")");
  request = Metrics(7, "loss", 1);
  request.clear_metrics();
  expect_refused(request, "metrics is empty");
  request = Metrics(7, "loss", 1);
  request.mutable_experiment()->clear_trial_id();
  expect_refused(request, "experiment.trial_id is not set");
  request.clear_experiment();
  expect_refused(request, "experiment is not set");
}

// ---- Custom events

TEST_F(TriggersTest, AnAlertReachesTheWebhooksThatTheExperimentNames) {
  pb::Webhook webhook = NewWebhook("named", {TriggerOf(pb::TRIGGER_TYPE_CUSTOM, "{}")});
  webhook.set_mode(pb::WEBHOOK_MODE_SPECIFIC);
  server_.Create(webhook);
  webhook.set_name("slack");
  webhook.set_url(receiver_.url("/slack"));
  webhook.set_webhook_type(pb::WEBHOOK_TYPE_SLACK);
  server_.Create(webhook);
  webhook.set_name("not named");
  server_.Create(webhook);

  EXPECT_EQ(Alert(41).error_code(), grpc::StatusCode::NOT_FOUND);
  v1::ReportExperimentStateRequest report = CompletedReport(41);
  report.mutable_experiment()->set_state(determined::experiment::v1::STATE_RUNNING);
  report.mutable_experiment()->set_trial_id(7);
  report.mutable_experiment()->mutable_webhooks()->add_webhook_name("named");
  report.mutable_experiment()->mutable_webhooks()->add_webhook_name("slack");
  server_.Report(report);
  EXPECT_TRUE(Alert(41, 7).ok());
  ASSERT_TRUE(receiver_.WaitForRequests(2));
  EXPECT_THAT(BodiesAt("/named"),
              ElementsAre(AllOf(HasSubstr(R"("event_type":"CUSTOM")"),
                                HasSubstr(R"("condition":{"state":"RUNNING"})"),
                                HasSubstr(R"("project":"test project","trial_id":7},"custom_data":)"
                                          R"({"title":"a title","description":"what <happened>",)"
                                          R"("level":"WARNING"})"))));
  EXPECT_THAT(BodiesAt("/slack"),
              ElementsAre(AllOf(HasSubstr("*Level*: WARNING"), HasSubstr("*Title*: a title"),
                                HasSubstr("*Description*: what &lt;happened&gt;"))));
  EXPECT_THAT(Reasons(GetEvent(ListEvents().events(0).event_id())),
              ElementsAre("named/FIRED", "slack/FIRED", "not named/MODE"));

  // The event itself tells of the experiment after a restart.
  server_.Restart();
  EXPECT_TRUE(Alert(41, 7).ok());
}

TEST_F(TriggersTest, CustomTriggersNeedModeSpecific) {
  grpc::ClientContext context;
  api::PostWebhookRequest request;
  *request.mutable_webhook() = NewWebhook("hook", {TriggerOf(pb::TRIGGER_TYPE_CUSTOM, "{}")});
  api::PostWebhookResponse response;
  const grpc::Status status = server_.determined().PostWebhook(&context, request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("needs mode WEBHOOK_MODE_SPECIFIC"));
}

// ---- Explanations

TEST_F(TriggersTest, AnEventSaysWhyItFiredAndWhyNot) {
  const auto state_webhook = [&](const std::string& name, const std::string& state) {
    pb::Webhook webhook = NewWebhookFor(receiver_.url("/" + name), {state});
    webhook.set_name(name);
    return webhook;
  };
  server_.Create(state_webhook("fired", "COMPLETED"));
  pb::Webhook webhook = state_webhook("disabled", "COMPLETED");
  webhook.set_disabled(true);
  server_.Create(webhook);
  server_.Create(state_webhook("state", "ERROR"));
  webhook = state_webhook("scope", "COMPLETED");
  webhook.set_workspace_id(9);
  server_.Create(webhook);
  webhook = state_webhook("mode", "COMPLETED");
  webhook.set_mode(pb::WEBHOOK_MODE_SPECIFIC);
  server_.Create(webhook);
  const int32_t changed = server_.Create(state_webhook("changed", "CANCELED")).id();
  server_.Create(NewWebhook("type", {LogTrigger("x")}));
  const std::string event_id = server_.Report(CompletedReport(41)).event_id();
  pb::PatchWebhook patch;
  *patch.add_triggers() = state_webhook("", "COMPLETED").triggers(0);
  server_.Patch(changed, patch);
  server_.Create(state_webhook("later", "COMPLETED"));

  const v1::GetEventResponse event = GetEvent(event_id);
  EXPECT_EQ(event.event().event_type(), "EXPERIMENT_STATE_CHANGE");
  EXPECT_EQ(event.event().delivery_count(), 2);
  EXPECT_EQ(event.event().input().experiment().name(), "cifar10_pytorch_const");
  EXPECT_THAT(Reasons(event),
              ElementsAre("fired/FIRED", "disabled/DISABLED", "state/STATE", "scope/SCOPE",
                          "mode/MODE", "changed/CHANGED", "type/TYPE", "later/CREATED_LATER"));
  EXPECT_TRUE(event.judgements(0).fired());
  EXPECT_GT(event.judgements(0).delivery_id(), 0);
  EXPECT_FALSE(event.judgements(0).changed_since());
  EXPECT_TRUE(event.judgements(5).changed_since());

  v1::ReportExperimentStateRequest report = CompletedReport(42);
  report.mutable_experiment()->mutable_webhooks()->set_exclude(true);
  EXPECT_EQ(Reasons(GetEvent(server_.Report(report).event_id()))[0], "fired/EXCLUDED");

  grpc::ClientContext context;
  v1::GetEventRequest request;
  request.set_event_id("4cd26e62-60c6-4a8b-8d03-7629091a4ef5");
  v1::GetEventResponse response;
  EXPECT_EQ(server_.deliveries().GetEvent(&context, request, &response).error_code(),
            grpc::StatusCode::NOT_FOUND);
}

TEST_F(TriggersTest, AnEventNamesTheWebhooksThatAreWaitedForInVain) {
  const pb::Trigger completed =
      TriggerOf(pb::TRIGGER_TYPE_EXPERIMENT_STATE_CHANGE, R"({"state":"COMPLETED"})");
  const int32_t kept = server_.Create(NewWebhook("kept", {completed})).id();
  const int32_t gone = server_.Create(NewWebhook("gone", {completed})).id();
  pb::Webhook elsewhere = NewWebhook("elsewhere", {completed});
  elsewhere.set_workspace_id(99);
  server_.Create(elsewhere);
  grpc::ClientContext context;
  api::DeleteWebhookRequest deletion;
  deletion.set_id(gone);
  api::DeleteWebhookResponse deleted;
  ASSERT_TRUE(server_.determined().DeleteWebhook(&context, deletion, &deleted).ok());
  v1::ReportExperimentStateRequest report = CompletedReport(41);
  v1::WebhookIntegration& named = *report.mutable_experiment()->mutable_webhooks();
  for (const int32_t id : {kept, gone, gone, -3}) named.add_webhook_id(id);
  for (const char* const name : {"kept", "gone", "gone", "elsewhere"}) named.add_webhook_name(name);
  std::vector<std::string> in_vain;
  const v1::GetEventResponse event = GetEvent(server_.Report(report).event_id());
  for (const v1::TriggerJudgement& judgement : event.judgements()) {
    if (judgement.reason() == v1::JUDGEMENT_REASON_NO_SUCH_WEBHOOK) {
      EXPECT_FALSE(judgement.fired());
      in_vain.push_back(judgement.explanation());
    }
  }
  EXPECT_THAT(
      in_vain,
      testing::UnorderedElementsAre(
          HasSubstr(absl::StrCat("experiment 41 names webhook ", gone, ", which does not exist")),
          HasSubstr("names webhook -3, which does not exist"),
          HasSubstr(R"(names webhook "gone", but no webhook of this name is global or belongs to )"
                    "workspace 3"),
          HasSubstr(R"(names webhook "elsewhere", but no webhook of this name)")));
}

TEST_F(TriggersTest, AMetricEventSaysWhatHeldTheOthersBack) {
  const std::string base = R"({"metric":"loss","operator":">","threshold":5)";
  server_.Create(NewWebhook("twice", {MetricTrigger(base + R"(,"hysteresis":100})")}));
  server_.Create(NewWebhook("patient", {MetricTrigger(base + R"(,"for_steps":9})")}));
  server_.Create(NewWebhook("cool", {MetricTrigger(base + R"(,"cooldown_seconds":999})")}));
  server_.Create(
      NewWebhook("high", {MetricTrigger(R"({"metric":"loss","operator":">","threshold":50})")}));
  EXPECT_EQ(Report(Metrics(7, "loss", 6)).delivery_count(), 2);
  EXPECT_EQ(Report(Metrics(7, "loss", 1)).delivery_count(), 0);
  EXPECT_EQ(Report(Metrics(7, "loss", 60)).delivery_count(), 1);
  EXPECT_THAT(Reasons(GetEvent(ListEvents().events(0).event_id())),
              ElementsAre("high/FIRED", "twice/HYSTERESIS", "patient/FOR_STEPS", "cool/COOLDOWN"));
}

TEST_F(TriggersTest, ADryRunSaysWhatWouldHaveFired) {
  server_.Create(NewWebhook("all", {LogTrigger(".")}));
  Report(Logs("1", {"CUDA out of memory"}));
  Report(Logs("2", {"all is well"}));
  server_.Report(CompletedReport(41));
  const auto dry_run = [&](const pb::Trigger& trigger, int32_t workspace_id = 0) {
    grpc::ClientContext context;
    v1::DryRunTriggerRequest request;
    *request.mutable_trigger() = trigger;
    request.set_workspace_id(workspace_id);
    v1::DryRunTriggerResponse response;
    const grpc::Status status = server_.deliveries().DryRunTrigger(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  };
  v1::DryRunTriggerResponse response = dry_run(LogTrigger("memory"));
  EXPECT_EQ(response.examined_count(), 2);
  EXPECT_EQ(response.fired_count(), 1);
  EXPECT_EQ(response.fired(0).input().task_log().task_id(), "1");
  ASSERT_EQ(response.reasons_size(), 1);
  EXPECT_EQ(response.reasons(0).reason(), v1::JUDGEMENT_REASON_PATTERN);
  const pb::Trigger completed =
      TriggerOf(pb::TRIGGER_TYPE_EXPERIMENT_STATE_CHANGE, R"({"state":"COMPLETED"})");
  EXPECT_EQ(dry_run(completed, 3).fired_count(), 1);
  EXPECT_EQ(dry_run(completed, 4).fired_count(), 0);
  EXPECT_EQ(dry_run(completed, 4).reasons(0).reason(), v1::JUDGEMENT_REASON_SCOPE);
}

TEST_F(TriggersTest, APatternIsTriedOnSampleLines) {
  grpc::ClientContext context;
  v1::TestPatternRequest request;
  request.set_regex("me+m");
  request.add_lines("out of meemory");
  request.add_lines("nothing");
  request.add_lines(R"("regex": "me+m mem")");
  v1::TestPatternResponse response;
  ASSERT_TRUE(server_.deliveries().TestPattern(&context, request, &response).ok());
  ASSERT_EQ(response.results_size(), 3);
  EXPECT_TRUE(response.results(0).matches());
  EXPECT_EQ(response.results(0).begin(), 7);
  EXPECT_EQ(response.results(0).end(), 11);
  EXPECT_FALSE(response.results(1).matches());
  EXPECT_TRUE(response.results(2).config_line());
  grpc::ClientContext second;
  request.set_regex("a(");
  v1::TestPatternResponse wrong;
  ASSERT_TRUE(server_.deliveries().TestPattern(&second, request, &wrong).ok());
  EXPECT_THAT(wrong.error(), HasSubstr(R"("a(" is not a valid pattern)"));
  EXPECT_EQ(wrong.results_size(), 0);
}

// ---- Streams

TEST_F(TriggersTest, AStreamTakesEveryKindOfReport) {
  server_.Create(NewWebhook(
      "hook", {LogTrigger("x"), MetricTrigger(R"({"metric":"m","operator":">","threshold":0})")}));
  grpc::ClientContext context;
  auto stream = server_.events().StreamEvents(&context);
  v1::StreamEventsRequest request;
  request.set_sequence(1);
  *request.mutable_task_logs() = Logs("t", {"x"});
  ASSERT_TRUE(stream->Write(request));
  request.set_sequence(2);
  *request.mutable_metrics() = Metrics(7, "m", 1);
  ASSERT_TRUE(stream->Write(request));
  request.set_sequence(3);
  *request.mutable_task_logs() = {};
  ASSERT_TRUE(stream->Write(request));
  stream->WritesDone();
  v1::StreamEventsResponse response;
  std::map<uint64_t, v1::StreamEventsResponse> answers;
  while (stream->Read(&response)) {
    answers[response.sequence()] = response;
  }
  EXPECT_THAT(answers, SizeIs(3));
  EXPECT_EQ(answers[1].task_logs().delivery_count(), 1);
  EXPECT_EQ(answers[2].metrics().delivery_count(), 1);
  EXPECT_THAT(answers[3].error().message(), HasSubstr("logs is empty"));
  EXPECT_TRUE(stream->Finish().ok());
}

}  // namespace
}  // namespace webhookd
