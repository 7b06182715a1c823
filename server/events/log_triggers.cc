#include "server/events/log_triggers.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "server/events/judge.h"

namespace webhookd {

LogTriggers::LogTriggers() : automata_(std::make_shared<Automata>()) {}

void LogTriggers::Add(Match trigger) {
  const int32_t workspace_id = trigger.webhook->workspace_id.value_or(0);
  const std::string regex = trigger.condition->regex;
  const bool is_new = !Has(workspace_id, regex);
  Key key(workspace_id, regex, trigger.webhook->id, trigger.trigger_id);
  triggers_.Set(std::move(key), std::move(trigger));
  if (is_new) ListPattern(workspace_id, regex, true);
}

void LogTriggers::Remove(const WebhookRecord& webhook, int32_t trigger_id,
                         const std::string& regex) {
  const int32_t workspace_id = webhook.workspace_id.value_or(0);
  triggers_.Erase({workspace_id, regex, webhook.id, trigger_id});
  if (!Has(workspace_id, regex)) ListPattern(workspace_id, regex, false);
}

bool LogTriggers::Has(int32_t workspace_id, const std::string& regex) const {
  const auto first = triggers_.LowerBound(std::make_tuple(workspace_id, std::cref(regex), 0, 0));
  if (first == triggers_.end()) return false;
  return std::get<0>(first->first) == workspace_id && std::get<1>(first->first) == regex;
}

LogTriggers::Patterns LogTriggers::PatternsOf(int32_t workspace_id) const {
  const Patterns* const known = patterns_.Find(workspace_id);
  return known == nullptr ? nullptr : *known;
}

void LogTriggers::ListPattern(int32_t workspace_id, const std::string& regex, bool listed) {
  const Patterns known = PatternsOf(workspace_id);
  std::vector<std::string> patterns;
  if (known != nullptr) patterns = *known;
  const auto place = std::lower_bound(patterns.begin(), patterns.end(), regex);
  if (listed) {
    patterns.insert(place, regex);
  } else if (place != patterns.end() && *place == regex) {
    patterns.erase(place);
  }
  if (patterns.empty()) {
    patterns_.Erase(workspace_id);
    // Whoever still has the others builds it anew.
    MutexLock lock(automata_->mutex);
    automata_->by_workspace.erase(workspace_id);
  } else {
    patterns_.Set(workspace_id,
                  std::make_shared<const std::vector<std::string>>(std::move(patterns)));
  }
}

LogScope LogTriggers::ScopeOf(int32_t workspace_id) const {
  const Patterns global = PatternsOf(0);
  Patterns own = workspace_id == 0 ? nullptr : PatternsOf(workspace_id);
  if (own == nullptr) workspace_id = 0;
  std::shared_ptr<Automaton> automaton;
  {
    MutexLock lock(automata_->mutex);
    std::shared_ptr<Automaton>& known = automata_->by_workspace[workspace_id];
    // Lists that were rebuilt to the same patterns keep it, too.
    const auto same = [](const Patterns& a, const Patterns& b) {
      return a == b || (a != nullptr && b != nullptr && *a == *b);
    };
    if (known == nullptr || !same(known->global, global) || !same(known->own, own)) {
      known = std::make_shared<Automaton>(global, std::move(own));
    }
    automaton = known;
  }
  return LogScope(*this, workspace_id, std::move(automaton));
}

LogTriggers::Automaton::Automaton(Patterns global_patterns, Patterns own_patterns)
    : global(std::move(global_patterns)), own(std::move(own_patterns)) {
  static const std::vector<std::string> none;
  const std::vector<std::string>& a = global == nullptr ? none : *global;
  const std::vector<std::string>& b = own == nullptr ? none : *own;
  std::set_union(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(patterns));
}

const PatternSet& LogTriggers::Automaton::Set() {
  std::call_once(once, [this] { set = std::make_unique<const PatternSet>(patterns); });
  return *set;
}

void LogScope::Match(absl::string_view line, std::vector<const webhookd::Match*>& matches) const {
  line = MatchedPart(line);
  const std::vector<int> found = automaton_->Set().Match(line);
  if (found.empty()) return;
  const size_t before = matches.size();
  const auto add = [&](int32_t workspace_id, const std::string& regex) {
    const auto end = triggers_.triggers_.end();
    auto entry =
        triggers_.triggers_.LowerBound(std::make_tuple(workspace_id, std::cref(regex), 0, 0));
    for (; !(entry == end) && std::get<0>(entry->first) == workspace_id &&
           std::get<1>(entry->first) == regex;
         ++entry) {
      matches.push_back(&entry->second);
    }
  };
  for (const int pattern : found) {
    const std::string& regex = automaton_->patterns[pattern];
    if (PrintsConfig(line, regex)) continue;
    add(0, regex);
    if (workspace_id_ != 0) add(workspace_id_, regex);
  }
  std::sort(matches.begin() + static_cast<ptrdiff_t>(before), matches.end(),
            [](const auto* a, const auto* b) { return ByIds(*a, *b); });
}

}  // namespace webhookd
