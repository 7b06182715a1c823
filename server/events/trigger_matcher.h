#ifndef WEBHOOKD_SERVER_EVENTS_TRIGGER_MATCHER_H_
#define WEBHOOKD_SERVER_EVENTS_TRIGGER_MATCHER_H_

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
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

// The triggers of one WebhookSnapshot, arranged so that the cost of matching grows with the
// triggers that match and not with those that exist. Immutable, thread-safe.
class TriggerIndex {
 public:
  explicit TriggerIndex(std::shared_ptr<const WebhookSnapshot> snapshot);

  int64_t version() const { return snapshot_->version(); }

  // The triggers that the experiment's state fires (docs/architecture.md, "Matching"): state, scope
  // (global or the experiment's workspace), mode (SPECIFIC only when the experiment's configuration
  // names the webhook by number or name), and none at all with exclude. Triggers of disabled
  // webhooks are included. By webhook id, then trigger id.
  std::vector<Match> MatchStateChange(const v1::Experiment& experiment) const;

 private:
  // By state and workspace (0: global).
  using ScopeKey = std::pair<int, int32_t>;
  // By state and webhook.
  using WebhookKey = std::pair<int, int32_t>;
  // By workspace (0: global) and name.
  using NameKey = std::pair<int32_t, absl::string_view>;

  void AddSpecific(const v1::Experiment& experiment, std::vector<Match>& matches) const;

  const std::shared_ptr<const WebhookSnapshot> snapshot_;
  // Of mode WORKSPACE: they fire for every experiment of their scope.
  absl::flat_hash_map<ScopeKey, std::vector<Match>> by_scope_;
  // Of mode SPECIFIC: looked up for each number and name that an experiment's configuration lists.
  absl::flat_hash_map<WebhookKey, std::vector<Match>> by_webhook_;
  absl::flat_hash_map<NameKey, int32_t> specific_names_;  // point into the snapshot
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
