#include "tests/simulation/ledger.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/events/trigger_condition.h"

namespace webhookd {
namespace {

constexpr absl::Duration kKeyLifetime = absl::Hours(7 * 24);

}  // namespace

bool IsRefused(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kInvalidArgument:
      return true;
    default:
      return false;
  }
}

std::string TagOfUrl(absl::string_view url) { return std::string(url.substr(url.rfind('/') + 1)); }

Ledger::Ledger(Clock& clock, Trace& trace, RetryPolicy retry, absl::Duration disable_after,
               std::string signing_key)
    : clock_(clock),
      time_(clock, clock.Now()),
      trace_(trace),
      retry_(std::move(retry)),
      disable_after_(disable_after),
      signing_key_(std::move(signing_key)) {}

void Ledger::Acknowledged(int32_t number, const v1::ReportExperimentStateResponse& response) {
  Report& report = reports.at(number);
  const auto event = events.find(response.event_id());
  if (event == events.end() || event->second.report != number) {
    trace_.Violate("report ", number, " was acknowledged with event ", response.event_id(),
                   ", which was not stored for it");
    return;
  }
  if (static_cast<size_t>(response.deliveries_size()) != event->second.deliveries.size()) {
    trace_.Violate("report ", number, " was acknowledged with ", response.deliveries_size(),
                   " deliveries, but caused ", event->second.deliveries.size());
  }
  report.event_ids.insert(response.event_id());
}

void Ledger::AddEvent(Event event, const std::vector<Delivery>& added) {
  for (const Delivery& delivery : added) {
    if (!deliveries.emplace(delivery.id, delivery).second) {
      trace_.Violate("delivery id ", delivery.id, " was given twice");
    }
    event.deliveries.push_back(delivery.id);
    const auto webhook = webhooks.find(delivery.webhook_id);
    if (webhook == webhooks.end()) {
      trace_.Violate("delivery ", delivery.id, " is of an unknown webhook ", delivery.webhook_id);
      continue;
    }
    conversations[{event.event_id, TagOfUrl(webhook->second.record.url)}].deliveries.push_back(
        delivery.id);
  }
  ++counts.events;
  if (!event.idempotency_key.empty()) event_of_key[event.idempotency_key] = event.event_id;
  const std::string event_id = event.event_id;
  if (!events.emplace(event_id, std::move(event)).second) {
    trace_.Violate("event id ", event_id, " was given twice");
  }
}

void Ledger::Accepted(const AcceptEventRequest& request, const AcceptedEvent& accepted) {
  const auto known = event_of_key.find(request.idempotency_key);
  // Whoever sets the wall clock forward shortens how long keys are known.
  const bool repeated = wall_set_at_ == absl::InfinitePast() && !request.idempotency_key.empty() &&
                        known != event_of_key.end() &&
                        events.at(known->second).accepted_at > time_.Now() - kKeyLifetime;
  if (repeated && (!accepted.duplicate || accepted.event_id != known->second)) {
    trace_.Violate("key ", request.idempotency_key, " of event ", known->second,
                   " caused another event ", accepted.event_id);
    return;
  }
  if (accepted.duplicate) {
    if (request.idempotency_key.empty() || known == event_of_key.end() ||
        accepted.event_id != known->second) {
      trace_.Violate("a report that was no repetition was answered with event ", accepted.event_id);
    }
    return;
  }
  if (accepted.deliveries.size() != request.deliveries.size()) {
    trace_.Violate("event ", accepted.event_id, " was stored with ", accepted.deliveries.size(),
                   " deliveries instead of ", request.deliveries.size());
    return;
  }
  CheckMatch(request);
  CheckSkipped(request);
  std::vector<Delivery> added;
  for (size_t i = 0; i < accepted.deliveries.size(); ++i) {
    const bool skipped = request.deliveries[i].skipped;
    added.push_back({.id = accepted.deliveries[i].delivery_id,
                     .webhook_id = request.deliveries[i].webhook_id,
                     .trigger_id = request.deliveries[i].trigger_id,
                     .event_id = accepted.event_id,
                     .accepted_as_skipped = skipped,
                     .known = skipped ? DeliveryState::kSkipped : DeliveryState::kPending,
                     .due = time_.Now()});
  }
  AddEvent({.event_id = accepted.event_id,
            .report = request.experiment_id,
            .idempotency_key = request.idempotency_key,
            .accepted_at = time_.Now()},
           added);
}

