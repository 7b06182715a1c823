#include "server/events/payload.h"

#include <google/protobuf/arena.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/utf8.h"
#include "determined/experiment/v1/experiment.pb.h"
#include "determined/task/v1/task.pb.h"
#include "determined/webhook/v1/webhook.pb.h"
#include "server/events/canonical_json.h"
#include "webhookd/v1/delivery.pb.h"
#include "webhookd/v1/event.pb.h"
#include "webhookd/v1/ingest.pb.h"

namespace webhookd {
namespace {

namespace experiment_v1 = ::determined::experiment::v1;

constexpr const char* kExperimentStateChange = "EXPERIMENT_STATE_CHANGE";

absl::Time FromProto(const google::protobuf::Timestamp& timestamp) {
  return absl::FromUnixSeconds(timestamp.seconds()) + absl::Nanoseconds(timestamp.nanos());
}

void SetHeader(const EventHeader& header, const char* event_type, v1::Event& event) {
  event.set_event_id(header.event_id);
  event.set_event_type(event_type);
  event.set_timestamp(absl::ToUnixSeconds(header.occurred_at));
}

std::vector<std::string> StateNames() {
  std::vector<std::string> names;
  for (int state = 0; state < experiment_v1::State_ARRAYSIZE; ++state) {
    absl::string_view name = experiment_v1::State_Name(static_cast<experiment_v1::State>(state));
    absl::ConsumePrefix(&name, "STATE_");
    names.emplace_back(name);
  }
  return names;
}

void SetExperiment(const EventHeader& event, const v1::Experiment& experiment,
                   ErrorStateName error_name, v1::ExperimentData& data) {
  data.set_id(experiment.id());
  data.set_state(PayloadStateName(experiment.state(), error_name));
  data.set_name(experiment.name());
  data.set_slots_per_trial(experiment.slots_per_trial());
  data.set_duration(DurationSeconds(experiment, event.occurred_at));
  data.set_resource_pool(experiment.resource_pool());
  data.set_workspace(experiment.workspace_name());
  data.set_project(experiment.project_name());
}

}  // namespace

std::string PayloadStateName(int experiment_state, ErrorStateName error_name) {
  static const auto* const names = new std::vector<std::string>(StateNames());
  if (experiment_state == experiment_v1::STATE_ERROR && error_name == ErrorStateName::kErrored) {
    return "ERRORED";
  }
  if (!experiment_v1::State_IsValid(experiment_state)) return absl::StrCat(experiment_state);
  return (*names)[experiment_state];
}

int64_t DurationSeconds(const v1::Experiment& experiment, absl::Time occurred_at) {
  if (!experiment.has_start_time()) return 0;
  const absl::Time end = experiment.has_end_time() ? FromProto(experiment.end_time()) : occurred_at;
  return std::max<int64_t>(0, absl::ToInt64Seconds(end - FromProto(experiment.start_time())));
}

std::string Cut(absl::string_view text, size_t max_bytes) {
  if (text.size() <= max_bytes) return std::string(text);
  constexpr absl::string_view kEllipsis = "…";
  size_t end = max_bytes - kEllipsis.size();
  // Back to the beginning of a character; text that is no UTF-8 is cut anywhere.
  for (int i = 0; i < 3 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80; ++i) --end;
  return absl::StrCat(text.substr(0, end), kEllipsis);
}

std::string RenderStateChange(const EventHeader& event, const v1::Experiment& experiment,
                              ErrorStateName error_name) {
  // One allocation for the whole message in place of one for each part of it.
  alignas(8) char block[2048];
  google::protobuf::ArenaOptions options;
  options.initial_block = block;
  options.initial_block_size = sizeof(block);
  google::protobuf::Arena arena(options);
  auto& body = *google::protobuf::Arena::CreateMessage<v1::Event>(&arena);
  SetHeader(event, kExperimentStateChange, body);
  body.mutable_condition()->set_state(PayloadStateName(experiment.state(), error_name));
  SetExperiment(event, experiment, error_name, *body.mutable_event_data()->mutable_experiment());
  return CanonicalJson(body);
}

std::string RenderTaskLog(const EventHeader& event, const determined::task::v1::TaskLog& log,
                          absl::string_view regex) {
  v1::Event body;
  SetHeader(event, "TASK_LOG", body);
  body.mutable_condition()->set_regex(std::string(regex));
  v1::TaskLogData& data = *body.mutable_event_data()->mutable_task_log();
  data.set_task_id(log.task_id());
  data.set_node_name(Cut(log.agent_id(), kMaxTitleBytes));
  data.set_triggering_log(Cut(log.log(), kMaxTriggeringLogBytes));
  return CanonicalJson(body);
}

std::string RenderMetric(const EventHeader& event, const v1::Experiment& experiment,
                         const v1::ReportedMetric& metric, const MetricCondition& condition,
                         int held_reports, ErrorStateName error_name) {
  v1::Event body;
  SetHeader(event, "METRIC_THRESHOLD_EXCEEDED", body);
  v1::Condition& told = *body.mutable_condition();
  told.set_metric(condition.metric);
  told.set_operator_(std::string(ComparisonSign(condition.comparison)));
  told.set_threshold(condition.threshold);
  if (!condition.group.empty()) told.set_group(condition.group);
  if (condition.for_steps > 1) told.set_for_steps(condition.for_steps);
  if (condition.hysteresis > 0) told.set_hysteresis(condition.hysteresis);
  if (condition.cooldown > absl::ZeroDuration()) {
    told.set_cooldown_seconds(absl::ToDoubleSeconds(condition.cooldown));
  }
  if (condition.once_per == MetricCondition::OncePer::kTrial) told.set_once_per("trial");
  if (condition.once_per == MetricCondition::OncePer::kExperiment) told.set_once_per("experiment");
  v1::EventData& data = *body.mutable_event_data();
  SetExperiment(event, experiment, error_name, *data.mutable_experiment());
  data.set_trial_id(experiment.trial_id());
  data.mutable_metric()->set_name(metric.name());
  data.mutable_metric()->set_value(metric.value());
  data.mutable_metric()->set_steps_completed(metric.steps_completed());
  data.mutable_metric()->set_group(metric.group());
  if (condition.for_steps > 1) data.mutable_metric()->set_held_reports(held_reports);
  return CanonicalJson(body);
}

std::string LevelName(const determined::webhook::v1::CustomWebhookEventData& alert) {
  absl::string_view name = determined::log::v1::LogLevel_Name(alert.level());
  absl::ConsumePrefix(&name, "LOG_LEVEL_");
  return name.empty() ? "UNSPECIFIED" : std::string(name);
}

std::string RenderCustom(const EventHeader& event, const v1::Experiment& experiment,
                         const determined::webhook::v1::CustomWebhookEventData& alert,
                         ErrorStateName error_name) {
  v1::Event body;
  SetHeader(event, "CUSTOM", body);
  body.mutable_condition()->set_state(PayloadStateName(experiment.state(), error_name));
  v1::ExperimentData& data = *body.mutable_event_data()->mutable_experiment();
  SetExperiment(event, experiment, error_name, data);
  if (experiment.has_trial_id()) data.set_trial_id(experiment.trial_id());
  v1::CustomData& custom = *body.mutable_event_data()->mutable_custom_data();
  custom.set_title(Cut(alert.title(), kMaxTitleBytes));
  custom.set_description(Cut(alert.description(), kMaxDescriptionBytes));
  custom.set_level(LevelName(alert));
  return CanonicalJson(body);
}

std::string RenderTestEvent(const EventHeader& event) {
  v1::Event body;
  SetHeader(event, kExperimentStateChange, body);
  body.mutable_condition()->set_state("COMPLETED");
  body.mutable_event_data()->set_data("test");
  return CanonicalJson(body);
}

}  // namespace webhookd
