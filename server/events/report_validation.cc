#include "server/events/report_validation.h"

#include <google/protobuf/timestamp.pb.h>

#include <cstdint>
#include <string>

#include "absl/algorithm/container.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/quoted.h"
#include "base/status_macros.h"
#include "determined/api/v1/webhook.pb.h"
#include "determined/experiment/v1/experiment.pb.h"
#include "webhookd/v1/ingest.pb.h"

namespace webhookd {
namespace {

using google::protobuf::Timestamp;

constexpr size_t kMaxNameBytes = 4096;
constexpr size_t kMaxKeyBytes = 255;
constexpr size_t kMaxWebhookNameBytes = 255;
constexpr int kMaxListedWebhooks = 1000;
constexpr size_t kMaxTaskIdBytes = 1024;
constexpr size_t kMaxMetricNameBytes = 255;
constexpr int kMaxMetrics = 10'000;
constexpr int kMaxKnown = 10'000;

// The range of google.protobuf.Timestamp: 0001-01-01T00:00:00Z to 9999-12-31T23:59:59.999999999Z.
constexpr int64_t kMinSeconds = -62135596800;
constexpr int64_t kMaxSeconds = 253402300799;
constexpr int32_t kMaxNanos = 999999999;

template <typename... Parts>
absl::Status Invalid(const Parts&... parts) {
  return absl::InvalidArgumentError(absl::StrCat(parts...));
}

absl::Status CheckLength(absl::string_view field, absl::string_view value, size_t max_bytes) {
  if (value.size() <= max_bytes) return absl::OkStatus();
  return Invalid(field, " is ", Quoted(value), "; at most ", max_bytes, " bytes are allowed");
}

absl::Status CheckAtLeast(absl::string_view field, int32_t value, int32_t least) {
  if (value >= least) return absl::OkStatus();
  return Invalid(field, " is ", value, "; it must be ", least, " or more");
}

absl::Status CheckKey(absl::string_view key) {
  RETURN_IF_ERROR(CheckLength("idempotency_key", key, kMaxKeyBytes));
  const bool has_control =
      absl::c_any_of(key, [](char c) { return static_cast<uint8_t>(c) < 0x20 || c == 0x7f; });
  if (!has_control) return absl::OkStatus();
  return Invalid("idempotency_key is ", Quoted(key), "; control characters are not allowed");
}

absl::Status CheckTimestamp(absl::string_view field, const Timestamp& timestamp) {
  if (timestamp.seconds() < kMinSeconds || timestamp.seconds() > kMaxSeconds) {
    return Invalid(field, ".seconds is ", timestamp.seconds(), "; it must be from ", kMinSeconds,
                   " to ", kMaxSeconds, " (the years 1 to 9999)");
  }
  if (timestamp.nanos() < 0 || timestamp.nanos() > kMaxNanos) {
    return Invalid(field, ".nanos is ", timestamp.nanos(), "; it must be from 0 to ", kMaxNanos);
  }
  return absl::OkStatus();
}

std::string Shown(const Timestamp& timestamp) {
  return absl::FormatTime(
      absl::FromUnixSeconds(timestamp.seconds()) + absl::Nanoseconds(timestamp.nanos()),
      absl::UTCTimeZone());
}

absl::Status CheckTimes(const v1::Experiment& experiment) {
  const Timestamp& start = experiment.start_time();
  const Timestamp& end = experiment.end_time();
  RETURN_IF_ERROR(CheckTimestamp("experiment.start_time", start));
  RETURN_IF_ERROR(CheckTimestamp("experiment.end_time", end));
  if (!experiment.has_start_time() || !experiment.has_end_time()) return absl::OkStatus();
  const bool before = end.seconds() < start.seconds() ||
                      (end.seconds() == start.seconds() && end.nanos() < start.nanos());
  if (!before) return absl::OkStatus();
  return Invalid("experiment.end_time ", Shown(end), " is before start_time ", Shown(start),
                 "; leave end_time unset while the experiment has not ended");
}

absl::Status CheckState(int state) {
  if (state == determined::experiment::v1::STATE_UNSPECIFIED) {
    return Invalid("experiment.state is not set; name the state the experiment is in now");
  }
  if (determined::experiment::v1::State_IsValid(state)) return absl::OkStatus();
  return Invalid("experiment.state is ", state,
                 ", which is no determined.experiment.v1.State; it must be from 1 to ",
                 determined::experiment::v1::State_MAX);
}

absl::Status CheckWebhooks(const v1::WebhookIntegration& webhooks) {
  const auto check_size = [](absl::string_view field, int size) {
    if (size <= kMaxListedWebhooks) return absl::OkStatus();
    return Invalid(field, " has ", size, " entries; at most ", kMaxListedWebhooks, " are allowed");
  };
  RETURN_IF_ERROR(check_size("experiment.webhooks.webhook_id", webhooks.webhook_id_size()));
  RETURN_IF_ERROR(check_size("experiment.webhooks.webhook_name", webhooks.webhook_name_size()));
  // Numbers and names that no webhook can have are left alone: they come from somebody's
  // configuration, and a slip there must not keep other webhooks from firing.
  for (int i = 0; i < webhooks.webhook_name_size(); ++i) {
    RETURN_IF_ERROR(CheckLength(absl::StrCat("experiment.webhooks.webhook_name[", i, "]"),
                                webhooks.webhook_name(i), kMaxWebhookNameBytes));
  }
  return absl::OkStatus();
}

// Whether a report may leave the state out: it is not about a change of state.
enum class StateIs { kNeeded, kOptional };

absl::Status CheckExperiment(const v1::Experiment& experiment, StateIs state) {
  RETURN_IF_ERROR(CheckAtLeast("experiment.id", experiment.id(), 1));
  RETURN_IF_ERROR(CheckLength("experiment.name", experiment.name(), kMaxNameBytes));
  if (state == StateIs::kNeeded || experiment.state() != 0) {
    RETURN_IF_ERROR(CheckState(experiment.state()));
  }
  RETURN_IF_ERROR(CheckTimes(experiment));
  RETURN_IF_ERROR(CheckAtLeast("experiment.slots_per_trial", experiment.slots_per_trial(), 0));
  RETURN_IF_ERROR(
      CheckLength("experiment.resource_pool", experiment.resource_pool(), kMaxNameBytes));
  RETURN_IF_ERROR(CheckAtLeast("experiment.workspace_id", experiment.workspace_id(), 0));
  RETURN_IF_ERROR(
      CheckLength("experiment.workspace_name", experiment.workspace_name(), kMaxNameBytes));
  RETURN_IF_ERROR(CheckAtLeast("experiment.project_id", experiment.project_id(), 0));
  RETURN_IF_ERROR(CheckLength("experiment.project_name", experiment.project_name(), kMaxNameBytes));
  if (experiment.has_trial_id()) {
    RETURN_IF_ERROR(CheckAtLeast("experiment.trial_id", experiment.trial_id(), 1));
  }
  return CheckWebhooks(experiment.webhooks());
}

absl::Status CheckTaskId(absl::string_view field, absl::string_view task_id) {
  if (task_id.empty()) return Invalid(field, " is empty; name the task");
  return CheckLength(field, task_id, kMaxTaskIdBytes);
}

absl::Status CheckLog(const std::string& field, const determined::task::v1::TaskLog& log,
                      const std::string& task_id) {
  if (log.has_id()) {
    return Invalid(field, ".id is ", log.id(), "; leave it unset: it is the server's to give");
  }
  RETURN_IF_ERROR(CheckTaskId(field + ".task_id", log.task_id()));
  if (log.task_id() != task_id) {
    return Invalid(field, ".task_id is ", Quoted(log.task_id()), " and that of logs[0] is ",
                   Quoted(task_id), "; report the lines of one task at a time");
  }
  return CheckTimestamp(field + ".timestamp", log.timestamp());
}

}  // namespace

absl::Status ValidateReport(const v1::ReportTaskLogsRequest& report) {
  RETURN_IF_ERROR(CheckKey(report.idempotency_key()));
  if (report.has_experiment()) {
    RETURN_IF_ERROR(CheckExperiment(report.experiment(), StateIs::kOptional));
  }
  if (report.logs().empty()) return Invalid("logs is empty; report at least one line");
  for (int i = 0; i < report.logs_size(); ++i) {
    RETURN_IF_ERROR(
        CheckLog(absl::StrCat("logs[", i, "]"), report.logs(i), report.logs(0).task_id()));
  }
  return absl::OkStatus();
}

absl::Status ValidateReport(const v1::ReportMetricsRequest& report) {
  RETURN_IF_ERROR(CheckKey(report.idempotency_key()));
  if (!report.has_experiment()) return Invalid("experiment is not set; say whose metrics they are");
  RETURN_IF_ERROR(CheckExperiment(report.experiment(), StateIs::kOptional));
  if (!report.experiment().has_trial_id()) {
    return Invalid("experiment.trial_id is not set; say which trial reported the metrics");
  }
  if (report.group() != "training" && report.group() != "validation") {
    return Invalid("group is ", Quoted(report.group()),
                   R"(; it must be "training" or "validation")");
  }
  RETURN_IF_ERROR(CheckAtLeast("steps_completed", report.steps_completed(), 0));
  if (report.metrics().empty()) return Invalid("metrics is empty; report at least one metric");
  if (report.metrics_size() > kMaxMetrics) {
    return Invalid("metrics has ", report.metrics_size(), " entries; at most ", kMaxMetrics,
                   " are allowed");
  }
  absl::flat_hash_map<absl::string_view, int> names;
  for (int i = 0; i < report.metrics_size(); ++i) {
    const std::string field = absl::StrCat("metrics[", i, "].name");
    const std::string& name = report.metrics(i).name();
    if (name.empty()) return Invalid(field, " is empty; name the metric");
    RETURN_IF_ERROR(CheckLength(field, name, kMaxMetricNameBytes));
    const auto [known, added] = names.try_emplace(name, i);
    if (!added) {
      return Invalid(field, " is ", Quoted(name), ", as that of metrics[", known->second,
                     "]; report each metric once");
    }
  }
  return CheckTimestamp("occurred_at", report.occurred_at());
}

absl::Status ValidatePut(const v1::PutExperimentRequest& request) {
  if (!request.has_experiment()) return Invalid("experiment is not set; tell of one");
  RETURN_IF_ERROR(CheckExperiment(request.experiment(), StateIs::kOptional));
  if (request.tasks_size() > kMaxKnown) {
    return Invalid("tasks has ", request.tasks_size(), " entries; at most ", kMaxKnown,
                   " are allowed");
  }
  if (request.trial_ids_size() > kMaxKnown) {
    return Invalid("trial_ids has ", request.trial_ids_size(), " entries; at most ", kMaxKnown,
                   " are allowed");
  }
  for (int i = 0; i < request.tasks_size(); ++i) {
    const std::string field = absl::StrCat("tasks[", i, "]");
    RETURN_IF_ERROR(CheckTaskId(field + ".task_id", request.tasks(i).task_id()));
    if (request.tasks(i).has_trial_id()) {
      RETURN_IF_ERROR(CheckAtLeast(field + ".trial_id", request.tasks(i).trial_id(), 1));
    }
  }
  for (int i = 0; i < request.trial_ids_size(); ++i) {
    RETURN_IF_ERROR(CheckAtLeast(absl::StrCat("trial_ids[", i, "]"), request.trial_ids(i), 1));
  }
  return absl::OkStatus();
}

absl::Status ValidateCustomEvent(const determined::api::v1::PostWebhookEventDataRequest& request) {
  RETURN_IF_ERROR(CheckAtLeast("experiment_id", request.experiment_id(), 1));
  if (request.has_trial_id()) RETURN_IF_ERROR(CheckAtLeast("trial_id", request.trial_id(), 1));
  if (request.data().title().empty() && request.data().description().empty()) {
    return Invalid("data has neither a title nor a description; say what happened");
  }
  if (!determined::log::v1::LogLevel_IsValid(request.data().level())) {
    return Invalid("data.level is ", static_cast<int>(request.data().level()),
                   ", which is no determined.log.v1.LogLevel; it must be from 0 to ",
                   static_cast<int>(determined::log::v1::LogLevel_MAX));
  }
  return absl::OkStatus();
}

absl::Status ValidateReport(const v1::ReportExperimentStateRequest& report) {
  RETURN_IF_ERROR(CheckKey(report.idempotency_key()));
  if (!report.has_experiment()) {
    return Invalid("experiment is not set; say which experiment changed its state");
  }
  RETURN_IF_ERROR(CheckExperiment(report.experiment(), StateIs::kNeeded));
  return CheckTimestamp("occurred_at", report.occurred_at());
}

}  // namespace webhookd
