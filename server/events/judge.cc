#include "server/events/judge.h"

#include <re2/re2.h>

#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/quoted.h"
#include "server/events/canonical_json.h"
#include "server/events/pattern_set.h"
#include "server/events/payload.h"
#include "server/events/trigger_condition.h"

namespace webhookd {
namespace {

template <typename... Parts>
Verdict No(v1::JudgementReason reason, const Parts&... parts) {
  return {.reason = reason, .explanation = absl::StrCat(parts...)};
}

// A pattern's text as it stands within a JSON string.
std::string JsonEscaped(absl::string_view text) {
  std::string json;
  AppendJsonString(text, json);
  return json.substr(1, json.size() - 2);
}

void StripQuotes(absl::string_view& text) {
  while (!text.empty() && absl::StrContains("\"'\\ \t", text.back())) text.remove_suffix(1);
}

// Whether `before` ends with a key that holds patterns, and its colon.
bool EndsWithPatternKey(absl::string_view before) {
  StripQuotes(before);
  if (!absl::ConsumeSuffix(&before, ":") && !absl::ConsumeSuffix(&before, "=")) return false;
  StripQuotes(before);
  return absl::EndsWith(before, "regex") || absl::EndsWith(before, "pattern");
}

// Whether the key `log_policies`, or its older name, stands in the line as a configuration has it:
// quoted in any way and followed by a colon, or in YAML without quotes before its list. A line
// that only speaks of it does not.
bool HoldsLogPolicies(absl::string_view line) {
  static const RE2& as_config = *new RE2(R"re((?m)\\?["']log_(?:pattern_)?policies\\?["']\s*:)re"
                                         R"re(|(?:^|[\s{,])log_(?:pattern_)?policies:\s*[\[{])re"
                                         R"re(|^\s*(?:-\s+)?log_(?:pattern_)?policies:\s*$)re");
  return RE2::PartialMatch(re2::StringPiece(line.data(), line.size()), as_config);
}

// Whether `text` stands in the line as the value of a key that holds patterns.
bool HoldsPattern(absl::string_view line, absl::string_view text) {
  for (size_t at = line.find(text); at != absl::string_view::npos; at = line.find(text, at + 1)) {
    if (EndsWithPatternKey(line.substr(0, at))) return true;
  }
  return false;
}

Verdict JudgeScope(const WebhookRecord& webhook, const v1::Experiment& experiment) {
  if (experiment.webhooks().exclude()) {
    return No(v1::JUDGEMENT_REASON_EXCLUDED, "the configuration of experiment ", experiment.id(),
              " excludes it from all webhooks");
  }
  if (webhook.workspace_id.has_value() && *webhook.workspace_id != experiment.workspace_id()) {
    if (experiment.workspace_id() == 0) {
      return No(v1::JUDGEMENT_REASON_SCOPE, "the webhook belongs to workspace ",
                *webhook.workspace_id, ", and the event's workspace is not known");
    }
    return No(v1::JUDGEMENT_REASON_SCOPE, "the webhook belongs to workspace ",
              *webhook.workspace_id, ", the event to workspace ", experiment.workspace_id());
  }
  if (webhook.mode == WebhookMode::kSpecific && !IsListed(webhook, experiment)) {
    if (experiment.id() == 0) {
      return No(v1::JUDGEMENT_REASON_MODE,
                "the webhook is of mode SPECIFIC, and the experiment is not known");
    }
    return No(v1::JUDGEMENT_REASON_MODE,
              "the webhook is of mode SPECIFIC, and integrations.webhooks of experiment ",
              experiment.id(), " names neither ", webhook.id, " nor ", Quoted(webhook.name));
  }
  return {};
}

Verdict JudgeMetric(const MetricCondition& condition, const Occurrence& occurrence) {
  if (condition.metric != occurrence.metric) {
    return No(v1::JUDGEMENT_REASON_METRIC, "the trigger waits for the metric ",
              Quoted(condition.metric), ", not for ", Quoted(occurrence.metric));
  }
  if (!condition.group.empty() && condition.group != occurrence.group) {
    return No(v1::JUDGEMENT_REASON_GROUP, "the trigger waits for ", condition.group,
              " metrics, not for ", occurrence.group);
  }
  if (!condition.Holds(occurrence.value)) {
    return No(v1::JUDGEMENT_REASON_THRESHOLD, condition.metric, " is ", occurrence.value, ", not ",
              ComparisonSign(condition.comparison), " ", condition.threshold);
  }
  return {};
}

}  // namespace

