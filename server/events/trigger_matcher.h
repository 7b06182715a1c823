#ifndef WEBHOOKD_SERVER_EVENTS_TRIGGER_MATCHER_H_
#define WEBHOOKD_SERVER_EVENTS_TRIGGER_MATCHER_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "base/mutex.h"
#include "base/persistent_array.h"
#include "base/persistent_map.h"
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
  explicit TriggerIndex(std::shared_ptr<const WebhookSnapshot> snapshot);
  // The index of `snapshot`, made of `other`: costs what differs, and shares the rest, compiled
  // patterns included.
  TriggerIndex(std::shared_ptr<const WebhookSnapshot> snapshot, const TriggerIndex& other);

  int64_t version() const { return snapshot_->version(); }
  const std::shared_ptr<const WebhookSnapshot>& snapshot() const { return snapshot_; }
  // Whether MatchLogs gives what it gives with `other`.
  bool HasLogTriggersOf(const TriggerIndex& other) const;
  // Whether lines of the experiment's tasks may fire something at all.
  bool ListensToLogs(const v1::Experiment& experiment) const;

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
  // Where triggers of mode WORKSPACE are looked up: by workspace (0: global); and those of mode
  // SPECIFIC: by webhook, for each that an experiment's configuration lists.
  enum class By { kScope, kWebhook };

  // Triggers by what they wait for (a state or a metric) and where they are looked up. Spread by
  // that, so that a look costs the same among many.
  template <typename What>
  class Places {
   public:
    // The workspace or the webhook is `number`.
    void Set(const What& what, By by, int32_t number, Match match);
    void Erase(const What& what, By by, int32_t number, int32_t webhook_id, int32_t trigger_id);
    // By webhook, then trigger.
    template <typename W>
    void Append(const W& what, By by, int32_t number, std::vector<Match>& matches) const;

   private:
    using Key = std::tuple<What, By, int32_t, int32_t, int32_t>;
    PersistentArray<PersistentMap<Key, Match>> maps_;
  };

  // Webhook, trigger. All are of mode SPECIFIC.
  using CustomKey = std::pair<int32_t, int32_t>;
  // Workspace (0: global) and name.
  using NameKey = std::tuple<int32_t, std::string>;

  void Add(const std::shared_ptr<const WebhookRecord>& webhook);
  void Remove(const WebhookRecord& webhook);
  void AddTrigger(const std::shared_ptr<const WebhookRecord>& webhook,
                  const TriggerRecord& trigger);
  void RemoveTrigger(const WebhookRecord& webhook, const TriggerRecord& trigger);
  // The numbers of the webhooks of mode SPECIFIC that the experiment's configuration names and that
  // see its workspace, ascending.
  std::vector<int32_t> Listed(const v1::Experiment& experiment) const;

  std::shared_ptr<const WebhookSnapshot> snapshot_;
  Places<int> states_;
  Places<std::string> metrics_;
  PersistentMap<CustomKey, Match> customs_;
  // Of mode SPECIFIC: their numbers by name, and their workspaces (0: global) by number.
  PersistentMap<NameKey, int32_t> specific_names_;
  PersistentMap<int32_t, int32_t> specific_scopes_;
  LogTriggers logs_;
};

// Keeps the TriggerIndex of the catalog's current snapshot. Thread-safe.
class TriggerMatcher {
 public:
  // `catalog` must outlive the matcher.
  explicit TriggerMatcher(const WebhookCatalog& catalog);

  // The index of the webhooks in force.
  std::shared_ptr<const TriggerIndex> Current();

  // The index of webhooks that a write is about to put into force, for the one thread that writes.
  std::shared_ptr<const TriggerIndex> InWrite(std::shared_ptr<const WebhookSnapshot> snapshot);

 private:
  std::shared_ptr<const TriggerIndex> Newest() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const WebhookCatalog& catalog_;
  Mutex mutex_;
  std::shared_ptr<const TriggerIndex> current_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<const TriggerIndex> in_write_ ABSL_GUARDED_BY(mutex_);  // the last; may be null
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_EVENTS_TRIGGER_MATCHER_H_
