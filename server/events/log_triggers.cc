#include "server/events/log_triggers.h"

#include <algorithm>
#include <utility>

#include "server/events/judge.h"

namespace webhookd {

LogScope::LogScope(const std::vector<webhookd::Match>& triggers, const LogScope* earlier) {
  absl::flat_hash_map<absl::string_view, size_t> known;
  for (const webhookd::Match& trigger : triggers) {
    const auto [place, added] = known.try_emplace(trigger.condition->regex, patterns_.size());
    if (added) {
      patterns_.push_back(trigger.condition->regex);
      triggers_.emplace_back();
    }
    triggers_[place->second].push_back(trigger);
  }
  const bool same = earlier != nullptr && earlier->patterns_ == patterns_;
  automaton_ = same ? earlier->automaton_ : std::make_shared<Automaton>();
}

const PatternSet& LogScope::Patterns() const {
  std::call_once(automaton_->once,
                 [this] { automaton_->set = std::make_unique<const PatternSet>(patterns_); });
  return *automaton_->set;
}

void LogScope::Match(absl::string_view line, std::vector<const webhookd::Match*>& matches) const {
  line = line.substr(0, kMaxLineBytes);
  const std::vector<int> found = Patterns().Match(line);
  if (found.empty()) return;
  const size_t before = matches.size();
  for (const int pattern : found) {
    if (PrintsConfig(line, patterns_[pattern])) continue;
    for (const webhookd::Match& trigger : triggers_[pattern]) matches.push_back(&trigger);
  }
  std::sort(matches.begin() + static_cast<ptrdiff_t>(before), matches.end(),
            [](const auto* a, const auto* b) { return ByIds(*a, *b); });
}

LogTriggers::LogTriggers(const std::vector<Match>& triggers, const LogTriggers* earlier) {
  for (const Match& trigger : triggers) {
    by_workspace_[trigger.webhook->workspace_id.value_or(0)].push_back(trigger);
  }
  if (earlier == nullptr) return;
  MutexLock lock(mutex_);
  earlier_ = earlier->TakeScopes();
}

LogTriggers::Scopes LogTriggers::TakeScopes() const {
  MutexLock lock(mutex_);
  // One that saw no line since is still worth lending.
  Scopes scopes = earlier_;
  for (const auto& [workspace_id, scope] : scopes_) scopes[workspace_id] = scope;
  return scopes;
}

std::shared_ptr<const LogScope> LogTriggers::ScopeOf(int32_t workspace_id) const {
  const auto own = by_workspace_.find(workspace_id);
  if (own == by_workspace_.end()) workspace_id = 0;
  MutexLock lock(mutex_);
  std::shared_ptr<const LogScope>& scope = scopes_[workspace_id];
  if (scope != nullptr) return scope;
  std::vector<Match> triggers;
  const auto add = [&](int32_t workspace) {
    const auto found = by_workspace_.find(workspace);
    if (found == by_workspace_.end()) return;
    triggers.insert(triggers.end(), found->second.begin(), found->second.end());
  };
  add(0);
  if (workspace_id != 0) add(workspace_id);
  const auto earlier = earlier_.find(workspace_id);
  scope = std::make_shared<const LogScope>(
      triggers, earlier == earlier_.end() ? nullptr : earlier->second.get());
  if (earlier != earlier_.end()) earlier_.erase(earlier);
  return scope;
}

}  // namespace webhookd
