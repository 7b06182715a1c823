#include "server/gateway/request_binding.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/field_mask.pb.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/status_macros.h"
#include "server/gateway/field_mask_json.h"
#include "server/gateway/field_text.h"
#include "server/gateway/protojson_reader.h"
#include "server/gateway/query_binding.h"

namespace webhookd {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// A body without a value leaves its field as an empty message would be. grpc-gateway 1 also takes
// null for that.
bool IsEmptyBody(absl::string_view body, GatewayProfile profile) {
  body = absl::StripAsciiWhitespace(body);
  return body.empty() || (profile == GatewayProfile::kDetermined && body == "null");
}

absl::Status BindBody(const Route& route, absl::string_view body, GatewayProfile profile,
                      Message& request) {
  const bool empty = IsEmptyBody(body, profile);
  if (route.body == Route::Body::kRequest) {
    return empty ? absl::OkStatus() : ReadProtoJson(body, request);
  }
  if (!empty) return ReadProtoJsonField(body, request, *route.body_field);
  if (route.body_field->message_type() != nullptr && !route.body_field->is_repeated()) {
    request.GetReflection()->MutableMessage(&request, route.body_field);
  }
  return absl::OkStatus();
}

// Rules of a path's variable: grpc-gateway 2 reads one in a nested message as in a query.
TextRules PathRules(const FieldPath& path, GatewayProfile profile) {
  const bool detect = path.size() == 1 || profile == GatewayProfile::kDetermined;
  return {.integer_base = detect ? IntegerBase::kDetect : IntegerBase::kTen,
          .wrapped_integer_base = path.size() == 1 ? IntegerBase::kDetect : IntegerBase::kTen,
          .enum_base = detect ? IntegerBase::kDetect : IntegerBase::kTen,
          .quoted_times = detect};
}

absl::Status BindVariable(const FieldPath& path, absl::string_view value, GatewayProfile profile,
                          Message& request) {
  Message* message = &request;
  for (size_t i = 0; i + 1 < path.size(); ++i) {
    message = message->GetReflection()->MutableMessage(message, path[i]);
  }
  const FieldDescriptor& field = *path.back();
  const TextRules rules = PathRules(path, profile);
  // The path overwrites what the body said.
  message->GetReflection()->ClearField(message, &field);
  if (!field.is_repeated()) return SetFieldFromText(*message, field, value, rules);
  for (const absl::string_view element : absl::StrSplit(value, ',')) {
    RETURN_IF_ERROR(SetFieldFromText(*message, field, element, rules));
  }
  return absl::OkStatus();
}

absl::Status FillMask(const Route& route, absl::string_view body, GatewayProfile profile,
                      Message& request) {
  auto& mask = static_cast<google::protobuf::FieldMask&>(
      *request.GetReflection()->MutableMessage(&request, route.mask_field));
  if (mask.paths_size() > 0 || IsEmptyBody(body, profile)) return absl::OkStatus();
  ASSIGN_OR_RETURN(std::vector<std::string> paths,
                   FieldsGivenByJson(body, *route.body_field->message_type(),
                                     /*unknown_is_error=*/profile == GatewayProfile::kV2));
  for (std::string& path : paths) mask.add_paths(std::move(path));
  return absl::OkStatus();
}

absl::Status BindAllOfQuery(const Route& route, const RequestParts& parts, GatewayProfile profile,
                            Message& request) {
  std::vector<FieldPath> taken = route.variables;
  if (route.body == Route::Body::kField) taken.push_back({route.body_field});
  std::string both;
  absl::string_view query = parts.query;
  if (!parts.form.empty()) {
    both = absl::StrCat(parts.form, "&", parts.query);
    query = both;
  }
  ASSIGN_OR_RETURN(const std::vector<QueryParameter> parameters, ParseQuery(query));
  return BindQuery(parameters, taken, profile, request);
}

}  // namespace

absl::Status BindRequest(const Route& route, const RequestParts& parts, GatewayProfile profile,
                         Message& request) {
  if (route.body != Route::Body::kNone) {
    RETURN_IF_ERROR(BindBody(route, parts.body, profile, request));
  }
  for (size_t i = 0; i < route.variables.size(); ++i) {
    const absl::Status status =
        BindVariable(route.variables[i], parts.path_values[i], profile, request);
    if (!status.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("type mismatch, parameter: ", route.path.variables[i].field_path,
                       ", error: ", status.message()));
    }
  }
  if (route.reads_query && (!parts.query.empty() || !parts.form.empty())) {
    RETURN_IF_ERROR(BindAllOfQuery(route, parts, profile, request));
  }
  // Last, so that a mask in the query says more than the body does.
  if (route.mask_field != nullptr) return FillMask(route, parts.body, profile, request);
  return absl::OkStatus();
}

}  // namespace webhookd
