#include "server/rpc/webhook_conversion.h"

#include <google/protobuf/util/json_util.h>

#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/quoted.h"
#include "base/status_macros.h"
#include "base/utf8.h"
#include "server/delivery/target_url.h"
#include "server/events/canonical_json.h"
#include "server/events/judge.h"
#include "server/events/payload.h"
#include "server/events/trigger_condition.h"
#include "server/rpc/rpc_error.h"
#include "server/rpc/time_conversion.h"

namespace webhookd {
namespace {

namespace pb = determined::webhook::v1;

constexpr size_t kMaxNameBytes = 255;
constexpr int kMaxTriggers = 100;
constexpr size_t kMaxConditionBytes = 4'096;
constexpr absl::string_view kTriggerTypes =
    "TRIGGER_TYPE_EXPERIMENT_STATE_CHANGE, TRIGGER_TYPE_METRIC_THRESHOLD_EXCEEDED, "
    "TRIGGER_TYPE_TASK_LOG or TRIGGER_TYPE_CUSTOM";
constexpr int32_t kMaxMaxInFlight = 1'000;
constexpr double kMaxMaxRequestsPerSecond = 100'000;

bool IsControlCharacter(char32_t c) { return c < 0x20 || (c >= 0x7f && c < 0xa0); }

absl::StatusOr<WebhookType> ParseWebhookType(pb::WebhookType type) {
  switch (type) {
    case pb::WEBHOOK_TYPE_DEFAULT:
      return WebhookType::kDefault;
    case pb::WEBHOOK_TYPE_SLACK:
      return WebhookType::kSlack;
    case pb::WEBHOOK_TYPE_UNSPECIFIED:
      return InvalidField("webhook_type",
                          "is missing: give WEBHOOK_TYPE_DEFAULT or WEBHOOK_TYPE_SLACK");
    default:
      return InvalidField("webhook_type",
                          absl::StrCat(static_cast<int>(type),
                                       " is unknown: give WEBHOOK_TYPE_DEFAULT (1) or "
                                       "WEBHOOK_TYPE_SLACK (2)"));
  }
}

absl::StatusOr<TriggerType> ParseTriggerType(absl::string_view field, pb::TriggerType type) {
  switch (type) {
    case pb::TRIGGER_TYPE_EXPERIMENT_STATE_CHANGE:
      return TriggerType::kExperimentStateChange;
    case pb::TRIGGER_TYPE_METRIC_THRESHOLD_EXCEEDED:
      return TriggerType::kMetricThresholdExceeded;
    case pb::TRIGGER_TYPE_TASK_LOG:
      return TriggerType::kTaskLog;
    case pb::TRIGGER_TYPE_CUSTOM:
      return TriggerType::kCustom;
    case pb::TRIGGER_TYPE_UNSPECIFIED:
      return InvalidField(field, absl::StrCat("is missing: give ", kTriggerTypes));
    default:
      return InvalidField(
          field, absl::StrCat(static_cast<int>(type), " is unknown: give ", kTriggerTypes));
  }
}

// Whether both fire for the same events. ERROR and ERRORED are two names of one state.
bool SameTrigger(const TriggerRecord& a, const TriggerRecord& b) {
  if (a.type != b.type) return false;
  if (a.condition_json == b.condition_json) return true;
  if (a.type != TriggerType::kExperimentStateChange) return false;
  const absl::StatusOr<int> state_a = StateOfCondition(a.condition_json);
  const absl::StatusOr<int> state_b = StateOfCondition(b.condition_json);
  return state_a.ok() && state_b.ok() && *state_a == *state_b;
}

absl::StatusOr<std::optional<int32_t>> ParseWorkspaceId(const pb::Webhook& webhook) {
  if (webhook.workspace_id() < 0) {
    return InvalidField("workspace_id",
                        absl::StrCat(webhook.workspace_id(),
                                     " is negative: give a workspace's number, or leave it out "
                                     "for a global webhook"));
  }
  if (webhook.workspace_id() == 0) return std::nullopt;
  return webhook.workspace_id();
}

}  // namespace

absl::StatusOr<TriggerRecord> ParseTrigger(const pb::Trigger& trigger, absl::string_view field) {
  TriggerRecord record;
  ASSIGN_OR_RETURN(record.type,
                   ParseTriggerType(absl::StrCat(field, ".trigger_type"), trigger.trigger_type()));
  const std::string condition_field = absl::StrCat(field, ".condition");
  const size_t bytes = CanonicalJson(trigger.condition()).size();
  if (bytes > kMaxConditionBytes) {
    return InvalidField(condition_field, absl::StrCat("is ", bytes, " bytes long as JSON: at most ",
                                                      kMaxConditionBytes, " are allowed"));
  }
  ASSIGN_OR_RETURN(record.condition_json,
                   CanonicalCondition(record.type, trigger.condition(), condition_field));
  return record;
}

absl::Status CheckName(const std::string& name) {
  if (name.empty()) {
    return InvalidField("name", absl::StrCat("is empty: give the webhook a name of 1 to ",
                                             kMaxNameBytes, " bytes"));
  }
  if (name.size() > kMaxNameBytes) {
    return InvalidField("name",
                        absl::StrCat(Quoted(name), " is ", name.size(), " bytes long: at most ",
                                     kMaxNameBytes, " are allowed"));
  }
  for (size_t at = 0; at < name.size();) {
    const Utf8Step step = DecodeUtf8(absl::string_view(name).substr(at));
    if (!step.valid) {
      return InvalidField(
          "name", absl::StrCat(Quoted(name), " is not UTF-8 at byte ", at, ": give UTF-8 text"));
    }
    if (IsControlCharacter(step.code_point)) {
      return InvalidField("name", absl::StrCat(Quoted(name), " has a control character at byte ",
                                               at, ": leave it out"));
    }
    at += step.length;
  }
  return absl::OkStatus();
}

absl::Status CheckUrl(const std::string& url, const EgressPolicy& egress) {
  if (url.empty()) {
    return InvalidField("url", "is empty: give the http or https URL that is to be called");
  }
  const absl::StatusOr<TargetUrl> target = ParseTargetUrl(url);
  if (!target.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("url: ", target.status().message()));
  }
  const absl::Status allowed = egress.CheckUrl(*target);
  if (!allowed.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("url ", Quoted(url), " is not allowed: ", allowed.message()));
  }
  return absl::OkStatus();
}

