#include "server/grpc_server.h"

#include <grpcpp/ext/channelz_service_plugin.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace webhookd {
namespace {

constexpr int kMaxStreamsPerConnection = 1'024;
constexpr size_t kMaxBufferBytes = 256 << 20;  // all connections together
constexpr int kKeepaliveMs = 60'000;
constexpr int kKeepaliveTimeoutMs = 20'000;
// Clients may ask for signs of life this often without being sent away.
constexpr int kMinPingIntervalMs = 5'000;

// gRPC only tells that it could not listen. Trying it once more tells why.
absl::Status WhyNotListening(const GrpcServerOptions& options) {
  const std::string where =
      absl::StrCat("cannot listen on ", HostAndPort(options.address, options.port), ": ");
  addrinfo hints = {};
  hints.ai_flags = AI_PASSIVE;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error =
      getaddrinfo(options.address.c_str(), absl::StrCat(options.port).c_str(), &hints, &found);
  if (error != 0) {
    return absl::FailedPreconditionError(
        absl::StrCat(where, gai_strerror(error), "; give another address with --listen-address"));
  }
  const absl::Cleanup free_found = [found] { freeaddrinfo(found); };
  for (const addrinfo* address = found; address != nullptr; address = address->ai_next) {
    const int socket_fd = socket(address->ai_family, address->ai_socktype | SOCK_CLOEXEC, 0);
    const absl::Cleanup close_socket = [socket_fd] { close(socket_fd); };
    const int on = 1;
    setsockopt(socket_fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(socket_fd, address->ai_addr, address->ai_addrlen) == 0 && listen(socket_fd, 1) == 0) {
      continue;
    }
    switch (errno) {
      case EADDRINUSE:
        return absl::AlreadyExistsError(
            absl::StrCat(where, "port ", options.port,
                         " is taken by another process; end it, or give another port with --port"));
      case EACCES:
        return absl::PermissionDeniedError(
            absl::StrCat(where, "port ", options.port,
                         " needs a privilege that this process lacks; give a port from 1024 on "
                         "with --port"));
      case EADDRNOTAVAIL:
        return absl::FailedPreconditionError(
            absl::StrCat(where,
                         "this machine has no such address; give one of its own, 127.0.0.1 "
                         "or 0.0.0.0, with --listen-address"));
      default:
        return absl::FailedPreconditionError(absl::StrCat(where, std::strerror(errno)));
    }
  }
  return absl::FailedPreconditionError(absl::StrCat(where, "gRPC could not start; try again"));
}

// What gRPC wants to know before the first server is built.
void InitPluginsOnce() {
  static const bool done = [] {
    grpc::EnableDefaultHealthCheckService(true);
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
    grpc::channelz::experimental::InitChannelzService();
    return true;
  }();
  static_cast<void>(done);
}

}  // namespace

std::string HostAndPort(const std::string& address, int port) {
  return absl::StrContains(address, ':') ? absl::StrCat("[", address, "]:", port)
                                         : absl::StrCat(address, ":", port);
}

absl::StatusOr<ListeningServer> StartGrpcServer(const GrpcServerOptions& options,
                                                const std::vector<ServedService>& services) {
  InitPluginsOnce();
  ListeningServer listening;
  grpc::ServerBuilder builder;
  builder.AddListeningPort(HostAndPort(options.address, options.port),
                           grpc::InsecureServerCredentials(), &listening.port);
  for (const ServedService& served : services) builder.RegisterService(served.service);

  // Two processes that share a port would each get half of the calls.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.SetMaxReceiveMessageSize(options.max_message_bytes);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kMaxStreamsPerConnection);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             kMinPingIntervalMs);
  builder.SetResourceQuota(grpc::ResourceQuota("webhookd").Resize(kMaxBufferBytes));
  // Only reflection and channelz are served by threads of their own.
  builder.SetSyncServerOption(grpc::ServerBuilder::NUM_CQS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::MIN_POLLERS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::MAX_POLLERS, 2);

  listening.server = builder.BuildAndStart();
  if (listening.server == nullptr || listening.port == 0) return WhyNotListening(options);
  for (const ServedService& served : services) {
    listening.server->GetHealthCheckService()->SetServingStatus(served.name, true);
  }
  return listening;
}

}  // namespace webhookd
