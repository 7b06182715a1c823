#ifndef WEBHOOKD_SERVER_GRPC_SERVER_H_
#define WEBHOOKD_SERVER_GRPC_SERVER_H_

#include <grpcpp/server.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace webhookd {

// "127.0.0.1:8080" or "[::1]:8080".
std::string HostAndPort(const std::string& address, int port);

struct GrpcServerOptions {
  std::string address;  // IP address or host name
  int port = 0;         // 0: any free one
  int max_message_bytes = 4 * 1024 * 1024;
};

// A service and its full name, such as "webhookd.v1.EventService".
struct ServedService {
  std::string name;
  grpc::Service* service;
};

// A server that accepts calls.
struct ListeningServer {
  std::unique_ptr<grpc::Server> server;
  int port = 0;
};

// Serves `services`, which must outlive the server, and beside them health checks (each service is
// reported as serving), reflection and channelz. Errors, naming the address and what to do:
// ALREADY_EXISTS (the port is taken), PERMISSION_DENIED, FAILED_PRECONDITION (any other reason why
// the address cannot be listened on).
absl::StatusOr<ListeningServer> StartGrpcServer(const GrpcServerOptions& options,
                                                const std::vector<ServedService>& services);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_GRPC_SERVER_H_