bool Verdict::fires() const {
  return reason == v1::JUDGEMENT_REASON_FIRED || reason == v1::JUDGEMENT_REASON_DISABLED;
}

TriggerJudge::TriggerJudge(const WebhookRecord& webhook, const TriggerRecord& trigger)
    : webhook_(webhook),
      trigger_(trigger),
      condition_(ParseCondition(trigger.type, trigger.condition_json)) {}

Verdict TriggerJudge::Judge(const Occurrence& occurrence) const {
  if (trigger_.type != occurrence.type) {
    return No(v1::JUDGEMENT_REASON_TYPE, "the trigger waits for ", TriggerTypeName(trigger_.type),
              " events");
  }
  Verdict verdict = JudgeScope(webhook_, occurrence.experiment);
  if (verdict.reason != v1::JUDGEMENT_REASON_UNSPECIFIED) return verdict;
  if (trigger_.type == TriggerType::kCustom && webhook_.mode != WebhookMode::kSpecific) {
    return No(v1::JUDGEMENT_REASON_MODE, "CUSTOM triggers fire in mode SPECIFIC only");
  }
  verdict = JudgeCondition(occurrence);
  if (verdict.reason != v1::JUDGEMENT_REASON_UNSPECIFIED) return verdict;
  if (webhook_.disabled_at.has_value()) {
    return No(v1::JUDGEMENT_REASON_DISABLED, "the webhook is disabled: the delivery is skipped");
  }
  return No(v1::JUDGEMENT_REASON_FIRED, "everything that the trigger waits for is met");
}

Verdict TriggerJudge::JudgeCondition(const Occurrence& occurrence) const {
  if (!condition_.ok()) {
    return No(v1::JUDGEMENT_REASON_UNREADABLE,
              "the stored condition cannot be read: ", condition_.status().message());
  }
  switch (trigger_.type) {
    case TriggerType::kExperimentStateChange:
      if (condition_->state == occurrence.experiment.state()) return {};
      return No(v1::JUDGEMENT_REASON_STATE, "the trigger waits for ",
                PayloadStateName(condition_->state, condition_->error_name),
                ", and the experiment became ",
                PayloadStateName(occurrence.experiment.state(), ErrorStateName::kError));
    case TriggerType::kTaskLog:
      return JudgeLine(occurrence.line);
    case TriggerType::kMetricThresholdExceeded:
      return JudgeMetric(condition_->metric, occurrence);
    case TriggerType::kCustom:
      return {};
  }
  return {};
}

Verdict TriggerJudge::JudgeLine(absl::string_view line) const {
  const std::string& regex = condition_->regex;
  if (pattern_ == nullptr) {
    pattern_ = std::make_unique<const PatternSet>(std::vector<std::string>{regex});
  }
  line = MatchedPart(line);
  if (pattern_->Match(line).empty()) {
    return No(v1::JUDGEMENT_REASON_PATTERN, Quoted(regex), " does not match the line");
  }
  if (PrintsConfig(line, regex)) {
    return No(v1::JUDGEMENT_REASON_CONFIG_LINE,
              "the line prints an experiment's configuration: it has log_policies, or ",
              Quoted(regex), " as a pattern");
  }
  return {};
}

Verdict Judge(const WebhookRecord& webhook, const TriggerRecord& trigger,
              const Occurrence& occurrence) {
  return TriggerJudge(webhook, trigger).Judge(occurrence);
}

bool PrintsConfig(absl::string_view line, absl::string_view pattern) {
  if (HoldsLogPolicies(line) || HoldsPattern(line, pattern)) return true;
  const std::string escaped = JsonEscaped(pattern);
  return escaped != pattern && HoldsPattern(line, escaped);
}

bool IsListed(const WebhookRecord& webhook, const v1::Experiment& experiment) {
  const v1::WebhookIntegration& listed = experiment.webhooks();
  return absl::c_linear_search(listed.webhook_id(), webhook.id) ||
         absl::c_linear_search(listed.webhook_name(), webhook.name);
}

absl::string_view TriggerTypeName(TriggerType type) {
  switch (type) {
    case TriggerType::kExperimentStateChange:
      return "EXPERIMENT_STATE_CHANGE";
    case TriggerType::kMetricThresholdExceeded:
      return "METRIC_THRESHOLD_EXCEEDED";
    case TriggerType::kTaskLog:
      return "TASK_LOG";
    case TriggerType::kCustom:
      return "CUSTOM";
  }
  return "UNKNOWN";
}

}  // namespace webhookd
