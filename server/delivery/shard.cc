#include "server/delivery/shard.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "server/telemetry/log.h"

namespace webhookd {
namespace {

// Deliveries that one claim reads when memory is free.
constexpr int kClaimBatch = 256;
// A claim that failed is tried again after this.
constexpr absl::Duration kStoreRetry = absl::Seconds(1);
// Timers are looked at at least this often.
constexpr absl::Duration kLongestTimer = absl::Seconds(30);
// With so many attempts that cannot be recorded, no new ones start.
constexpr size_t kMaxUnrecorded = 20'000;

// Requests that may go to Slack at once.
constexpr double kSlackBurst = 3;

// Answers a caller: in any case, and once. Callers whose task is dropped, because nothing is driven
// any more, get what `otherwise` gives.
template <typename T>
class OnceAnswer {
 public:
  OnceAnswer(absl::AnyInvocable<void(T) &&> done, absl::AnyInvocable<T()> otherwise)
      : done_(std::move(done)), otherwise_(std::move(otherwise)) {}
  OnceAnswer(const OnceAnswer&) = delete;
  OnceAnswer& operator=(const OnceAnswer&) = delete;
  ~OnceAnswer() {
    if (done_ != nullptr) Give(otherwise_());
  }

  void Give(T answer) { std::exchange(done_, nullptr)(std::move(answer)); }

