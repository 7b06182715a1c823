#ifndef WEBHOOKD_SERVER_OPENAPI_API_DOCUMENT_H_
#define WEBHOOKD_SERVER_OPENAPI_API_DOCUMENT_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "server/gateway/transcoder.h"
#include "server/gateway/web.h"

namespace webhookd {

class StaticFile;

// Serves what describes the API: /api/v1/openapi.json for programs, /det/api for people. Rendered
// once, then immutable and thread-safe.
class ApiDocument {
 public:
  // `services` by their full names.
  static absl::StatusOr<std::unique_ptr<ApiDocument>> Create(
      const std::vector<std::string>& services, absl::string_view version, GatewayProfile profile);
  ~ApiDocument();

  // Answers a GET or HEAD of either; none for all other requests.
  absl::optional<WebResponse> Serve(const WebRequest& request) const;

 private:
  ApiDocument(std::string openapi, std::string page);

  const std::unique_ptr<const StaticFile> openapi_;
  const std::unique_ptr<const StaticFile> page_;
  const std::string policy_;  // of the page
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_OPENAPI_API_DOCUMENT_H_