absl::StatusOr<WebhookMode> ParseMode(pb::WebhookMode mode) {
  switch (mode) {
    case pb::WEBHOOK_MODE_UNSPECIFIED:
    case pb::WEBHOOK_MODE_WORKSPACE:
      return WebhookMode::kWorkspace;
    case pb::WEBHOOK_MODE_SPECIFIC:
      return WebhookMode::kSpecific;
    default:
      return InvalidField(
          "mode", absl::StrCat(static_cast<int>(mode),
                               " is unknown: give WEBHOOK_MODE_WORKSPACE (1) for all experiments "
                               "or WEBHOOK_MODE_SPECIFIC (2) for those that name the webhook"));
  }
}

absl::StatusOr<std::vector<TriggerRecord>> ParseTriggers(
    const google::protobuf::RepeatedPtrField<pb::Trigger>& triggers) {
  if (triggers.empty()) {
    return InvalidField("triggers", "is empty: give at least one trigger");
  }
  if (triggers.size() > kMaxTriggers) {
    return InvalidField("triggers", absl::StrCat("holds ", triggers.size(), " triggers: at most ",
                                                 kMaxTriggers, " are allowed"));
  }
  std::vector<TriggerRecord> records;
  for (int i = 0; i < triggers.size(); ++i) {
    const std::string field = absl::StrCat("triggers[", i, "]");
    ASSIGN_OR_RETURN(TriggerRecord record, ParseTrigger(triggers[i], field));
    for (size_t other = 0; other < records.size(); ++other) {
      if (!SameTrigger(record, records[other])) continue;
      return InvalidField(field,
                          absl::StrCat("fires for the same events as triggers[", other, "], ",
                                       Shortened(record.condition_json, 200), ": leave one out"));
    }
    records.push_back(std::move(record));
  }
  return records;
}

absl::Status CheckMaxInFlight(int32_t max_in_flight) {
  if (max_in_flight >= 1 && max_in_flight <= kMaxMaxInFlight) return absl::OkStatus();
  return InvalidField("max_in_flight",
                      absl::StrCat(max_in_flight, " is out of range: give 1 to ", kMaxMaxInFlight,
                                   ", or leave it out for the server's default"));
}

absl::Status CheckMaxRequestsPerSecond(double max_requests_per_second) {
  // Written so that NaN fails.
  if (max_requests_per_second > 0 && max_requests_per_second <= kMaxMaxRequestsPerSecond) {
    return absl::OkStatus();
  }
  return InvalidField(
      "max_requests_per_second",
      absl::StrCat(max_requests_per_second,
                   " is out of range: give a number above "
                   "0 and at most ",
                   static_cast<int>(kMaxMaxRequestsPerSecond), ", or leave it out for no limit"));
}

absl::StatusOr<std::optional<ErrorStateName>> ParseErrorState(absl::string_view error_state) {
  if (error_state.empty()) return std::nullopt;
  if (error_state == "ERRORED") return ErrorStateName::kErrored;
  if (error_state == "ERROR") return ErrorStateName::kError;
  return InvalidField("error_state",
                      absl::StrCat(Quoted(error_state),
                                   " is unknown: give ERRORED or ERROR, or leave it out for the "
                                   "server's setting webhooks.error_state"));
}

absl::Status CheckTogether(const WebhookRecord& webhook) {
  if (webhook.mode == WebhookMode::kSpecific) return absl::OkStatus();
  for (size_t i = 0; i < webhook.triggers.size(); ++i) {
    if (webhook.triggers[i].type != TriggerType::kCustom) continue;
    return InvalidField(absl::StrCat("triggers[", i, "]"),
                        "is of type TRIGGER_TYPE_CUSTOM, which needs mode WEBHOOK_MODE_SPECIFIC: "
                        "give that mode or another trigger");
  }
  return absl::OkStatus();
}

