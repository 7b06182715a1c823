#ifndef WEBHOOKD_STORAGE_STORE_H_
#define WEBHOOKD_STORAGE_STORE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "storage/account_records.h"
#include "storage/records.h"
#include "storage/webhook_catalog.h"

namespace webhookd {

// Receives the result of a write, once, after it is durable (or failed and left nothing behind).
// Runs on a thread of the store, one after another in the order of the commits, never inside the
// call that started the write: it must be quick and must not wait for another write.
template <typename T>
using Done = absl::AnyInvocable<void(absl::StatusOr<T>) &&>;
using DoneStatus = absl::AnyInvocable<void(absl::Status) &&>;

// What becomes of a webhook as it is at that moment. Called in the write, perhaps more than once:
// it is quick and waits for nothing. Its error is the write's.
using WebhookUpdate = absl::AnyInvocable<absl::StatusOr<WebhookRecord>(const WebhookRecord&)>;

// The events of one report.
struct MatchedReport {
  // As matched against `webhooks`.
  std::vector<AcceptEventRequest> events;
  std::shared_ptr<const WebhookSnapshot> webhooks;
  // Gives the events as these other webhooks make them. Called in the write, perhaps more than
  // once, and perhaps for webhooks that no commit makes the ones in force: then it is called again.
  // Quick, as WebhookUpdate. Null: the events hang on no webhooks.
  absl::AnyInvocable<std::vector<AcceptEventRequest>(std::shared_ptr<const WebhookSnapshot>)>
      match_again;
};

// What webhookd remembers. Thread-safe.
//
// Writes are handed over and commit together with whatever else waits; each is all or nothing.
// Reads block, see every write that was reported as done, and never wait for a writer. Every change
// to a webhook raises the version of the set of webhooks by one, and an event is accepted for the
// webhooks that are in force at its place in the order of the commits: one that was created before
// misses none, and one that was deleted before gets none.
//
// Errors of every call: RESOURCE_EXHAUSTED (disk full, or too many writes waiting), UNAVAILABLE
// (locked by somebody else; stopped), DATA_LOSS (corrupt), INTERNAL (any other failure of the
// database). Lists also give DEADLINE_EXCEEDED (they took longer than the store or their `stop`
// allows) and CANCELLED (their `stop` says that nobody waits). More are named where they occur.
class Store {
 public:
  virtual ~Store() = default;

  // ---- Webhooks. The audit entry of a change, if somebody is to be named for it, is stored with
  // it or not at all; its target_id is completed for a new webhook.

  // The webhooks in force. Lives as long as the store; has every change that was reported as done.
  virtual const WebhookCatalog& catalog() const = 0;

  // The same as they are stored, and failing_since as it is now.
  virtual absl::StatusOr<WebhookSet> LoadWebhooks() = 0;

  // Stores `webhook` under new ids. ALREADY_EXISTS: its name is taken in its workspace (or among
  // the global ones).
  virtual void CreateWebhook(WebhookRecord webhook, std::optional<AuditEntry> audit,
                             Done<WebhookChange> done) = 0;

  // Replaces the webhook by what `update` makes of it. A trigger equal to an old one in type and
  // condition keeps its id. id, created_at and failing_since stay (failing_since is cleared by
  // another URL, and when the webhook was disabled and no longer is). NOT_FOUND; ALREADY_EXISTS as
  // for CreateWebhook; errors of `update`.
  virtual void UpdateWebhook(int32_t webhook_id, WebhookUpdate update,
                             std::optional<AuditEntry> audit, Done<WebhookChange> done) = 0;

  // Deletes the webhook and cancels its pending deliveries. NOT_FOUND.
  virtual void DeleteWebhook(int32_t webhook_id, absl::Time now, std::optional<AuditEntry> audit,
                             Done<WebhookDeletion> done) = 0;

  // Disables the webhook for what became of requests to `url`. An already disabled one keeps its
  // reason, and one whose URL is another by now stays enabled (both count as changed all the same).
  // Its pending deliveries wait. NOT_FOUND.
  virtual void DisableWebhook(int32_t webhook_id, std::string url, std::string reason,
                              absl::Time now, Done<WebhookChange> done) = 0;

  // Remembers since when every attempt of the webhook failed. Raises no version. OK for a deleted
  // webhook.
  virtual void SetFailingSince(int32_t webhook_id, std::optional<absl::Time> since,
                               DoneStatus done) = 0;

  // ---- Events

