#ifndef WEBHOOKD_TESTS_TESTING_FORWARDING_STORE_H_
#define WEBHOOKD_TESTS_TESTING_FORWARDING_STORE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "storage/store.h"

namespace webhookd {

// Passes everything on to a store; those who derive from it change some of it.
class ForwardingStore : public Store {
 public:
  // `store` must outlive it.
  explicit ForwardingStore(Store& store) : store_(store) {}

  const WebhookCatalog& catalog() const override { return store_.catalog(); }
  Clock& due_clock() override { return store_.due_clock(); }
  absl::StatusOr<WebhookSet> LoadWebhooks() override { return store_.LoadWebhooks(); }
  void CreateWebhook(WebhookRecord webhook, std::optional<AuditEntry> audit,
                     Done<WebhookChange> done) override {
    store_.CreateWebhook(std::move(webhook), std::move(audit), std::move(done));
  }
  void UpdateWebhook(int32_t webhook_id, WebhookUpdate update, std::optional<AuditEntry> audit,
                     Done<WebhookChange> done) override {
    store_.UpdateWebhook(webhook_id, std::move(update), std::move(audit), std::move(done));
  }
  void DeleteWebhook(int32_t webhook_id, absl::Time now, std::optional<AuditEntry> audit,
                     Done<WebhookDeletion> done) override {
    store_.DeleteWebhook(webhook_id, now, std::move(audit), std::move(done));
  }
  void DisableWebhook(int32_t webhook_id, std::string url, std::string reason, absl::Time now,
                      Done<WebhookChange> done) override {
    store_.DisableWebhook(webhook_id, std::move(url), std::move(reason), now, std::move(done));
  }
  void SetFailingSince(int32_t webhook_id, std::optional<absl::Time> since,
                       DoneStatus done) override {
    store_.SetFailingSince(webhook_id, since, std::move(done));
  }
  void AcceptEvents(MatchedReport report, Done<AcceptedEvents> done) override {
    store_.AcceptEvents(std::move(report), std::move(done));
  }
  absl::StatusOr<EventPage> ListEvents(const EventFilter& filter) override {
    return store_.ListEvents(filter);
  }
  absl::StatusOr<EventRecord> GetEvent(const std::string& event_id) override {
    return store_.GetEvent(event_id);
  }
  void SaveMetricStates(std::vector<MetricState> states, DoneStatus done) override {
    store_.SaveMetricStates(std::move(states), std::move(done));
  }
  absl::StatusOr<std::vector<MetricState>> LoadMetricStates(int64_t limit) override {
    return store_.LoadMetricStates(limit);
  }
  void SaveKnown(KnownRecords records, absl::Time forget_before, DoneStatus done) override {
    store_.SaveKnown(std::move(records), forget_before, std::move(done));
  }
  absl::StatusOr<KnownRecords> LoadKnown(absl::Time since, int64_t limit) override {
    return store_.LoadKnown(since, limit);
  }
  absl::StatusOr<std::vector<PendingEndpoint>> PendingEndpoints() override {
    return store_.PendingEndpoints();
  }
  void ClaimDeliveries(ClaimRequest request, Done<ClaimedDeliveries> done) override {
    store_.ClaimDeliveries(request, std::move(done));
  }
  void FinishAttempts(std::vector<FinishedAttempt> attempts, DoneStatus done) override {
    store_.FinishAttempts(std::move(attempts), std::move(done));
  }
  absl::StatusOr<DeliveryPage> ListDeliveries(const DeliveryFilter& filter) override {
    return store_.ListDeliveries(filter);
  }
  absl::StatusOr<int64_t> CountPending(int32_t webhook_id) override {
    return store_.CountPending(webhook_id);
  }
  absl::StatusOr<DeliveryDetails> GetDelivery(int64_t delivery_id) override {
    return store_.GetDelivery(delivery_id);
  }
  void Redeliver(int64_t delivery_id, absl::Time now, Done<DeliveryRecord> done) override {
    store_.Redeliver(delivery_id, now, std::move(done));
  }
  void Replay(ReplayRequest request, Done<int64_t> done) override {
    store_.Replay(request, std::move(done));
  }
  void CancelDelivery(int64_t delivery_id, absl::Time now, Done<DeliveryRecord> done) override {
    store_.CancelDelivery(delivery_id, now, std::move(done));
  }
  void LoadOrCreateSetting(std::string name, std::string value, Done<std::string> done) override {
    store_.LoadOrCreateSetting(std::move(name), std::move(value), std::move(done));
  }

 protected:
  Store& store_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_TESTS_TESTING_FORWARDING_STORE_H_
