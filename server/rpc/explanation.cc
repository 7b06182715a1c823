#include "server/rpc/explanation.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "base/quoted.h"
#include "server/rpc/delivery_conversion.h"
#include "server/rpc/rpc_error.h"
#include "server/rpc/time_conversion.h"

namespace webhookd {
namespace {

constexpr TriggerType kTypes[] = {TriggerType::kExperimentStateChange,
                                  TriggerType::kMetricThresholdExceeded, TriggerType::kTaskLog,
                                  TriggerType::kCustom};

// Why a trigger was held back whose condition was met.
std::string HeldBackInWords(v1::JudgementReason reason) {
  switch (reason) {
    case v1::JUDGEMENT_REASON_FOR_STEPS:
      return "the comparison held, but not yet for as many reports in a row as for_steps asks for";
    case v1::JUDGEMENT_REASON_HYSTERESIS:
      return "it fired before, and the metric had not gone back behind the threshold since";
    case v1::JUDGEMENT_REASON_COOLDOWN:
      return "it fired less than cooldown_seconds before; it fires after that if the comparison "
             "still holds";
    case v1::JUDGEMENT_REASON_ONCE:
      return "it fired before for the same task, or for the trial or experiment of once_per";
    default:
      return "it was held back";
  }
}

// What is asked for each trigger about one event.
class EventJudge {
 public:
  EventJudge(const EventRecord& event, const v1::EventInput& input,
             const std::vector<DeliveryRecord>& deliveries, absl::Time now)
      : event_(event), input_(input), now_(now) {
    for (const DeliveryRecord& delivery : deliveries) deliveries_[delivery.trigger_id] = &delivery;
    for (const v1::HeldBackTrigger& held_back : input.held_back()) {
      held_back_[held_back.trigger_id()] = held_back.reason();
    }
  }

  v1::TriggerJudgement Judge(const WebhookRecord& webhook, const TriggerRecord& trigger) {
    v1::TriggerJudgement judgement;
    judgement.set_webhook_id(webhook.id);
    judgement.set_webhook_name(webhook.name);
    judgement.set_trigger_id(trigger.id);
    judgement.set_trigger_type(static_cast<determined::webhook::v1::TriggerType>(trigger.type));
    const bool changed =
        input_.webhooks_version() != 0 && webhook.changed_version > input_.webhooks_version();
    judgement.set_changed_since(changed && webhook.created_at <= event_.accepted_at);
    const auto delivery = deliveries_.find(trigger.id);
    if (delivery != deliveries_.end()) {
      SetFired(*delivery->second, judgement);
      deliveries_.erase(delivery);
      return judgement;
    }
    const Verdict verdict = WhyNot(webhook, trigger, changed);
    judgement.set_reason(verdict.reason);
    judgement.set_explanation(verdict.explanation);
    return judgement;
  }

  // Of triggers that are gone.
  std::vector<v1::TriggerJudgement> TakeOthers(const WebhookSnapshot& webhooks) {
    std::vector<v1::TriggerJudgement> judgements;
    for (const auto& [trigger_id, delivery] : deliveries_) {
      v1::TriggerJudgement& judgement = judgements.emplace_back();
      judgement.set_webhook_id(delivery->webhook_id);
      judgement.set_webhook_name(delivery->webhook_name);
      judgement.set_trigger_id(trigger_id);
      judgement.set_trigger_type(TypeOfEvent());
      judgement.set_deleted(webhooks.Find(delivery->webhook_id) == nullptr);
      judgement.set_changed_since(!judgement.deleted());
      SetFired(*delivery, judgement);
    }
    return judgements;
  }

 private:
  determined::webhook::v1::TriggerType TypeOfEvent() const {
    const absl::StatusOr<TriggerType> type = ParseEventType(event_.event_type);
    return type.ok() ? static_cast<determined::webhook::v1::TriggerType>(*type)
                     : determined::webhook::v1::TRIGGER_TYPE_UNSPECIFIED;
  }

  void SetFired(const DeliveryRecord& delivery, v1::TriggerJudgement& judgement) const {
    const v1::Delivery shown = DeliveryToProto(delivery, now_);
    const bool skipped = shown.state() == v1::DELIVERY_STATE_SKIPPED;
    judgement.set_fired(true);
    judgement.set_reason(skipped ? v1::JUDGEMENT_REASON_DISABLED : v1::JUDGEMENT_REASON_FIRED);
    judgement.set_explanation(skipped ? "the webhook was disabled: the delivery was skipped"
                                      : "it fired");
    judgement.set_delivery_id(delivery.id);
    judgement.set_delivery_state(shown.state());
  }

  Verdict WhyNot(const WebhookRecord& webhook, const TriggerRecord& trigger, bool changed) const {
    if (webhook.created_at > event_.accepted_at) {
      return {v1::JUDGEMENT_REASON_CREATED_LATER, "the webhook was created after the event"};
    }
    const auto held_back = held_back_.find(trigger.id);
    if (held_back != held_back_.end()) {
      return {held_back->second, HeldBackInWords(held_back->second)};
    }
    if (event_.input.empty()) {
      return {v1::JUDGEMENT_REASON_UNSPECIFIED,
              "not known: an earlier version accepted the event and did not keep what it was made "
              "from"};
    }
    Verdict verdict = webhookd::Judge(webhook, trigger, OccurrenceOf(event_, input_));
    if (!verdict.fires()) return verdict;
    if (changed) {
      return {v1::JUDGEMENT_REASON_CHANGED,
              "it would fire as the webhook is now, but the webhook was different then"};
    }
    return {v1::JUDGEMENT_REASON_UNSPECIFIED, "not known"};
  }