// Which triggers match, thought out once more, and by other means.
void Ledger::CheckMatch(const AcceptEventRequest& request) {
  const v1::Experiment& experiment = reports.at(request.experiment_id).request.experiment();
  std::set<std::pair<int32_t, int32_t>> expected;
  for (const auto& [id, webhook] : webhooks) {
    const WebhookRecord& record = webhook.record;
    if (webhook.deleted || experiment.webhooks().exclude()) continue;
    if (record.workspace_id.value_or(experiment.workspace_id()) != experiment.workspace_id())
      continue;
    const auto& names = experiment.webhooks().webhook_name();
    const auto& ids = experiment.webhooks().webhook_id();
    const bool named = std::count(names.begin(), names.end(), record.name) > 0 ||
                       std::count(ids.begin(), ids.end(), id) > 0;
    if (record.mode == WebhookMode::kSpecific && !named) continue;
    for (const TriggerRecord& trigger : record.triggers) {
      if (StateOfCondition(trigger.condition_json).value_or(0) == experiment.state()) {
        expected.emplace(id, trigger.id);
      }
    }
  }
  std::set<std::pair<int32_t, int32_t>> matched;
  for (const NewDelivery& delivery : request.deliveries) {
    matched.emplace(delivery.webhook_id, delivery.trigger_id);
  }
  if (matched != expected) {
    trace_.Violate("event ", request.event_id, " was stored with ", matched.size(),
                   " matches; of the webhooks at that moment ", expected.size(), " match");
  }
}

void Ledger::CheckSkipped(const AcceptEventRequest& request) {
  for (const NewDelivery& delivery : request.deliveries) {
    const auto webhook = webhooks.find(delivery.webhook_id);
    if (webhook == webhooks.end()) continue;  // CheckMatch has said so
    if (webhook->second.record.disabled_at.has_value() != delivery.skipped) {
      trace_.Violate("event ", request.event_id, " was stored with a delivery to webhook ",
                     delivery.webhook_id, delivery.skipped ? " skipped" : " not skipped",
                     ", but the webhook is ", delivery.skipped ? "enabled" : "disabled");
    }
  }
}

// ---- Deliveries

void Ledger::AskAgain(Delivery& delivery) {
  ++delivery.redeliveries_open;
  ++delivery.open;
  delivery.known.reset();
  delivery.released = true;
  delivery.failures = 0;
  delivery.slack = 0;
  delivery.due = std::min(delivery.due, time_.Now());
}

void Ledger::RedeliveryAsked(int64_t delivery_id) { AskAgain(deliveries.at(delivery_id)); }

void Ledger::RedeliveryAnswered(int64_t delivery_id, const absl::StatusOr<DeliveryRecord>& result) {
  Delivery& delivery = deliveries.at(delivery_id);
  --delivery.redeliveries_open;
  if (result.ok() || IsRefused(result.status())) --delivery.open;
  delivery.uncounted = !result.ok();
  if (!result.ok()) return;
  if (result->state != DeliveryState::kPending) {
    trace_.Violate("delivery ", delivery_id, " was redelivered and is not pending");
  }
  delivery.failures = 0;
  delivery.slack = 0;
  delivery.released = true;
  if (delivery.redeliveries_open == 0) delivery.known = DeliveryState::kPending;
}

std::vector<int64_t> Ledger::ReplayAsked(int32_t webhook_id) {
  ChangeAsked(webhook_id);
  std::vector<int64_t> concerned;
  for (auto& [id, delivery] : deliveries) {
    if (delivery.webhook_id != webhook_id) continue;
    // What is handed over before commits before.
    const bool settled = delivery.open == 0 && delivery.known.has_value();
    if (settled && delivery.known != DeliveryState::kFailed &&
        delivery.known != DeliveryState::kSkipped) {
      continue;
    }
    AskAgain(delivery);
    delivery.uncounted = true;
    concerned.push_back(id);
  }
  return concerned;
}

// Which of them it made pending is not told.
void Ledger::ReplayAnswered(int32_t webhook_id, const std::vector<int64_t>& concerned,
                            const absl::Status& status) {
  ChangeAnswered(webhook_id, status);
  for (const int64_t id : concerned) --deliveries.at(id).redeliveries_open;
  // Those that were accepted in between.
  for (auto& [id, delivery] : deliveries) {
    if (delivery.webhook_id == webhook_id && delivery.known == DeliveryState::kSkipped) {
      delivery.known.reset();
    }
  }
}

