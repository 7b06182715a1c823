#include "tests/simulation/observed_store.h"

namespace webhookd {

ObservedStore::ObservedStore(Store& store, Ledger& ledger, SimulatedDisk& disk, Trace& trace,
                             bool errors_expected)
    : store_(store), life_(std::make_shared<Life>(Life{ledger, disk, trace, errors_expected})) {}

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

void ObservedStore::CreateWebhook(WebhookRecord webhook, Done<WebhookChange> done) {
  life_->ledger.tags_asked.insert(TagOfUrl(webhook.url));
  store_.CreateWebhook(std::move(webhook),
                       Observed<WebhookChange>(
                           "create webhook",
                           [](Ledger& ledger, const absl::StatusOr<WebhookChange>& change) {
                             if (change.ok()) ledger.WebhookStored(*change);
                           },
                           std::move(done)));
}

void ObservedStore::UpdateWebhook(WebhookRecord webhook, int64_t version,
                                  Done<WebhookChange> done) {
  const int32_t id = webhook.id;
  life_->ledger.ChangeAsked(id);
  store_.UpdateWebhook(std::move(webhook), version,
                       Observed<WebhookChange>(
                           "update webhook",
                           [id](Ledger& ledger, const absl::StatusOr<WebhookChange>& change) {
                             ledger.ChangeAnswered(id, change.status());
                             if (change.ok()) ledger.WebhookStored(*change);
                           },
                           std::move(done)));
}

void ObservedStore::DeleteWebhook(int32_t webhook_id, absl::Time now, Done<WebhookDeletion> done) {
  life_->ledger.DeletionAsked(webhook_id);
  store_.DeleteWebhook(
      webhook_id, now,
      Observed<WebhookDeletion>(
          "delete webhook",
          [webhook_id](Ledger& ledger, const absl::StatusOr<WebhookDeletion>& deletion) {
            ledger.ChangeAnswered(webhook_id, deletion.status());
            if (deletion.ok()) ledger.WebhookDeleted(*deletion, webhook_id);
          },
          std::move(done)));
}

void ObservedStore::DisableWebhook(int32_t webhook_id, std::string reason, absl::Time now,
                                   Done<WebhookChange> done) {
  life_->ledger.ChangeAsked(webhook_id);
  store_.DisableWebhook(
      webhook_id, std::move(reason), now,
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

void ObservedStore::AcceptEvent(AcceptEventRequest request, Done<AcceptedEvent> done) {
  AcceptEventRequest copy = request;
  copy.bodies.clear();
  store_.AcceptEvent(
      std::move(request),
      Observed<AcceptedEvent>(
          "accept event",
          [copy = std::move(copy)](Ledger& ledger, const absl::StatusOr<AcceptedEvent>& accepted) {
            if (accepted.ok()) ledger.Accepted(copy, *accepted);
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
