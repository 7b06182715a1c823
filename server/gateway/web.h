#ifndef WEBHOOKD_SERVER_GATEWAY_WEB_H_
#define WEBHOOKD_SERVER_GATEWAY_WEB_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"

namespace webhookd {

// One header field. Names compare without regard to case. Values never hold CR, LF or NUL.
struct WebHeader {
  std::string name;
  std::string value;
};

using WebHeaders = std::vector<WebHeader>;

// The first value of a header; none if it is missing.
absl::optional<absl::string_view> FindHeader(const WebHeaders& headers, absl::string_view name);

// One HTTP request that arrived, whole. Hop-by-hop headers are left out.
struct WebRequest {
  std::string method;  // as sent, "GET"
  std::string path;    // as sent, not decoded, without the query: "/api/v1/webhooks/3"
  std::string query;   // as sent, without "?"
  WebHeaders headers;
  std::string body;          // decoded from chunks and from gzip
  std::string peer_address;  // "127.0.0.1" or "::1"
  bool tls = false;
  std::string client_certificate;  // identity of a verified client certificate, empty if none
};

struct WebResponse {
  int status = 200;
  WebHeaders headers;  // without Content-Length, Date, Connection
  std::string body;
};

// Answers one request, once: with Send, or with Start, any number of Writes, and End. May be kept
// and used later, on any thread. Destroyed unused, it answers 503.
class WebResponder {
 public:
  virtual ~WebResponder() = default;

  virtual void Send(WebResponse response) = 0;

  // Begins an answer of unknown length; `head.body` is its first part. It is flushed at once.
  virtual void Start(WebResponse head) = 0;
  // Sends one more part at once. False once the client is gone or reads too slowly: stop then.
  virtual bool Write(std::string part) = 0;
  virtual void End() = 0;

  // Whether nobody takes the answer any more. A client that has only stopped sending counts as gone
  // a while later: it may have closed its connection, which looks the same.
  virtual bool IsGone() { return false; }
};

// What is known of a request whose body is still to come.
struct HeadVerdict {
  absl::optional<WebResponse> refusal;  // the answer, if nothing that the body says can change it
  bool caller_is_known = false;
};

// What stands behind the HTTP side of the port. Thread-safe; must not block.
class WebHandler {
 public:
  virtual ~WebHandler() = default;

  // Judges a request by its head, before a long body is read. `head.body` is empty.
  virtual HeadVerdict CheckHead(const WebRequest& head) const {
    static_cast<void>(head);
    return {};
  }

  virtual void Handle(WebRequest request, std::unique_ptr<WebResponder> responder) = 0;
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_GATEWAY_WEB_H_
