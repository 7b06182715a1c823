#include "server/gateway/query_binding.h"

#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/types/optional.h"
#include "base/quoted.h"
#include "base/status_macros.h"
#include "server/gateway/field_text.h"
#include "server/gateway/message_plan.h"
#include "server/gateway/percent_encoding.h"
#include "server/gateway/protojson_reader.h"

namespace webhookd {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

TextRules RulesOf(GatewayProfile profile) {
  if (profile == GatewayProfile::kV2) return {.go_durations = true};
  return {.integer_base = IntegerBase::kDetect,
          .strict_wrapped_bool = true,
          .null_is_zero_time = true,
          .go_durations = true};
}

// A key taken apart: "a.b[k]" is the fields a and b, and the map key k.
struct Key {
  absl::string_view fields;
  absl::optional<absl::string_view> map_key;
};

Key SplitKey(absl::string_view key) {
  const size_t bracket = key.rfind('[');
  if (bracket == absl::string_view::npos || !absl::EndsWith(key, "]")) return {.fields = key};
  return {.fields = key.substr(0, bracket),
          .map_key = key.substr(bracket + 1, key.size() - bracket - 2)};
}

// The fields that a key names; empty for an unknown one.
absl::StatusOr<FieldPath> ResolveKey(absl::string_view names, const MessagePlan& type) {
  FieldPath path;
  const MessagePlan* plan = &type;
  const FieldDescriptor* parent = nullptr;
  for (const absl::string_view name : absl::StrSplit(names, '.')) {
    if (plan == nullptr) {
      return absl::InvalidArgumentError(absl::StrCat("invalid path: ", Quoted(parent->name()),
                                                     " is not a single message (", Quoted(names),
                                                     ")"));
    }
    if (path.size() == kMaxJsonDepth) {
      return absl::InvalidArgumentError(
          absl::StrCat("a key of the query goes through more than ", kMaxJsonDepth, " fields"));
    }
    const FieldPlan* const field = plan->Find(name);
    if (field == nullptr) return FieldPath{};
    parent = field->field;
    path.push_back(parent);
    plan = parent->is_repeated() ? nullptr : field->message;
  }
  return path;
}

bool IsWithin(const FieldPath& path, const FieldPath& outer) {
  return path.size() >= outer.size() && std::equal(outer.begin(), outer.end(), path.begin());
}

absl::Status Prefixed(absl::string_view prefix, absl::string_view name,
                      const absl::Status& status) {
  if (status.ok()) return status;
  return absl::InvalidArgumentError(
      absl::StrCat(prefix, " ", Quoted(name), ": ", status.message()));
}

absl::Status BindMap(Message& message, const FieldDescriptor& field, const TextRules& rules,
                     absl::string_view key, const std::vector<std::string>& values) {
  if (values.size() != 1) {
    return absl::InvalidArgumentError(absl::StrCat("more than one value provided for key ",
                                                   Quoted(key), " in map ",
                                                   Quoted(field.full_name())));
  }
  Message& entry = *message.GetReflection()->AddMessage(&message, &field);
  RETURN_IF_ERROR(Prefixed("parsing map key", field.name(),
                           SetFieldFromText(entry, *field.message_type()->map_key(), key, rules)));
  return Prefixed("parsing map value", field.name(),
                  SetFieldFromText(entry, *field.message_type()->map_value(), values[0], rules));
}

absl::Status BindParameter(const QueryParameter& parameter, const FieldPath& path,
                           absl::optional<absl::string_view> map_key, GatewayProfile profile,
                           Message& request) {
  const TextRules rules = RulesOf(profile);
  Message* message = &request;
  for (size_t i = 0; i + 1 < path.size(); ++i) {
    message = message->GetReflection()->MutableMessage(message, path[i]);
  }
  const FieldDescriptor& field = *path.back();
  const auto* const oneof = field.real_containing_oneof();
  if (oneof != nullptr && message->GetReflection()->HasOneof(*message, oneof)) {
    return absl::InvalidArgumentError(absl::StrCat("field already set for oneof ",
                                                   Quoted(oneof->name()), ": give ",
                                                   Quoted(parameter.key), " or the other"));
  }
  if (field.is_map() && map_key.has_value()) {
    return BindMap(*message, field, rules, *map_key, parameter.values);
  }
  if (field.is_map()) {
    return absl::InvalidArgumentError(
        absl::StrCat(Quoted(parameter.key), " is a map: write ", field.name(), "[key]=value"));
  }
  if (map_key.has_value()) {
    return absl::InvalidArgumentError(absl::StrCat("parsing field ", Quoted(field.name()), ": ",
                                                   Quoted(parameter.key), " is not a map"));
  }
  if (field.is_repeated()) {
    for (const std::string& value : parameter.values) {
      RETURN_IF_ERROR(
          Prefixed("parsing list", field.name(), SetFieldFromText(*message, field, value, rules)));
    }
    return absl::OkStatus();
  }
  if (parameter.values.size() > 1 && profile == GatewayProfile::kV2) {
    return absl::InvalidArgumentError(absl::StrCat("too many values for field ",
                                                   Quoted(field.name()), ": ",
                                                   Quoted(absl::StrJoin(parameter.values, ", "))));
  }
  return Prefixed("parsing field", field.name(),
                  SetFieldFromText(*message, field, parameter.values[0], rules));
}

}  // namespace

absl::StatusOr<std::vector<QueryParameter>> ParseQuery(absl::string_view query) {
  std::vector<QueryParameter> parameters;
  absl::flat_hash_map<std::string, size_t> indexes;
  for (const absl::string_view pair : absl::StrSplit(query, '&', absl::SkipEmpty())) {
    if (absl::StrContains(pair, ';')) {
      return absl::InvalidArgumentError(
          "invalid semicolon separator in query: separate by &, or write ; as %3B");
    }
    const size_t equals = pair.find('=');
    const bool has_value = equals != absl::string_view::npos;
    ASSIGN_OR_RETURN(std::string key, DecodeQueryPart(pair.substr(0, equals)));
    ASSIGN_OR_RETURN(std::string value, DecodeQueryPart(has_value ? pair.substr(equals + 1) : ""));
    const auto [index, inserted] = indexes.try_emplace(key, parameters.size());
    if (inserted) parameters.push_back({.key = std::move(key)});
    parameters[index->second].values.push_back(std::move(value));
  }
  return parameters;
}

absl::Status BindQuery(const std::vector<QueryParameter>& query,
                       const std::vector<FieldPath>& taken, GatewayProfile profile,
                       Message& message) {
  const MessagePlan& plan = PlanOf(*message.GetDescriptor());
  for (const QueryParameter& parameter : query) {
    const Key key = SplitKey(parameter.key);
    ASSIGN_OR_RETURN(const FieldPath path, ResolveKey(key.fields, plan));
    const bool ignored =
        path.empty() ||
        std::any_of(taken.begin(), taken.end(), [&](const auto& t) { return IsWithin(path, t); });
    if (ignored) continue;
    RETURN_IF_ERROR(BindParameter(parameter, path, key.map_key, profile, message));
  }
  return absl::OkStatus();
}

}  // namespace webhookd