  const EventRecord& event_;
  const v1::EventInput& input_;
  const absl::Time now_;
  absl::flat_hash_map<int32_t, const DeliveryRecord*> deliveries_;  // by trigger
  absl::flat_hash_map<int32_t, v1::JudgementReason> held_back_;
};

// Of each webhook that the experiment's configuration names and that does not exist: somebody waits
// for it in vain.
std::vector<v1::TriggerJudgement> NamedInVain(const v1::Experiment& experiment,
                                              const WebhookSnapshot& webhooks) {
  std::vector<v1::TriggerJudgement> judgements;
  const auto add = [&](const auto&... why) -> v1::TriggerJudgement& {
    v1::TriggerJudgement& judgement = judgements.emplace_back();
    judgement.set_reason(v1::JUDGEMENT_REASON_NO_SUCH_WEBHOOK);
    judgement.set_explanation(
        absl::StrCat("the configuration of experiment ", experiment.id(), " names ", why...));
    return judgement;
  };
  absl::flat_hash_set<int32_t> ids;
  for (const int32_t id : experiment.webhooks().webhook_id()) {
    if (webhooks.Find(id) != nullptr || !ids.insert(id).second) continue;
    v1::TriggerJudgement& judgement =
        add("webhook ", id, ", which does not exist: it was deleted or never created");
    judgement.set_webhook_id(id);
  }
  absl::flat_hash_set<absl::string_view> names;
  for (const auto& webhook : webhooks.webhooks()) {
    const int32_t workspace_id = webhook->workspace_id.value_or(0);
    if (workspace_id == 0 || workspace_id == experiment.workspace_id()) names.insert(webhook->name);
  }
  for (const std::string& name : experiment.webhooks().webhook_name()) {
    if (!names.insert(name).second) continue;
    v1::TriggerJudgement& judgement =
        add("webhook ", Quoted(name), ", but no webhook of this name is global",
            experiment.workspace_id() == 0
                ? std::string()
                : absl::StrCat(" or belongs to workspace ", experiment.workspace_id()),
            ": it was deleted, renamed or never created");
    judgement.set_webhook_name(name);
  }
  return judgements;
}

}  // namespace

absl::StatusOr<TriggerType> ParseEventType(absl::string_view name) {
  for (const TriggerType type : kTypes) {
    if (TriggerTypeName(type) == name) return type;
  }
  return InvalidField("event_type", absl::StrCat(Quoted(name),
                                                 " is unknown: give EXPERIMENT_STATE_CHANGE, "
                                                 "METRIC_THRESHOLD_EXCEEDED, TASK_LOG or CUSTOM"));
}

v1::RecordedEvent EventToProto(const EventRecord& event) {
  v1::RecordedEvent shown;
  shown.set_event_id(event.event_id);
  shown.set_event_type(event.event_type);
  shown.set_experiment_id(event.experiment_id);
  *shown.mutable_occurred_at() = TimestampFromTime(event.occurred_at);
  *shown.mutable_accepted_at() = TimestampFromTime(event.accepted_at);
  shown.set_delivery_count(event.delivery_count);
  if (event.input.empty() || !shown.mutable_input()->ParseFromString(event.input)) {
    shown.clear_input();
  }
  return shown;
}

Occurrence OccurrenceOf(const EventRecord& event, const v1::EventInput& input) {
  const absl::StatusOr<TriggerType> type = ParseEventType(event.event_type);
  return {.type = type.value_or(TriggerType::kExperimentStateChange),
          .experiment = input.experiment(),
          .line = input.task_log().log(),
          .metric = input.metric().name(),
          .group = input.metric().group(),
          .value = input.metric().value()};
}

std::vector<v1::TriggerJudgement> JudgeEvent(const EventRecord& event, const v1::EventInput& input,
                                             const std::vector<DeliveryRecord>& deliveries,
                                             const WebhookSnapshot& webhooks, absl::Time now) {
  EventJudge judge(event, input, deliveries, now);
  std::vector<v1::TriggerJudgement> judgements;
  for (const auto& webhook : webhooks.webhooks()) {
    for (const TriggerRecord& trigger : webhook->triggers) {
      judgements.push_back(judge.Judge(*webhook, trigger));
    }
  }
  for (v1::TriggerJudgement& judgement : judge.TakeOthers(webhooks)) {
    judgements.push_back(std::move(judgement));
  }
  for (v1::TriggerJudgement& judgement : NamedInVain(input.experiment(), webhooks)) {
    judgements.push_back(std::move(judgement));
  }
  std::sort(judgements.begin(), judgements.end(), [](const auto& a, const auto& b) {
    return std::tuple(!a.fired(), a.webhook_id(), a.trigger_id()) <
           std::tuple(!b.fired(), b.webhook_id(), b.trigger_id());
  });
  if (judgements.size() > kMaxJudgements) judgements.resize(kMaxJudgements);
  return judgements;
}

}  // namespace webhookd
