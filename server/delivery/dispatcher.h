#ifndef WEBHOOKD_SERVER_DELIVERY_DISPATCHER_H_
#define WEBHOOKD_SERVER_DELIVERY_DISPATCHER_H_

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/random.h"
#include "server/delivery/egress_policy.h"
#include "server/delivery/http_client.h"
#include "server/delivery/proxy_use.h"
#include "server/delivery/resolver.h"
#include "server/delivery/retry_policy.h"
#include "server/delivery/signer.h"
#include "storage/records.h"
#include "storage/store.h"
#include "storage/wake.h"
#include "storage/webhook_catalog.h"

namespace webhookd {

class ShardThread;

// Brings deliveries to their webhooks: hashes webhooks to shards and hands on what each must know.
// Thread-safe.
class Dispatcher {
 public:
  struct Options {
    int shards = 1;
    int max_in_flight_per_webhook = 16;  // unless the webhook says otherwise
    // Attempts under way at once, a shard. Above half of it each webhook gets one at a time, so
    // that a crowd of slow receivers leaves room for the others.
    int max_in_flight = 4'096;
    int max_ready = 50'000;  // deliveries held in memory, all webhooks together
    int max_ready_per_webhook = 1'000;
    absl::Duration connect_timeout = absl::Seconds(5);
    absl::Duration timeout = absl::Seconds(15);
    // How long a delivery may wait in memory before its lease is taken anew.
    absl::Duration lease_slack = absl::Minutes(5);
    absl::Duration disable_after = absl::Hours(24 * 5);  // of nothing but failed attempts
    ProxyUse proxy;
    RetryPolicy retry;
    // Of webhooks of type Slack that have no max_requests_per_second; none: no limit.
    std::optional<double> slack_requests_per_second = 1;

    // The longest that requests of one delivery follow each other without a look at its lease: one,
    // and another at once when the connection of the first turns out to be dead.
    absl::Duration longest_sending() const { return 2 * timeout; }
    // What deliveries are leased for, whoever takes the lease. It always outlasts the requests.
    absl::Duration lease() const { return longest_sending() + lease_slack; }
  };

  // What everything here is borrowed from; all must outlive the dispatcher.
  struct Dependencies {
    Store& store;
    WebhookCatalog& catalog;
    const Signer& signer;
    const EgressPolicy& egress;
    Resolver& resolver;
    Clock& clock;
    RandomBits& random;
    std::function<absl::StatusOr<std::unique_ptr<HttpClient>>()> new_http_client;  // one a shard
  };

  static absl::StatusOr<std::unique_ptr<Dispatcher>> Create(Options options,
                                                            Dependencies dependencies);
  ~Dispatcher();

  // Starts the shards' threads and reads from the store what waits.
  absl::Status Start();

  // Starts no new attempts, waits at most `drain` for those under way, records them, ends the
  // threads. Idempotent.
  void Stop(absl::Duration drain);

  // Whether `count` more deliveries may be handed to Wake as claimed. Counts them as held when it
  // says yes.
  bool Reserve(int64_t count);

  // Takes deliveries that were reserved and claimed, and looks into the store for webhooks that
  // have more.
  void Wake(WakeUp wake_up);

  // For who wants what waits for a webhook to be sent now, though the webhook may be at rest
  // because it failed or asked for it.
  void Ask(int32_t webhook_id);

  // For who changed or deleted a webhook, once the catalog has the change: calls `done` when no
  // request starts any more but as the webhook is now, with how many are under way. Runs on a
  // shard's thread.
  void Settle(int32_t webhook_id, absl::AnyInvocable<void(int64_t under_way) &&> done);

  // For who canceled a delivery, once that is durable: calls `done` when it is not in memory any
  // more, and tells whether a request of it is under way. Runs on a shard's thread.
  void Drop(int32_t webhook_id, int64_t delivery_id,
            absl::AnyInvocable<void(bool under_way) &&> done);

  // Sends `body` to `webhook` once, now, past its queue, without retries or record, and calls
  // `done` on a shard's thread. A webhook that confirms it counts as well again.
  void SendOnce(std::shared_ptr<const WebhookRecord> webhook, std::string event_id,
                std::shared_ptr<const std::string> body,
                absl::AnyInvocable<void(AttemptRecord) &&> done);

 private:
  Dispatcher(Options options, Dependencies dependencies);
  size_t ShardIndex(int32_t webhook_id) const;

  const Options options_;
  const Dependencies dependencies_;
  std::atomic<int64_t> held_{0};
  std::vector<std::unique_ptr<ShardThread>> shards_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_DELIVERY_DISPATCHER_H_
