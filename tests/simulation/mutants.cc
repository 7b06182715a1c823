#include "tests/simulation/mutants.h"

#include <sqlite3.h>

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tests/testing/forwarding_store.h"

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
    {Mutant::kStaleMatch, "stale-match"},
    {Mutant::kGiveUpEarly, "give-up-early"},
    {Mutant::kFinishOnce, "finish-once"},
    {Mutant::kSendTwice, "send-twice"},
};

// Answers a report by what its transaction will give if all goes well, before it runs.
class EarlyStore final : public ForwardingStore {
 public:
  EarlyStore(Store& store, Executor& executor, int64_t next_delivery_id)
      : ForwardingStore(store), executor_(executor), state_(std::make_shared<State>()) {
    state_->next_delivery_id = next_delivery_id;
  }

  void CreateWebhook(WebhookRecord webhook, std::optional<AuditEntry> audit,
                     Done<WebhookChange> done) override {
    store_.CreateWebhook(std::move(webhook), std::move(audit), Counted(std::move(done)));
  }
  void UpdateWebhook(int32_t webhook_id, WebhookUpdate update, std::optional<AuditEntry> audit,
                     Done<WebhookChange> done) override {
    store_.UpdateWebhook(webhook_id, std::move(update), std::move(audit), Counted(std::move(done)));
  }
  void DeleteWebhook(int32_t webhook_id, absl::Time now, std::optional<AuditEntry> audit,
                     Done<WebhookDeletion> done) override {
    store_.DeleteWebhook(webhook_id, now, std::move(audit), Counted(std::move(done)));
  }
  void DisableWebhook(int32_t webhook_id, std::string url, std::string reason, absl::Time now,
                      Done<WebhookChange> done) override {
    store_.DisableWebhook(webhook_id, std::move(url), std::move(reason), now,
                          Counted(std::move(done)));
  }

  void AcceptEvents(MatchedReport report, Done<AcceptedEvents> done) override {
    // A wrong answer would tell it apart at once, without any crash.
    if (state_->unforeseeable > 0 || !report.events.front().idempotency_key.empty() ||
        report.webhooks != catalog().Current()) {
      ++state_->unforeseeable;
      store_.AcceptEvents(std::move(report), [state = state_, done = std::move(done)](
                                                 absl::StatusOr<AcceptedEvents> accepted) mutable {
        --state->unforeseeable;
        if (accepted.ok() && !accepted->events.front().deliveries.empty()) {
          state->next_delivery_id = std::max(
              state->next_delivery_id, accepted->events.front().deliveries.back().delivery_id + 1);
        }
        std::move(done)(std::move(accepted));
      });
      return;
    }
    const AcceptEventRequest& request = report.events.front();
    AcceptedEvent event = {.event_id = request.event_id,
                           .delivery_count = std::ssize(request.deliveries)};
    for (const NewDelivery& delivery : request.deliveries) {
      event.deliveries.push_back({.delivery_id = state_->next_delivery_id++,
                                  .webhook_id = delivery.webhook_id,
                                  .trigger_id = delivery.trigger_id,
                                  .skipped = delivery.skipped});
    }
    AcceptedEvents accepted;
    accepted.events.push_back(std::move(event));
    executor_.Post([accepted = std::move(accepted), done = std::move(done)]() mutable {
      std::move(done)(std::move(accepted));
    });
    // What it would match with belongs to the one that was answered.
    report.match_again = nullptr;
    store_.AcceptEvents(std::move(report), [](const absl::StatusOr<AcceptedEvents>&) {});
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
  void AcceptEvents(MatchedReport report, Done<AcceptedEvents> done) override {
    const auto forget = [](std::vector<AcceptEventRequest>& events) {
      for (AcceptEventRequest& event : events) event.idempotency_key.clear();
    };
    forget(report.events);
    report.match_again = [forget, match_again = std::move(report.match_again)](
                             std::shared_ptr<const WebhookSnapshot> webhooks) mutable {
      std::vector<AcceptEventRequest> events = match_again(std::move(webhooks));
      forget(events);
      return events;
    };
    store_.AcceptEvents(std::move(report), std::move(done));
  }
};

// Stores events as they were matched, whatever became of the webhooks since.
class StaleStore final : public ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;
  void AcceptEvents(MatchedReport report, Done<AcceptedEvents> done) override {
    report.match_again = nullptr;
    store_.AcceptEvents(std::move(report), std::move(done));
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
    case Mutant::kStaleMatch:
      return std::make_unique<StaleStore>(store);
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
