#ifndef WEBHOOKD_SERVER_DELIVERY_SHARD_H_
#define WEBHOOKD_SERVER_DELIVERY_SHARD_H_

#include <atomic>
#include <deque>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "base/pinned_clock.h"
#include "server/delivery/dispatcher.h"
#include "server/delivery/endpoint.h"
#include "server/delivery/http_client.h"
#include "server/delivery/inbox.h"
#include "server/delivery/recorder.h"
#include "server/delivery/sender.h"
#include "storage/records.h"
#include "storage/webhook_catalog.h"

namespace webhookd {

// Delivers to the webhooks that are hashed to it. A state machine: everything happens in Step and
// Poll, which one thread (or a simulator) calls in turn; other calls only leave a message. Nothing
// here reads a clock, a socket or random bits but through what was passed in.
class Shard {
 public:
  // `held` counts the deliveries that all shards have in memory.
  Shard(const Dispatcher::Options& options, const Dispatcher::Dependencies& dependencies,
        std::unique_ptr<HttpClient> http, std::atomic<int64_t>& held);
  ~Shard();

  // ---- From any thread

  // Takes deliveries that were committed with a lease and counted in `held`.
  void Take(std::vector<ClaimedDelivery> deliveries);
  // Says that a webhook has deliveries in the store, the earliest of them due at this time.
  void NoteWaiting(std::vector<PendingEndpoint> endpoints);
  // Says that somebody wants what waits for a webhook to be sent now.
  void NoteAsked(int32_t webhook_id);
  // See Dispatcher.
  void Settle(int32_t webhook_id, absl::AnyInvocable<void(int64_t under_way) &&> done);
  void Drop(int32_t webhook_id, int64_t delivery_id,
            absl::AnyInvocable<void(bool under_way) &&> done);
  void SendOnce(std::shared_ptr<const WebhookRecord> webhook, std::string event_id,
                std::shared_ptr<const std::string> body,
                absl::AnyInvocable<void(AttemptRecord) &&> done);
  // Starts no more attempts; what is under way goes on and is recorded.
  void BeginDrain();
  // Ends the Poll that is running or comes next.
  void Interrupt();

  // ---- From the driving thread

  // Does everything there is to do now; returns how long there is nothing to do unless something
  // arrives.
  absl::Duration Step();
  // Moves requests on; waits at most `max_wait`.
  void Poll(absl::Duration max_wait);
  // After BeginDrain: whether nothing is under way and everything is recorded.
  bool drained() const;
  // Drops what is still under way and whatever arrives from now on; callers of SendOnce are told.
  // Nothing may be driven any more. Idempotent.
  void Close();

 private:
  // How an attempt began.
  struct SentAs {
    bool fresh_connection = false;
    int health_epoch = 0;
    absl::Duration started;
  };

  Endpoint& EndpointOf(int32_t webhook_id);
  // Clock::Steady when Store::due_clock will show `due`.
  absl::Duration SteadyAt(absl::Time due) const;

  void TakeNow(std::vector<ClaimedDelivery> deliveries);
  void Refresh(Endpoint& endpoint);
  // Forgets how badly the webhook did.
  void ResetHealth(Endpoint& endpoint);
  void NoteTestConfirmed(const WebhookRecord& tested);
  void Consider(Endpoint& endpoint);
  // When its next attempt may start, if it has one; InfiniteDuration: not before another has ended.
  absl::Duration NextStart(Endpoint& endpoint, absl::Duration now);
  // How many attempts it may have under way.
  int InFlightCap(const Endpoint& endpoint) const;
  void SetTimer(Endpoint& endpoint, absl::Duration at);
  void Claim(Endpoint& endpoint);
  void Claimed(Endpoint& endpoint, absl::StatusOr<ClaimedDeliveries> claimed);
  void Start(Endpoint& endpoint);
  void Send(Endpoint& endpoint, ClaimedDelivery delivery, bool fresh_connection);
  void Ended(Endpoint& endpoint, ClaimedDelivery delivery, const SentAs& sent, SendOutcome outcome);
  void NoteHealth(Endpoint& endpoint, const SentAs& sent, const SendOutcome& outcome);
  void NotePace(Endpoint& endpoint, const SentAs& sent, const SendOutcome& outcome);
  void SaveFailingSince(Endpoint& endpoint);
  void Disable(Endpoint& endpoint, const std::string& reason);
  void Recorded(const EndedAttempt& ended);
  void ForgetDeleted();
  void Release(Endpoint& endpoint, int64_t delivery_id);
  void DropQueue(Endpoint& endpoint);

  const Dispatcher::Options options_;
  const Dispatcher::Dependencies dependencies_;
  std::unique_ptr<HttpClient> http_;  // null once closed
  const std::shared_ptr<Inbox> inbox_;
  PinnedClock age_clock_;  // from the wall clock of the shard's start on
  std::atomic<int64_t>& held_;
  Sender sender_;
  Recorder recorder_;

  std::shared_ptr<const WebhookSnapshot> snapshot_;  // as of the last Step
  absl::flat_hash_map<int32_t, std::unique_ptr<Endpoint>> endpoints_;
  std::deque<Endpoint*> runnable_;  // in turn
  std::set<std::pair<absl::Duration, int32_t>> timers_;
  std::vector<int32_t> deleted_;  // webhooks to forget once nothing refers to them
  int under_way_ = 0;
  bool draining_ = false;
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_DELIVERY_SHARD_H_
