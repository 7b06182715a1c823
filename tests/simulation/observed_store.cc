#include "tests/simulation/observed_store.h"

namespace webhookd {
namespace {

// Events without what makes them large.
std::vector<AcceptEventRequest> Outlines(std::vector<AcceptEventRequest> events) {
  for (AcceptEventRequest& event : events) event.bodies.clear();
  return events;
}

}  // namespace

ObservedStore::ObservedStore(Store& store, Ledger& ledger, SimulatedDisk& disk, Trace& trace,
                             bool errors_expected)
    : ForwardingStore(store),
      life_(std::make_shared<Life>(Life{ledger, disk, trace, errors_expected})) {}

// Errors must say what is wrong.
void ObservedStore::CheckError(Life& life, const char* what, const absl::Status& status) {
  if (!status.ok()) life.trace.Add(what, ": ", status.ToString());
  if (status.ok() || IsRefused(status) || absl::IsResourceExhausted(status)) return;
  if (life.disk.failed_syncs() == 0 && !life.errors_expected) {
    life.trace.Violate(what, " failed on a disk that is well or full: ", status.ToString());
  }
}

template <typename T, typename Note>
Done<T> ObservedStore::Observed(const char* what, Note note, Done<T> done) {
  return [life = life_, what, note = std::move(note),
          done = std::move(done)](absl::StatusOr<T> result) mutable {
    if (!life->hears()) return;
    CheckError(*life, what, result.status());
    note(life->ledger, result);
    std::move(done)(std::move(result));
  };
}

template <typename Note>
DoneStatus ObservedStore::ObservedStatus(const char* what, Note note, DoneStatus done) {
  return [life = life_, what, note = std::move(note),
          done = std::move(done)](absl::Status status) mutable {
    if (!life->hears()) return;
    CheckError(*life, what, status);
    note(life->ledger, status);
    std::move(done)(std::move(status));
  };
}

void ObservedStore::CreateWebhook(WebhookRecord webhook, std::optional<AuditEntry> audit,
                                  Done<WebhookChange> done) {
  life_->ledger.tags_asked.insert(TagOfUrl(webhook.url));
  store_.CreateWebhook(std::move(webhook), std::move(audit),
                       Observed<WebhookChange>(
                           "create webhook",
                           [](Ledger& ledger, const absl::StatusOr<WebhookChange>& change) {
                             if (change.ok()) ledger.WebhookStored(*change);
                           },
                           std::move(done)));
}

void ObservedStore::UpdateWebhook(int32_t webhook_id, WebhookUpdate update,
                                  std::optional<AuditEntry> audit, Done<WebhookChange> done) {
  const int32_t id = webhook_id;
  life_->ledger.ChangeAsked(id);
  store_.UpdateWebhook(id, std::move(update), std::move(audit),
                       Observed<WebhookChange>(
                           "update webhook",
                           [id](Ledger& ledger, const absl::StatusOr<WebhookChange>& change) {
                             ledger.ChangeAnswered(id, change.status());
                             if (change.ok()) ledger.WebhookStored(*change);
                           },
                           std::move(done)));
}

void ObservedStore::DeleteWebhook(int32_t webhook_id, absl::Time now,
                                  std::optional<AuditEntry> audit, Done<WebhookDeletion> done) {
  life_->ledger.DeletionAsked(webhook_id);
  store_.DeleteWebhook(
      webhook_id, now, std::move(audit),
      Observed<WebhookDeletion>(
          "delete webhook",
          [webhook_id](Ledger& ledger, const absl::StatusOr<WebhookDeletion>& deletion) {
            ledger.ChangeAnswered(webhook_id, deletion.status());
            if (deletion.ok()) ledger.WebhookDeleted(*deletion, webhook_id);
          },
          std::move(done)));
}

void ObservedStore::DisableWebhook(int32_t webhook_id, std::string url, std::string reason,
                                   absl::Time now, Done<WebhookChange> done) {
  life_->ledger.ChangeAsked(webhook_id);
  store_.DisableWebhook(
      webhook_id, std::move(url), std::move(reason), now,
      Observed<WebhookChange>(
          "disable webhook",
          [webhook_id](Ledger& ledger, const absl::StatusOr<WebhookChange>& change) {
            ledger.ChangeAnswered(webhook_id, change.status());
            if (change.ok()) ledger.WebhookDisabled(*change);
          },
          std::move(done)));
}

void ObservedStore::SetFailingSince(int32_t webhook_id, std::optional<absl::Time> since,
                                    DoneStatus done) {
  store_.SetFailingSince(
      webhook_id, since,
      ObservedStatus(
          "set failing since", [](Ledger&, const absl::Status&) {}, std::move(done)));
}

void ObservedStore::AcceptEvents(MatchedReport report, Done<AcceptedEvents> done) {
  // As they were matched last.
  auto events = std::make_shared<std::vector<AcceptEventRequest>>(Outlines(report.events));
  if (report.match_again != nullptr) {
    report.match_again = [events, match_again = std::move(report.match_again)](
                             std::shared_ptr<const WebhookSnapshot> webhooks) mutable {
      std::vector<AcceptEventRequest> matched = match_again(std::move(webhooks));
      *events = Outlines(matched);
      return matched;
    };
  }
  store_.AcceptEvents(std::move(report),
                      Observed<AcceptedEvents>(
                          "accept events",
                          [events](Ledger& ledger, const absl::StatusOr<AcceptedEvents>& accepted) {
                            if (!accepted.ok()) return;
                            for (size_t i = 0; i < accepted->events.size(); ++i) {
                              ledger.Accepted((*events)[i], accepted->events[i]);
                            }
                          },
                          std::move(done)));
}

void ObservedStore::ClaimDeliveries(ClaimRequest request, Done<ClaimedDeliveries> done) {
  store_.ClaimDeliveries(
      request, Observed<ClaimedDeliveries>(
                   "claim deliveries", [](Ledger&, const absl::StatusOr<ClaimedDeliveries>&) {},
                   std::move(done)));
}

void ObservedStore::FinishAttempts(std::vector<FinishedAttempt> attempts, DoneStatus done) {
  life_->ledger.FinishAsked(attempts);
  std::vector<FinishedAttempt> copy = attempts;
  store_.FinishAttempts(std::move(attempts),
                        ObservedStatus(
                            "finish attempts",
                            [copy = std::move(copy)](Ledger& ledger, const absl::Status& status) {
                              if (status.ok()) ledger.Finished(copy);
                            },
                            std::move(done)));
}

void ObservedStore::Redeliver(int64_t delivery_id, absl::Time now, Done<DeliveryRecord> done) {
  life_->ledger.RedeliveryAsked(delivery_id);
  store_.Redeliver(delivery_id, now,
                   Observed<DeliveryRecord>(
                       "redeliver",
                       [delivery_id](Ledger& ledger, const absl::StatusOr<DeliveryRecord>& result) {
                         ledger.RedeliveryAnswered(delivery_id, result);
                       },
                       std::move(done)));
}

void ObservedStore::Replay(ReplayRequest request, Done<int64_t> done) {
  std::vector<int64_t> concerned = life_->ledger.ReplayAsked(request.webhook_id);
  store_.Replay(request, Observed<int64_t>(
                             "replay",
                             [id = request.webhook_id, concerned = std::move(concerned)](
                                 Ledger& ledger, const absl::StatusOr<int64_t>& count) {
                               ledger.ReplayAnswered(id, concerned, count.status());
                             },
                             std::move(done)));
}

void ObservedStore::CancelDelivery(int64_t delivery_id, absl::Time now, Done<DeliveryRecord> done) {
  life_->ledger.CancelAsked(delivery_id);
  store_.CancelDelivery(
      delivery_id, now,
      Observed<DeliveryRecord>(
          "cancel",
          [delivery_id](Ledger& ledger, const absl::StatusOr<DeliveryRecord>& result) {
            ledger.CancelAnswered(delivery_id, result.status());
          },
          std::move(done)));
}

}  // namespace webhookd
