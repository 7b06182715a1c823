#include "server/openapi/api_document.h"

#include <openssl/sha.h>

#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "server/http/static_file.h"
#include "server/openapi/api_page.h"
#include "server/openapi/documented_api.h"
#include "server/openapi/openapi.h"

namespace webhookd {
namespace {

// Lets the page have its own style and nothing else.
std::string PolicyFor(absl::string_view style) {
  uint8_t hash[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const uint8_t*>(style.data()), style.size(), hash);
  return absl::StrCat(
      "default-src 'none'; style-src 'sha256-",
      absl::Base64Escape(absl::string_view(reinterpret_cast<const char*>(hash), sizeof(hash))),
      "'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'");
}

}  // namespace

absl::StatusOr<std::unique_ptr<ApiDocument>> ApiDocument::Create(
    const std::vector<std::string>& services, absl::string_view version, GatewayProfile profile) {
  ASSIGN_OR_RETURN(const std::unique_ptr<DocumentedApi> api,
                   DocumentedApi::Create(services, profile));
  return std::unique_ptr<ApiDocument>(
      new ApiDocument(RenderOpenApi(*api, version, profile), RenderApiPage(*api, version)));
}

ApiDocument::ApiDocument(std::string openapi, std::string page)
    : openapi_(std::make_unique<const StaticFile>("application/json", std::move(openapi),
                                                  StaticFile::Caching::kRevalidate)),
      page_(std::make_unique<const StaticFile>("text/html; charset=utf-8", std::move(page),
                                               StaticFile::Caching::kRevalidate)),
      policy_(PolicyFor(ApiPageStyle())) {}

ApiDocument::~ApiDocument() = default;

absl::optional<WebResponse> ApiDocument::Serve(const WebRequest& request) const {
  if (request.method != "GET" && request.method != "HEAD") return absl::nullopt;
  if (request.path == "/api/v1/openapi.json") return openapi_->Answer(request);
  if (request.path != "/det/api" && request.path != "/det/api/") return absl::nullopt;
  WebResponse response = page_->Answer(request);
  response.headers.push_back({"Content-Security-Policy", policy_});
  return response;
}

}  // namespace webhookd
