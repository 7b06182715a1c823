#include "server/gateway/site.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/quoted.h"
#include "server/events/canonical_json.h"

namespace webhookd {
namespace {

WebResponse Json(int status, std::string body) {
  return {.status = status,
          .headers = {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}},
          .body = std::move(body)};
}

// As grpc-gateway v1 tells an error: the form that Determined's clients read.
WebResponse Error(int status, int code, const std::string& reason, const std::string& message) {
  google::protobuf::Struct error;
  (*error.mutable_fields())["code"].set_number_value(code);
  (*error.mutable_fields())["reason"].set_string_value(reason);
  (*error.mutable_fields())["error"].set_string_value(message);
  google::protobuf::Struct body;
  *(*body.mutable_fields())["error"].mutable_struct_value() = std::move(error);
  return Json(status, CanonicalJson(body));
}

}  // namespace

void Site::Handle(WebRequest request, std::unique_ptr<WebResponder> responder) {
  WebResponse response = Answer(request);
  if (request.method == "HEAD") response.body.clear();
  responder->Send(std::move(response));
}

WebResponse Site::Answer(const WebRequest& request) const {
  const bool reads = request.method == "GET" || request.method == "HEAD";
  absl::string_view path = request.path;
  if (path.size() > 1) absl::ConsumeSuffix(&path, "/");
  if (reads && path == "/healthz") {
    return serving_ ? Json(200, R"({"status":"SERVING"})")
                    : Json(503, R"({"status":"NOT_SERVING"})");
  }
  if (reads && path == "/info") return Json(200, CanonicalJson(master_.Info()));
  constexpr int kUnimplemented = 12;
  return Error(501, kUnimplemented, "Unimplemented",
               absl::StrCat(request.method, " ", Quoted(request.path),
                            " is not served over HTTP; use gRPC on the same port"));
}

}  // namespace webhookd
