#include "server/events/trigger_matcher.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/status/statusor.h"
#include "server/events/trigger_condition.h"
#include "server/telemetry/log.h"
#include "webhookd/v1/ingest.pb.h"

namespace webhookd {
namespace {

bool ByIds(const Match& a, const Match& b) {
  return std::tie(a.webhook->id, a.trigger_id) < std::tie(b.webhook->id, b.trigger_id);
}

}  // namespace

TriggerIndex::TriggerIndex(std::shared_ptr<const WebhookSnapshot> snapshot)
    : snapshot_(std::move(snapshot)) {
  for (const std::shared_ptr<const WebhookRecord>& webhook : snapshot_->webhooks()) {
    const int32_t workspace_id = webhook->workspace_id.value_or(0);
    const bool specific = webhook->mode == WebhookMode::kSpecific;
    if (specific) specific_names_.try_emplace({workspace_id, webhook->name}, webhook->id);
    for (const TriggerRecord& trigger : webhook->triggers) {
      if (trigger.type != TriggerType::kExperimentStateChange) continue;
      const absl::StatusOr<int> state = StateOfCondition(trigger.condition_json);
      if (!state.ok()) {
        // Conditions are checked before they are stored. One that is wrong all the same must not
        // keep the others from firing.
        Log(LogLevel::kError, "trigger ignored: its stored condition cannot be read",
            {{"webhook_id", int64_t{webhook->id}},
             {"trigger_id", int64_t{trigger.id}},
             {"error", state.status().message()}});
        continue;
      }
      std::vector<Match>& triggers =
          specific ? by_webhook_[{*state, webhook->id}] : by_scope_[{*state, workspace_id}];
      triggers.push_back({webhook, trigger.id});
    }
  }
}

std::vector<Match> TriggerIndex::MatchStateChange(const v1::Experiment& experiment) const {
  std::vector<Match> matches;
  if (experiment.webhooks().exclude()) return matches;
  const auto add_scope = [&](int32_t workspace_id) {
    const auto triggers = by_scope_.find(ScopeKey{experiment.state(), workspace_id});
    if (triggers == by_scope_.end()) return;
    matches.insert(matches.end(), triggers->second.begin(), triggers->second.end());
  };
  add_scope(0);
  if (experiment.workspace_id() != 0) add_scope(experiment.workspace_id());
  if (!by_webhook_.empty()) AddSpecific(experiment, matches);
  // Each part is sorted already, and most often there is one part only.
  if (!std::is_sorted(matches.begin(), matches.end(), ByIds)) {
    std::sort(matches.begin(), matches.end(), ByIds);
  }
  return matches;
}

void TriggerIndex::AddSpecific(const v1::Experiment& experiment,
                               std::vector<Match>& matches) const {
  const v1::WebhookIntegration& listed = experiment.webhooks();
  std::vector<int32_t> webhook_ids(listed.webhook_id().begin(), listed.webhook_id().end());
  for (const int32_t workspace_id : {0, experiment.workspace_id()}) {
    for (const std::string& name : listed.webhook_name()) {
      const auto webhook_id = specific_names_.find(NameKey{workspace_id, name});
      if (webhook_id != specific_names_.end()) webhook_ids.push_back(webhook_id->second);
    }
  }
  // A webhook that is listed twice, or by number and by name, fires once.
  std::sort(webhook_ids.begin(), webhook_ids.end());
  webhook_ids.erase(std::unique(webhook_ids.begin(), webhook_ids.end()), webhook_ids.end());
  for (const int32_t webhook_id : webhook_ids) {
    const auto triggers = by_webhook_.find(WebhookKey{experiment.state(), webhook_id});
    if (triggers == by_webhook_.end()) continue;
    const int32_t scope = triggers->second.front().webhook->workspace_id.value_or(0);
    if (scope != 0 && scope != experiment.workspace_id()) continue;
    matches.insert(matches.end(), triggers->second.begin(), triggers->second.end());
  }
}

TriggerMatcher::TriggerMatcher(const WebhookCatalog& catalog) : catalog_(catalog) {}

std::shared_ptr<const TriggerIndex> TriggerMatcher::Current() {
  MutexLock lock(mutex_);
  // Read under the lock: of two callers, none puts back an older set.
  std::shared_ptr<const WebhookSnapshot> snapshot = catalog_.Current();
  if (index_ == nullptr || index_->version() != snapshot->version()) {
    index_ = std::make_shared<const TriggerIndex>(std::move(snapshot));
  }
  return index_;
}

}  // namespace webhookd
