#ifndef WEBHOOKD_TESTS_TESTING_BLOCKING_STORE_H_
#define WEBHOOKD_TESTS_TESTING_BLOCKING_STORE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/mutex.h"
#include "storage/store.h"

namespace webhookd {

// The result of a write that is under way. Copies stand for the same write.
template <typename T>
class Pending {
 public:
  Pending() : state_(std::make_shared<State>()) {}

  // What the write calls.
  Done<T> done() {
    return [state = state_](absl::StatusOr<T> result) {
      MutexLock lock(state->mutex);
      ++state->calls;
      state->result = std::move(result);
      state->called.NotifyAll();
    };
  }

  // Waits for the result, for a minute at most.
  absl::StatusOr<T> Wait() const {
    MutexLock lock(state_->mutex);
    while (state_->calls == 0) {
      if (!state_->called.WaitFor(state_->mutex, absl::Minutes(1))) {
        return absl::DeadlineExceededError("the write was not reported as done");
      }
    }
    return state_->result;
  }

  // How often the write called.
  int calls() const {
    MutexLock lock(state_->mutex);
    return state_->calls;
  }

 private:
  struct State {
    Mutex mutex;
    CondVar called;
    int calls ABSL_GUARDED_BY(mutex) = 0;
    absl::StatusOr<T> result ABSL_GUARDED_BY(mutex);
  };

  std::shared_ptr<State> state_;
};

// Stands for the value of a write that has none.
struct Nothing {};

inline DoneStatus StatusDone(Pending<Nothing> pending) {
  return [done = pending.done()](absl::Status status) mutable {
    std::move(done)(status.ok() ? absl::StatusOr<Nothing>(Nothing()) : status);
  };
}

// Stores one event as it is, whatever the webhooks.
inline void AcceptEvent(Store& store, AcceptEventRequest request, Done<AcceptedEvent> done) {
  MatchedReport report;
  report.events.push_back(std::move(request));
  store.AcceptEvents(std::move(report),
                     [done = std::move(done)](absl::StatusOr<AcceptedEvents> accepted) mutable {
                       if (!accepted.ok()) return std::move(done)(accepted.status());
                       std::move(done)(std::move(accepted->events.front()));
                     });
}

// Calls the writes of a Store and waits for each.
class BlockingStore {
 public:
  // `store` must outlive it.
  explicit BlockingStore(Store& store) : store_(store) {}

  absl::StatusOr<WebhookChange> CreateWebhook(WebhookRecord webhook) {
    Pending<WebhookChange> pending;
    store_.CreateWebhook(std::move(webhook), std::nullopt, pending.done());
    return pending.Wait();
  }
  absl::StatusOr<WebhookChange> UpdateWebhook(int32_t webhook_id, WebhookUpdate update) {
    Pending<WebhookChange> pending;
    store_.UpdateWebhook(webhook_id, std::move(update), std::nullopt, pending.done());
    return pending.Wait();
  }
  // Replaces it, whatever it is.
  absl::StatusOr<WebhookChange> UpdateWebhook(WebhookRecord webhook) {
    const int32_t id = webhook.id;
    return UpdateWebhook(id,
                         [webhook = std::move(webhook)](const WebhookRecord&) { return webhook; });
  }
  absl::StatusOr<WebhookDeletion> DeleteWebhook(int32_t webhook_id, absl::Time now) {
    Pending<WebhookDeletion> pending;
    store_.DeleteWebhook(webhook_id, now, std::nullopt, pending.done());
    return pending.Wait();
  }
  absl::StatusOr<WebhookChange> DisableWebhook(int32_t webhook_id, std::string reason,
                                               absl::Time now) {
    const auto webhook = store_.catalog().Current()->Find(webhook_id);
    Pending<WebhookChange> pending;
    store_.DisableWebhook(webhook_id, webhook == nullptr ? "" : webhook->url, std::move(reason),
                          now, pending.done());
    return pending.Wait();
  }
  absl::Status SetFailingSince(int32_t webhook_id, std::optional<absl::Time> since) {
    Pending<Nothing> pending;
    store_.SetFailingSince(webhook_id, since, StatusDone(pending));
    return pending.Wait().status();
  }
  absl::StatusOr<AcceptedEvent> AcceptEvent(AcceptEventRequest request) {
    Pending<AcceptedEvent> pending;
    webhookd::AcceptEvent(store_, std::move(request), pending.done());
    return pending.Wait();
  }
  absl::StatusOr<AcceptedEvents> AcceptEvents(std::vector<AcceptEventRequest> requests) {
    Pending<AcceptedEvents> pending;
    store_.AcceptEvents({.events = std::move(requests)}, pending.done());
    return pending.Wait();
  }
  absl::Status SaveMetricStates(std::vector<MetricState> states) {
    Pending<Nothing> pending;
    store_.SaveMetricStates(std::move(states), StatusDone(pending));
    return pending.Wait().status();
  }
  absl::Status SaveKnown(KnownRecords records, absl::Time forget_before) {
    Pending<Nothing> pending;
    store_.SaveKnown(std::move(records), forget_before, StatusDone(pending));
    return pending.Wait().status();
  }
  absl::StatusOr<ClaimedDeliveries> ClaimDeliveries(ClaimRequest request) {
    Pending<ClaimedDeliveries> pending;
    store_.ClaimDeliveries(request, pending.done());
    return pending.Wait();
  }
  absl::Status FinishAttempts(std::vector<FinishedAttempt> attempts) {
    Pending<Nothing> pending;
    store_.FinishAttempts(std::move(attempts), StatusDone(pending));
    return pending.Wait().status();
  }
  absl::StatusOr<DeliveryRecord> Redeliver(int64_t delivery_id, absl::Time now) {
    Pending<DeliveryRecord> pending;
    store_.Redeliver(delivery_id, now, pending.done());
    return pending.Wait();
  }
  absl::StatusOr<int64_t> Replay(ReplayRequest request) {
    Pending<int64_t> pending;
    store_.Replay(request, pending.done());
    return pending.Wait();
  }
  absl::StatusOr<DeliveryRecord> CancelDelivery(int64_t delivery_id, absl::Time now) {
    Pending<DeliveryRecord> pending;
    store_.CancelDelivery(delivery_id, now, pending.done());
    return pending.Wait();
  }
  absl::StatusOr<std::string> LoadOrCreateSetting(std::string name, std::string value) {
    Pending<std::string> pending;
    store_.LoadOrCreateSetting(std::move(name), std::move(value), pending.done());
    return pending.Wait();
  }

 private:
  Store& store_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_TESTS_TESTING_BLOCKING_STORE_H_