void SetDisabled(bool disabled, absl::Time now, WebhookRecord& webhook) {
  if (disabled == webhook.disabled_at.has_value()) return;
  if (disabled) {
    webhook.disabled_at = now;
    webhook.disabled_reason = "disabled by request";
  } else {
    webhook.disabled_at.reset();
    webhook.disabled_reason.clear();
  }
}

absl::StatusOr<WebhookRecord> NewWebhook(const pb::Webhook& webhook, const EgressPolicy& egress,
                                         absl::Time now) {
  WebhookRecord record;
  if (!webhook.name().empty()) RETURN_IF_ERROR(CheckName(webhook.name()));
  record.name = webhook.name();
  RETURN_IF_ERROR(CheckUrl(webhook.url(), egress));
  record.url = webhook.url();
  ASSIGN_OR_RETURN(record.type, ParseWebhookType(webhook.webhook_type()));
  ASSIGN_OR_RETURN(record.mode, ParseMode(webhook.mode()));
  ASSIGN_OR_RETURN(record.workspace_id, ParseWorkspaceId(webhook));
  ASSIGN_OR_RETURN(record.triggers, ParseTriggers(webhook.triggers()));
  record.skip_tls_verification = webhook.skip_tls_verification();
  if (webhook.has_max_in_flight()) {
    RETURN_IF_ERROR(CheckMaxInFlight(webhook.max_in_flight()));
    record.max_in_flight = webhook.max_in_flight();
  }
  if (webhook.has_max_requests_per_second()) {
    RETURN_IF_ERROR(CheckMaxRequestsPerSecond(webhook.max_requests_per_second()));
    record.max_requests_per_second = webhook.max_requests_per_second();
  }
  ASSIGN_OR_RETURN(record.error_state, ParseErrorState(webhook.error_state()));
  record.created_at = now;
  SetDisabled(webhook.disabled(), now, record);
  RETURN_IF_ERROR(CheckTogether(record));
  return record;
}

std::string MadeUpName(const WebhookRecord& webhook, int attempt) {
  constexpr size_t kMaxHostBytes = 100;
  constexpr size_t kMaxTriggersShown = 3;
  const absl::StatusOr<TargetUrl> target = ParseTargetUrl(webhook.url);
  // Not the path, which is a secret of some receivers.
  std::string name = target.ok() ? Shortened(target->host, kMaxHostBytes) : "webhook";
  for (size_t i = 0; i < webhook.triggers.size(); ++i) {
    absl::StrAppend(&name, i == 0 ? ": " : ", ");
    if (i == kMaxTriggersShown) {
      absl::StrAppend(&name, "…");
      break;
    }
    const TriggerRecord& trigger = webhook.triggers[i];
    const absl::StatusOr<int> state = trigger.type == TriggerType::kExperimentStateChange
                                          ? StateOfCondition(trigger.condition_json)
                                          : absl::NotFoundError("");
    absl::StrAppend(&name, state.ok() ? PayloadStateName(*state) : TriggerTypeName(trigger.type));
  }
  if (attempt > 0) absl::StrAppend(&name, " (", attempt + 1, ")");
  return name;
}

pb::Webhook WebhookToProto(const WebhookRecord& webhook) {
  pb::Webhook proto;
  proto.set_id(webhook.id);
  proto.set_url(webhook.url);
  for (const TriggerRecord& trigger : webhook.triggers) {
    pb::Trigger& added = *proto.add_triggers();
    added.set_id(trigger.id);
    added.set_trigger_type(static_cast<pb::TriggerType>(trigger.type));
    if (!google::protobuf::util::JsonStringToMessage(trigger.condition_json,
                                                     added.mutable_condition())
             .ok()) {
      added.mutable_condition()->Clear();  // not written by this version
    }
    added.set_webhook_id(webhook.id);
  }
  proto.set_webhook_type(static_cast<pb::WebhookType>(webhook.type));
  proto.set_name(webhook.name);
  // Determined shows the 0 of a global webhook.
  proto.set_workspace_id(webhook.workspace_id.value_or(0));
  proto.set_mode(static_cast<pb::WebhookMode>(webhook.mode));
  proto.set_disabled(webhook.disabled_at.has_value());
  if (webhook.disabled_at) {
    proto.set_disabled_reason(webhook.disabled_reason);
    *proto.mutable_disabled_at() = TimestampFromTime(*webhook.disabled_at);
  }
  *proto.mutable_created_at() = TimestampFromTime(webhook.created_at);
  proto.set_skip_tls_verification(webhook.skip_tls_verification);
  if (webhook.max_in_flight) proto.set_max_in_flight(*webhook.max_in_flight);
  if (webhook.max_requests_per_second) {
    proto.set_max_requests_per_second(*webhook.max_requests_per_second);
  }
  if (webhook.error_state) {
    proto.set_error_state(*webhook.error_state == ErrorStateName::kError ? "ERROR" : "ERRORED");
  }
  return proto;
}

}  // namespace webhookd
