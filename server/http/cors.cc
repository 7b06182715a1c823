#include "server/http/cors.h"

#include <algorithm>

#include "absl/strings/match.h"

namespace webhookd {
namespace {

absl::string_view Value(const WebHeaders& headers, absl::string_view name) {
  for (const WebHeader& header : headers) {
    if (absl::EqualsIgnoreCase(header.name, name)) return header.value;
  }
  return "";
}

}  // namespace

WebHeaders CorsPolicy::HeadersFor(const WebHeaders& request_headers) const {
  if (origins_.empty()) return {};
  const std::string origin(Value(request_headers, "origin"));
  WebHeaders headers = {{"Vary", "Origin"}};
  if (origin.empty()) return headers;
  if (std::find(origins_.begin(), origins_.end(), origin) != origins_.end()) {
    headers.push_back({"Access-Control-Allow-Origin", origin});
    headers.push_back({"Access-Control-Allow-Credentials", "true"});
  } else if (std::find(origins_.begin(), origins_.end(), "*") != origins_.end()) {
    headers.push_back({"Access-Control-Allow-Origin", "*"});
  }
  return headers;
}

absl::optional<WebResponse> CorsPolicy::Preflight(const RequestHead& head) const {
  if (origins_.empty() || head.method != "OPTIONS") return absl::nullopt;
  if (Value(head.headers, "access-control-request-method").empty()) return absl::nullopt;
  WebResponse response = {.status = 204, .headers = HeadersFor(head.headers)};
  if (response.headers.size() < 2) return absl::nullopt;
  response.headers.push_back(
      {"Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, PATCH, DELETE"});
  const absl::string_view asked = Value(head.headers, "access-control-request-headers");
  if (!asked.empty()) {
    response.headers.push_back({"Access-Control-Allow-Headers", std::string(asked)});
  }
  response.headers.push_back({"Access-Control-Max-Age", "600"});
  return response;
}

}  // namespace webhookd
