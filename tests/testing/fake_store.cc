#include "tests/testing/fake_store.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace webhookd {

template <typename T, typename Write>
void FakeStore::Post(Done<T> done, Write write) {
  writer_.Post([done = std::move(done), write = std::move(write)]() mutable {
    absl::StatusOr<T> result = write();
    std::move(done)(std::move(result));
  });
}

// ---- For tests

WebhookRecord FakeStore::AddWebhook(WebhookRecord webhook) {
  MutexLock lock(mutex_);
  return Insert(std::move(webhook)).value().webhook;
}

void FakeStore::FailAccept(absl::Status error) {
  MutexLock lock(mutex_);
  accept_errors_.push_back(std::move(error));
}

void FakeStore::BeforeAccept(std::function<void()> hook) {
  MutexLock lock(mutex_);
  before_accept_ = std::move(hook);
}

std::vector<AcceptEventRequest> FakeStore::accept_requests() const {
  MutexLock lock(mutex_);
  return accept_requests_;
}

int FakeStore::loads() const {
  MutexLock lock(mutex_);
  return loads_;
}

// ---- Webhooks

absl::StatusOr<WebhookRecord*> FakeStore::FindWebhook(int32_t webhook_id) {
  const auto found = webhooks_.find(webhook_id);
  if (found == webhooks_.end()) {
    return absl::NotFoundError(absl::StrCat("there is no webhook ", webhook_id));
  }
  return &found->second;
}

absl::Status FakeStore::CheckName(const WebhookRecord& webhook) const {
  for (const auto& [id, other] : webhooks_) {
    if (id != webhook.id && other.name == webhook.name &&
        other.workspace_id == webhook.workspace_id) {
      return absl::AlreadyExistsError(absl::StrCat("the name ", webhook.name, " is taken"));
    }
  }
  return absl::OkStatus();
}

WebhookChange FakeStore::Changed(const WebhookRecord& webhook) {
  return {.version = ++version_, .webhook = webhook};
}

absl::StatusOr<WebhookChange> FakeStore::Insert(WebhookRecord webhook) {
  RETURN_IF_ERROR(CheckName(webhook));
  webhook.id = ++last_webhook_id_;
  for (TriggerRecord& trigger : webhook.triggers) trigger.id = ++last_trigger_id_;
  return Changed(webhooks_[webhook.id] = std::move(webhook));
}

absl::StatusOr<WebhookSet> FakeStore::LoadWebhooks() {
  MutexLock lock(mutex_);
  ++loads_;
  WebhookSet set = {.version = version_};
  for (const auto& [id, webhook] : webhooks_) set.webhooks.push_back(webhook);
  return set;
}

void FakeStore::CreateWebhook(WebhookRecord webhook, Done<WebhookChange> done) {
  Post(std::move(done), [this, webhook = std::move(webhook)]() mutable {
    MutexLock lock(mutex_);
    return Insert(std::move(webhook));
  });
}

void FakeStore::UpdateWebhook(WebhookRecord webhook, int64_t version, Done<WebhookChange> done) {
  Post(std::move(done),
       [this, webhook = std::move(webhook), version]() mutable -> absl::StatusOr<WebhookChange> {
         MutexLock lock(mutex_);
         ASSIGN_OR_RETURN(WebhookRecord* const old, FindWebhook(webhook.id));
         if (version != version_) return absl::AbortedError("the webhooks changed");
         RETURN_IF_ERROR(CheckName(webhook));
         std::vector<TriggerRecord> unused = old->triggers;
         for (TriggerRecord& trigger : webhook.triggers) {
           const auto kept = std::find_if(unused.begin(), unused.end(), [&](const auto& other) {
             return other.type == trigger.type && other.condition_json == trigger.condition_json;
           });
           trigger.id = kept == unused.end() ? ++last_trigger_id_ : kept->id;
           if (kept != unused.end()) unused.erase(kept);
         }
         std::sort(webhook.triggers.begin(), webhook.triggers.end(),
                   [](const auto& a, const auto& b) { return a.id < b.id; });
         const bool begins_anew = old->url != webhook.url || (old->disabled_at.has_value() &&
                                                              !webhook.disabled_at.has_value());
         webhook.created_at = old->created_at;
         webhook.failing_since = begins_anew ? std::nullopt : old->failing_since;
         *old = std::move(webhook);
         return Changed(*old);
       });
}

