#include "server/events/trigger_condition.h"

#include <google/protobuf/struct.pb.h>
#include <re2/re2.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "base/quoted.h"
#include "base/status_macros.h"
#include "determined/experiment/v1/experiment.pb.h"
#include "server/events/canonical_json.h"

namespace webhookd {
namespace {

using google::protobuf::Struct;
using google::protobuf::Value;

constexpr size_t kMaxRegexBytes = 1024;
constexpr absl::string_view kStatePrefix = "STATE_";

// A condition's JSON as error messages show it, at a bounded cost.
std::string Shown(const google::protobuf::Message& condition) {
  std::string json = CanonicalJson(condition);
  constexpr size_t kMaxShownBytes = 120;
  if (json.size() <= kMaxShownBytes) return json;
  return absl::StrCat(json.substr(0, kMaxShownBytes), "… (", json.size(), " bytes)");
}

absl::Status WrongShape(absl::string_view field, const Struct& condition,
                        absl::string_view expected) {
  return absl::InvalidArgumentError(
      absl::StrCat(field, " is ", Shown(condition), "; it must be ", expected));
}

absl::Status DoesNotFireYet(absl::string_view field, absl::string_view type) {
  return absl::UnimplementedError(
      absl::StrCat(field, " is of the trigger type ", type,
                   ", which this version does not fire yet; use EXPERIMENT_STATE_CHANGE"));
}

// The string that `condition` holds under its only key, `key`.
absl::StatusOr<absl::string_view> OnlyString(const Struct& condition, const std::string& key,
                                             absl::string_view field, absl::string_view expected) {
  const auto member = condition.fields().find(key);
  if (condition.fields().size() != 1 || member == condition.fields().end()) {
    return WrongShape(field, condition, expected);
  }
  if (member->second.kind_case() != Value::kStringValue) {
    return absl::InvalidArgumentError(absl::StrCat(field, ".", key, " is ", Shown(member->second),
                                                   "; it must be a string, as in ", expected));
  }
  return absl::string_view(member->second.string_value());
}

absl::Status CheckState(const Struct& condition, absl::string_view field) {
  ASSIGN_OR_RETURN(
      const absl::string_view name,
      OnlyString(condition, "state", field, R"({"state": S} with S such as "COMPLETED")"));
  const absl::StatusOr<int> state = ParseStateName(name);
  if (state.ok()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(field, ".state is ", state.status().message()));
}

absl::Status CheckRegex(const Struct& condition, absl::string_view field) {
  ASSIGN_OR_RETURN(const absl::string_view regex,
                   OnlyString(condition, "regex", field, R"({"regex": R} with R in RE2 syntax)"));
  if (regex.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(field, ".regex is empty and would match every line; give a pattern"));
  }
  if (regex.size() > kMaxRegexBytes) {
    return absl::InvalidArgumentError(absl::StrCat(field, ".regex is ", Quoted(regex), "; at most ",
                                                   kMaxRegexBytes, " bytes are allowed"));
  }
  const RE2 compiled(re2::StringPiece(regex.data(), regex.size()), RE2::Quiet);
  if (!compiled.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(
        field, ".regex is ", Quoted(regex), ", which is no RE2 pattern: ", compiled.error()));
  }
  return DoesNotFireYet(field, "TASK_LOG");
}

absl::Status CheckMetric(const Struct& condition, absl::string_view field) {
  constexpr absl::string_view kExpected =
      R"({"metric": M, "operator": O, "threshold": T} with M a name, )"
      R"(O one of <, <=, > and >=, and T a number)";
  const auto& members = condition.fields();
  const auto metric = members.find("metric");
  const auto comparison = members.find("operator");
  const auto threshold = members.find("threshold");
  if (members.size() != 3 || metric == members.end() || comparison == members.end() ||
      threshold == members.end()) {
    return WrongShape(field, condition, kExpected);
  }
  const std::string& name = comparison->second.string_value();
  const bool known = name == "<" || name == "<=" || name == ">" || name == ">=";
  if (metric->second.string_value().empty() || !known ||
      threshold->second.kind_case() != Value::kNumberValue) {
    return WrongShape(field, condition, kExpected);
  }
  return DoesNotFireYet(field, "METRIC_THRESHOLD_EXCEEDED");
}

absl::Status CheckCustom(const Struct& condition, absl::string_view field) {
  if (!condition.fields().empty()) {
    return WrongShape(field, condition, "empty: CUSTOM takes no condition");
  }
  return DoesNotFireYet(field, "CUSTOM");
}

absl::Status CheckShape(TriggerType type, const Struct& condition, absl::string_view field) {
  switch (type) {
    case TriggerType::kExperimentStateChange:
      return CheckState(condition, field);
    case TriggerType::kMetricThresholdExceeded:
      return CheckMetric(condition, field);
    case TriggerType::kTaskLog:
      return CheckRegex(condition, field);
    case TriggerType::kCustom:
      return CheckCustom(condition, field);
  }
  return absl::InvalidArgumentError(
      absl::StrCat(field, " is of the unknown trigger type ", static_cast<int>(type)));
}

std::string StateNameList() {
  std::vector<absl::string_view> names;
  const auto& states = *determined::experiment::v1::State_descriptor();
  for (int i = 0; i < states.value_count(); ++i) {
    if (states.value(i)->number() == determined::experiment::v1::STATE_UNSPECIFIED) continue;
    names.push_back(absl::StripPrefix(states.value(i)->name(), kStatePrefix));
  }
  return absl::StrJoin(names, ", ");
}

}  // namespace

absl::StatusOr<std::string> CanonicalCondition(TriggerType type, const Struct& condition,
                                               absl::string_view field) {
  RETURN_IF_ERROR(CheckShape(type, condition, field));
  return CanonicalJson(condition);
}

absl::StatusOr<int> StateOfCondition(absl::string_view condition_json) {
  // The canonical form of a condition has no other spelling.
  absl::string_view name = condition_json;
  if (!absl::ConsumePrefix(&name, R"({"state":")") || !absl::ConsumeSuffix(&name, R"("})")) {
    return absl::InvalidArgumentError(
        absl::StrCat(Quoted(condition_json), " is not of the form {\"state\":\"COMPLETED\"}"));
  }
  return ParseStateName(name);
}

absl::StatusOr<int> ParseStateName(absl::string_view name) {
  if (name == "ERRORED") return determined::experiment::v1::STATE_ERROR;
  determined::experiment::v1::State state;
  if (!determined::experiment::v1::State_Parse(absl::StrCat(kStatePrefix, name), &state) ||
      state == determined::experiment::v1::STATE_UNSPECIFIED) {
    return absl::InvalidArgumentError(
        absl::StrCat(Quoted(name), ", which is no state of an experiment; use one of ",
                     StateNameList(), " (or ERRORED for ERROR)"));
  }
  return state;
}

}  // namespace webhookd
