#include "server/events/report_correction.h"

#include <google/protobuf/timestamp.pb.h>

#include <cstddef>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/quoted.h"
#include "determined/api/v1/webhook.pb.h"
#include "determined/experiment/v1/experiment.pb.h"
#include "determined/log/v1/log.pb.h"
#include "server/events/pattern_set.h"
#include "server/events/payload.h"
#include "webhookd/v1/ingest.pb.h"

namespace webhookd {
namespace {

using google::protobuf::Timestamp;

constexpr size_t kMaxNameBytes = 4096;
constexpr size_t kMaxWebhookNameBytes = 255;
constexpr int kMaxListedWebhooks = 1000;

// The range of google.protobuf.Timestamp: 0001-01-01T00:00:00Z to 9999-12-31T23:59:59.999999999Z.
constexpr int64_t kMinSeconds = -62135596800;
constexpr int64_t kMaxSeconds = 253402300799;
constexpr int32_t kMaxNanos = 999999999;

template <typename... Parts>
void Add(Corrections& corrections, const Parts&... parts) {
  corrections.push_back(absl::StrCat(parts...));
}

bool IsTime(const Timestamp& time) {
  return time.seconds() >= kMinSeconds && time.seconds() <= kMaxSeconds && time.nanos() >= 0 &&
         time.nanos() <= kMaxNanos;
}

std::string Shown(const Timestamp& time) {
  return absl::FormatTime(absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos()),
                          absl::UTCTimeZone());
}

// Leaves out a time that is none. `instead` says what stands for it then.
template <typename Message>
void CorrectTime(absl::string_view field, bool is_set, const Timestamp& time, Message& message,
                 void (Message::*clear)(), absl::string_view instead, Corrections& corrections) {
  if (!is_set || IsTime(time)) return;
  Add(corrections, field, " has ", time.seconds(), " seconds and ", time.nanos(),
      " nanoseconds, which is outside of the years 1 to 9999: ", instead);
  (message.*clear)();
}

void CorrectName(absl::string_view field, std::string* name, Corrections& corrections) {
  if (name->size() <= kMaxNameBytes) return;
  Add(corrections, field, " is ", Quoted(*name), ": it was cut to ", kMaxNameBytes, " bytes");
  *name = Cut(*name, kMaxNameBytes);
}

// Numbers and names that no webhook can have are left alone: they come from somebody's
// configuration, and a slip there must not keep other webhooks from firing.
void CorrectWebhooks(v1::WebhookIntegration& webhooks, Corrections& corrections) {
  const auto has_too_many = [&corrections](absl::string_view field, int size) {
    if (size <= kMaxListedWebhooks) return false;
    Add(corrections, field, " has ", size, " entries: only the first ", kMaxListedWebhooks,
        " count");
    return true;
  };
  auto& names = *webhooks.mutable_webhook_name();
  if (has_too_many("experiment.webhooks.webhook_name", names.size())) {
    names.DeleteSubrange(kMaxListedWebhooks, names.size() - kMaxListedWebhooks);
  }
  for (int i = names.size() - 1; i >= 0; --i) {
    if (names[i].size() <= kMaxWebhookNameBytes) continue;
    Add(corrections, "experiment.webhooks.webhook_name[", i, "] is ", Quoted(names[i]),
        ": no webhook can have a name of more than ", kMaxWebhookNameBytes, " bytes");
    names.DeleteSubrange(i, 1);
  }
  if (has_too_many("experiment.webhooks.webhook_id", webhooks.webhook_id_size())) {
    webhooks.mutable_webhook_id()->Truncate(kMaxListedWebhooks);
  }
}

// Whether something hangs on the field beyond what messages tell.
enum class Decides { kNo, kYes };

Corrections CorrectExperiment(v1::Experiment& experiment, Decides state, Decides trial) {
  Corrections corrections;
  CorrectName("experiment.name", experiment.mutable_name(), corrections);
  CorrectName("experiment.resource_pool", experiment.mutable_resource_pool(), corrections);
  CorrectName("experiment.workspace_name", experiment.mutable_workspace_name(), corrections);
  CorrectName("experiment.project_name", experiment.mutable_project_name(), corrections);
  if (state == Decides::kNo &&
      !determined::experiment::v1::State_IsValid(static_cast<int>(experiment.state()))) {
    Add(corrections, "experiment.state is ", static_cast<int>(experiment.state()),
        ", which is not a determined.experiment.v1.State: it was left out");
    experiment.clear_state();
  }
  CorrectTime("experiment.start_time", experiment.has_start_time(), experiment.start_time(),
              experiment, &v1::Experiment::clear_start_time, "it was left out", corrections);
  CorrectTime("experiment.end_time", experiment.has_end_time(), experiment.end_time(), experiment,
              &v1::Experiment::clear_end_time, "it was left out", corrections);
  const Timestamp& start = experiment.start_time();
  const Timestamp& end = experiment.end_time();
  if (experiment.has_start_time() && experiment.has_end_time() &&
      (end.seconds() < start.seconds() ||
       (end.seconds() == start.seconds() && end.nanos() < start.nanos()))) {
    Add(corrections, "experiment.end_time ", Shown(end), " is before start_time ", Shown(start),
        ": the duration is given as 0");
  }
  if (experiment.slots_per_trial() < 0) {
    Add(corrections, "experiment.slots_per_trial is ", experiment.slots_per_trial(),
        ": it is given as 0");
    experiment.set_slots_per_trial(0);
  }
  if (experiment.project_id() < 0) {
    Add(corrections, "experiment.project_id is ", experiment.project_id(), ": it was left out");
    experiment.set_project_id(0);
  }
  if (trial == Decides::kNo && experiment.has_trial_id() && experiment.trial_id() < 1) {
    // Determined's own code means "none" by 0.
    if (experiment.trial_id() < 0) {
      Add(corrections, "experiment.trial_id is ", experiment.trial_id(), ": it was left out");
    }
    experiment.clear_trial_id();
  }
  if (experiment.has_webhooks()) CorrectWebhooks(*experiment.mutable_webhooks(), corrections);
  return corrections;
}

}  // namespace

