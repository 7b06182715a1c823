#ifndef WEBHOOKD_SERVER_DELIVERY_PLAIN_HTTP_CLIENT_H_
#define WEBHOOKD_SERVER_DELIVERY_PLAIN_HTTP_CLIENT_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "server/delivery/egress_policy.h"
#include "server/delivery/http_client.h"

namespace webhookd {

// HttpClient for http:// without a proxy: HTTP/1.1 on epoll, and no more of it than a webhook
// needs. A request costs a third of what it costs with libcurl, however many others go to the same
// host. Keeps connections for reuse. Checks the egress policy on the literal address of every
// socket before it connects, and on the kept connection that a request is about to use.
//
// Of several addresses the next one is tried when the one before has failed or is silent for a
// moment; the first that connects is used.
class PlainHttpClient final : public HttpClient {
 public:
  struct Options {
    // Idle connections are closed, the oldest first, so that no more than these are open. Requests
    // never wait for one: who sends bounds how many are under way.
    int max_connections = 1024;
    std::string user_agent = "webhookd";
  };

  // `policy` must outlive the client. INTERNAL when there is no event loop to be had.
  static absl::StatusOr<std::unique_ptr<PlainHttpClient>> Create(Options options,
                                                                 const EgressPolicy& policy);
  // Requests under way are dropped without their callbacks.
  ~PlainHttpClient() override;

  void Send(HttpRequest request, absl::AnyInvocable<void(HttpResult) &&> done) override;
  void Poll(absl::Duration max_wait) override;
  void Interrupt() override;

  // From now on a Poll also ends when `descriptor` has something to read, as long as it has. It
  // must outlive the client.
  absl::Status Watch(int descriptor);
  // Whether it had in the last Poll.
  bool watched_is_ready() const;

 private:
  class Impl;
  explicit PlainHttpClient(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_DELIVERY_PLAIN_HTTP_CLIENT_H_
