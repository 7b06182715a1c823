#ifndef WEBHOOKD_SERVER_EVENTS_TRIGGER_MATCHER_H_
#define WEBHOOKD_SERVER_EVENTS_TRIGGER_MATCHER_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "base/mutex.h"
#include "storage/records.h"
#include "storage/webhook_catalog.h"

namespace webhookd::v1 {
class Experiment;
}  // namespace webhookd::v1

namespace webhookd {

// A trigger that an event fires.
struct Match {
  std::shared_ptr<const WebhookRecord> webhook;
  int32_t trigger_id = 0;
};

// The triggers of one WebhookSnapshot, arranged so that the cost of matching grows with the triggers that match and not with those that exist.
// Immutable, thread-safe.
class TriggerIndex {
 public:
  explicit TriggerIndex(std::shared_ptr<const WebhookSnapshot> snapshot);

  int64_t version() const { return snapshot_->version(); }

  // The triggers that the experiment's state fires (docs/architecture.md, "Matching"): state, scope (global or the experiment's workspace), mode
  // (SPECIFIC only when the experiment's configuration names the webhook by number or name), and none at all with exclude. Triggers of
  // disabled webhooks are included. By webhook id, then trigger id.
  std::vector<Match> MatchStateChange(const v1::Experiment& experiment) const;

 private:
  struct Entry {
    std::shared_ptr<const WebhookRecord> webhook;
    int32_t trigger_id = 0;
  };
  struct Key {
    int state = 0;
    int32_t workspace_id = 0;  // 0: global
    bool operator==(const Key&) const = default;
    template <typename H>
    friend H AbslHashValue(H h, const Key& key) {
      return H::combine(std::move(h), key.state, key.workspace_id);
    }
  };

  const std::shared_ptr<const WebhookSnapshot> snapshot_;
  absl::flat_hash_map<Key, std::vector<Entry>> state_changes_;
};

// Keeps the TriggerIndex of the catalog's current snapshot. Thread-safe.
class TriggerMatcher {
 public:
  // `catalog` must outlive the matcher.
  explicit TriggerMatcher(const WebhookCatalog& catalog);

  // The index of the webhooks in force.
  std::shared_ptr<const TriggerIndex> Current();

 private:
  const WebhookCatalog& catalog_;
  Mutex mutex_;
  std::shared_ptr<const TriggerIndex> index_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_EVENTS_TRIGGER_MATCHER_H_