Corrections CorrectReport(v1::ReportExperimentStateRequest& report) {
  if (!report.has_experiment()) return {};
  Corrections corrections =
      CorrectExperiment(*report.mutable_experiment(), Decides::kYes, Decides::kNo);
  CorrectTime("occurred_at", report.has_occurred_at(), report.occurred_at(), report,
              &v1::ReportExperimentStateRequest::clear_occurred_at,
              "the time of the report stands for it", corrections);
  return corrections;
}

Corrections CorrectReport(v1::ReportTaskLogsRequest& report) {
  if (!report.has_experiment()) return {};
  return CorrectExperiment(*report.mutable_experiment(), Decides::kNo, Decides::kNo);
}

Corrections CorrectReport(v1::ReportMetricsRequest& report) {
  if (!report.has_experiment()) return {};
  Corrections corrections =
      CorrectExperiment(*report.mutable_experiment(), Decides::kNo, Decides::kYes);
  CorrectTime("occurred_at", report.has_occurred_at(), report.occurred_at(), report,
              &v1::ReportMetricsRequest::clear_occurred_at, "the time of the report stands for it",
              corrections);
  if (report.steps_completed() < 0) {
    Add(corrections, "steps_completed is ", report.steps_completed(), ": it is given as 0");
    report.set_steps_completed(0);
  }
  return corrections;
}

Corrections CorrectPut(v1::PutExperimentRequest& request) {
  if (!request.has_experiment()) return {};
  return CorrectExperiment(*request.mutable_experiment(), Decides::kNo, Decides::kNo);
}

Corrections CorrectAlert(determined::api::v1::PostWebhookEventDataRequest& alert) {
  Corrections corrections;
  if (alert.has_data() && !determined::log::v1::LogLevel_IsValid(alert.data().level())) {
    Add(corrections, "data.level is ", static_cast<int>(alert.data().level()),
        ", which is not a determined.log.v1.LogLevel: it is given as UNSPECIFIED");
    alert.mutable_data()->clear_level();
  }
  // Determined's own code means "none" by 0.
  if (alert.has_trial_id() && alert.trial_id() == 0) alert.clear_trial_id();
  return corrections;
}

Corrections CorrectLine(determined::task::v1::TaskLog& log) {
  Corrections corrections;
  CorrectTime("timestamp", log.has_timestamp(), log.timestamp(), log,
              &determined::task::v1::TaskLog::clear_timestamp,
              "the time of the report stands for it", corrections);
  if (!determined::log::v1::LogLevel_IsValid(log.level())) {
    Add(corrections, "level is ", static_cast<int>(log.level()),
        ", which is not a determined.log.v1.LogLevel: it is given as UNSPECIFIED");
    log.set_level(determined::log::v1::LOG_LEVEL_UNSPECIFIED);
  }
  if (const size_t matched = MatchedPart(log.log()).size(); matched < log.log().size()) {
    Add(corrections, "log has ", log.log().size(), " bytes: the first ", matched, " were matched");
  }
  return corrections;
}

}  // namespace webhookd