void FakeStore::DeleteWebhook(int32_t webhook_id, absl::Time now, Done<WebhookDeletion> done) {
  Post(std::move(done), [this, webhook_id, now]() -> absl::StatusOr<WebhookDeletion> {
    MutexLock lock(mutex_);
    RETURN_IF_ERROR(FindWebhook(webhook_id).status());
    webhooks_.erase(webhook_id);
    WebhookDeletion deletion = {.version = ++version_};
    for (auto& [id, delivery] : deliveries_) {
      DeliveryRecord& record = delivery.record;
      if (record.webhook_id != webhook_id || record.state != DeliveryState::kPending) continue;
      record.state = DeliveryState::kCanceled;
      record.lease_until.reset();
      record.finished_at = now;
      ++deletion.canceled_deliveries;
    }
    return deletion;
  });
}

void FakeStore::DisableWebhook(int32_t webhook_id, std::string reason, absl::Time now,
                               Done<WebhookChange> done) {
  Post(std::move(done),
       [this, webhook_id, reason = std::move(reason),
        now]() mutable -> absl::StatusOr<WebhookChange> {
         MutexLock lock(mutex_);
         ASSIGN_OR_RETURN(WebhookRecord* const webhook, FindWebhook(webhook_id));
         if (!webhook->disabled_at.has_value()) {
           webhook->disabled_at = now;
           webhook->disabled_reason = std::move(reason);
         }
         return Changed(*webhook);
       });
}

void FakeStore::SetFailingSince(int32_t webhook_id, std::optional<absl::Time> since,
                                DoneStatus done) {
  writer_.Post([this, webhook_id, since, done = std::move(done)]() mutable {
    {
      MutexLock lock(mutex_);
      const auto webhook = webhooks_.find(webhook_id);
      if (webhook != webhooks_.end()) webhook->second.failing_since = since;
    }
    std::move(done)(absl::OkStatus());
  });
}

// ---- Events

void FakeStore::AcceptEvent(AcceptEventRequest request, Done<AcceptedEvent> done) {
  writer_.Post([this, request = std::move(request), done = std::move(done)]() mutable {
    RunHook();
    absl::StatusOr<AcceptedEvent> accepted = [&] {
      MutexLock lock(mutex_);
      return Accept(request);
    }();
    std::move(done)(std::move(accepted));
  });
}

void FakeStore::RunHook() {
  std::function<void()> hook;
  {
    MutexLock lock(mutex_);
    hook = before_accept_;
  }
  if (hook) hook();
}

void FakeStore::AcceptEvents(std::vector<AcceptEventRequest> requests, Done<AcceptedEvents> done) {
  writer_.Post([this, requests = std::move(requests), done = std::move(done)]() mutable {
    RunHook();
    absl::StatusOr<AcceptedEvents> accepted = [&] {
      MutexLock lock(mutex_);
      return AcceptAll(std::move(requests));
    }();
    std::move(done)(std::move(accepted));
  });
}

absl::StatusOr<AcceptedEvents> FakeStore::AcceptAll(std::vector<AcceptEventRequest> requests) {
  AcceptedEvents accepted;
  const std::string key = requests.front().idempotency_key;
  while (!key.empty()) {
    const auto known = events_by_key_.find(absl::StrCat(key, "/", accepted.events.size()));
    if (known == events_by_key_.end()) break;
    accepted.duplicate = true;
    accepted.events.push_back(known->second);
  }
  if (accepted.duplicate) return accepted;
  size_t stored = 0;
  for (AcceptEventRequest& request : requests) {
    if (!key.empty()) request.idempotency_key = absl::StrCat(key, "/", stored);
    ASSIGN_OR_RETURN(AcceptedEvent event, Accept(request));
    if (!event.event_id.empty()) ++stored;
    accepted.events.push_back(std::move(event));
  }
  return accepted;
}

