#include "server/events/trigger_matcher.h"

#include <algorithm>
#include <utility>

#include "absl/hash/hash.h"
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

// Appends the values from `from` on as long as `belongs` says so of their keys.
template <typename Map, typename Key, typename Belongs>
void Append(const Map& map, const Key& from, Belongs belongs, std::vector<Match>& matches) {
  const auto end = map.end();
  for (auto entry = map.LowerBound(from); !(entry == end) && belongs(entry->first); ++entry) {
    matches.push_back(entry->second);
  }
}

int32_t ScopeOf(const WebhookRecord& webhook) { return webhook.workspace_id.value_or(0); }

bool IsSpecific(const WebhookRecord& webhook) { return webhook.mode == WebhookMode::kSpecific; }

template <typename What, typename By>
size_t Spread(const What& what, By by, int32_t number) {
  return absl::HashOf(what, by, number) % PersistentArray<int>::kSize;
}

}  // namespace

template <typename What>
void TriggerIndex::Places<What>::Set(const What& what, By by, int32_t number, Match match) {
  const size_t place = Spread(what, by, number);
  PersistentMap<Key, Match> map = maps_[place];
  Key key(what, by, number, match.webhook->id, match.trigger_id);
  map.Set(std::move(key), std::move(match));
  maps_.Set(place, std::move(map));
}

template <typename What>
void TriggerIndex::Places<What>::Erase(const What& what, By by, int32_t number, int32_t webhook_id,
                                       int32_t trigger_id) {
  const size_t place = Spread(what, by, number);
  PersistentMap<Key, Match> map = maps_[place];
  map.Erase({what, by, number, webhook_id, trigger_id});
  maps_.Set(place, std::move(map));
}

template <typename What>
template <typename W>
void TriggerIndex::Places<What>::Append(const W& what, By by, int32_t number,
                                        std::vector<Match>& matches) const {
  const auto wanted = std::tie(what, by, number);
  webhookd::Append(
      maps_[Spread(what, by, number)], std::tuple_cat(wanted, std::tuple(INT32_MIN, INT32_MIN)),
      [&wanted](const Key& key) {
        return std::tie(std::get<0>(key), std::get<1>(key), std::get<2>(key)) == wanted;
      },
      matches);
}

TriggerIndex::TriggerIndex(std::shared_ptr<const WebhookSnapshot> snapshot)
    : snapshot_(std::move(snapshot)) {
  for (const auto& [id, webhook] : snapshot_->webhooks()) Add(webhook);
}

TriggerIndex::TriggerIndex(std::shared_ptr<const WebhookSnapshot> snapshot,
                           const TriggerIndex& other)
    : TriggerIndex(other) {
  const std::shared_ptr<const WebhookSnapshot> before =
      std::exchange(snapshot_, std::move(snapshot));
  std::vector<std::shared_ptr<const WebhookRecord>> added;
  WebhookSnapshot::Webhooks::ForEachDifference(before->webhooks(), snapshot_->webhooks(),
                                               [&](int32_t, const auto* old, const auto* webhook) {
                                                 if (old != nullptr) Remove(**old);
                                                 if (webhook != nullptr) added.push_back(*webhook);
                                               });
  // A name may have gone from one to another.
  for (const auto& webhook : added) Add(webhook);
}

bool TriggerIndex::HasLogTriggersOf(const TriggerIndex& other) const {
  return logs_.SharesAllWith(other.logs_) && specific_names_.SharesAllWith(other.specific_names_) &&
         specific_scopes_.SharesAllWith(other.specific_scopes_);
}

void TriggerIndex::Add(const std::shared_ptr<const WebhookRecord>& webhook) {
  if (IsSpecific(*webhook)) {
    specific_names_.Set({ScopeOf(*webhook), webhook->name}, webhook->id);
    specific_scopes_.Set(webhook->id, ScopeOf(*webhook));
  }
  for (const TriggerRecord& trigger : webhook->triggers) AddTrigger(webhook, trigger);
}

void TriggerIndex::Remove(const WebhookRecord& webhook) {
  if (IsSpecific(webhook)) {
    specific_names_.Erase({ScopeOf(webhook), webhook.name});
    specific_scopes_.Erase(webhook.id);
  }
  for (const TriggerRecord& trigger : webhook.triggers) RemoveTrigger(webhook, trigger);
}

void TriggerIndex::AddTrigger(const std::shared_ptr<const WebhookRecord>& webhook,
                              const TriggerRecord& trigger) {
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
  const bool specific = IsSpecific(*webhook);
  const By by = specific ? By::kWebhook : By::kScope;
  const int32_t place = specific ? webhook->id : ScopeOf(*webhook);
  Match match = {.webhook = webhook, .trigger_id = trigger.id};
  switch (trigger.type) {
    case TriggerType::kExperimentStateChange:
      states_.Set(condition->state, by, place, std::move(match));
      return;
    case TriggerType::kMetricThresholdExceeded: {
      const std::string metric = condition->metric.metric;
      match.condition = std::make_shared<const TriggerCondition>(*std::move(condition));
      metrics_.Set(metric, by, place, std::move(match));
      return;
    }
    case TriggerType::kTaskLog:
      match.condition = std::make_shared<const TriggerCondition>(*std::move(condition));
      logs_.Add(std::move(match));
      return;
    case TriggerType::kCustom:
      // Of a webhook that hears every experiment too: it was refused when it was created.
      if (specific) customs_.Set({webhook->id, trigger.id}, std::move(match));
      return;
  }
}

