#ifndef WEBHOOKD_TESTS_SIMULATION_OBSERVED_STORE_H_
#define WEBHOOKD_TESTS_SIMULATION_OBSERVED_STORE_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "storage/store.h"
#include "tests/simulation/ledger.h"
#include "tests/simulation/simulated_disk.h"

namespace webhookd {

// Passes everything on to a store, and tells the ledger what is asked and what is answered. Once
// the power is gone or the process is dead it passes no answer on: there is nobody to hear it.
class ObservedStore final : public Store {
 public:
  // All must outlive it, but for its callbacks. Errors that neither a full disk nor failed syncs
  // explain are violations unless `errors_expected`.
  ObservedStore(Store& store, Ledger& ledger, SimulatedDisk& disk, Trace& trace,
                bool errors_expected);

  // The process is dead.
  void Silence() { life_->dead = true; }

  absl::StatusOr<WebhookSet> LoadWebhooks() override { return store_.LoadWebhooks(); }
  void CreateWebhook(WebhookRecord webhook, Done<WebhookChange> done) override;
  void UpdateWebhook(WebhookRecord webhook, int64_t version, Done<WebhookChange> done) override;
  void DeleteWebhook(int32_t webhook_id, absl::Time now, Done<WebhookDeletion> done) override;
  void DisableWebhook(int32_t webhook_id, std::string reason, absl::Time now,
                      Done<WebhookChange> done) override;
  void SetFailingSince(int32_t webhook_id, std::optional<absl::Time> since,
                       DoneStatus done) override;
  void AcceptEvent(AcceptEventRequest request, Done<AcceptedEvent> done) override;
  void AcceptEvents(std::vector<AcceptEventRequest> requests, Done<AcceptedEvents> done) override {
    store_.AcceptEvents(std::move(requests), std::move(done));
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
  void ClaimDeliveries(ClaimRequest request, Done<ClaimedDeliveries> done) override;
  void FinishAttempts(std::vector<FinishedAttempt> attempts, DoneStatus done) override;
  absl::StatusOr<std::vector<DeliveryRecord>> ListDeliveries(
      const DeliveryFilter& filter) override {
    return store_.ListDeliveries(filter);
  }
  absl::StatusOr<int64_t> CountPending(int32_t webhook_id) override {
    return store_.CountPending(webhook_id);
  }
  absl::StatusOr<DeliveryDetails> GetDelivery(int64_t delivery_id) override {
    return store_.GetDelivery(delivery_id);
  }
  void Redeliver(int64_t delivery_id, absl::Time now, Done<DeliveryRecord> done) override;
  void Replay(ReplayRequest request, Done<int64_t> done) override;
  void CancelDelivery(int64_t delivery_id, absl::Time now, Done<DeliveryRecord> done) override;
  void LoadOrCreateSetting(std::string name, std::string value, Done<std::string> done) override {
    store_.LoadOrCreateSetting(std::move(name), std::move(value), std::move(done));
  }

 private:
  struct Life {
    Ledger& ledger;
    SimulatedDisk& disk;
    Trace& trace;
    const bool errors_expected;
    bool dead = false;

    bool hears() const { return !dead && disk.powered(); }
  };

  // Calls `note` with the answer, then passes it on.
  template <typename T, typename Note>
  Done<T> Observed(const char* what, Note note, Done<T> done);
  template <typename Note>
  DoneStatus ObservedStatus(const char* what, Note note, DoneStatus done);
  static void CheckError(Life& life, const char* what, const absl::Status& status);

  Store& store_;
  const std::shared_ptr<Life> life_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_TESTS_SIMULATION_OBSERVED_STORE_H_
