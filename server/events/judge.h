#ifndef WEBHOOKD_SERVER_EVENTS_JUDGE_H_
#define WEBHOOKD_SERVER_EVENTS_JUDGE_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/events/occurrence.h"
#include "server/events/pattern_set.h"
#include "server/events/trigger_condition.h"
#include "storage/records.h"
#include "webhookd/v1/delivery.pb.h"

namespace webhookd {

// What an occurrence means for a trigger.
struct Verdict {
  v1::JudgementReason reason = v1::JUDGEMENT_REASON_UNSPECIFIED;
  std::string explanation;  // in words, with the values that decided

  // JUDGEMENT_REASON_FIRED or JUDGEMENT_REASON_DISABLED.
  bool fires() const;
};

// The rules of docs/architecture.md, "Matching", applied to one trigger, plainly: TriggerIndex
// gives the same answers for all triggers at once. Depends on nothing but its arguments, so what
// hangs on earlier events (dedupe, for_steps, hysteresis, cool-down) is not looked at.
Verdict Judge(const WebhookRecord& webhook, const TriggerRecord& trigger,
              const Occurrence& occurrence);

// The same for many occurrences: the condition is read once. Borrows the webhook and the trigger.
class TriggerJudge {
 public:
  TriggerJudge(const WebhookRecord& webhook, const TriggerRecord& trigger);

  Verdict Judge(const Occurrence& occurrence) const;

 private:
  Verdict JudgeCondition(const Occurrence& occurrence) const;
  Verdict JudgeLine(absl::string_view line) const;

  const WebhookRecord& webhook_;
  const TriggerRecord& trigger_;
  const absl::StatusOr<TriggerCondition> condition_;
  mutable std::unique_ptr<const PatternSet> pattern_;  // when the first line comes
};

// Whether a line that matches `pattern` prints a configuration, as trials do with their
// experiment's, and so fires nothing: it has the key log_policies (or log_pattern_policies, its
// older name) in JSON, in Python's form of a dict or in YAML, escaped or not, or the pattern's text
// as the value of a key "regex" or "pattern". A line that merely repeats the text of its pattern,
// or speaks of log_policies, is no such line.
bool PrintsConfig(absl::string_view line, absl::string_view pattern);

// Whether the experiment's configuration names the webhook, by number or by name.
bool IsListed(const WebhookRecord& webhook, const v1::Experiment& experiment);

// "EXPERIMENT_STATE_CHANGE" and so on.
absl::string_view TriggerTypeName(TriggerType type);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_EVENTS_JUDGE_H_
