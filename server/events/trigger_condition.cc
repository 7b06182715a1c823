#include "server/events/trigger_condition.h"

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include <cmath>
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
#include "server/events/pattern_set.h"

namespace webhookd {
namespace {

using google::protobuf::Struct;
using google::protobuf::Value;

constexpr size_t kMaxMetricBytes = 255;
constexpr double kMaxForSteps = 1'000'000;
constexpr double kMaxCooldownSeconds = 31'536'000;
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

absl::StatusOr<absl::string_view> RegexOf(const Struct& condition, absl::string_view field) {
  return OnlyString(condition, "regex", field, R"({"regex": R} with R in RE2 syntax)");
}

absl::Status CheckRegex(const Struct& condition, absl::string_view field) {
  ASSIGN_OR_RETURN(const absl::string_view regex, RegexOf(condition, field));
  const absl::Status pattern = CheckPattern(regex);
  if (pattern.ok()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(field, ".regex ", Quoted(regex), " ", pattern.message()));
}

constexpr absl::string_view kMetricShape =
    R"({"metric": M, "operator": O, "threshold": T} with M a name, )"
    R"(O one of <, <=, > and >=, and T a number; optional are "group", "for_steps", )"
    R"("hysteresis", "cooldown_seconds" and "once_per")";

absl::StatusOr<Comparison> ParseComparison(absl::string_view sign) {
  if (sign == "<") return Comparison::kLess;
  if (sign == "<=") return Comparison::kLessOrEqual;
  if (sign == ">") return Comparison::kGreater;
  if (sign == ">=") return Comparison::kGreaterOrEqual;
  return absl::InvalidArgumentError("it must be one of <, <=, > and >=");
}

// Reads the members of a metric's condition.
class MetricReader {
 public:
  MetricReader(const Struct& condition, absl::string_view field)
      : condition_(condition), field_(field) {}

  absl::StatusOr<MetricCondition> Read() {
    for (const auto& [key, value] : condition_.fields()) {
      if (!IsKnown(key)) return WrongShape(field_, condition_, kMetricShape);
    }
    MetricCondition metric;
    ASSIGN_OR_RETURN(const Value* const name, Required("metric", Value::kStringValue));
    ASSIGN_OR_RETURN(const Value* const sign, Required("operator", Value::kStringValue));
    ASSIGN_OR_RETURN(const Value* const threshold, Required("threshold", Value::kNumberValue));
    metric.metric = name->string_value();
    if (metric.metric.empty() || metric.metric.size() > kMaxMetricBytes) {
      return Wrong("metric", absl::StrCat("it must have 1 to ", kMaxMetricBytes, " bytes"));
    }
    const absl::StatusOr<Comparison> comparison = ParseComparison(sign->string_value());
    if (!comparison.ok()) return Wrong("operator", comparison.status().message());
    metric.comparison = *comparison;
    metric.threshold = threshold->number_value();
    if (!std::isfinite(metric.threshold)) return Wrong("threshold", "it must be finite");
    RETURN_IF_ERROR(ReadOptional(metric));
    return metric;
  }

 private:
  static bool IsKnown(absl::string_view key) {
    return key == "metric" || key == "operator" || key == "threshold" || key == "group" ||
           key == "for_steps" || key == "hysteresis" || key == "cooldown_seconds" ||
           key == "once_per";
  }

  const Value* Find(const std::string& key) const {
    const auto member = condition_.fields().find(key);
    return member == condition_.fields().end() ? nullptr : &member->second;
  }

  absl::StatusOr<const Value*> Required(const std::string& key, Value::KindCase kind) const {
    const Value* const value = Find(key);
    if (value == nullptr) return WrongShape(field_, condition_, kMetricShape);
    if (value->kind_case() != kind) {
      return Wrong(key,
                   kind == Value::kNumberValue ? "it must be a number" : "it must be a string");
    }
    return value;
  }

  absl::Status Wrong(const std::string& key, absl::string_view rule) const {
    return absl::InvalidArgumentError(
        absl::StrCat(field_, ".", key, " is ", Shown(*Find(key)), "; ", rule));
  }

