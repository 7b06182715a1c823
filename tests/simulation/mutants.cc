#include "tests/simulation/mutants.h"

#include <sqlite3.h>

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace webhookd {
namespace {

struct Named {
  Mutant mutant;
  absl::string_view name;
};

constexpr Named kNames[] = {
    {Mutant::kNone, "none"},
    {Mutant::kAcknowledgeEarly, "acknowledge-early"},
    {Mutant::kFinishEarly, "finish-early"},
    {Mutant::kNoSync, "no-sync"},
    {Mutant::kLoseWake, "lose-wake"},
    {Mutant::kRetryNow, "retry-now"},
    {Mutant::kForgetKey, "forget-key"},
    {Mutant::kGiveUpEarly, "give-up-early"},
    {Mutant::kFinishOnce, "finish-once"},
    {Mutant::kSendTwice, "send-twice"},
};

// Forwards everything.
class ForwardingStore : public Store {
 public:
  explicit ForwardingStore(Store& store) : store_(store) {}

  absl::StatusOr<WebhookSet> LoadWebhooks() override { return store_.LoadWebhooks(); }
  void CreateWebhook(WebhookRecord webhook, Done<WebhookChange> done) override {
    store_.CreateWebhook(std::move(webhook), std::move(done));
  }
  void UpdateWebhook(WebhookRecord webhook, int64_t version, Done<WebhookChange> done) override {
    store_.UpdateWebhook(std::move(webhook), version, std::move(done));
  }
  void DeleteWebhook(int32_t webhook_id, absl::Time now, Done<WebhookDeletion> done) override {
    store_.DeleteWebhook(webhook_id, now, std::move(done));
  }
  void DisableWebhook(int32_t webhook_id, std::string reason, absl::Time now,
                      Done<WebhookChange> done) override {
    store_.DisableWebhook(webhook_id, std::move(reason), now, std::move(done));
  }
  void SetFailingSince(int32_t webhook_id, std::optional<absl::Time> since,
                       DoneStatus done) override {
    store_.SetFailingSince(webhook_id, since, std::move(done));
  }
  void AcceptEvent(AcceptEventRequest request, Done<AcceptedEvent> done) override {
    store_.AcceptEvent(std::move(request), std::move(done));
  }
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
  void ClaimDeliveries(ClaimRequest request, Done<ClaimedDeliveries> done) override {
    store_.ClaimDeliveries(request, std::move(done));
  }
  void FinishAttempts(std::vector<FinishedAttempt> attempts, DoneStatus done) override {
    store_.FinishAttempts(std::move(attempts), std::move(done));
  }
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

// Answers a report by what its transaction will give if all goes well, before it runs.
class EarlyStore final : public ForwardingStore {
 public:
  EarlyStore(Store& store, Executor& executor, int64_t next_delivery_id)
      : ForwardingStore(store), executor_(executor), state_(std::make_shared<State>()) {
    state_->next_delivery_id = next_delivery_id;
  }

  void CreateWebhook(WebhookRecord webhook, Done<WebhookChange> done) override {
    store_.CreateWebhook(std::move(webhook), Counted(std::move(done)));
  }
  void UpdateWebhook(WebhookRecord webhook, int64_t version, Done<WebhookChange> done) override {
    store_.UpdateWebhook(std::move(webhook), version, Counted(std::move(done)));
  }
  void DeleteWebhook(int32_t webhook_id, absl::Time now, Done<WebhookDeletion> done) override {
    store_.DeleteWebhook(webhook_id, now, Counted(std::move(done)));
  }
  void DisableWebhook(int32_t webhook_id, std::string reason, absl::Time now,
                      Done<WebhookChange> done) override {
    store_.DisableWebhook(webhook_id, std::move(reason), now, Counted(std::move(done)));
  }

  void AcceptEvent(AcceptEventRequest request, Done<AcceptedEvent> done) override {
    // A wrong answer would tell it apart at once, without any crash.
    if (state_->unforeseeable > 0 || !request.idempotency_key.empty()) {
      ++state_->unforeseeable;
      store_.AcceptEvent(std::move(request), [state = state_, done = std::move(done)](
                                                 absl::StatusOr<AcceptedEvent> accepted) mutable {
        --state->unforeseeable;
        if (accepted.ok() && !accepted->deliveries.empty()) {
          state->next_delivery_id =
              std::max(state->next_delivery_id, accepted->deliveries.back().delivery_id + 1);
        }
        std::move(done)(std::move(accepted));
      });
      return;
    }
    AcceptedEvent accepted = {.event_id = request.event_id,
                              .delivery_count = std::ssize(request.deliveries)};
    for (const NewDelivery& delivery : request.deliveries) {
      accepted.deliveries.push_back({.delivery_id = state_->next_delivery_id++,
                                     .webhook_id = delivery.webhook_id,
                                     .trigger_id = delivery.trigger_id,
                                     .skipped = delivery.skipped});
    }
    executor_.Post([accepted = std::move(accepted), done = std::move(done)]() mutable {
      std::move(done)(std::move(accepted));
    });
    store_.AcceptEvent(std::move(request), [](const absl::StatusOr<AcceptedEvent>&) {});
  }

 private:
  struct State {
    int64_t next_delivery_id = 1;
    int unforeseeable = 0;  // writes under way whose effect is not known beforehand
  };

  template <typename T>
  Done<T> Counted(Done<T> done) {
    ++state_->unforeseeable;
    return [state = state_, done = std::move(done)](absl::StatusOr<T> result) mutable {
      --state->unforeseeable;
      std::move(done)(std::move(result));
    };
  }

  Executor& executor_;
  const std::shared_ptr<State> state_;
};

int64_t NextDeliveryId(const std::string& vfs, const std::string& path) {
  sqlite3* database = nullptr;
  sqlite3_stmt* row = nullptr;
  int64_t next = 1;
  sqlite3_open_v2(path.c_str(), &database, SQLITE_OPEN_READWRITE, vfs.c_str());
  sqlite3_prepare_v2(database, "SELECT next_delivery_id FROM store_state", -1, &row, nullptr);
  if (sqlite3_step(row) == SQLITE_ROW) next = sqlite3_column_int64(row, 0);
  sqlite3_finalize(row);
  sqlite3_close(database);
  return next;
}

class ForgetfulStore final : public ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;
  void AcceptEvent(AcceptEventRequest request, Done<AcceptedEvent> done) override {
    request.idempotency_key.clear();
    store_.AcceptEvent(std::move(request), std::move(done));
  }
};

class CarelessStore final : public ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;
  void FinishAttempts(std::vector<FinishedAttempt> attempts, DoneStatus done) override {
    store_.FinishAttempts(std::move(attempts),
                          [done = std::move(done)](const absl::Status&) mutable {
                            std::move(done)(absl::OkStatus());
                          });
  }
};

// Takes every request for confirmed as soon as it is sent.
class EarlyHttpClient final : public HttpClient {
 public:
  explicit EarlyHttpClient(std::unique_ptr<HttpClient> client) : client_(std::move(client)) {}

  void Send(HttpRequest request, absl::AnyInvocable<void(HttpResult) &&> done) override {
    client_->Send(std::move(request), [](const HttpResult&) {});
    ended_.push_back(std::move(done));
    client_->Interrupt();
  }
  void Poll(absl::Duration max_wait) override {
    client_->Poll(max_wait);
    for (auto& done : std::exchange(ended_, {})) std::move(done)({.status = 200});
  }
  void Interrupt() override { client_->Interrupt(); }

 private:
  const std::unique_ptr<HttpClient> client_;
  std::vector<absl::AnyInvocable<void(HttpResult) &&>> ended_;
};

class TwiceHttpClient final : public HttpClient {
 public:
  explicit TwiceHttpClient(std::unique_ptr<HttpClient> client) : client_(std::move(client)) {}

  void Send(HttpRequest request, absl::AnyInvocable<void(HttpResult) &&> done) override {
    if (++requests_ % 10 == 0) client_->Send(request, [](const HttpResult&) {});
    client_->Send(std::move(request), std::move(done));
  }
  void Poll(absl::Duration max_wait) override { client_->Poll(max_wait); }
  void Interrupt() override { client_->Interrupt(); }

 private:
  const std::unique_ptr<HttpClient> client_;
  int requests_ = 0;
};

}  // namespace

