#ifndef WEBHOOKD_SERVER_DELIVERY_CURL_HTTP_CLIENT_H_
#define WEBHOOKD_SERVER_DELIVERY_CURL_HTTP_CLIENT_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "server/delivery/egress_policy.h"
#include "server/delivery/http_client.h"

namespace webhookd {

// HttpClient on libcurl's multi interface and epoll. Keeps connections for reuse, but none across
// the line between verified and unverified TLS. Checks the egress policy once more on the literal
// address of every socket before it connects, and on the connection that a request is about to use.
//
// What libcurl would send a second time by itself, because a kept connection broke or an HTTP/2
// server refused the request before an answer, ends as kStaleConnection instead. The results of
// requests without an answer are told apart in curl_failure.h.
class CurlHttpClient final : public HttpClient {
 public:
  struct Options {
    // URL (http, https, socks5, socks5h) for requests with by_proxy, which resolves names; empty:
    // none. The environment's are ignored. The egress policy then judges hosts that are addresses,
    // not what the proxy connects to, and not the proxy's own address.
    std::string proxy;
    std::string ca_file;      // PEM bundle; empty: the system's
    std::string client_cert;  // PEM files, both or neither
    std::string client_key;
    // Idle connections are closed, the oldest first, so that no more than these are open. Requests
    // never wait for one: who sends bounds how many are under way.
    int max_connections = 1024;
    std::string user_agent = "webhookd";
  };

  // `policy` must outlive the client. Errors: INVALID_ARGUMENT (a file that cannot be read, a bad
  // proxy), INTERNAL.
  static absl::StatusOr<std::unique_ptr<CurlHttpClient>> Create(Options options,
                                                                const EgressPolicy& policy);
  // Requests under way are dropped without their callbacks.
  ~CurlHttpClient() override;

  void Send(HttpRequest request, absl::AnyInvocable<void(HttpResult) &&> done) override;
  void Poll(absl::Duration max_wait) override;
  void Interrupt() override;

  // For somebody who waits for several things: Poll is due when this has something to read, and
  // after WaitAtMost at the latest (InfiniteDuration: nothing waits for a time).
  int descriptor() const;
  absl::Duration WaitAtMost() const;

 private:
  class Impl;
  explicit CurlHttpClient(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_DELIVERY_CURL_HTTP_CLIENT_H_
