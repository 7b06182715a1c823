#include "server/gateway/error_profile.h"

#include <google/protobuf/any.pb.h>

#include <string>
#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"

namespace webhookd {
namespace {

absl::string_view HttpStatusText(int status) {
  switch (status) {
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 429:
      return "Too Many Requests";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    default:
      return "Internal Server Error";
  }
}

// Determined's handler knows no Unknown.
absl::StatusCode ShownCode(absl::StatusCode code, GatewayProfile profile) {
  return code == absl::StatusCode::kUnknown && profile == GatewayProfile::kDetermined
             ? absl::StatusCode::kInternal
             : code;
}

// The payloads of a status, as protojson has a list of Any; "[]" without any.
std::string DetailsJson(const absl::Status& status) {
  std::string json = "[";
  status.ForEachPayload([&](absl::string_view type_url, const absl::Cord& payload) {
    google::protobuf::Any detail;
    detail.set_type_url(std::string(type_url));
    detail.set_value(std::string(payload));
    if (json.size() > 1) json.push_back(',');
    AppendProtoJson(detail, JsonLayout::kCompact, json);
  });
  json.push_back(']');
  return json;
}

// google.rpc.Status.
std::string StatusJson(const absl::Status& status, absl::string_view newline,
                       absl::string_view space) {
  std::string json = absl::StrCat("{", newline, "\"code\":", space, status.raw_code(), ",", newline,
                                  "\"message\":", space);
  AppendJsonText(status.message(), json);
  absl::StrAppend(&json, ",", newline, "\"details\":", space, DetailsJson(status),
                  newline.empty() ? "" : "\n", "}");
  return json;
}

std::string DeterminedJson(const absl::Status& status, JsonLayout layout) {
  const bool indented = layout == JsonLayout::kIndented;
  const absl::string_view outer = indented ? "\n    " : "";
  const absl::string_view inner = indented ? "\n        " : "";
  const absl::string_view space = indented ? " " : "";
  const absl::StatusCode code = ShownCode(status.code(), GatewayProfile::kDetermined);
  std::string json = absl::StrCat("{", outer, "\"error\":", space, "{", inner, "\"code\":", space,
                                  static_cast<int>(code), ",", inner, "\"reason\":", space);
  AppendJsonText(ReasonOf(code), json);
  absl::StrAppend(&json, ",", inner, "\"error\":", space);
  AppendJsonText(status.message(), json);
  // Determined's answers have none.
  if (const std::string details = DetailsJson(status); details != "[]") {
    absl::StrAppend(&json, ",", inner, "\"details\":", space, details);
  }
  absl::StrAppend(&json, outer, "}", indented ? "\n" : "", "}");
  return json;
}

}  // namespace

int HttpStatusOf(absl::StatusCode code, GatewayProfile profile) {
  switch (code) {
    case absl::StatusCode::kOk:
      return 200;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kOutOfRange:
    case absl::StatusCode::kFailedPrecondition:
      return 400;
    case absl::StatusCode::kUnauthenticated:
      return 401;
    case absl::StatusCode::kPermissionDenied:
      return 403;
    case absl::StatusCode::kNotFound:
      return 404;
    case absl::StatusCode::kCancelled:
      return profile == GatewayProfile::kDetermined ? 408 : 499;
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kAborted:
      return 409;
    case absl::StatusCode::kResourceExhausted:
      return 429;
    case absl::StatusCode::kUnimplemented:
      return 501;
    case absl::StatusCode::kUnavailable:
      return 503;
    case absl::StatusCode::kDeadlineExceeded:
      return 504;
    default:
      return 500;
  }
}

absl::string_view ReasonOf(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kOk:
      return "OK";
    case absl::StatusCode::kCancelled:
      return "Canceled";
    case absl::StatusCode::kInvalidArgument:
      return "InvalidArgument";
    case absl::StatusCode::kDeadlineExceeded:
      return "DeadlineExceeded";
    case absl::StatusCode::kNotFound:
      return "NotFound";
    case absl::StatusCode::kAlreadyExists:
      return "AlreadyExists";
    case absl::StatusCode::kPermissionDenied:
      return "PermissionDenied";
    case absl::StatusCode::kUnauthenticated:
      return "Unauthenticated";
    case absl::StatusCode::kResourceExhausted:
      return "ResourceExhausted";
    case absl::StatusCode::kFailedPrecondition:
      return "FailedPrecondition";
    case absl::StatusCode::kAborted:
      return "Aborted";
    case absl::StatusCode::kOutOfRange:
      return "OutOfRange";
    case absl::StatusCode::kUnimplemented:
      return "Unimplemented";
    case absl::StatusCode::kInternal:
      return "Internal";
    case absl::StatusCode::kUnavailable:
      return "Unavailable";
    case absl::StatusCode::kDataLoss:
      return "DataLoss";
    default:
      return "Unknown";
  }
}

WebResponse ErrorResponse(const absl::Status& status, GatewayProfile profile, JsonLayout layout) {
  WebResponse response = {.status = HttpStatusOf(status.code(), profile),
                          .headers = {{"Content-Type", "application/json"}}};
  if (profile == GatewayProfile::kDetermined) {
    response.body = DeterminedJson(status, layout);
    return response;
  }
  response.body = layout == JsonLayout::kIndented ? StatusJson(status, "\n    ", " ")
                                                  : StatusJson(status, "", "");
  if (status.code() == absl::StatusCode::kUnauthenticated) {
    // Not a challenge as RFC 9110 has it, but what grpc-gateway 2 sends.
    std::string challenge(status.message());
    for (char& c : challenge) {
      if (c < 0x20 || c > 0x7E) c = ' ';
    }
    response.headers.push_back({"WWW-Authenticate", std::move(challenge)});
  }
  return response;
}

std::string StreamErrorJson(const absl::Status& status, GatewayProfile profile) {
  if (profile == GatewayProfile::kV2) {
    return absl::StrCat("{\"error\":", StatusJson(status, "", ""), "}");
  }
  const int http_code = HttpStatusOf(status.code(), profile);
  std::string json = absl::StrCat("{\"error\":{\"grpcCode\":", status.raw_code(),
                                  ",\"httpCode\":", http_code, ",\"message\":");
  AppendJsonText(status.message(), json);
  absl::StrAppend(&json, ",\"httpStatus\":\"", HttpStatusText(http_code),
                  "\",\"details\":", DetailsJson(status), "}}");
  return json;
}

absl::Status NoSuchRoute(GatewayProfile profile) {
  return profile == GatewayProfile::kDetermined ? absl::UnimplementedError("Not Implemented")
                                                : absl::NotFoundError("Not Found");
}

absl::Status MethodNotAllowed(GatewayProfile profile) {
  return absl::UnimplementedError(profile == GatewayProfile::kDetermined ? "Not Implemented"
                                                                         : "Method Not Allowed");
}

}  // namespace webhookd