absl::string_view MutantName(Mutant mutant) { return kNames[static_cast<int>(mutant)].name; }

absl::StatusOr<Mutant> MutantOfName(absl::string_view name) {
  std::vector<absl::string_view> names;
  for (const Named& each : kNames) {
    if (each.name == name) return each.mutant;
    names.push_back(each.name);
  }
  return absl::InvalidArgumentError(
      absl::StrCat("there is no mutant \"", name, "\"; there are ", absl::StrJoin(names, ", ")));
}

const std::vector<Mutant>& AllMutants() {
  static const auto& all = *[] {
    auto* mutants = new std::vector<Mutant>;
    for (const Named& each : kNames) {
      if (each.mutant != Mutant::kNone) mutants->push_back(each.mutant);
    }
    return mutants;
  }();
  return all;
}

std::unique_ptr<Store> MutateStore(Mutant mutant, Store& store, Executor& executor,
                                   const std::string& vfs, const std::string& path) {
  switch (mutant) {
    case Mutant::kAcknowledgeEarly:
      return std::make_unique<EarlyStore>(store, executor, NextDeliveryId(vfs, path));
    case Mutant::kForgetKey:
      return std::make_unique<ForgetfulStore>(store);
    case Mutant::kFinishOnce:
      return std::make_unique<CarelessStore>(store);
    default:
      return std::make_unique<ForwardingStore>(store);
  }
}

std::unique_ptr<HttpClient> MutateHttpClient(Mutant mutant, std::unique_ptr<HttpClient> client) {
  if (mutant == Mutant::kFinishEarly) return std::make_unique<EarlyHttpClient>(std::move(client));
  if (mutant == Mutant::kSendTwice) return std::make_unique<TwiceHttpClient>(std::move(client));
  return client;
}

Wake MutateWake(Mutant mutant, Wake wake, Dice& dice) {
  if (mutant != Mutant::kLoseWake) return wake;
  return [wake = std::move(wake), &dice](WakeUp wake_up) {
    if (!dice.Chance(0.1)) wake(std::move(wake_up));
  };
}

RetryPolicy MutateRetry(Mutant mutant, RetryPolicy policy) {
  if (mutant == Mutant::kGiveUpEarly) policy.schedule.pop_back();
  if (mutant == Mutant::kRetryNow) {
    policy.schedule.assign(policy.schedule.size(), absl::ZeroDuration());
  }
  return policy;
}

}  // namespace webhookd
