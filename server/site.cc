#include "server/site.h"

#include <arpa/inet.h>

#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/quoted.h"
#include "server/gateway/protojson_writer.h"
#include "server/page/page.h"

namespace webhookd {
namespace {

WebResponse Json(int status, std::string body) {
  return {.status = status,
          .headers = {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}},
          .body = std::move(body)};
}

// "localhost", "127.0.0.1" or "[::1]" of "localhost:8080" and so on.
absl::string_view HostWithoutPort(absl::string_view host) {
  const size_t bracket = host.rfind(']');
  const size_t colon = host.rfind(':');
  if (colon == absl::string_view::npos) return host;
  if (bracket != absl::string_view::npos && colon < bracket) return host;
  return host.substr(0, colon);
}

bool IsLocalhostOrAddress(absl::string_view host) {
  host = HostWithoutPort(host);
  if (absl::EqualsIgnoreCase(host, "localhost")) return true;
  if (absl::StartsWith(host, "[") && absl::EndsWith(host, "]")) return true;
  in_addr address;
  return inet_pton(AF_INET, std::string(host).c_str(), &address) == 1;
}

bool IsBelowApi(absl::string_view path) {
  while (absl::ConsumePrefix(&path, "/")) continue;
  return absl::StartsWith(path, "api/");
}

}  // namespace

absl::Status Site::CheckSender(const WebRequest& request) const {
  const absl::string_view host = FindHeader(request.headers, "Host").value_or("");
  if (!options_.any_host && !IsLocalhostOrAddress(host)) {
    return absl::PermissionDeniedError(
        absl::StrCat("Host is ", Quoted(host),
                     ", but this server listens on a loopback address: ask for localhost or the "
                     "address itself"));
  }
  const absl::optional<absl::string_view> origin = FindHeader(request.headers, "Origin");
  if (!origin.has_value() || *origin == absl::StrCat("http://", host) ||
      *origin == absl::StrCat("https://", host)) {
    return absl::OkStatus();
  }
  for (const std::string& allowed : options_.allowed_origins) {
    if (allowed == "*" || allowed == *origin) return absl::OkStatus();
  }
  return absl::PermissionDeniedError(
      absl::StrCat("the page at ", Quoted(*origin),
                   " may not call this server; http.cors_origins names those that may"));
}

HeadVerdict Site::CheckHead(const WebRequest& head) const {
  if (!IsBelowApi(head.path)) return {};
  if (const absl::Status allowed = CheckSender(head); !allowed.ok()) {
    return {.refusal = dependencies_.transcoder.RenderError(allowed, AnswerForm())};
  }
  return dependencies_.rest.CheckHead(head);
}

void Site::Handle(WebRequest request, std::unique_ptr<WebResponder> responder) {
  const bool reads = request.method == "GET" || request.method == "HEAD";
  absl::string_view path = request.path;
  if (path.size() > 1) absl::ConsumeSuffix(&path, "/");
  WebResponse response;
  if (reads && path == "/healthz") {
    response =
        serving_ ? Json(200, R"({"status":"SERVING"})") : Json(503, R"({"status":"NOT_SERVING"})");
  } else if (reads && path == "/info") {
    response = Json(200, WriteProtoJson(dependencies_.master.Info()));
  } else if (absl::optional<WebResponse> document = dependencies_.api_document.Serve(request)) {
    response = *std::move(document);
  } else if (absl::optional<WebResponse> page = ServePage(request)) {
    response = *std::move(page);
  } else if (const absl::Status allowed = CheckSender(request); !allowed.ok()) {
    response = dependencies_.transcoder.RenderError(allowed, AnswerForm());
  } else if (!IsBelowApi(path)) {
    response = dependencies_.transcoder.RenderError(
        absl::NotFoundError(absl::StrCat(Quoted(path),
                                         " is nothing that is served: the page is at /det, the API "
                                         "below /api/v1")),
        AnswerForm());
  } else {
    dependencies_.rest.Handle(std::move(request), std::move(responder));
    return;
  }
  if (request.method == "HEAD") response.body.clear();
  responder->Send(std::move(response));
}

}  // namespace webhookd
