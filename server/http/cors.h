#ifndef WEBHOOKD_SERVER_HTTP_CORS_H_
#define WEBHOOKD_SERVER_HTTP_CORS_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "server/gateway/web.h"
#include "server/http/request_head.h"

namespace webhookd {

// Which web sites' scripts may call (https://fetch.spec.whatwg.org/#http-cors-protocol).
// Thread-safe.
class CorsPolicy {
 public:
  // Origins such as "https://ml.example.com", compared exactly; "*" allows every one, but not with
  // cookies. None: no site may.
  explicit CorsPolicy(std::vector<std::string> origins) : origins_(std::move(origins)) {}

  // The headers that the answer to a request needs so that the page that asked may read it.
  WebHeaders HeadersFor(const WebHeaders& request_headers) const;
  // The answer to a preflight of an allowed origin; none when the request is something else.
  absl::optional<WebResponse> Preflight(const RequestHead& head) const;

 private:
  const std::vector<std::string> origins_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_HTTP_CORS_H_
