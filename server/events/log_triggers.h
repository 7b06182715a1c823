#ifndef WEBHOOKD_SERVER_EVENTS_LOG_TRIGGERS_H_
#define WEBHOOKD_SERVER_EVENTS_LOG_TRIGGERS_H_

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "base/mutex.h"
#include "base/persistent_map.h"
#include "server/events/match.h"
#include "server/events/pattern_set.h"

namespace webhookd {

class LogScope;

// TASK_LOG triggers. A copy costs nothing and shares all that is not changed, compiled patterns
// included. Const calls are thread-safe.
class LogTriggers {
 public:
  LogTriggers();

  void Add(Match trigger);
  void Remove(const WebhookRecord& webhook, int32_t trigger_id, const std::string& regex);

  bool empty() const { return triggers_.empty(); }
  bool SharesAllWith(const LogTriggers& other) const {
    return triggers_.SharesAllWith(other.triggers_);
  }

  // Those of global webhooks and of the workspace's (0: not known). Must not outlive this.
  LogScope ScopeOf(int32_t workspace_id) const;

 private:
  friend class LogScope;

  // Workspace (0: global), pattern, webhook, trigger.
  using Key = std::tuple<int32_t, std::string, int32_t, int32_t>;
  // Sorted, each once.
  using Patterns = std::shared_ptr<const std::vector<std::string>>;

  // The patterns that one workspace sees, in one automaton, so that a line is read once however
  // many there are. Built when the first line comes: that, and warming it up, takes time.
  struct Automaton {
    Automaton(Patterns global_patterns, Patterns own_patterns);
    const PatternSet& Set();

    const Patterns global;
    const Patterns own;
    std::vector<std::string> patterns;
    std::once_flag once;
    std::unique_ptr<const PatternSet> set;
  };

  // The automata in use, whichever copy of the triggers uses them.
  struct Automata {
    Mutex mutex;
    absl::flat_hash_map<int32_t, std::shared_ptr<Automaton>> by_workspace ABSL_GUARDED_BY(mutex);
  };

  // Whether a trigger waits for this pattern.
  bool Has(int32_t workspace_id, const std::string& regex) const;
  Patterns PatternsOf(int32_t workspace_id) const;
  // Puts the pattern into the list of the workspace, or takes it out.
  void ListPattern(int32_t workspace_id, const std::string& regex, bool listed);

  PersistentMap<Key, Match> triggers_;
  PersistentMap<int32_t, Patterns> patterns_;  // by workspace; none are empty
  const std::shared_ptr<Automata> automata_;
};

// The TASK_LOG triggers that see one workspace.
class LogScope {
 public:
  LogScope(const LogTriggers& triggers, int32_t workspace_id,
           std::shared_ptr<LogTriggers::Automaton> automaton)
      : triggers_(triggers), workspace_id_(workspace_id), automaton_(std::move(automaton)) {}

  // The places of those `lines` that Match need look at, ascending.
  std::vector<size_t> Suspects(std::span<const absl::string_view> lines) const {
    return automaton_->Set().Suspects(lines);
  }

  // Appends the triggers whose pattern matches the line and is not merely printed by it (see
  // PrintsConfig), by webhook, then trigger. See MatchedPart.
  void Match(absl::string_view line, std::vector<const webhookd::Match*>& matches) const;

 private:
  const LogTriggers& triggers_;
  const int32_t workspace_id_;
  const std::shared_ptr<LogTriggers::Automaton> automaton_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_EVENTS_LOG_TRIGGERS_H_
