#include "server/gateway/route.h"

#include <google/api/annotations.pb.h>
#include <google/api/http.pb.h>

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/quoted.h"
#include "base/status_macros.h"
#include "server/gateway/field_text.h"

namespace webhookd {
namespace {

using google::api::HttpRule;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::MethodDescriptor;

absl::Status Wrong(const MethodDescriptor& method, absl::string_view problem) {
  return absl::InvalidArgumentError(
      absl::StrCat("google.api.http of ", method.full_name(), ": ", problem));
}

struct MethodAndPath {
  std::string method;
  std::string path;
};

absl::StatusOr<MethodAndPath> PatternOf(const MethodDescriptor& method, const HttpRule& rule) {
  switch (rule.pattern_case()) {
    case HttpRule::kGet:
      return MethodAndPath{"GET", rule.get()};
    case HttpRule::kPut:
      return MethodAndPath{"PUT", rule.put()};
    case HttpRule::kPost:
      return MethodAndPath{"POST", rule.post()};
    case HttpRule::kDelete:
      return MethodAndPath{"DELETE", rule.delete_()};
    case HttpRule::kPatch:
      return MethodAndPath{"PATCH", rule.patch()};
    case HttpRule::kCustom:
      if (rule.custom().kind().empty()) return Wrong(method, "custom has no kind");
      return MethodAndPath{rule.custom().kind(), rule.custom().path()};
    case HttpRule::PATTERN_NOT_SET:
      break;
  }
  return Wrong(method, "it has neither get, put, post, delete, patch nor custom");
}

absl::StatusOr<FieldPath> ResolveVariable(const MethodDescriptor& method, const std::string& path) {
  FieldPath fields;
  const Descriptor* type = method.input_type();
  for (const absl::string_view name : absl::StrSplit(path, '.')) {
    if (type == nullptr) {
      return Wrong(method, absl::StrCat("{", path, "} goes through a field that is not a message"));
    }
    const FieldDescriptor* const field = type->FindFieldByName(std::string(name));
    if (field == nullptr) {
      return Wrong(method, absl::StrCat("{", path, "}: ", type->full_name(), " has no field ",
                                        Quoted(name)));
    }
    fields.push_back(field);
    type = field->is_repeated() ? nullptr : field->message_type();
  }
  if (fields.back()->is_map() || !HasTextForm(*fields.back())) {
    return Wrong(method, absl::StrCat("{", path, "} is a field that no text can be the value of"));
  }
  return fields;
}

absl::StatusOr<const FieldDescriptor*> ResolveField(const MethodDescriptor& method,
                                                    const Descriptor& type, const std::string& name,
                                                    absl::string_view option) {
  const FieldDescriptor* const field = type.FindFieldByName(name);
  if (field != nullptr) return field;
  return Wrong(method,
               absl::StrCat(option, ": ", type.full_name(), " has no field ", Quoted(name)));
}

// The one FieldMask among the request's fields; null if there is none or there are more.
const FieldDescriptor* OnlyMask(const Descriptor& type) {
  const FieldDescriptor* mask = nullptr;
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor* const field = type.field(i);
    if (field->is_repeated() || field->message_type() == nullptr ||
        field->message_type()->well_known_type() != Descriptor::WELLKNOWNTYPE_FIELDMASK) {
      continue;
    }
    if (mask != nullptr) return nullptr;
    mask = field;
  }
  return mask;
}

bool LeavesFieldsForQuery(const Route& route) {
  if (route.body == Route::Body::kRequest || route.method->client_streaming()) return false;
  int taken = route.body == Route::Body::kField ? 1 : 0;
  for (const FieldPath& variable : route.variables) taken += variable.size() == 1 ? 1 : 0;
  return route.method->input_type()->field_count() > taken;
}

absl::StatusOr<Route> MakeRoute(const MethodDescriptor& method, const HttpRule& rule) {
  Route route;
  route.method = &method;
  ASSIGN_OR_RETURN(MethodAndPath pattern, PatternOf(method, rule));
  route.http_method = std::move(pattern.method);
  absl::StatusOr<PathTemplate> path = PathTemplate::Parse(pattern.path);
  if (!path.ok()) return Wrong(method, path.status().message());
  route.path = *std::move(path);
  for (const PathTemplate::Variable& variable : route.path.variables) {
    ASSIGN_OR_RETURN(FieldPath fields, ResolveVariable(method, variable.field_path));
    route.variables.push_back(std::move(fields));
  }
  if (method.client_streaming() && !route.variables.empty()) {
    return Wrong(method, "a path variable cannot fill a stream of requests");
  }
  if (rule.body() == "*") {
    route.body = Route::Body::kRequest;
  } else if (!rule.body().empty()) {
    route.body = Route::Body::kField;
    ASSIGN_OR_RETURN(route.body_field,
                     ResolveField(method, *method.input_type(), rule.body(), "body"));
  }
  if (!rule.response_body().empty()) {
    ASSIGN_OR_RETURN(route.response_field, ResolveField(method, *method.output_type(),
                                                        rule.response_body(), "response_body"));
  }
  if (route.http_method == "PATCH" && route.body == Route::Body::kField &&
      route.body_field->message_type() != nullptr && !route.body_field->is_repeated()) {
    route.mask_field = OnlyMask(*method.input_type());
  }
  route.reads_query = LeavesFieldsForQuery(route);
  return route;
}

}  // namespace

std::string Route::Name() const {
  return absl::StrCat(http_method, " ", path.text, " of ", method->full_name());
}

absl::StatusOr<std::vector<Route>> RoutesOf(const MethodDescriptor& method) {
  std::vector<Route> routes;
  if (!method.options().HasExtension(google::api::http)) return routes;
  const HttpRule& rule = method.options().GetExtension(google::api::http);
  ASSIGN_OR_RETURN(Route first, MakeRoute(method, rule));
  routes.push_back(std::move(first));
  for (const HttpRule& additional : rule.additional_bindings()) {
    if (additional.additional_bindings_size() > 0) {
      return Wrong(method, "an additional binding has additional bindings of its own");
    }
    ASSIGN_OR_RETURN(Route route, MakeRoute(method, additional));
    routes.push_back(std::move(route));
  }
  return routes;
}

}  // namespace webhookd
