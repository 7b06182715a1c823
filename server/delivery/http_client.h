#ifndef WEBHOOKD_SERVER_DELIVERY_HTTP_CLIENT_H_
#define WEBHOOKD_SERVER_DELIVERY_HTTP_CLIENT_H_

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "server/delivery/attempt_error.h"
#include "server/delivery/ip_address.h"

namespace webhookd {

// Bounds of an answer.
inline constexpr size_t kMaxHeaderBytes = 64 * 1024;  // interim answers included
inline constexpr size_t kMaxBodyBytes = 16 * 1024;
inline constexpr size_t kMaxExcerptBytes = 2 * 1024;
inline constexpr absl::Duration kMaxBodyTime = absl::Seconds(2);

struct HttpRequest {
  std::string url;  // http or https, checked
  // Name and value; without CR, LF and NUL.
  std::vector<std::pair<std::string, std::string>> headers;
  std::shared_ptr<const std::string> body;
  // Where to connect, in this order; all allowed by the egress policy. Of no account to a proxy,
  // which resolves names itself.
  std::vector<IpAddress> addresses;
  bool by_proxy = false;  // through the client's proxy, if it has one
  bool skip_tls_verification = false;
  // Never on a connection that was used before.
  bool fresh_connection = false;
  absl::Duration connect_timeout;
  absl::Duration timeout;  // for everything: connection, headers and body
};

// How one request on the wire ended. `status` is that of the final header block: once a 2xx has
// arrived the request is confirmed, whatever the body does. The rest of the body is read for at
// most 2 s and 16 KB.
struct HttpResult {
  AttemptError error = AttemptError::kNone;  // kNone: an answer arrived, whatever its status
  std::string error_message;
  int status = 0;
  std::string retry_after;     // the header's value, empty if there is none
  std::string body_excerpt;    // the first 2 KB, raw bytes
  std::string remote_address;  // "10.0.0.7:443", empty when nothing was connected
  bool reused_connection = false;
};

// Sends POST requests and drives them. Belongs to one thread, but for Interrupt.
class HttpClient {
 public:
  virtual ~HttpClient() = default;

  // Starts a request. `done` runs inside a later Poll. One call, at most one request on the wire.
  virtual void Send(HttpRequest request, absl::AnyInvocable<void(HttpResult) &&> done) = 0;

  // Moves requests on and runs callbacks; waits at most `max_wait` for something to do.
  virtual void Poll(absl::Duration max_wait) = 0;

  // Ends the Poll that is running or comes next. Thread-safe.
  virtual void Interrupt() = 0;
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_DELIVERY_HTTP_CLIENT_H_