void Ledger::CancelAsked(int64_t delivery_id) {
  Delivery& delivery = deliveries.at(delivery_id);
  delivery.cancel_asked = true;
  ++delivery.open;
}

void Ledger::CancelAnswered(int64_t delivery_id, const absl::Status& status) {
  Delivery& delivery = deliveries.at(delivery_id);
  if (status.ok() || IsRefused(status)) --delivery.open;
  if (!status.ok()) return;
  if (delivery.known.has_value() && delivery.known != DeliveryState::kPending) {
    trace_.Violate("delivery ", delivery_id, " was canceled in state ",
                   static_cast<int>(*delivery.known));
  }
  delivery.canceled_in_this_life = true;
  delivery.known.reset();
  if (delivery.redeliveries_open == 0) delivery.known = DeliveryState::kCanceled;
}

void Ledger::CancelSettled(int64_t delivery_id) {
  Delivery& delivery = deliveries.at(delivery_id);
  if (delivery.known == DeliveryState::kCanceled) delivery.canceled_in_this_life = false;
}

// ---- Webhooks

void Ledger::WebhookStored(const WebhookChange& change) {
  if (change.version != version + 1) {
    trace_.Violate("the webhooks went from version ", version, " to ", change.version);
  }
  version = change.version;
  const int32_t id = change.webhook.id;
  const auto known = webhooks.find(id);
  if (known != webhooks.end() && known->second.deleted) {
    trace_.Violate("webhook id ", id, " was given again after its deletion");
  }
  Webhook& webhook = webhooks[id];
  if (webhook.record.id == 0) webhook.created_at = time_.Now();
  webhook.record = change.webhook;
  webhook_of_tag[TagOfUrl(change.webhook.url)] = id;
}

void Ledger::WebhookDisabled(const WebhookChange& change) {
  Webhook& webhook = webhooks.at(change.webhook.id);
  const bool newly =
      change.webhook.disabled_at.has_value() && !webhook.record.disabled_at.has_value();
  const absl::Time since = std::max(webhook.last_confirmed, webhook.created_at);
  if (newly && !webhook.gone && time_.Now() - since < disable_after_) {
    trace_.Violate("webhook ", change.webhook.id, " was disabled (", change.webhook.disabled_reason,
                   "), but answered no 410, and confirmed at ",
                   absl::FormatTime(since, absl::UTCTimeZone()));
  }
  WebhookStored(change);
}

// The catalog shows a webhook before whoever created it is told.
void Ledger::ChangeAsked(int32_t webhook_id) { ++webhooks[webhook_id].open; }

void Ledger::ChangeAnswered(int32_t webhook_id, const absl::Status& status) {
  if (status.ok() || IsRefused(status)) --webhooks.at(webhook_id).open;
}

void Ledger::DeletionAsked(int32_t webhook_id) {
  ChangeAsked(webhook_id);
  for (auto& [id, delivery] : deliveries) {
    if (delivery.webhook_id == webhook_id) delivery.cancel_asked = true;
  }
}

void Ledger::WebhookDeleted(const WebhookDeletion& deletion, int32_t webhook_id) {
  if (deletion.version != version + 1) {
    trace_.Violate("the webhooks went from version ", version, " to ", deletion.version);
  }
  version = deletion.version;
  webhooks.at(webhook_id).deleted = true;
  for (auto& [id, delivery] : deliveries) {
    if (delivery.webhook_id != webhook_id) continue;
    if (delivery.known == DeliveryState::kPending) delivery.known = DeliveryState::kCanceled;
  }
}

void Ledger::Starting() {
  // Due times go on from the wall clock: one that was set forward makes things due.
  if (wall_set_at_ == absl::InfinitePast()) return;
  for (auto& [id, delivery] : deliveries) delivery.due = std::min(delivery.due, time_.Now());
}

void Ledger::Crashed() {
  for (auto& [id, delivery] : deliveries) {
    if (delivery.open > 0 || webhooks.at(delivery.webhook_id).open > 0) delivery.known.reset();
    if (delivery.redeliveries_open > 0) delivery.uncounted = true;
    delivery.redeliveries_open = 0;
    delivery.canceled_in_this_life = false;
  }
  for (auto& [key, conversation] : conversations) {
    counts.repeats_allowed += conversation.unrecorded;
    conversation.unrecorded = 0;
    conversation.last_was_stale = false;
    conversation.ended.clear();
  }
}

}  // namespace webhookd
