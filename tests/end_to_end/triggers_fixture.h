#ifndef WEBHOOKD_TESTS_END_TO_END_TRIGGERS_FIXTURE_H_
#define WEBHOOKD_TESTS_END_TO_END_TRIGGERS_FIXTURE_H_

#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/testing/receiver.h"
#include "tests/testing/test_server.h"

namespace webhookd {

inline determined::webhook::v1::Trigger TriggerOf(determined::webhook::v1::TriggerType type,
                                                  const std::string& condition) {
  determined::webhook::v1::Trigger trigger;
  trigger.set_trigger_type(type);
  EXPECT_TRUE(
      google::protobuf::util::JsonStringToMessage(condition, trigger.mutable_condition()).ok())
      << condition;
  return trigger;
}
inline determined::webhook::v1::Trigger LogTrigger(const std::string& regex) {
  determined::webhook::v1::Trigger trigger =
      TriggerOf(determined::webhook::v1::TRIGGER_TYPE_TASK_LOG, "{}");
  (*trigger.mutable_condition()->mutable_fields())["regex"].set_string_value(regex);
  return trigger;
}
inline determined::webhook::v1::Trigger MetricTrigger(const std::string& condition) {
  return TriggerOf(determined::webhook::v1::TRIGGER_TYPE_METRIC_THRESHOLD_EXCEEDED, condition);
}

inline v1::ReportTaskLogsRequest Logs(const std::string& task_id,
                                      const std::vector<std::string>& lines) {
  v1::ReportTaskLogsRequest request;
  for (const std::string& line : lines) {
    auto& log = *request.add_logs();
    log.set_task_id(task_id);
    log.set_agent_id("node-1");
    log.set_log(line);
    log.mutable_timestamp()->set_seconds(1'665'689'991);
  }
  return request;
}

inline v1::ReportMetricsRequest Metrics(int32_t trial_id, const std::string& name, double value,
                                        const std::string& group = "training") {
  v1::ReportMetricsRequest request;
  *request.mutable_experiment() = CompletedReport(41).experiment();
  request.mutable_experiment()->set_trial_id(trial_id);
  request.set_group(group);
  request.set_steps_completed(100);
  request.mutable_occurred_at()->set_seconds(1'665'689'991);
  v1::Metric& metric = *request.add_metrics();
  metric.set_name(name);
  metric.set_value(value);
  return request;
}

// Webhooks of every kind of trigger, on a server and a receiver of their own.
class TriggersTest : public ::testing::Test {
 protected:
  determined::webhook::v1::Webhook NewWebhook(
      const std::string& name, const std::vector<determined::webhook::v1::Trigger>& triggers) {
    determined::webhook::v1::Webhook webhook = NewWebhookFor(receiver_.url("/" + name), {});
    webhook.set_name(name);
    for (const determined::webhook::v1::Trigger& trigger : triggers)
      *webhook.add_triggers() = trigger;
    return webhook;
  }

  v1::ReportTaskLogsResponse Report(const v1::ReportTaskLogsRequest& request) {
    grpc::ClientContext context;
    v1::ReportTaskLogsResponse response;
    const grpc::Status status = server_.events().ReportTaskLogs(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }
  v1::ReportMetricsResponse Report(const v1::ReportMetricsRequest& request) {
    grpc::ClientContext context;
    v1::ReportMetricsResponse response;
    const grpc::Status status = server_.events().ReportMetrics(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }
  void Put(const v1::PutExperimentRequest& request) {
    grpc::ClientContext context;
    v1::PutExperimentResponse response;
    const grpc::Status status = server_.events().PutExperiment(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
  }
  grpc::Status Alert(int32_t experiment_id, std::optional<int32_t> trial_id = std::nullopt) {
    grpc::ClientContext context;
    determined::api::v1::PostWebhookEventDataRequest request;
    request.set_experiment_id(experiment_id);
    if (trial_id.has_value()) request.set_trial_id(*trial_id);
    request.mutable_data()->set_title("a title");
    request.mutable_data()->set_description("what <happened>");
    request.mutable_data()->set_level(determined::log::v1::LOG_LEVEL_WARNING);
    determined::api::v1::PostWebhookEventDataResponse response;
    return server_.determined().PostWebhookEventData(&context, request, &response);
  }
  v1::GetEventResponse GetEvent(const std::string& event_id) {
    grpc::ClientContext context;
    v1::GetEventRequest request;
    request.set_event_id(event_id);
    v1::GetEventResponse response;
    const grpc::Status status = server_.deliveries().GetEvent(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }
  v1::ListEventsResponse ListEvents() {
    grpc::ClientContext context;
    v1::ListEventsResponse response;
    const grpc::Status status = server_.deliveries().ListEvents(&context, {}, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }
  // "webhook/reason" of every trigger.
  std::vector<std::string> Reasons(const v1::GetEventResponse& event) {
    std::vector<std::string> reasons;
    for (const v1::TriggerJudgement& judgement : event.judgements()) {
      EXPECT_NE(judgement.explanation(), "");
      reasons.push_back(absl::StrCat(
          judgement.webhook_name(), "/",
          v1::JudgementReason_Name(judgement.reason()).substr(strlen("JUDGEMENT_REASON_"))));
    }
    return reasons;
  }
  // Bodies of the requests to a webhook's path.
  std::vector<std::string> BodiesAt(const std::string& path) {
    std::vector<std::string> bodies;
    for (const ReceivedRequest& request : receiver_.requests()) {
      if (request.path == path) bodies.push_back(request.body);
    }
    return bodies;
  }

  Receiver receiver_;
  TestServer server_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_TESTS_END_TO_END_TRIGGERS_FIXTURE_H_
