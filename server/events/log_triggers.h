#ifndef WEBHOOKD_SERVER_EVENTS_LOG_TRIGGERS_H_
#define WEBHOOKD_SERVER_EVENTS_LOG_TRIGGERS_H_

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "base/mutex.h"
#include "server/events/match.h"
#include "server/events/pattern_set.h"

namespace webhookd {

// The TASK_LOG triggers that see one workspace, arranged so that a line is read once however many
// there are. Immutable, thread-safe.
class LogScope {
 public:
  // `earlier` (may be null) lends its automaton if it has the same patterns: to build one and to
  // warm it up takes time.
  LogScope(const std::vector<Match>& triggers, const LogScope* earlier);

  // The places of those `lines` that Match need look at, ascending.
  std::vector<size_t> Suspects(std::span<const absl::string_view> lines) const {
    return Patterns().Suspects(lines);
  }

  // Appends the triggers whose pattern matches the line and is not merely printed by it (see
  // PrintsConfig), by webhook, then trigger. Of a longer line kMaxLineBytes are looked at.
  void Match(absl::string_view line, std::vector<const webhookd::Match*>& matches) const;

 private:
  // Built when the first line comes.
  struct Automaton {
    std::once_flag once;
    std::unique_ptr<const PatternSet> set;
  };

  const PatternSet& Patterns() const;

  std::vector<std::string> patterns_;                   // each once
  std::vector<std::vector<webhookd::Match>> triggers_;  // of each pattern
  std::shared_ptr<Automaton> automaton_;
};

// The TASK_LOG triggers of one snapshot. Thread-safe.
class LogTriggers {
 public:
  // `earlier` may be null; it is not kept.
  LogTriggers(const std::vector<Match>& triggers, const LogTriggers* earlier);

  bool empty() const { return by_workspace_.empty(); }

  // Those of global webhooks and of the workspace's (0: not known).
  std::shared_ptr<const LogScope> ScopeOf(int32_t workspace_id) const;

 private:
  using Scopes = absl::flat_hash_map<int32_t, std::shared_ptr<const LogScope>>;

  Scopes TakeScopes() const;

  // By workspace (0: global).
  absl::flat_hash_map<int32_t, std::vector<Match>> by_workspace_;
  mutable Mutex mutex_;
  // Each built when a line of its workspace comes.
  mutable Scopes scopes_ ABSL_GUARDED_BY(mutex_);
  // Of the snapshot before; each may lend its automaton.
  mutable Scopes earlier_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_EVENTS_LOG_TRIGGERS_H_
