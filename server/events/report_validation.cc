#include "server/events/report_validation.h"

#include <cstdint>
#include <string>

#include "absl/algorithm/container.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/quoted.h"
#include "base/status_macros.h"
#include "determined/api/v1/webhook.pb.h"
#include "determined/experiment/v1/experiment.pb.h"
#include "webhookd/v1/ingest.pb.h"

namespace webhookd {
namespace {

constexpr size_t kMaxKeyBytes = 255;
constexpr size_t kMaxTaskIdBytes = 1024;
constexpr int kMaxMetrics = 10'000;
constexpr int kMaxKnown = 10'000;

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

absl::Status CheckState(int state) {
  if (state == determined::experiment::v1::STATE_UNSPECIFIED) {
    return Invalid("experiment.state is not set; name the state the experiment is in now");
  }
  if (determined::experiment::v1::State_IsValid(state)) return absl::OkStatus();
  return Invalid("experiment.state is ", state,
                 ", which is not a determined.experiment.v1.State; it must be from 1 to ",
                 determined::experiment::v1::State_MAX);
}

// Whether a report may leave the state out: it is not about a change of state.
enum class StateIs { kNeeded, kOptional };

absl::Status CheckExperiment(const v1::Experiment& experiment, StateIs state) {
  RETURN_IF_ERROR(CheckAtLeast("experiment.id", experiment.id(), 1));
  if (state == StateIs::kNeeded) RETURN_IF_ERROR(CheckState(experiment.state()));
  RETURN_IF_ERROR(CheckAtLeast("experiment.workspace_id", experiment.workspace_id(), 0));
  if (!experiment.has_trial_id()) return absl::OkStatus();
  return CheckAtLeast("experiment.trial_id", experiment.trial_id(), 1);
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
  return absl::OkStatus();
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
  if (report.metrics().empty()) return Invalid("metrics is empty; report at least one metric");
  if (report.metrics_size() > kMaxMetrics) {
    return Invalid("metrics has ", report.metrics_size(), " entries; at most ", kMaxMetrics,
                   " are allowed");
  }
  absl::flat_hash_map<absl::string_view, int> names;
  for (int i = 0; i < report.metrics_size(); ++i) {
    const std::string field = absl::StrCat("metrics[", i, "].name");
    const std::string& name = report.metrics(i).name();
    const auto [known, added] = names.try_emplace(name, i);
    if (!added) {
      return Invalid(field, " is ", Quoted(name), ", as that of metrics[", known->second,
                     "]; report each metric once");
    }
  }
  return absl::OkStatus();
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
  if (!request.has_trial_id()) return absl::OkStatus();
  return CheckAtLeast("trial_id", request.trial_id(), 1);
}

absl::Status ValidateReport(const v1::ReportExperimentStateRequest& report) {
  RETURN_IF_ERROR(CheckKey(report.idempotency_key()));
  if (!report.has_experiment()) {
    return Invalid("experiment is not set; say which experiment changed its state");
  }
  return CheckExperiment(report.experiment(), StateIs::kNeeded);
}

}  // namespace webhookd