absl::StatusOr<EventPage> FakeStore::ListEvents(const EventFilter& filter) {
  MutexLock lock(mutex_);
  EventPage page;
  for (auto event = events_.rbegin(); event != events_.rend(); ++event) {
    if (filter.before_id != 0 && event->id >= filter.before_id) continue;
    if (static_cast<int>(page.events.size()) == filter.limit) {
      page.next_before_id = page.events.back().id;
      break;
    }
    if (!filter.event_type.empty() && event->event_type != filter.event_type) continue;
    if (filter.experiment_id != 0 && event->experiment_id != filter.experiment_id) continue;
    page.events.push_back(*event);
  }
  return page;
}

absl::StatusOr<EventRecord> FakeStore::GetEvent(const std::string& event_id) {
  MutexLock lock(mutex_);
  for (const EventRecord& event : events_) {
    if (event.event_id == event_id) return event;
  }
  return absl::NotFoundError(absl::StrCat("there is no event ", event_id));
}

void FakeStore::SaveMetricStates(std::vector<MetricState> states, DoneStatus done) {
  writer_.Post([this, states = std::move(states), done = std::move(done)]() mutable {
    {
      MutexLock lock(mutex_);
      for (const MetricState& state : states) {
        metric_states_[{state.trigger_id, state.trial_id, state.group}] = state;
      }
    }
    std::move(done)(absl::OkStatus());
  });
}

absl::StatusOr<std::vector<MetricState>> FakeStore::LoadMetricStates(int64_t /*limit*/) {
  MutexLock lock(mutex_);
  std::vector<MetricState> states;
  for (const auto& [key, state] : metric_states_) states.push_back(state);
  return states;
}

void FakeStore::SaveKnown(KnownRecords records, absl::Time /*forget_before*/, DoneStatus done) {
  writer_.Post([this, records = std::move(records), done = std::move(done)]() mutable {
    {
      MutexLock lock(mutex_);
      for (const KnownExperiment& known : records.experiments) known_experiments_[known.id] = known;
      for (const KnownTask& known : records.tasks) known_tasks_[known.task_id] = known;
      for (const KnownTrial& known : records.trials) known_trials_[known.trial_id] = known;
    }
    std::move(done)(absl::OkStatus());
  });
}

absl::StatusOr<KnownRecords> FakeStore::LoadKnown(absl::Time since, int64_t /*limit*/) {
  MutexLock lock(mutex_);
  KnownRecords records;
  const auto add = [since](const auto& from, auto& to) {
    for (const auto& [key, known] : from) {
      if (known.refreshed_at >= since) to.push_back(known);
    }
  };
  add(known_experiments_, records.experiments);
  add(known_tasks_, records.tasks);
  add(known_trials_, records.trials);
  return records;
}

bool FakeStore::FiredBefore(const NewDelivery& delivery) const {
  return !delivery.once_scope.empty() &&
         fired_once_.count({delivery.trigger_id, delivery.once_scope}) > 0;
}

