#ifndef WEBHOOKD_SERVER_DELIVERY_ENDPOINT_H_
#define WEBHOOKD_SERVER_DELIVERY_ENDPOINT_H_

#include <deque>
#include <memory>
#include <optional>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/delivery/circuit_breaker.h"
#include "server/delivery/pace.h"
#include "server/delivery/rate_limiter.h"
#include "server/delivery/target_url.h"
#include "storage/records.h"

namespace webhookd {

// What a shard knows of one webhook: its URL, its health, and its deliveries that are in memory.
// Owned by its shard's thread.
struct Endpoint {
  explicit Endpoint(int32_t id) : webhook_id(id) {}

  const int32_t webhook_id;

  // As of the catalog when last looked at; null: the webhook is deleted.
  std::shared_ptr<const WebhookRecord> webhook;
  int64_t seen_version = -1;  // of the catalog then
  absl::StatusOr<TargetUrl> target = absl::UnknownError("not parsed yet");
  std::optional<absl::Time> failing_since;  // by the shard's age_clock_
  bool failing_since_unsaved = false;       // the store did not take it

  std::deque<ClaimedDelivery> queue;  // ready to be sent, in order
  absl::flat_hash_set<int64_t> held;  // ids in memory: queued, under way, or not recorded yet
  // Of `held`, those that somebody asked to have sent again while they were under way.
  absl::flat_hash_set<int64_t> redelivered;
  // Of `held`, those with a request under way, and whether they were canceled since it began.
  absl::flat_hash_map<int64_t, bool> sending;
  int under_way() const { return static_cast<int>(sending.size()); }

  // When the earliest delivery that waits in the store is due (Clock::Steady); InfiniteDuration
  // when none does.
  absl::Duration next_due = absl::InfiniteDuration();
  bool claiming = false;  // a claim was handed to the store and not answered yet
  int disabling = 0;      // calls that disable it, not answered yet

  CircuitBreaker circuit;
  RateLimiter rate;
  Pace pace;
  // Raised when its health begins anew: what was sent before says nothing about it any more.
  int health_epoch = 0;

  // Whether nothing but the map refers to it.
  bool unused() const {
    return held.empty() && sending.empty() && !claiming && disabling == 0 && !runnable &&
           !timer.has_value();
  }

  bool runnable = false;  // in the shard's list of endpoints that can start an attempt
  std::optional<absl::Duration> timer;  // when the shard looks at it again (Clock::Steady)
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_DELIVERY_ENDPOINT_H_
