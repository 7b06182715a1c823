#ifndef WEBHOOKD_TESTS_SIMULATION_OBSERVED_STORE_H_
#define WEBHOOKD_TESTS_SIMULATION_OBSERVED_STORE_H_

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/simulation/ledger.h"
#include "tests/simulation/simulated_disk.h"
#include "tests/testing/forwarding_store.h"

namespace webhookd {

// Passes everything on to a store, and tells the ledger what is asked and what is answered. Once
// the power is gone or the process is dead it passes no answer on: there is nobody to hear it.
class ObservedStore final : public ForwardingStore {
 public:
  // All must outlive it, but for its callbacks. Errors that neither a full disk nor failed syncs
  // explain are violations unless `errors_expected`.
  ObservedStore(Store& store, Ledger& ledger, SimulatedDisk& disk, Trace& trace,
                bool errors_expected);

  // The process is dead.
  void Silence() { life_->dead = true; }

  void CreateWebhook(WebhookRecord webhook, std::optional<AuditEntry> audit,
                     Done<WebhookChange> done) override;
  void UpdateWebhook(int32_t webhook_id, WebhookUpdate update, std::optional<AuditEntry> audit,
                     Done<WebhookChange> done) override;
  void DeleteWebhook(int32_t webhook_id, absl::Time now, std::optional<AuditEntry> audit,
                     Done<WebhookDeletion> done) override;
  void DisableWebhook(int32_t webhook_id, std::string url, std::string reason, absl::Time now,
                      Done<WebhookChange> done) override;
  void SetFailingSince(int32_t webhook_id, std::optional<absl::Time> since,
                       DoneStatus done) override;
  void AcceptEvents(MatchedReport report, Done<AcceptedEvents> done) override;
  void ClaimDeliveries(ClaimRequest request, Done<ClaimedDeliveries> done) override;
  void FinishAttempts(std::vector<FinishedAttempt> attempts, DoneStatus done) override;
  void Redeliver(int64_t delivery_id, absl::Time now, Done<DeliveryRecord> done) override;
  void Replay(ReplayRequest request, Done<int64_t> done) override;
  void CancelDelivery(int64_t delivery_id, absl::Time now, Done<DeliveryRecord> done) override;

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

  const std::shared_ptr<Life> life_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_TESTS_SIMULATION_OBSERVED_STORE_H_
