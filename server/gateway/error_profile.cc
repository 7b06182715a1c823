#include "server/gateway/error_profile.h"

#include <utility>

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

// google.rpc.Status, without details: no status of ours has any.
void WriteStatus(const absl::Status& status, JsonOutput& json) {
  json.OpenObject();
  json.Name("code");
  json.Raw(absl::StrCat(status.raw_code()));
  json.Name("message");
  json.Text(status.message());
  json.Name("details");
  json.Raw("[]");
  json.CloseObject();
}

void WriteDeterminedError(const absl::Status& status, JsonOutput& json) {
  const absl::StatusCode code = ShownCode(status.code(), GatewayProfile::kDetermined);
  json.OpenObject();
  json.Name("error");
  json.OpenObject();
  json.Name("code");
  json.Raw(absl::StrCat(static_cast<int>(code)));
  json.Name("reason");
  json.Text(ReasonOf(code));
  json.Name("error");
  json.Text(status.message());
  json.CloseObject();
  json.CloseObject();
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
  JsonOutput json(layout, response.body);
  if (profile == GatewayProfile::kDetermined) {
    WriteDeterminedError(status, json);
    return response;
  }
  WriteStatus(status, json);
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
  std::string text;
  JsonOutput json(JsonLayout::kCompact, text);
  json.OpenObject();
  json.Name("error");
  if (profile == GatewayProfile::kV2) {
    WriteStatus(status, json);
  } else {
    const int http_code = HttpStatusOf(status.code(), profile);
    json.OpenObject();
    json.Name("grpcCode");
    json.Raw(absl::StrCat(status.raw_code()));
    json.Name("httpCode");
    json.Raw(absl::StrCat(http_code));
    json.Name("message");
    json.Text(status.message());
    json.Name("httpStatus");
    json.Text(HttpStatusText(http_code));
    json.Name("details");
    json.Raw("[]");
    json.CloseObject();
  }
  json.CloseObject();
  return text;
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
