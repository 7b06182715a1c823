#ifndef WEBHOOKD_SERVER_EVENTS_TRIGGER_MATCHER_H_
#define WEBHOOKD_SERVER_EVENTS_TRIGGER_MATCHER_H_

#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "base/mutex.h"
#include "server/events/log_triggers.h"
#include "server/events/match.h"
#include "storage/records.h"
#include "storage/webhook_catalog.h"

namespace webhookd::v1 {
class Experiment;
}  // namespace webhookd::v1

namespace webhookd {

// A line and the triggers that it fires.
struct MatchedLine {
  size_t line = 0;  // from 0
  std::vector<Match> matches;
};

// The triggers of one WebhookSnapshot, arranged so that the cost of matching grows with the
// triggers that match and not with those that exist. Immutable, thread-safe.
//
// What is found are the triggers for which Judge says that they fire (docs/architecture.md,
// "Matching"): by type and condition, scope (global or the experiment's workspace), mode (SPECIFIC
// only when the experiment's configuration names the webhook by number or name), and none at all
// with exclude. Triggers of disabled webhooks are included. By webhook id, then trigger id.
class TriggerIndex {
 public:
  // `earlier` (may be null, is not kept) is an index of older webhooks, of which costly parts that
  // are the same are taken over.
  explicit TriggerIndex(std::shared_ptr<const WebhookSnapshot> snapshot,
                        const TriggerIndex* earlier = nullptr);

  int64_t version() const { return snapshot_->version(); }
  // Whether lines of the experiment's tasks may fire something at all.
  bool ListensToLogs(const v1::Experiment& experiment) const;
  const WebhookSnapshot& snapshot() const { return *snapshot_; }

  std::vector<Match> MatchStateChange(const v1::Experiment& experiment) const;

  // Those of the lines that fire something, in their order. `experiment` is that of the task, or an
  // empty one.
  std::vector<MatchedLine> MatchLogs(const v1::Experiment& experiment,
                                     std::span<const absl::string_view> lines) const;

  // The triggers that wait for this metric of the experiment, whether or not its value meets them:
  // what happens next also hangs on the values before.
  std::vector<Match> MatchMetric(const v1::Experiment& experiment, absl::string_view metric,
                                 absl::string_view group) const;

  std::vector<Match> MatchCustom(const v1::Experiment& experiment) const;

 private:
  // By state and workspace (0: global).
  using ScopeKey = std::pair<int, int32_t>;
  // By state and webhook.
  using WebhookKey = std::pair<int, int32_t>;
  // By workspace (0: global) and name.
  using NameKey = std::pair<int32_t, absl::string_view>;
  // By metric and workspace (0: global), or by metric and webhook.
  using MetricKey = std::pair<absl::string_view, int32_t>;

  void AddTrigger(const std::shared_ptr<const WebhookRecord>& webhook, const TriggerRecord& trigger,
                  std::vector<Match>& log_triggers);
  // The numbers of the webhooks of mode SPECIFIC that the experiment's configuration names and that
  // see its workspace, ascending.
  std::vector<int32_t> Listed(const v1::Experiment& experiment) const;

  const std::shared_ptr<const WebhookSnapshot> snapshot_;
  // Of mode WORKSPACE: they fire for every experiment of their scope.
  absl::flat_hash_map<ScopeKey, std::vector<Match>> by_scope_;
  // Of mode SPECIFIC: looked up for each number and name that an experiment's configuration lists.
  absl::flat_hash_map<WebhookKey, std::vector<Match>> by_webhook_;
  absl::flat_hash_map<MetricKey, std::vector<Match>> metric_by_scope_;
  absl::flat_hash_map<MetricKey, std::vector<Match>> metric_by_webhook_;
  absl::flat_hash_map<int32_t, std::vector<Match>> custom_by_webhook_;
  // Of mode SPECIFIC: their names, which point into the snapshot, and their workspaces (0: global).
  absl::flat_hash_map<NameKey, int32_t> specific_names_;
  absl::flat_hash_map<int32_t, int32_t> specific_scopes_;
  std::unique_ptr<const LogTriggers> log_triggers_;
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