absl::StatusOr<AcceptedEvent> FakeStore::Accept(const AcceptEventRequest& request) {
  accept_requests_.push_back(request);
  if (!accept_errors_.empty()) {
    absl::Status error = std::move(accept_errors_.front());
    accept_errors_.pop_front();
    return error;
  }
  const auto known = events_by_key_.find(request.idempotency_key);
  if (known != events_by_key_.end()) {
    AcceptedEvent event = known->second;
    event.duplicate = true;
    if (event.deliveries.size() > 1000) event.deliveries.resize(1000);
    return event;
  }
  if (request.webhooks_version != version_) return absl::AbortedError("the webhooks changed");

  bool stored = request.deliveries.empty();
  for (const NewDelivery& wanted : request.deliveries) stored |= !FiredBefore(wanted);
  AcceptedEvent event;
  if (stored) event.event_id = request.event_id;
  for (const NewDelivery& wanted : request.deliveries) {
    if (FiredBefore(wanted)) {
      event.deliveries.push_back({.webhook_id = wanted.webhook_id,
                                  .trigger_id = wanted.trigger_id,
                                  .skipped = wanted.skipped});
      continue;
    }
    if (!wanted.once_scope.empty()) fired_once_.insert({wanted.trigger_id, wanted.once_scope});
    ++event.delivery_count;
    const int64_t id = ++last_delivery_id_;
    Delivery& delivery = deliveries_[id];
    delivery.body = request.bodies.at(wanted.body);
    delivery.record = {.id = id,
                       .event_id = request.event_id,
                       .event_type = request.event_type,
                       .webhook_id = wanted.webhook_id,
                       .webhook_name = webhooks_[wanted.webhook_id].name,
                       .trigger_id = wanted.trigger_id,
                       .state = wanted.skipped ? DeliveryState::kSkipped : DeliveryState::kPending,
                       .next_attempt_at = request.accepted_at + request.first_wait,
                       .created_at = request.accepted_at};
    if (wanted.claimed) delivery.record.lease_until = request.lease_until;
    if (wanted.skipped) delivery.record.finished_at = request.accepted_at;
    event.deliveries.push_back({.delivery_id = id,
                                .webhook_id = wanted.webhook_id,
                                .trigger_id = wanted.trigger_id,
                                .skipped = wanted.skipped});
  }
  if (event.event_id.empty()) return event;
  for (const MetricState& state : request.metric_states) {
    metric_states_[{state.trigger_id, state.trial_id, state.group}] = state;
  }
  events_.push_back({.id = static_cast<int64_t>(events_.size()) + 1,
                     .event_id = request.event_id,
                     .event_type = request.event_type,
                     .experiment_id = request.experiment_id,
                     .occurred_at = request.occurred_at,
                     .accepted_at = request.accepted_at,
                     .delivery_count = event.delivery_count,
                     .input = request.input});
  if (!request.idempotency_key.empty()) events_by_key_[request.idempotency_key] = event;
  return event;
}

// ---- Deliveries

absl::StatusOr<FakeStore::Delivery*> FakeStore::FindDelivery(int64_t delivery_id) {
  const auto found = deliveries_.find(delivery_id);
  if (found == deliveries_.end()) {
    return absl::NotFoundError(absl::StrCat("there is no delivery ", delivery_id));
  }
  return &found->second;
}

absl::StatusOr<std::vector<PendingEndpoint>> FakeStore::PendingEndpoints() {
  MutexLock lock(mutex_);
  std::map<int32_t, absl::Time> earliest;
  for (const auto& [id, delivery] : deliveries_) {
    const DeliveryRecord& record = delivery.record;
    const auto webhook = webhooks_.find(record.webhook_id);
    if (record.state != DeliveryState::kPending || webhook == webhooks_.end() ||
        webhook->second.disabled_at.has_value()) {
      continue;
    }
    const auto [at, added] = earliest.try_emplace(record.webhook_id, record.next_attempt_at);
    if (!added) at->second = std::min(at->second, record.next_attempt_at);
  }
  std::vector<PendingEndpoint> endpoints;
  for (const auto& [webhook_id, at] : earliest) endpoints.push_back({webhook_id, at});
  return endpoints;
}