  absl::Status ReadOptional(MetricCondition& metric) const {
    if (const Value* const group = Find("group"); group != nullptr) {
      metric.group = group->string_value();
      if (metric.group != "training" && metric.group != "validation") {
        return Wrong("group", R"(it must be "training" or "validation"; left out, it is both)");
      }
    }
    if (const Value* const steps = Find("for_steps"); steps != nullptr) {
      const double count = steps->number_value();
      if (!(count >= 1 && count <= kMaxForSteps) || count != std::floor(count)) {
        return Wrong("for_steps", "it must be a whole number of reports from 1 to 1,000,000");
      }
      metric.for_steps = static_cast<int>(count);
    }
    if (const Value* const hysteresis = Find("hysteresis"); hysteresis != nullptr) {
      metric.hysteresis = hysteresis->number_value();
      const bool is_number = hysteresis->kind_case() == Value::kNumberValue;
      if (!is_number || !(metric.hysteresis >= 0) || !std::isfinite(metric.hysteresis)) {
        return Wrong("hysteresis", "it must be a finite number from 0");
      }
    }
    if (const Value* const cooldown = Find("cooldown_seconds"); cooldown != nullptr) {
      const double seconds = cooldown->number_value();
      const bool is_number = cooldown->kind_case() == Value::kNumberValue;
      if (!is_number || !(seconds >= 0 && seconds <= kMaxCooldownSeconds)) {
        return Wrong("cooldown_seconds", "it must be a number from 0 to 31,536,000 (a year)");
      }
      metric.cooldown = absl::Seconds(seconds);
    }
    if (const Value* const once = Find("once_per"); once != nullptr) {
      if (once->string_value() == "trial") {
        metric.once_per = MetricCondition::OncePer::kTrial;
      } else if (once->string_value() == "experiment") {
        metric.once_per = MetricCondition::OncePer::kExperiment;
      } else {
        return Wrong("once_per", R"(it must be "trial" or "experiment")");
      }
    }
    return absl::OkStatus();
  }

  const Struct& condition_;
  const absl::string_view field_;
};

absl::Status CheckCustom(const Struct& condition, absl::string_view field) {
  if (condition.fields().empty()) return absl::OkStatus();
  return WrongShape(field, condition, "empty: CUSTOM takes no condition");
}

absl::Status CheckShape(TriggerType type, const Struct& condition, absl::string_view field) {
  switch (type) {
    case TriggerType::kExperimentStateChange:
      return CheckState(condition, field);
    case TriggerType::kMetricThresholdExceeded:
      return MetricReader(condition, field).Read().status();
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

absl::string_view ComparisonSign(Comparison comparison) {
  switch (comparison) {
    case Comparison::kLess:
      return "<";
    case Comparison::kLessOrEqual:
      return "<=";
    case Comparison::kGreater:
      return ">";
    case Comparison::kGreaterOrEqual:
      return ">=";
  }
  return "?";
}

bool MetricCondition::Holds(double value) const {
  switch (comparison) {
    case Comparison::kLess:
      return value < threshold;
    case Comparison::kLessOrEqual:
      return value <= threshold;
    case Comparison::kGreater:
      return value > threshold;
    case Comparison::kGreaterOrEqual:
      return value >= threshold;
  }
  return false;
}

bool MetricCondition::Rearms(double value) const {
  if (std::isnan(value)) return false;
  MetricCondition moved = *this;
  const bool upper =
      comparison == Comparison::kGreater || comparison == Comparison::kGreaterOrEqual;
  moved.threshold += upper ? -hysteresis : hysteresis;
  return !moved.Holds(value);
}

absl::StatusOr<std::string> CanonicalCondition(TriggerType type, const Struct& condition,
                                               absl::string_view field) {
  RETURN_IF_ERROR(CheckShape(type, condition, field));
  return CanonicalJson(condition);
}

absl::StatusOr<TriggerCondition> ParseCondition(TriggerType type,
                                                absl::string_view condition_json) {
  TriggerCondition condition;
  if (type == TriggerType::kExperimentStateChange) {
    ASSIGN_OR_RETURN(condition.state, StateOfCondition(condition_json));
    if (absl::StrContains(condition_json, "ERRORED")) {
      condition.error_name = ErrorStateName::kErrored;
    }
    return condition;
  }
  Struct stored;
  const auto parsed =
      google::protobuf::util::JsonStringToMessage(std::string(condition_json), &stored);
  if (!parsed.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(Quoted(condition_json), " is no JSON object"));
  }
  if (type == TriggerType::kTaskLog) {
    // Only read: what an earlier version accepted goes on firing.
    ASSIGN_OR_RETURN(const absl::string_view regex, RegexOf(stored, "condition"));
    condition.regex = std::string(regex);
    RETURN_IF_ERROR(CheckCompiles(regex));
    return condition;
  }
  RETURN_IF_ERROR(CheckShape(type, stored, "condition"));
  if (type == TriggerType::kMetricThresholdExceeded) {
    ASSIGN_OR_RETURN(condition.metric, MetricReader(stored, "condition").Read());
  }
  return condition;
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
        absl::StrCat(Quoted(name), ", which is not a state of an experiment; use one of ",
                     StateNameList(), " (or ERRORED for ERROR)"));
  }
  return state;
}

}  // namespace webhookd
