#include "server/http/refusal_response.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "base/json_string.h"

namespace webhookd {
namespace {

struct Code {
  int number;
  const char* name;
};
constexpr Code kInvalidArgument = {3, "InvalidArgument"};
constexpr Code kDeadlineExceeded = {4, "DeadlineExceeded"};
constexpr Code kResourceExhausted = {8, "ResourceExhausted"};
constexpr Code kUnimplemented = {12, "Unimplemented"};
constexpr Code kUnavailable = {14, "Unavailable"};

Code CodeOf(int http_status) {
  switch (http_status) {
    case 408:
      return kDeadlineExceeded;
    case 413:
    case 414:
    case 431:
      return kResourceExhausted;
    case 501:
    case 505:
      return kUnimplemented;
    case 503:
      return kUnavailable;
    default:
      return kInvalidArgument;
  }
}

std::string JsonString(absl::string_view text) {
  std::string json = "\"";
  AppendJsonEscaped(text, JsonEscapes::kRequired, json);
  return json + "\"";
}

}  // namespace

int GrpcCodeOf(int http_status) { return CodeOf(http_status).number; }

WebResponse DeterminedRefusal(int http_status, int code, absl::string_view message) {
  return {
      .status = http_status,
      .headers = {{"Content-Type", "application/json"}},
      .body = absl::StrCat("{\"error\":{\"code\":", code, ",\"reason\":\"",
                           CodeOf(http_status).name, "\",\"error\":", JsonString(message), "}}")};
}

}  // namespace webhookd