void FakeStore::ClaimDeliveries(ClaimRequest request, Done<ClaimedDeliveries> done) {
  Post(std::move(done), [this, request]() -> absl::StatusOr<ClaimedDeliveries> {
    MutexLock lock(mutex_);
    ClaimedDeliveries claimed;
    const auto webhook = webhooks_.find(request.webhook_id);
    if (webhook == webhooks_.end() || webhook->second.disabled_at.has_value()) return claimed;
    std::vector<Delivery*> pending;
    for (auto& [id, delivery] : deliveries_) {
      if (delivery.record.webhook_id == request.webhook_id &&
          delivery.record.state == DeliveryState::kPending) {
        pending.push_back(&delivery);
      }
    }
    std::stable_sort(pending.begin(), pending.end(), [](const Delivery* a, const Delivery* b) {
      return a->record.next_attempt_at < b->record.next_attempt_at;
    });
    for (Delivery* const delivery : pending) {
      if (delivery->record.next_attempt_at > request.now ||
          claimed.deliveries.size() == static_cast<size_t>(request.limit)) {
        claimed.next_attempt_at = delivery->record.next_attempt_at;
        break;
      }
      delivery->record.lease_until = request.lease_until;
      claimed.deliveries.push_back({.id = delivery->record.id,
                                    .webhook_id = request.webhook_id,
                                    .event_id = delivery->record.event_id,
                                    .body = delivery->body,
                                    .attempt_count = delivery->record.attempt_count,
                                    .schedule_step = delivery->schedule_step,
                                    .lease_until = request.lease_until});
    }
    return claimed;
  });
}

void FakeStore::FinishAttempts(std::vector<FinishedAttempt> attempts, DoneStatus done) {
  {
    MutexLock lock(mutex_);
    finish_batches_.push_back(attempts.size());
  }
  writer_.Post([this, attempts = std::move(attempts), done = std::move(done)]() mutable {
    absl::Status status;
    {
      MutexLock lock(mutex_);
      if (!finish_failures_.empty()) {
        status = finish_failures_.front();
        finish_failures_.pop_front();
      }
      for (const FinishedAttempt& finished : attempts) {
        if (finish_refused_.count(finished.delivery_id) > 0) {
          status.Update(absl::InternalError("this delivery is refused"));
        }
      }
      if (status.ok()) {
        for (const FinishedAttempt& finished : attempts) Record(finished);
      }
    }
    std::move(done)(std::move(status));
  });
}

void FakeStore::FailFinish(absl::Status error) {
  MutexLock lock(mutex_);
  finish_failures_.push_back(std::move(error));
}

void FakeStore::RefuseFinishOf(int64_t delivery_id) {
  MutexLock lock(mutex_);
  finish_refused_.insert(delivery_id);
}

std::vector<size_t> FakeStore::finish_batches() const {
  MutexLock lock(mutex_);
  return finish_batches_;
}

void FakeStore::Record(const FinishedAttempt& finished) {
  const absl::StatusOr<Delivery*> found = FindDelivery(finished.delivery_id);
  if (!found.ok()) return;
  Delivery& delivery = **found;
  DeliveryRecord& record = delivery.record;
  delivery.attempts.push_back(finished.attempt);
  record.attempt_count = std::max(record.attempt_count, finished.attempt.number);
  record.last_status = finished.attempt.status;
  record.last_error_class = finished.attempt.error_class;
  const bool delivered_after_all =
      record.state == DeliveryState::kCanceled && finished.state == DeliveryState::kDelivered;
  if (record.state != DeliveryState::kPending && !delivered_after_all) return;
  record.state = finished.state;
  record.lease_until.reset();
  if (finished.state == DeliveryState::kPending) {
    record.next_attempt_at = finished.next_attempt_at;
    delivery.schedule_step = finished.schedule_step;
  } else {
    record.finished_at = finished.attempt.started_at + finished.attempt.duration;
  }
}

absl::StatusOr<std::vector<DeliveryRecord>> FakeStore::ListDeliveries(
    const DeliveryFilter& filter) {
  MutexLock lock(mutex_);
  std::vector<DeliveryRecord> records;
  for (auto it = deliveries_.rbegin(); it != deliveries_.rend(); ++it) {
    const DeliveryRecord& record = it->second.record;
    const bool leased = record.lease_until.has_value() && *record.lease_until > filter.now;
    if (filter.webhook_id != 0 && record.webhook_id != filter.webhook_id) continue;
    if (filter.state.has_value() && record.state != *filter.state) continue;
    if (filter.leased.has_value() && leased != *filter.leased) continue;
    if (!absl::StartsWith(record.event_id, filter.event_id)) continue;
    if (filter.created_from.has_value() && record.created_at < *filter.created_from) continue;
    if (filter.created_before.has_value() && record.created_at >= *filter.created_before) continue;
    if (filter.before_id != 0 && record.id >= filter.before_id) continue;
    if (records.size() == static_cast<size_t>(filter.limit)) break;
    records.push_back(record);
  }
  return records;
}

