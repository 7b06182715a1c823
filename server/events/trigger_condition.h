#ifndef WEBHOOKD_SERVER_EVENTS_TRIGGER_CONDITION_H_
#define WEBHOOKD_SERVER_EVENTS_TRIGGER_CONDITION_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "storage/records.h"

namespace google::protobuf {
class Struct;
}  // namespace google::protobuf

namespace webhookd {

// Checks a trigger's condition and gives it as canonical JSON, the form that is stored.
//
// EXPERIMENT_STATE_CHANGE: exactly {"state": S}, S a name of determined.experiment.v1.State without
// its prefix, but UNSPECIFIED, or ERRORED (kept as written; ERROR and ERRORED mean the same).
// TASK_LOG: exactly {"regex": R}, R not empty, at most 1,024 bytes, compiles as RE2.
// METRIC_THRESHOLD_EXCEEDED: exactly {"metric": M, "operator": O, "threshold": T}, M not empty, O
// one of < <= > >=, T a number. CUSTOM: {}. Types that do not fire yet (these three) are refused
// with UNIMPLEMENTED after their shape was checked. INVALID_ARGUMENT names the field and the value,
// prefixed by `field` (such as "triggers[2].condition").
absl::StatusOr<std::string> CanonicalCondition(TriggerType type,
                                               const google::protobuf::Struct& condition,
                                               absl::string_view field);

// The determined.experiment.v1.State that a stored EXPERIMENT_STATE_CHANGE condition waits for.
absl::StatusOr<int> StateOfCondition(absl::string_view condition_json);

// The determined.experiment.v1.State with this name, without prefix or ERRORED; INVALID_ARGUMENT
// lists the names.
absl::StatusOr<int> ParseStateName(absl::string_view name);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_EVENTS_TRIGGER_CONDITION_H_
