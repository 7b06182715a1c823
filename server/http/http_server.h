#ifndef WEBHOOKD_SERVER_HTTP_HTTP_SERVER_H_
#define WEBHOOKD_SERVER_HTTP_HTTP_SERVER_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "server/gateway/web.h"
#include "server/http/tls.h"

namespace webhookd {

// One port for gRPC and HTTP/1.1, plain or under TLS. A connection is told by its first bytes,
// which are looked at but not read (protocol.h); gRPC's are then handed over as they are.
// Thread-safe.
class HttpServer {
 public:
  struct Options {
    std::string address = "127.0.0.1";  // IP address or host name
    int port = 0;                       // 0: any free one
    int threads = 1;

    // Connections of all kinds, gRPC's included, that are open at once. One more takes the place of
    // the one that has been idle between requests for longest; when none is idle, it is told 503
    // and closed.
    int max_connections = 10'000;
    int max_connections_per_peer = 0;  // of one IP address; 0: as many as there may be in all

    size_t max_header_bytes = 64 * 1024;  // request line included; more: 431
    int max_headers = 128;                // fields; more: 431
    // The most bytes of a body, also once it is unpacked; more: 413.
    size_t max_body_bytes = 4 * 1024 * 1024;
    // The same for one method and path; none: max_body_bytes for all.
    std::function<size_t(absl::string_view method, absl::string_view path)> body_limit;
    // Of all bodies together, from when they are read until they are answered. See BodyBudget; a
    // body that gives way is answered with 503.
    size_t max_buffered_body_bytes = 128 * 1024 * 1024;
    // Of a streamed answer; when more waits for a client, WebResponder::Write returns false and the
    // client is disconnected.
    size_t max_unsent_bytes = 1024 * 1024;

    // How long may pass until the first bytes tell the protocol, TLS hands are shaken, and a head
    // that has begun is complete; each counts by itself.
    absl::Duration header_timeout = absl::Seconds(10);
    // A body must bring 64 KiB or its end in each such time.
    absl::Duration body_timeout = absl::Seconds(60);
    // The client must take 64 KiB or all there is in each such time.
    absl::Duration write_timeout = absl::Seconds(60);
    // Between requests.
    absl::Duration idle_timeout = absl::Seconds(120);

    // Of this process. While more is resident and it still grows, the gRPC connection that received
    // most in the last moment is closed: gRPC itself does not bound what streams that are reset at
    // once, streams beyond the limit, or endless header fields take. 0: no limit.
    size_t memory_limit_bytes = 512 * 1024 * 1024;

    std::vector<std::string> cors_origins;  // see cors.h
    TlsFiles tls;

    // Takes a connected socket that speaks HTTP/2; owns it from then on, and shuts it down before
    // closing it, which is how its end is noticed. None: such connections are closed.
    std::function<void(int socket)> accept_grpc;
    // The answer to a request that is refused before the handler sees it; `code` is gRPC's. None:
    // the `determined` profile's {"error":{"code":3,"reason":"InvalidArgument","error":"…"}}.
    std::function<WebResponse(int status, int code, absl::string_view message)> refusal;
  };

  // Listens, and serves at once. `handler` and `clock` must outlive it. Errors are for people:
  // ALREADY_EXISTS, PERMISSION_DENIED and FAILED_PRECONDITION for the address (see
  // ListeningSockets), FAILED_PRECONDITION for TLS files that cannot be used, RESOURCE_EXHAUSTED.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Create(Options options, WebHandler& handler,
                                                            Clock& clock);
  virtual ~HttpServer() = default;

  virtual int port() const = 0;
  // Connections that are open, gRPC's included.
  virtual int connections() const = 0;

  // Reads the TLS files again. New connections see the new ones, others go on. When they cannot be
  // used, the old ones stay and the error says why. OK without TLS.
  virtual absl::Status ReloadCertificates() = 0;

  // Accepts nothing more, closes connections without a request under way, and waits until the
  // others are answered, for `drain` at most; then closes those that are left. gRPC's connections
  // are left to gRPC. Blocks; idempotent. The destructor does it with no time to drain.
  virtual void Shutdown(absl::Duration drain) = 0;
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_HTTP_HTTP_SERVER_H_