absl::StatusOr<int64_t> FakeStore::CountPending(int32_t webhook_id) {
  MutexLock lock(mutex_);
  return std::count_if(deliveries_.begin(), deliveries_.end(), [webhook_id](const auto& entry) {
    const DeliveryRecord& record = entry.second.record;
    return record.webhook_id == webhook_id && record.state == DeliveryState::kPending;
  });
}

absl::StatusOr<DeliveryDetails> FakeStore::GetDelivery(int64_t delivery_id) {
  MutexLock lock(mutex_);
  ASSIGN_OR_RETURN(const Delivery* const delivery, FindDelivery(delivery_id));
  DeliveryDetails details = {.delivery = delivery->record, .body = *delivery->body};
  const size_t skip = delivery->attempts.size() > 100 ? delivery->attempts.size() - 100 : 0;
  details.attempts.assign(delivery->attempts.begin() + static_cast<ptrdiff_t>(skip),
                          delivery->attempts.end());
  return details;
}

void FakeStore::Requeue(Delivery& delivery, absl::Time now) {
  delivery.record.state = DeliveryState::kPending;
  delivery.record.next_attempt_at = now;
  delivery.record.lease_until.reset();
  delivery.record.finished_at.reset();
  delivery.schedule_step = 0;
}

void FakeStore::Redeliver(int64_t delivery_id, absl::Time now, Done<DeliveryRecord> done) {
  Post(std::move(done), [this, delivery_id, now]() -> absl::StatusOr<DeliveryRecord> {
    MutexLock lock(mutex_);
    ASSIGN_OR_RETURN(Delivery* const delivery, FindDelivery(delivery_id));
    if (webhooks_.count(delivery->record.webhook_id) == 0) {
      return absl::FailedPreconditionError("its webhook was deleted");
    }
    Requeue(*delivery, now);
    return delivery->record;
  });
}

void FakeStore::Replay(ReplayRequest request, Done<int64_t> done) {
  Post(std::move(done), [this, request]() -> absl::StatusOr<int64_t> {
    MutexLock lock(mutex_);
    RETURN_IF_ERROR(FindWebhook(request.webhook_id).status());
    int64_t count = 0;
    for (auto& [id, delivery] : deliveries_) {
      const DeliveryRecord& record = delivery.record;
      const bool wanted = record.state == DeliveryState::kFailed ||
                          (record.state == DeliveryState::kSkipped && request.include_skipped);
      if (record.webhook_id != request.webhook_id || !wanted ||
          (request.created_from.has_value() && record.created_at < *request.created_from) ||
          (request.created_before.has_value() && record.created_at >= *request.created_before)) {
        continue;
      }
      Requeue(delivery, request.now);
      ++count;
    }
    return count;
  });
}

void FakeStore::CancelDelivery(int64_t delivery_id, absl::Time now, Done<DeliveryRecord> done) {
  Post(std::move(done), [this, delivery_id, now]() -> absl::StatusOr<DeliveryRecord> {
    MutexLock lock(mutex_);
    ASSIGN_OR_RETURN(Delivery* const delivery, FindDelivery(delivery_id));
    if (delivery->record.state != DeliveryState::kPending) {
      return absl::FailedPreconditionError("it is not pending");
    }
    delivery->record.state = DeliveryState::kCanceled;
    delivery->record.lease_until.reset();
    delivery->record.finished_at = now;
    return delivery->record;
  });
}

// ---- Settings

void FakeStore::LoadOrCreateSetting(std::string name, std::string value, Done<std::string> done) {
  Post(std::move(done),
       [this, name = std::move(name),
        value = std::move(value)]() mutable -> absl::StatusOr<std::string> {
         MutexLock lock(mutex_);
         return settings_.try_emplace(std::move(name), std::move(value)).first->second;
       });
}

}  // namespace webhookd
