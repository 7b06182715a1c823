#ifndef WEBHOOKD_SERVER_GRPC_SERVER_H_
#define WEBHOOKD_SERVER_GRPC_SERVER_H_

#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "base/executor.h"
#include "base/mutex.h"
#include "server/grpc_credentials.h"
#include "server/http/listening_socket.h"
#include "server/http/tls.h"
#include "server/open_calls.h"

namespace webhookd {

struct GrpcServerOptions {
  std::string address;       // IP address or host name, for `port`
  absl::optional<int> port;  // a port for gRPC alone, 0: any free one; none: serves only Accept's
  int max_message_bytes = 4 * 1024 * 1024;
  absl::Duration handshake_timeout = absl::Seconds(10);  // of TLS and HTTP/2
  TlsFiles tls;                                          // no certificate: plain
};

// A service and its full name, such as "webhookd.v1.EventService".
struct ServedService {
  std::string name;
  grpc::Service* service;
};

// Hands connections that were accepted elsewhere to gRPC. Thread-safe.
class GrpcAcceptor {
 public:
  explicit GrpcAcceptor(std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> acceptor)
      : acceptor_(std::move(acceptor)) {}

  // Owns `socket` from then on; closes it once Stop was called. Does not block: gRPC works off what
  // waits for other connections before it comes back, so it is called on a thread of its own.
  void Accept(int socket);
  void Stop();

 private:
  Mutex mutex_;
  std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> acceptor_
      ABSL_GUARDED_BY(mutex_);  // null once stopped
  ThreadExecutor thread_{"acceptor"};
};

// A server that accepts calls.
struct ListeningServer {
  std::shared_ptr<OpenCalls> calls;
  std::shared_ptr<GrpcCredentials> credentials;
  std::unique_ptr<grpc::Server> server;
  int port = 0;  // for gRPC alone; 0: none
  // Takes connected, non-blocking sockets from which nothing was read.
  std::shared_ptr<GrpcAcceptor> acceptor;
};

// Serves `services`, which must outlive the server, and beside them health checks (each service is
// reported as serving) and reflection. Errors, naming the address and what to do:
// ALREADY_EXISTS (the port is taken), PERMISSION_DENIED, FAILED_PRECONDITION (any other reason why
// the address cannot be listened on, or TLS files that cannot be used).
absl::StatusOr<ListeningServer> StartGrpcServer(const GrpcServerOptions& options,
                                                const std::vector<ServedService>& services);

// Reads the TLS files again: new connections see them, others go on. When they cannot be used, the
// old ones stay and the error says why. OK without TLS.
absl::Status ReloadGrpcCertificates(ListeningServer& server, const TlsFiles& files);

// Takes no more calls, waits until those of `services` that are open are done, for `drain` at most,
// cancels what is left, and closes all connections. grpc::Server::Shutdown alone waits for the
// whole of `drain` when a client keeps a connection open without looking at it, or watches health.
// Blocks; idempotent.
void ShutdownGrpcServer(ListeningServer& server, absl::Duration drain);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_GRPC_SERVER_H_