  // Stores the events of a report, with their bodies, their deliveries and the idempotency key that
  // the first one has, all or nothing; as matched against the webhooks in force when they are
  // stored. A known key of the same caller gives the first report's result; keys are known for 7
  // days at least, counted while a store is open. ALREADY_EXISTS: the key came with another
  // content, or an event with such an id is stored.
  //
  // Deliveries with a once_scope for which their trigger fired before are dropped; if none is left
  // of an event that had some, nothing is stored of it and it has no event_id in the answer.
  virtual void AcceptEvents(MatchedReport report, Done<AcceptedEvents> done) = 0;

  // A page of events, newest first, as ListDeliveries.
  virtual absl::StatusOr<EventPage> ListEvents(const EventFilter& filter) = 0;

  // NOT_FOUND.
  virtual absl::StatusOr<EventRecord> GetEvent(const std::string& event_id) = 0;

  // ---- What events are judged by

  // Replaces states of metric triggers.
  virtual void SaveMetricStates(std::vector<MetricState> states, DoneStatus done) = 0;
  // The latest, by fired_at, at most `limit`; the earliest of them first.
  virtual absl::StatusOr<std::vector<MetricState>> LoadMetricStates(int64_t limit) = 0;

  // Adds or replaces what is known, and forgets what was not refreshed since `forget_before`.
  virtual void SaveKnown(KnownRecords records, absl::Time forget_before, DoneStatus done) = 0;
  // What was refreshed since `since`, of each kind at most `limit`, the latest last.
  virtual absl::StatusOr<KnownRecords> LoadKnown(absl::Time since, int64_t limit) = 0;

  // ---- Deliveries

  // The clock of due times and leases: begins with the wall clock, or where the last process ended
  // if that is later, and then runs as Clock::Steady does, whoever sets the wall clock. Lives as
  // long as the store.
  virtual Clock& due_clock() = 0;

  // Which webhooks have pending deliveries, deleted and disabled ones excepted.
  virtual absl::StatusOr<std::vector<PendingEndpoint>> PendingEndpoints() = 0;

  // Leases pending deliveries of one webhook that are due, the longest due first. It also returns
  // those that this store's process already leased: the dispatcher knows which of them it holds.
  // Leases of an earlier process that used this database are void. Nothing for a disabled webhook,
  // whose next_attempt_at is InfiniteFuture.
  virtual void ClaimDeliveries(ClaimRequest request, Done<ClaimedDeliveries> done) = 0;

  // Records attempts, ends their leases, and moves their deliveries on. A delivery that was
  // canceled meanwhile stays canceled unless the attempt delivered it; one that is no longer
  // pending otherwise only gets the attempt. One that was redelivered meanwhile stays due as
  // Redeliver made it unless the attempt delivered it. Attempts of one delivery in the same call
  // are taken in their order. Never refused because too many writes wait, like ClaimDeliveries,
  // DisableWebhook and SetFailingSince: whoever delivers bounds them.
  virtual void FinishAttempts(std::vector<FinishedAttempt> attempts, DoneStatus done) = 0;

  // A page of deliveries, newest first. It is shorter than asked for, or empty, when it has looked
  // at as many as it may; the next one goes on from there.
  virtual absl::StatusOr<DeliveryPage> ListDeliveries(const DeliveryFilter& filter) = 0;

  // How many deliveries of the webhook are pending, leased ones included.
  virtual absl::StatusOr<int64_t> CountPending(int32_t webhook_id) = 0;

  // NOT_FOUND.
  virtual absl::StatusOr<DeliveryDetails> GetDelivery(int64_t delivery_id) = 0;

  // Makes a delivery pending and due at `now`, at the start of its schedule. An attempt under way
  // goes on. NOT_FOUND; FAILED_PRECONDITION: its webhook was deleted.
  virtual void Redeliver(int64_t delivery_id, absl::Time now, Done<DeliveryRecord> done) = 0;

  // Redelivers all failed (and, if asked, skipped) deliveries of a webhook in a time range; gives
  // their number. NOT_FOUND: no such webhook.
  virtual void Replay(ReplayRequest request, Done<int64_t> done) = 0;

  // Cancels a pending delivery. NOT_FOUND; FAILED_PRECONDITION: it is not pending.
  virtual void CancelDelivery(int64_t delivery_id, absl::Time now, Done<DeliveryRecord> done) = 0;

  // ---- Settings

  // Gives the value stored under `name`, after storing `value` if there was none.
  virtual void LoadOrCreateSetting(std::string name, std::string value, Done<std::string> done) = 0;
};

}  // namespace webhookd

#endif  // WEBHOOKD_STORAGE_STORE_H_
