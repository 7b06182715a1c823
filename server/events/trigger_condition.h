#ifndef WEBHOOKD_SERVER_EVENTS_TRIGGER_CONDITION_H_
#define WEBHOOKD_SERVER_EVENTS_TRIGGER_CONDITION_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "storage/records.h"

namespace google::protobuf {
class Struct;
}  // namespace google::protobuf

namespace webhookd {

enum class Comparison { kLess, kLessOrEqual, kGreater, kGreaterOrEqual };

// "<", "<=", ">" or ">=".
absl::string_view ComparisonSign(Comparison comparison);

// What a METRIC_THRESHOLD_EXCEEDED trigger waits for.
struct MetricCondition {
  enum class OncePer { kNothing, kTrial, kExperiment };

  std::string metric;
  Comparison comparison = Comparison::kLess;
  double threshold = 0;
  std::string group;  // "training" or "validation"; empty: both, each by itself
  int for_steps = 1;  // holds for so many reports in a row
  double hysteresis = 0;
  absl::Duration cooldown;
  OncePer once_per = OncePer::kNothing;

  // Whether `value` is beyond the threshold. NaN never is.
  bool Holds(double value) const;
  // Whether `value` lies so far on the other side of the threshold that the trigger may fire anew.
  // NaN tells nothing.
  bool Rearms(double value) const;
};

// A trigger's condition, read. What belongs to other types of triggers is empty.
struct TriggerCondition {
  int state = 0;  // determined.experiment.v1.State, for EXPERIMENT_STATE_CHANGE
  ErrorStateName error_name = ErrorStateName::kError;  // as the condition spells STATE_ERROR
  std::string regex;
  MetricCondition metric;
};

// Checks a trigger's condition and gives it as canonical JSON, the form that is stored.
//
// EXPERIMENT_STATE_CHANGE: exactly {"state": S}, S a name of determined.experiment.v1.State without
// its prefix, but UNSPECIFIED, or ERRORED (kept as written; ERROR and ERRORED mean the same).
// TASK_LOG: exactly {"regex": R}, R as CheckPattern has it. CUSTOM: {}.
// METRIC_THRESHOLD_EXCEEDED: {"metric": M, "operator": O, "threshold": T}, M of 1 to 255 bytes, O
// one of < <= > >=, T a finite number; optional "group": "training" or "validation", "for_steps": 1
// to 1,000,000, "hysteresis" from 0, "cooldown_seconds" from 0 to 31,536,000 (a year), "once_per":
// "trial" or "experiment". INVALID_ARGUMENT names the field and the value, prefixed by `field`
// (such as "triggers[2].condition").
absl::StatusOr<std::string> CanonicalCondition(TriggerType type,
                                               const google::protobuf::Struct& condition,
                                               absl::string_view field);

// Reads a stored condition.
absl::StatusOr<TriggerCondition> ParseCondition(TriggerType type, absl::string_view condition_json);

// The determined.experiment.v1.State that a stored EXPERIMENT_STATE_CHANGE condition waits for.
absl::StatusOr<int> StateOfCondition(absl::string_view condition_json);

// The determined.experiment.v1.State with this name, without prefix or ERRORED; INVALID_ARGUMENT
// lists the names.
absl::StatusOr<int> ParseStateName(absl::string_view name);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_EVENTS_TRIGGER_CONDITION_H_