void TriggerIndex::RemoveTrigger(const WebhookRecord& webhook, const TriggerRecord& trigger) {
  const absl::StatusOr<TriggerCondition> condition =
      ParseCondition(trigger.type, trigger.condition_json);
  if (!condition.ok()) return;  // it was never added
  const bool specific = IsSpecific(webhook);
  const By by = specific ? By::kWebhook : By::kScope;
  const int32_t place = specific ? webhook.id : ScopeOf(webhook);
  switch (trigger.type) {
    case TriggerType::kExperimentStateChange:
      return states_.Erase(condition->state, by, place, webhook.id, trigger.id);
    case TriggerType::kMetricThresholdExceeded:
      return metrics_.Erase(condition->metric.metric, by, place, webhook.id, trigger.id);
    case TriggerType::kTaskLog:
      return logs_.Remove(webhook, trigger.id, condition->regex);
    case TriggerType::kCustom:
      return customs_.Erase({webhook.id, trigger.id});
  }
}

std::vector<Match> TriggerIndex::MatchStateChange(const v1::Experiment& experiment) const {
  std::vector<Match> matches;
  if (experiment.webhooks().exclude()) return matches;
  const int state = experiment.state();
  states_.Append(state, By::kScope, 0, matches);
  if (experiment.workspace_id() != 0) {
    states_.Append(state, By::kScope, experiment.workspace_id(), matches);
  }
  for (const int32_t webhook_id : Listed(experiment)) {
    states_.Append(state, By::kWebhook, webhook_id, matches);
  }
  Sort(matches);
  return matches;
}

bool TriggerIndex::ListensToLogs(const v1::Experiment& experiment) const {
  return !logs_.empty() && !experiment.webhooks().exclude();
}

std::vector<MatchedLine> TriggerIndex::MatchLogs(const v1::Experiment& experiment,
                                                 std::span<const absl::string_view> lines) const {
  std::vector<MatchedLine> matched;
  if (!ListensToLogs(experiment)) return matched;
  const LogScope scope = logs_.ScopeOf(experiment.workspace_id());
  const std::vector<int32_t> listed = Listed(experiment);
  std::vector<const Match*> found;
  for (const size_t i : scope.Suspects(lines)) {
    found.clear();
    scope.Match(lines[i], found);
    if (found.empty()) continue;
    MatchedLine line = {.line = i};
    for (const Match* const match : found) {
      if (IsSpecific(*match->webhook) &&
          !std::binary_search(listed.begin(), listed.end(), match->webhook->id)) {
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
  metrics_.Append(metric, By::kScope, 0, matches);
  if (experiment.workspace_id() != 0) {
    metrics_.Append(metric, By::kScope, experiment.workspace_id(), matches);
  }
  for (const int32_t webhook_id : Listed(experiment)) {
    metrics_.Append(metric, By::kWebhook, webhook_id, matches);
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
    Append(
        customs_, std::pair(webhook_id, INT32_MIN),
        [webhook_id](const CustomKey& key) { return key.first == webhook_id; }, matches);
  }
  return matches;
}

std::vector<int32_t> TriggerIndex::Listed(const v1::Experiment& experiment) const {
  std::vector<int32_t> listed;
  if (specific_scopes_.empty()) return listed;
  const v1::WebhookIntegration& integration = experiment.webhooks();
  for (const int32_t webhook_id : integration.webhook_id()) {
    const int32_t* const scope = specific_scopes_.Find(webhook_id);
    if (scope == nullptr) continue;
    if (*scope == 0 || *scope == experiment.workspace_id()) listed.push_back(webhook_id);
  }
  for (const int32_t workspace_id : {0, experiment.workspace_id()}) {
    for (const std::string& name : integration.webhook_name()) {
      const int32_t* const webhook_id = specific_names_.Find(std::tie(workspace_id, name));
      if (webhook_id != nullptr) listed.push_back(*webhook_id);
    }
  }
  // A webhook that is listed twice, or by number and by name, fires once.
  std::sort(listed.begin(), listed.end());
  listed.erase(std::unique(listed.begin(), listed.end()), listed.end());
  return listed;
}

TriggerMatcher::TriggerMatcher(const WebhookCatalog& catalog)
    : catalog_(catalog), current_(std::make_shared<const TriggerIndex>(catalog.Current())) {}

std::shared_ptr<const TriggerIndex> TriggerMatcher::Current() {
  MutexLock lock(mutex_);
  // Read under the lock: of two callers, none puts back an older set.
  std::shared_ptr<const WebhookSnapshot> snapshot = catalog_.Current();
  if (current_->snapshot() == snapshot) return current_;
  // Most often the writer has met it already.
  if (in_write_ != nullptr && in_write_->snapshot() == snapshot) {
    current_ = in_write_;
  } else {
    current_ = std::make_shared<const TriggerIndex>(std::move(snapshot), *Newest());
  }
  return current_;
}

// Webhooks that no commit put into force are as good to start from as any.
std::shared_ptr<const TriggerIndex> TriggerMatcher::Newest() const {
  const bool in_write = in_write_ != nullptr && in_write_->version() > current_->version();
  return in_write ? in_write_ : current_;
}

std::shared_ptr<const TriggerIndex> TriggerMatcher::InWrite(
    std::shared_ptr<const WebhookSnapshot> snapshot) {
  std::shared_ptr<const TriggerIndex> newest;
  {
    MutexLock lock(mutex_);
    if (current_->snapshot() == snapshot) return current_;
    if (in_write_ != nullptr && in_write_->snapshot() == snapshot) return in_write_;
    newest = Newest();
  }
  auto index = std::make_shared<const TriggerIndex>(std::move(snapshot), *newest);
  MutexLock lock(mutex_);
  in_write_ = index;
  return index;
}

}  // namespace webhookd
