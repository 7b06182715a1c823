#include "server/events/trigger_matcher.h"

#include <algorithm>
#include <utility>

#include "absl/status/statusor.h"
#include "server/events/trigger_condition.h"
#include "server/telemetry/log.h"
#include "webhookd/v1/ingest.pb.h"

namespace webhookd {
namespace {

// Each part that was added is sorted already, and most often there is one part only.
void Sort(std::vector<Match>& matches) {
  if (!std::is_sorted(matches.begin(), matches.end(), ByIds)) {
    std::sort(matches.begin(), matches.end(), ByIds);
  }
}

template <typename Map, typename Key>
void Append(const Map& map, const Key& key, std::vector<Match>& matches) {
  const auto found = map.find(key);
  if (found == map.end()) return;
  matches.insert(matches.end(), found->second.begin(), found->second.end());
}

}  // namespace

TriggerIndex::TriggerIndex(std::shared_ptr<const WebhookSnapshot> snapshot,
                           const TriggerIndex* earlier)
    : snapshot_(std::move(snapshot)) {
  std::vector<Match> log_triggers;
  for (const std::shared_ptr<const WebhookRecord>& webhook : snapshot_->webhooks()) {
    if (webhook->mode == WebhookMode::kSpecific) {
      const int32_t workspace_id = webhook->workspace_id.value_or(0);
      specific_names_.try_emplace({workspace_id, webhook->name}, webhook->id);
      specific_scopes_.try_emplace(webhook->id, workspace_id);
    }
    for (const TriggerRecord& trigger : webhook->triggers) {
      AddTrigger(webhook, trigger, log_triggers);
    }
  }
  log_triggers_ = std::make_unique<const LogTriggers>(
      log_triggers, earlier == nullptr ? nullptr : earlier->log_triggers_.get());
}

void TriggerIndex::AddTrigger(const std::shared_ptr<const WebhookRecord>& webhook,
                              const TriggerRecord& trigger, std::vector<Match>& log_triggers) {
  absl::StatusOr<TriggerCondition> condition = ParseCondition(trigger.type, trigger.condition_json);
  if (!condition.ok()) {
    // Conditions are checked before they are stored. One that is wrong all the same must not
    // keep the others from firing.
    Log(LogLevel::kError, "trigger ignored: its stored condition cannot be read",
        {{"webhook_id", int64_t{webhook->id}},
         {"trigger_id", int64_t{trigger.id}},
         {"error", condition.status().message()}});
    return;
  }
  const int32_t workspace_id = webhook->workspace_id.value_or(0);
  const bool specific = webhook->mode == WebhookMode::kSpecific;
  Match match = {.webhook = webhook, .trigger_id = trigger.id};
  switch (trigger.type) {
    case TriggerType::kExperimentStateChange: {
      const int state = condition->state;
      auto& triggers =
          specific ? by_webhook_[{state, webhook->id}] : by_scope_[{state, workspace_id}];
      triggers.push_back(std::move(match));
      return;
    }
    case TriggerType::kMetricThresholdExceeded: {
      match.condition = std::make_shared<const TriggerCondition>(*std::move(condition));
      const absl::string_view metric = match.condition->metric.metric;
      auto& triggers = specific ? metric_by_webhook_[{metric, webhook->id}]
                                : metric_by_scope_[{metric, workspace_id}];
      // The key lives as long as the first of the triggers that it stands for.
      triggers.push_back(std::move(match));
      return;
    }
    case TriggerType::kTaskLog:
      match.condition = std::make_shared<const TriggerCondition>(*std::move(condition));
      log_triggers.push_back(std::move(match));
      return;
    case TriggerType::kCustom:
      // Of a webhook that hears every experiment too: it was refused when it was created.
      if (specific) custom_by_webhook_[webhook->id].push_back(std::move(match));
      return;
  }
}

std::vector<Match> TriggerIndex::MatchStateChange(const v1::Experiment& experiment) const {
  std::vector<Match> matches;
  if (experiment.webhooks().exclude()) return matches;
  Append(by_scope_, ScopeKey{experiment.state(), 0}, matches);
  if (experiment.workspace_id() != 0) {
    Append(by_scope_, ScopeKey{experiment.state(), experiment.workspace_id()}, matches);
  }
  if (!by_webhook_.empty()) {
    for (const int32_t webhook_id : Listed(experiment)) {
      Append(by_webhook_, WebhookKey{experiment.state(), webhook_id}, matches);
    }
  }
  Sort(matches);
  return matches;
}

bool TriggerIndex::ListensToLogs(const v1::Experiment& experiment) const {
  return !log_triggers_->empty() && !experiment.webhooks().exclude();
}

std::vector<MatchedLine> TriggerIndex::MatchLogs(const v1::Experiment& experiment,
                                                 std::span<const absl::string_view> lines) const {
  std::vector<MatchedLine> matched;
  if (!ListensToLogs(experiment)) return matched;
  const std::shared_ptr<const LogScope> scope = log_triggers_->ScopeOf(experiment.workspace_id());
  const std::vector<int32_t> listed = Listed(experiment);
  std::vector<const Match*> found;
  for (const size_t i : scope->Suspects(lines)) {
    found.clear();
    scope->Match(lines[i], found);
    if (found.empty()) continue;
    MatchedLine line = {.line = i};
    for (const Match* const match : found) {
      const bool specific = match->webhook->mode == WebhookMode::kSpecific;
      if (specific && !std::binary_search(listed.begin(), listed.end(), match->webhook->id)) {
        continue;
      }
      line.matches.push_back(*match);
    }
    if (!line.matches.empty()) matched.push_back(std::move(line));
  }
  return matched;
}

std::vector<Match> TriggerIndex::MatchMetric(const v1::Experiment& experiment,
                                             absl::string_view metric,
                                             absl::string_view group) const {
  std::vector<Match> matches;
  if (experiment.webhooks().exclude()) return matches;
  Append(metric_by_scope_, MetricKey{metric, 0}, matches);
  if (experiment.workspace_id() != 0) {
    Append(metric_by_scope_, MetricKey{metric, experiment.workspace_id()}, matches);
  }
  if (!metric_by_webhook_.empty()) {
    for (const int32_t webhook_id : Listed(experiment)) {
      Append(metric_by_webhook_, MetricKey{metric, webhook_id}, matches);
    }
  }
  std::erase_if(matches, [&](const Match& match) {
    const std::string& wanted = match.condition->metric.group;
    return !wanted.empty() && wanted != group;
  });
  Sort(matches);
  return matches;
}

std::vector<Match> TriggerIndex::MatchCustom(const v1::Experiment& experiment) const {
  std::vector<Match> matches;
  if (experiment.webhooks().exclude()) return matches;
  for (const int32_t webhook_id : Listed(experiment)) {
    Append(custom_by_webhook_, webhook_id, matches);
  }
  return matches;
}

std::vector<int32_t> TriggerIndex::Listed(const v1::Experiment& experiment) const {
  std::vector<int32_t> listed;
  if (specific_scopes_.empty()) return listed;
  const v1::WebhookIntegration& integration = experiment.webhooks();
  for (const int32_t webhook_id : integration.webhook_id()) {
    const auto scope = specific_scopes_.find(webhook_id);
    if (scope == specific_scopes_.end()) continue;
    if (scope->second == 0 || scope->second == experiment.workspace_id()) {
      listed.push_back(webhook_id);
    }
  }
  for (const int32_t workspace_id : {0, experiment.workspace_id()}) {
    for (const std::string& name : integration.webhook_name()) {
      const auto webhook_id = specific_names_.find(NameKey{workspace_id, name});
      if (webhook_id != specific_names_.end()) listed.push_back(webhook_id->second);
    }
  }
  // A webhook that is listed twice, or by number and by name, fires once.
  std::sort(listed.begin(), listed.end());
  listed.erase(std::unique(listed.begin(), listed.end()), listed.end());
  return listed;
}

TriggerMatcher::TriggerMatcher(const WebhookCatalog& catalog) : catalog_(catalog) {}

std::shared_ptr<const TriggerIndex> TriggerMatcher::Current() {
  MutexLock lock(mutex_);
  // Read under the lock: of two callers, none puts back an older set.
  std::shared_ptr<const WebhookSnapshot> snapshot = catalog_.Current();
  if (index_ == nullptr || index_->version() != snapshot->version()) {
    index_ = std::make_shared<const TriggerIndex>(std::move(snapshot), index_.get());
  }
  return index_;
}

}  // namespace webhookd