 private:
  absl::AnyInvocable<void(T) &&> done_;
  absl::AnyInvocable<T()> otherwise_;
};

}  // namespace

Shard::Shard(const Dispatcher::Options& options, const Dispatcher::Dependencies& dependencies,
             std::unique_ptr<HttpClient> http, std::atomic<int64_t>& held)
    : options_(options),
      dependencies_(dependencies),
      http_(std::move(http)),
      inbox_(std::make_shared<Inbox>([this] { http_->Interrupt(); })),
      age_clock_(dependencies_.clock, dependencies_.clock.Now()),
      held_(held),
      sender_({.connect_timeout = options.connect_timeout,
               .timeout = options.timeout,
               .proxy = options.proxy},
              {.signer = dependencies_.signer,
               .egress = dependencies_.egress,
               .resolver = dependencies_.resolver,
               .clock = dependencies_.clock,
               .http = *http_,
               .inbox = inbox_}),
      recorder_(dependencies_.store, dependencies_.clock, inbox_,
                [this](const EndedAttempt& ended) { Recorded(ended); }),
      snapshot_(dependencies_.catalog.Current()) {}

Shard::~Shard() { inbox_->Close(); }

void Shard::Take(std::vector<ClaimedDelivery> deliveries) {
  inbox_->Post(
      [this, deliveries = std::move(deliveries)]() mutable { TakeNow(std::move(deliveries)); });
}

void Shard::NoteWaiting(std::vector<PendingEndpoint> endpoints) {
  inbox_->Post([this, endpoints = std::move(endpoints)] {
    for (const PendingEndpoint& pending : endpoints) {
      Endpoint& endpoint = EndpointOf(pending.webhook_id);
      endpoint.next_due = std::min(endpoint.next_due, SteadyAt(pending.next_attempt_at));
      Consider(endpoint);
    }
  });
}

void Shard::SendOnce(std::shared_ptr<const WebhookRecord> webhook, std::string event_id,
                     std::shared_ptr<const std::string> body,
                     absl::AnyInvocable<void(AttemptRecord) &&> done) {
  SendRequest request = {.target = ParseTargetUrl(webhook->url),
                         .skip_tls_verification = webhook->skip_tls_verification,
                         .fresh_connection = true,
                         .event_id = std::move(event_id),
                         .body = std::move(body)};
  auto answer = std::make_unique<OnceAnswer<AttemptRecord>>(
      std::move(done), [&clock = dependencies_.clock]() -> AttemptRecord {
        return {.number = 1,
                .started_at = clock.Now(),
                .error_class = std::string(AttemptErrorName(AttemptError::kCanceled)),
                .error_message = "the server is shutting down"};
      });
  inbox_->Post([this, webhook = std::move(webhook), request = std::move(request),
                answer = std::move(answer)]() mutable {
    if (draining_) return;
    ++under_way_;
    sender_.Send(std::move(request), [this, webhook = std::move(webhook),
                                      answer = std::move(answer)](SendOutcome outcome) mutable {
      --under_way_;
      if (outcome.error == AttemptError::kNone) NoteTestConfirmed(*webhook);
      answer->Give(std::move(outcome.attempt));
    });
  });
}

void Shard::NoteAsked(int32_t webhook_id) {
  inbox_->Post([this, webhook_id] {
    Endpoint& endpoint = EndpointOf(webhook_id);
    endpoint.next_due = -absl::InfiniteDuration();
    const absl::Duration now = dependencies_.clock.Steady();
    endpoint.circuit.ProbeAt(now);
    endpoint.pace.EndPause(now);
    Consider(endpoint);
  });
}

void Shard::Settle(int32_t webhook_id, absl::AnyInvocable<void(int64_t) &&> done) {
  auto answer = std::make_unique<OnceAnswer<int64_t>>(std::move(done), [] { return int64_t{0}; });
  inbox_->Post([this, webhook_id, answer = std::move(answer)] {
    snapshot_ = dependencies_.catalog.Current();
    const auto found = endpoints_.find(webhook_id);
    if (found == endpoints_.end()) return answer->Give(0);
    Consider(*found->second);
    answer->Give(found->second->under_way());
  });
}

void Shard::Drop(int32_t webhook_id, int64_t delivery_id, absl::AnyInvocable<void(bool) &&> done) {
  auto answer = std::make_unique<OnceAnswer<bool>>(std::move(done), [] { return false; });
  inbox_->Post([this, webhook_id, delivery_id, answer = std::move(answer)] {
    const auto found = endpoints_.find(webhook_id);
    if (found == endpoints_.end()) return answer->Give(false);
    Endpoint& endpoint = *found->second;
    const auto sending = endpoint.sending.find(delivery_id);
    if (sending != endpoint.sending.end()) {
      sending->second = true;
      return answer->Give(true);
    }
    const auto queued =
        std::find_if(endpoint.queue.begin(), endpoint.queue.end(),
                     [&](const ClaimedDelivery& delivery) { return delivery.id == delivery_id; });
    if (queued != endpoint.queue.end()) {
      endpoint.queue.erase(queued);
      Release(endpoint, delivery_id);
    }
    answer->Give(false);
    Consider(endpoint);
  });
}

void Shard::BeginDrain() {
  inbox_->Post([this] { draining_ = true; });
}

void Shard::Interrupt() { http_->Interrupt(); }

bool Shard::drained() const { return draining_ && under_way_ == 0 && recorder_.idle(); }

void Shard::Close() {
  inbox_->Close();
  http_.reset();
}

void Shard::Poll(absl::Duration max_wait) { http_->Poll(max_wait); }

absl::Duration Shard::Step() {
  snapshot_ = dependencies_.catalog.Current();
  for (Inbox::Task& task : inbox_->Take()) std::move(task)();

  absl::Duration now = dependencies_.clock.Steady();
  while (!timers_.empty() && timers_.begin()->first <= now) {
    Endpoint& endpoint = *endpoints_.at(timers_.begin()->second);
    timers_.erase(timers_.begin());
    endpoint.timer.reset();
    Consider(endpoint);
  }

  // One attempt each in turn, so that no webhook waits for another's queue.
  while (!runnable_.empty() && !draining_ && under_way_ < options_.max_in_flight &&
         recorder_.waiting() < kMaxUnrecorded) {
    Endpoint& endpoint = *runnable_.front();
    runnable_.pop_front();
    endpoint.runnable = false;
    Start(endpoint);
  }

  recorder_.Flush();
  ForgetDeleted();

  now = dependencies_.clock.Steady();
  absl::Duration wait = std::min(kLongestTimer, recorder_.NextFlushIn(now));
  if (!timers_.empty()) wait = std::min(wait, timers_.begin()->first - now);
  return std::max(wait, absl::ZeroDuration());
}

Endpoint& Shard::EndpointOf(int32_t webhook_id) {
  std::unique_ptr<Endpoint>& endpoint = endpoints_[webhook_id];
  if (endpoint == nullptr) endpoint = std::make_unique<Endpoint>(webhook_id);
  return *endpoint;
}

absl::Duration Shard::SteadyAt(absl::Time due) const {
  return dependencies_.clock.Steady() + (due - dependencies_.store.due_clock().Now());
}

void Shard::TakeNow(std::vector<ClaimedDelivery> deliveries) {
  for (ClaimedDelivery& delivery : deliveries) {
    Endpoint& endpoint = EndpointOf(delivery.webhook_id);
    if (static_cast<int>(endpoint.queue.size()) >= options_.max_ready_per_webhook || draining_) {
      // It waits in the store, under a lease of this process.
      held_.fetch_sub(1, std::memory_order_relaxed);
      endpoint.next_due = -absl::InfiniteDuration();
    } else if (endpoint.held.insert(delivery.id).second) {
      endpoint.queue.push_back(std::move(delivery));
    } else {
      held_.fetch_sub(1, std::memory_order_relaxed);  // a claim was quicker
    }
    Consider(endpoint);
  }
}

// Looks the webhook up again if any webhook changed since. A record that was only read again, or
// changed in its name, say, leaves the webhook's health alone.
void Shard::Refresh(Endpoint& endpoint) {
  if (endpoint.seen_version == snapshot_->version()) return;
  endpoint.seen_version = snapshot_->version();
  const std::shared_ptr<const WebhookRecord> old =
      std::exchange(endpoint.webhook, snapshot_->Find(endpoint.webhook_id));
  if (endpoint.webhook == nullptr || endpoint.webhook == old) return;
  const WebhookRecord& webhook = *endpoint.webhook;
  const bool paced =
      webhook.type == WebhookType::kSlack && !webhook.max_requests_per_second.has_value();
  if (paced) {
    endpoint.rate.SetRate(options_.slack_requests_per_second, kSlackBurst);
  } else {
    endpoint.rate.SetRate(webhook.max_requests_per_second);
  }
  const bool new_url = old == nullptr || old->url != webhook.url;
  if (new_url) endpoint.target = ParseTargetUrl(webhook.url);
  if (old == nullptr) {
    // From here on the shard knows better than the catalog.
    endpoint.failing_since = webhook.failing_since;
  } else if (new_url || (old->disabled_at.has_value() && !webhook.disabled_at.has_value())) {
    ResetHealth(endpoint);
  }
}

// Decides what can be done for an endpoint now: claim, start, or look again later.
void Shard::Consider(Endpoint& endpoint) {
  if (draining_) return;
  Refresh(endpoint);
  if (endpoint.disabling > 0) return;
  if (endpoint.webhook == nullptr || endpoint.webhook->disabled_at.has_value()) {
    // Deliveries of a deleted webhook are canceled in the store; those of a disabled one wait
    // there.
    DropQueue(endpoint);
    endpoint.next_due =
        endpoint.webhook == nullptr ? absl::InfiniteDuration() : -absl::InfiniteDuration();
    if (endpoint.webhook == nullptr) deleted_.push_back(endpoint.webhook_id);
    return;
  }

  const int cap = InFlightCap(endpoint);
  const absl::Duration now = dependencies_.clock.Steady();
  if (!endpoint.claiming && static_cast<int>(endpoint.queue.size()) < cap) {
    if (endpoint.next_due <= now) {
      Claim(endpoint);
    } else if (endpoint.next_due < absl::InfiniteDuration()) {
      SetTimer(endpoint, endpoint.next_due);
    }
  }

  if (endpoint.queue.empty() || endpoint.runnable) return;
  const absl::Duration start = NextStart(endpoint, now);
  if (start > now) {
    if (start < absl::InfiniteDuration()) SetTimer(endpoint, start);
    return;
  }
  endpoint.runnable = true;
  runnable_.push_back(&endpoint);
}

int Shard::InFlightCap(const Endpoint& endpoint) const {
  if (under_way_ >= options_.max_in_flight / 2) return 1;
  return endpoint.webhook->max_in_flight.value_or(options_.max_in_flight_per_webhook);
}

absl::Duration Shard::NextStart(Endpoint& endpoint, absl::Duration now) {
  const int under_way = endpoint.under_way();
  if (under_way >= InFlightCap(endpoint)) return absl::InfiniteDuration();
  absl::Duration start =
      std::max(endpoint.rate.NextStart(now), endpoint.pace.NextStart(now, under_way));
  // A lone delivery has its own schedule; the circuit is for queues.
  if (endpoint.queue.size() + endpoint.sending.size() > 1 &&
      !endpoint.circuit.Allows(now, under_way)) {
    start = under_way > 0 ? absl::InfiniteDuration() : std::max(start, endpoint.circuit.probe_at());
  }
  return start;
}

// One timer an endpoint: the earliest.
void Shard::SetTimer(Endpoint& endpoint, absl::Duration at) {
  if (endpoint.timer.has_value()) {
    if (*endpoint.timer <= at) return;
    timers_.erase({*endpoint.timer, endpoint.webhook_id});
  }
  endpoint.timer = at;
  timers_.emplace(at, endpoint.webhook_id);
}

void Shard::Claim(Endpoint& endpoint) {
  const int64_t room = options_.max_ready - held_.load(std::memory_order_relaxed);
  const int64_t batch = std::clamp<int64_t>(room, options_.max_in_flight_per_webhook, kClaimBatch);
  const absl::Time now = dependencies_.store.due_clock().Now();
  endpoint.claiming = true;
  endpoint.next_due = absl::InfiniteDuration();
  // The store also returns what is held already: ask for that much more.
  dependencies_.store.ClaimDeliveries(
      {.webhook_id = endpoint.webhook_id,
       .now = now,
       .lease_until = now + options_.lease(),
       .limit = static_cast<int>(endpoint.held.size() + batch)},
      [this, inbox = inbox_, &endpoint](absl::StatusOr<ClaimedDeliveries> claimed) {
        inbox->Post([this, &endpoint, claimed = std::move(claimed)]() mutable {
          Claimed(endpoint, std::move(claimed));
        });
      });
}

void Shard::Claimed(Endpoint& endpoint, absl::StatusOr<ClaimedDeliveries> claimed) {
  endpoint.claiming = false;
  if (!claimed.ok()) {
    Log(LogLevel::kError, "cannot read deliveries that wait",
        {{"webhook_id", endpoint.webhook_id}, {"error", claimed.status().message()}});
    endpoint.next_due = std::min(endpoint.next_due, dependencies_.clock.Steady() + kStoreRetry);
    Consider(endpoint);
    return;
  }
  for (ClaimedDelivery& delivery : claimed->deliveries) {
    if (!endpoint.held.insert(delivery.id).second) {
      if (!delivery.redelivered) continue;
      endpoint.redelivered.insert(delivery.id);
      const auto sending = endpoint.sending.find(delivery.id);
      if (sending != endpoint.sending.end()) sending->second = false;
      continue;
    }
    held_.fetch_add(1, std::memory_order_relaxed);
    endpoint.queue.push_back(std::move(delivery));
  }
  endpoint.next_due = std::min(endpoint.next_due, SteadyAt(claimed->next_attempt_at));
  Consider(endpoint);
}

// Starts the endpoint's next attempt.
void Shard::Start(Endpoint& endpoint) {
  Refresh(endpoint);
  const absl::Duration now = dependencies_.clock.Steady();
  if (endpoint.queue.empty() || endpoint.webhook == nullptr ||
      endpoint.webhook->disabled_at.has_value() || NextStart(endpoint, now) > now) {
    Consider(endpoint);
    return;
  }
  ClaimedDelivery delivery = std::move(endpoint.queue.front());
  endpoint.queue.pop_front();
  if (delivery.lease_until < dependencies_.store.due_clock().Now() + options_.longest_sending()) {
    // The lease might end before the attempt does: claim it again.
    Release(endpoint, delivery.id);
    endpoint.next_due = -absl::InfiniteDuration();
    Consider(endpoint);
    return;
  }
  endpoint.rate.Take(now);
  endpoint.pace.Start(now);
  Send(endpoint, std::move(delivery), /*fresh_connection=*/false);
  Consider(endpoint);
}

void Shard::Send(Endpoint& endpoint, ClaimedDelivery delivery, bool fresh_connection) {
  endpoint.sending.emplace(delivery.id, false);
  ++under_way_;
  const SentAs sent = {.fresh_connection = fresh_connection,
                       .health_epoch = endpoint.health_epoch,
                       .started = dependencies_.clock.Steady()};
  SendRequest request = {.target = endpoint.target,
                         .skip_tls_verification = endpoint.webhook->skip_tls_verification,
                         .fresh_connection = fresh_connection,
                         .attempt_number = delivery.attempt_count + 1,
                         .event_id = delivery.event_id,
                         .body = delivery.body};
  sender_.Send(std::move(request), [this, &endpoint, delivery = std::move(delivery),
                                    sent](SendOutcome outcome) mutable {
    --under_way_;
    Ended(endpoint, std::move(delivery), sent, std::move(outcome));
  });
}

void Shard::Ended(Endpoint& endpoint, ClaimedDelivery delivery, const SentAs& sent,
                  SendOutcome outcome) {
  const auto sending = endpoint.sending.find(delivery.id);
  const bool canceled = sending->second;
  endpoint.sending.erase(sending);
  const AttemptRecord& attempt = outcome.attempt;
  Log(LogLevel::kInfo, "attempt",
      {{"event_id", delivery.event_id},
       {"delivery_id", delivery.id},
       {"webhook_id", delivery.webhook_id},
       {"attempt", static_cast<int64_t>(attempt.number)},
       {"status", static_cast<int64_t>(attempt.status)},
       {"error_class", attempt.error_class},
       {"error", attempt.error_message},
       {"duration_ms", absl::ToDoubleMilliseconds(attempt.duration)}});
  ++delivery.attempt_count;

  Refresh(endpoint);
  const bool may_send = !draining_ && !canceled && endpoint.webhook != nullptr &&
                        !endpoint.webhook->disabled_at.has_value();
  if (outcome.error == AttemptError::kStaleConnection && !sent.fresh_connection && may_send) {
    // Nothing says that the receiver is unwell: one more attempt at once, on a connection of its
    // own. It takes no step of the schedule.
    recorder_.Add({.webhook_id = endpoint.webhook_id,
                   .last = false,
                   .due = dependencies_.clock.Steady(),
                   .finished = {.delivery_id = delivery.id,
                                .attempt = std::move(outcome.attempt),
                                .state = DeliveryState::kPending,
                                .schedule_step = delivery.schedule_step}});
    Send(endpoint, std::move(delivery), /*fresh_connection=*/true);
    return;
  }

  NotePace(endpoint, sent, outcome);
  NoteHealth(endpoint, sent, outcome);
  FinishedAttempt finished = {.delivery_id = delivery.id, .state = DeliveryState::kDelivered};
  absl::Duration due;
  if (outcome.error != AttemptError::kNone) {
    finished.schedule_step = delivery.schedule_step + 1;
    // That an earlier URL is gone says nothing about the new one.
    const bool gone_before =
        outcome.error == AttemptError::kGone && sent.health_epoch != endpoint.health_epoch;
    const RetryDecision decision =
        DecideRetry(options_.retry, finished.schedule_step,
                    {.error = gone_before ? AttemptError::kHttp4xx : outcome.error,
                     .status = attempt.status,
                     .retry_after = outcome.retry_after},
                    dependencies_.clock.Now(), dependencies_.random.Next());
    finished.state = decision.wait.has_value() ? DeliveryState::kPending : DeliveryState::kFailed;
    if (decision.wait.has_value()) due = dependencies_.clock.Steady() + *decision.wait;
    if (decision.disable_webhook) Disable(endpoint, "the receiver answered 410 Gone");
  }
  finished.attempt = std::move(outcome.attempt);
  recorder_.Add({.webhook_id = endpoint.webhook_id, .due = due, .finished = std::move(finished)});
  Consider(endpoint);
}

// An attempt is durable: its delivery leaves memory, and waits in the store if it has another
// attempt to come.
void Shard::Recorded(const EndedAttempt& ended) {
  if (!ended.last) return;
  Endpoint& endpoint = EndpointOf(ended.webhook_id);
  Release(endpoint, ended.finished.delivery_id);
  if (endpoint.redelivered.erase(ended.finished.delivery_id) > 0) {
    // Unless that attempt was confirmed, it is due again in the store.
    endpoint.next_due = -absl::InfiniteDuration();
  }
  if (ended.finished.state == DeliveryState::kPending) {
    endpoint.next_due = std::min(endpoint.next_due, ended.due);
  }
  Consider(endpoint);
}

// Frees what is known of webhooks that are deleted, as soon as nothing refers to it.
void Shard::ForgetDeleted() {
  std::vector<int32_t> later;
  for (const int32_t webhook_id : std::exchange(deleted_, {})) {
    const auto found = endpoints_.find(webhook_id);
    if (found == endpoints_.end()) continue;
    if (found->second->unused()) {
      endpoints_.erase(found);
    } else {
      later.push_back(webhook_id);
    }
  }
  deleted_.insert(deleted_.end(), later.begin(), later.end());
}

void Shard::Release(Endpoint& endpoint, int64_t delivery_id) {
  endpoint.held.erase(delivery_id);
  held_.fetch_sub(1, std::memory_order_relaxed);
}

void Shard::DropQueue(Endpoint& endpoint) {
  for (const ClaimedDelivery& delivery : endpoint.queue) Release(endpoint, delivery.id);
  endpoint.queue.clear();
}

}  // namespace webhookd
