#include "server/rpc/sample_events.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "server/events/slack_payload.h"
#include "server/rpc/time_conversion.h"
#include "webhookd/v1/delivery.pb.h"
#include "webhookd/v1/ingest.pb.h"

namespace webhookd {
namespace {

constexpr absl::Duration kSampleRun = absl::Minutes(42);

v1::Experiment SampleExperiment(const WebhookRecord& webhook, const EventHeader& event, int state) {
  v1::Experiment experiment;
  experiment.set_id(41);
  experiment.set_name("cifar10_pytorch_const");
  experiment.set_state(static_cast<determined::experiment::v1::State>(state));
  *experiment.mutable_start_time() = TimestampFromTime(event.occurred_at - kSampleRun);
  *experiment.mutable_end_time() = TimestampFromTime(event.occurred_at);
  experiment.set_slots_per_trial(2);
  experiment.set_resource_pool("default");
  experiment.set_workspace_id(webhook.workspace_id.value_or(1));
  experiment.set_workspace_name("Sample workspace");
  experiment.set_project_id(1);
  experiment.set_project_name("Sample project");
  experiment.set_trial_id(7);
  return experiment;
}

determined::task::v1::TaskLog SampleLine(const EventHeader& event, absl::string_view regex) {
  determined::task::v1::TaskLog line;
  line.set_task_id("41.0b1e6a0c-6a7f-4e0e-9d0b-3f1c7a52d1a4");
  line.set_agent_id("agent-1");
  line.set_container_id("3f1c7a52d1a4");
  line.set_rank_id(0);
  *line.mutable_timestamp() = TimestampFromTime(event.occurred_at);
  line.set_level(determined::log::v1::LOG_LEVEL_ERROR);
  line.set_log(absl::StrCat("a line that matches ", regex));
  line.set_source("task");
  line.set_stdtype("stderr");
  return line;
}

// A value that the condition holds for, and such as a person would write.
double SampleValue(const MetricCondition& condition) {
  const double step = std::max(1.0, std::abs(condition.threshold) / 10);
  double value = condition.threshold;
  if (condition.comparison == Comparison::kGreater) value += step;
  if (condition.comparison == Comparison::kLess) value -= step;
  return std::isfinite(value) ? value : condition.threshold;
}

v1::ReportedMetric SampleMetric(const MetricCondition& condition) {
  v1::ReportedMetric metric;
  metric.set_name(condition.metric);
  metric.set_value(SampleValue(condition));
  metric.set_group(condition.group.empty() ? "validation" : condition.group);
  metric.set_steps_completed(1'000);
  return metric;
}

determined::webhook::v1::CustomWebhookEventData SampleAlert() {
  determined::webhook::v1::CustomWebhookEventData alert;
  alert.set_level(determined::log::v1::LOG_LEVEL_INFO);
  alert.set_title("Sample title");
  alert.set_description("What the experiment's code gives as the description.");
  return alert;
}

}  // namespace

TestEvent NewTestEvent(WebhookType type, absl::Time now, RandomBits& random) {
  EventHeader event = {.event_id = TimeOrderedUuid(now, random), .occurred_at = now};
  auto body = std::make_shared<const std::string>(
      type == WebhookType::kSlack ? RenderSlackTest(event) : RenderTestEvent(event));
  return {.event_id = std::move(event.event_id), .body = std::move(body)};
}

absl::StatusOr<std::string> SampleBody(const WebhookRecord& webhook, const TriggerRecord& trigger,
                                       const EventHeader& event, absl::string_view base_url,
                                       ErrorStateName error_state) {
  ASSIGN_OR_RETURN(const TriggerCondition condition,
                   ParseCondition(trigger.type, trigger.condition_json));
  const bool slack = webhook.type == WebhookType::kSlack;
  const ErrorStateName error_name = webhook.error_state.value_or(error_state);
  const v1::Experiment running =
      SampleExperiment(webhook, event, determined::experiment::v1::STATE_RUNNING);
  switch (trigger.type) {
    case TriggerType::kExperimentStateChange: {
      const v1::Experiment experiment = SampleExperiment(webhook, event, condition.state);
      return slack ? RenderSlackStateChange(event, experiment, base_url)
                   : RenderStateChange(event, experiment, error_name);
    }
    case TriggerType::kTaskLog: {
      const determined::task::v1::TaskLog line = SampleLine(event, condition.regex);
      return slack ? RenderSlackTaskLog(line, running, condition.regex, base_url)
                   : RenderTaskLog(event, line, condition.regex);
    }
    case TriggerType::kMetricThresholdExceeded: {
      const v1::ReportedMetric metric = SampleMetric(condition.metric);
      return slack ? RenderSlackMetric(event, running, metric, condition.metric, base_url)
                   : RenderMetric(event, running, metric, condition.metric,
                                  condition.metric.for_steps, error_name);
    }
    case TriggerType::kCustom:
      return slack ? RenderSlackCustom(event, running, SampleAlert(), base_url)
                   : RenderCustom(event, running, SampleAlert(), error_name);
  }
  return absl::InternalError(
      absl::StrCat("triggers of type ", static_cast<int>(trigger.type), " have no sample"));
}

}  // namespace webhookd
