#ifndef WEBHOOKD_TESTS_TESTING_FAKE_STORE_H_
#define WEBHOOKD_TESTS_TESTING_FAKE_STORE_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "base/executor.h"
#include "base/mutex.h"
#include "storage/store.h"

namespace webhookd {

// A Store in memory. Its writes, and their callbacks, are tasks of `writer`. Thread-safe.
class FakeStore final : public Store {
 public:
  // `writer` must outlive the store; the store must outlive the tasks it posted.
  explicit FakeStore(Executor& writer) : writer_(writer) {}

  // ---- For tests

  // Stores a webhook at once, as another process would: nobody here is told. Gives it with its ids.
  WebhookRecord AddWebhook(WebhookRecord webhook);
  // The next AcceptEvent stores nothing and answers so. Several wait for as many calls.
  void FailAccept(absl::Status error);
  // The next FinishAttempts records nothing and answers so. Several wait for as many calls.
  void FailFinish(absl::Status error);
  // Every FinishAttempts with an attempt of this delivery records nothing and fails.
  void RefuseFinishOf(int64_t delivery_id);
  // How many attempts each FinishAttempts was called with, first one first.
  std::vector<size_t> finish_batches() const;
  // Runs on the writer before each AcceptEvent.
  void BeforeAccept(std::function<void()> hook);
  // What AcceptEvent was called with, first one first.
  std::vector<AcceptEventRequest> accept_requests() const;
  // How often LoadWebhooks was called.
  int loads() const;

  // ---- Store

  absl::StatusOr<WebhookSet> LoadWebhooks() override;
  void CreateWebhook(WebhookRecord webhook, Done<WebhookChange> done) override;
  void UpdateWebhook(WebhookRecord webhook, int64_t version, Done<WebhookChange> done) override;
  void DeleteWebhook(int32_t webhook_id, absl::Time now, Done<WebhookDeletion> done) override;
  void DisableWebhook(int32_t webhook_id, std::string reason, absl::Time now,
                      Done<WebhookChange> done) override;
  void SetFailingSince(int32_t webhook_id, std::optional<absl::Time> since,
                       DoneStatus done) override;
  void AcceptEvent(AcceptEventRequest request, Done<AcceptedEvent> done) override;
  void AcceptEvents(std::vector<AcceptEventRequest> requests, Done<AcceptedEvents> done) override;
  absl::StatusOr<EventPage> ListEvents(const EventFilter& filter) override;
  absl::StatusOr<EventRecord> GetEvent(const std::string& event_id) override;
  void SaveMetricStates(std::vector<MetricState> states, DoneStatus done) override;
  absl::StatusOr<std::vector<MetricState>> LoadMetricStates(int64_t limit) override;
  void SaveKnown(KnownRecords records, absl::Time forget_before, DoneStatus done) override;
  absl::StatusOr<KnownRecords> LoadKnown(absl::Time since, int64_t limit) override;
  absl::StatusOr<std::vector<PendingEndpoint>> PendingEndpoints() override;
  void ClaimDeliveries(ClaimRequest request, Done<ClaimedDeliveries> done) override;
  void FinishAttempts(std::vector<FinishedAttempt> attempts, DoneStatus done) override;
  absl::StatusOr<std::vector<DeliveryRecord>> ListDeliveries(const DeliveryFilter& filter) override;
  absl::StatusOr<int64_t> CountPending(int32_t webhook_id) override;
  absl::StatusOr<DeliveryDetails> GetDelivery(int64_t delivery_id) override;
  void Redeliver(int64_t delivery_id, absl::Time now, Done<DeliveryRecord> done) override;
  void Replay(ReplayRequest request, Done<int64_t> done) override;
  void CancelDelivery(int64_t delivery_id, absl::Time now, Done<DeliveryRecord> done) override;
  void LoadOrCreateSetting(std::string name, std::string value, Done<std::string> done) override;

 private:
  struct Delivery {
    DeliveryRecord record;
    std::shared_ptr<const std::string> body;
    int schedule_step = 0;
    std::vector<AttemptRecord> attempts;
  };

  // Posts a task that calls `write`, and `done` with its result.
  template <typename T, typename Write>
  void Post(Done<T> done, Write write);

  absl::StatusOr<WebhookChange> Insert(WebhookRecord webhook) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  WebhookChange Changed(const WebhookRecord& webhook) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status CheckName(const WebhookRecord& webhook) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<WebhookRecord*> FindWebhook(int32_t webhook_id)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<Delivery*> FindDelivery(int64_t delivery_id) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Requeue(Delivery& delivery, absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<AcceptedEvent> Accept(const AcceptEventRequest& request)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<AcceptedEvents> AcceptAll(std::vector<AcceptEventRequest> requests)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool FiredBefore(const NewDelivery& delivery) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Runs the hook of BeforeAccept.
  void RunHook();
  void Record(const FinishedAttempt& finished) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  Executor& writer_;
  mutable Mutex mutex_;
  std::function<void()> before_accept_ ABSL_GUARDED_BY(mutex_);
  std::deque<absl::Status> accept_errors_ ABSL_GUARDED_BY(mutex_);
  std::deque<absl::Status> finish_failures_ ABSL_GUARDED_BY(mutex_);
  std::set<int64_t> finish_refused_ ABSL_GUARDED_BY(mutex_);
  std::vector<size_t> finish_batches_ ABSL_GUARDED_BY(mutex_);
  std::vector<AcceptEventRequest> accept_requests_ ABSL_GUARDED_BY(mutex_);
  int loads_ ABSL_GUARDED_BY(mutex_) = 0;

  int64_t version_ ABSL_GUARDED_BY(mutex_) = 1;
  int32_t last_webhook_id_ ABSL_GUARDED_BY(mutex_) = 0;
  int32_t last_trigger_id_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t last_delivery_id_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<int32_t, WebhookRecord> webhooks_ ABSL_GUARDED_BY(mutex_);
  std::map<int64_t, Delivery> deliveries_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, AcceptedEvent> events_by_key_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, std::string> settings_ ABSL_GUARDED_BY(mutex_);
  std::vector<EventRecord> events_ ABSL_GUARDED_BY(mutex_);
  std::set<std::pair<int32_t, std::string>> fired_once_ ABSL_GUARDED_BY(mutex_);
  std::map<std::tuple<int32_t, int32_t, MetricGroup>, MetricState> metric_states_
      ABSL_GUARDED_BY(mutex_);
  std::map<int32_t, KnownExperiment> known_experiments_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, KnownTask> known_tasks_ ABSL_GUARDED_BY(mutex_);
  std::map<int32_t, KnownTrial> known_trials_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace webhookd

#endif  // WEBHOOKD_TESTS_TESTING_FAKE_STORE_H_
