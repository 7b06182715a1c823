#include "server/grpc_server.h"

#include <grpc/grpc.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "base/mutex.h"
#include "base/status_macros.h"

namespace webhookd {
namespace {

constexpr int kMaxStreamsPerConnection = 1'024;
constexpr int kMaxMetadataBytes = 16 * 1024;   // of one call
constexpr size_t kMaxBufferBytes = 256 << 20;  // all connections together
// Each reflection stream holds one for as long as it is open.
constexpr int kMaxThreads = 32;
constexpr int kKeepaliveMs = 60'000;
constexpr int kKeepaliveTimeoutMs = 20'000;
// Clients may ask for signs of life this often without being sent away.
constexpr int kMinPingIntervalMs = 5'000;
// Clients that look at their connections leave by themselves in this time.
constexpr absl::Duration kGoodbyeTime = absl::Milliseconds(20);

// What gRPC wants to know before the first server is built.
void InitPluginsOnce() {
  static const bool done = [] {
    grpc::EnableDefaultHealthCheckService(true);
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
    return true;
  }();
  static_cast<void>(done);
}

// Something that happens once, on another thread.
class Event {
 public:
  void Happened() {
    MutexLock lock(mutex_);
    happened_ = true;
    changed_.NotifyAll();
  }
  // False when `timeout` passed first.
  bool WaitFor(absl::Duration timeout) {
    const absl::Time deadline = absl::Now() + timeout;
    MutexLock lock(mutex_);
    while (!happened_) {
      const absl::Duration left = deadline - absl::Now();
      if (left <= absl::ZeroDuration()) return false;
      changed_.WaitFor(mutex_, left);
    }
    return true;
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  bool happened_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace

void GrpcAcceptor::Accept(int socket) {
  auto close_socket = absl::MakeCleanup([socket] {
    // gRPC 1.51 would leave it open. Others may have a descriptor of the socket too.
    shutdown(socket, SHUT_RDWR);
    close(socket);
  });
  thread_.Post([this, socket, close_socket = std::move(close_socket)]() mutable {
    MutexLock lock(mutex_);
    if (acceptor_ == nullptr) return;
    std::move(close_socket).Cancel();
    grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters connection;
    connection.fd = socket;
    acceptor_->HandleNewConnection(&connection);
  });
}

void GrpcAcceptor::Stop() {
  MutexLock lock(mutex_);
  acceptor_ = nullptr;
}

absl::StatusOr<ListeningServer> StartGrpcServer(const GrpcServerOptions& options,
                                                const std::vector<ServedService>& services) {
  InitPluginsOnce();
  ListeningServer listening;
  std::shared_ptr<grpc::ServerCredentials> credentials = grpc::InsecureServerCredentials();
  if (!options.tls.certificate.empty()) {
    ASSIGN_OR_RETURN(TlsIdentity identity, TlsIdentity::Load(options.tls));
    listening.credentials = std::make_shared<GrpcCredentials>(std::move(identity));
    credentials = listening.credentials;
  }

  grpc::ServerBuilder builder;
  std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> acceptor =
      builder.experimental().AddExternalConnectionAcceptor(
          grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD, credentials);
  if (options.port.has_value()) {
    // gRPC only tells that it could not listen. Trying it first tells why, and settles the port.
    ASSIGN_OR_RETURN(const ListeningSockets tried,
                     ListeningSockets::Open(options.address, *options.port));
    builder.AddListeningPort(HostAndPort(options.address, *options.port), credentials,
                             &listening.port);
  }
  for (const ServedService& served : services) builder.RegisterService(served.service);
  listening.calls = std::make_shared<OpenCalls>();
  listening.calls->Register(builder);

  // Two processes that share a port would each get half of the calls.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.SetMaxReceiveMessageSize(options.max_message_bytes);
  // gRPC 1.51 unpacks a message before it looks at its size: 3 MB become 4 GB. Calls that announce
  // compression are refused, and whatever comes compressed all the same stays as it is.
  builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_DEFLATE, false);
  builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_GZIP, false);
  builder.AddChannelArgument(GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION, 0);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, kMaxMetadataBytes);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kMaxStreamsPerConnection);
  builder.AddChannelArgument(
      GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS,
      static_cast<int>(absl::ToInt64Milliseconds(options.handshake_timeout)));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             kMinPingIntervalMs);
  builder.SetResourceQuota(
      grpc::ResourceQuota("webhookd").Resize(kMaxBufferBytes).SetMaxThreads(kMaxThreads));
  // Only reflection is served by threads of its own.
  builder.SetSyncServerOption(grpc::ServerBuilder::NUM_CQS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::MIN_POLLERS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::MAX_POLLERS, 2);

  listening.server = builder.BuildAndStart();
  if (listening.server == nullptr || (options.port.has_value() && listening.port == 0)) {
    return absl::FailedPreconditionError(absl::StrCat(
        "gRPC could not start",
        options.port.has_value() ? absl::StrCat(" on ", HostAndPort(options.address, *options.port))
                                 : "",
        "; try again"));
  }
  for (const ServedService& served : services) {
    listening.server->GetHealthCheckService()->SetServingStatus(served.name, true);
  }
  listening.acceptor = std::make_shared<GrpcAcceptor>(std::move(acceptor));
  return listening;
}

absl::Status ReloadGrpcCertificates(ListeningServer& server, const TlsFiles& files) {
  if (server.credentials == nullptr) return absl::OkStatus();
  ASSIGN_OR_RETURN(TlsIdentity identity, TlsIdentity::Load(files));
  server.credentials->Replace(std::move(identity));
  return absl::OkStatus();
}

void ShutdownGrpcServer(ListeningServer& listening, absl::Duration drain) {
  listening.acceptor->Stop();
  grpc::Server& server = *listening.server;
  const absl::Time deadline = absl::Now() + drain;
  Event done;
  std::thread shutdown([&] {
    server.Shutdown(absl::ToChronoTime(deadline));
    done.Happened();
  });
  listening.calls->WaitUntilNone(drain);
  if (!done.WaitFor(std::min(drain, kGoodbyeTime))) {
    grpc_server_cancel_all_calls(server.c_server());
  }
  shutdown.join();
}

}  // namespace webhookd
