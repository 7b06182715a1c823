#ifndef WEBHOOKD_TESTS_SERVER_HTTP_SHARED_PORT_H_
#define WEBHOOKD_TESTS_SERVER_HTTP_SHARED_PORT_H_

#include <grpcpp/grpcpp.h>

#include <deque>
#include <memory>
#include <string>

#include "absl/time/time.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "server/grpc_server.h"
#include "server/http/http_server.h"
#include "tests/server/http/fake_handler.h"
#include "webhookd/v1/ingest.grpc.pb.h"

namespace webhookd {

// A service of which ReportMetrics answers at once, with the caller's certificate as the metadata
// "x-client", and ReportExperimentState when it is told to.
class HeldEventService final : public v1::EventService::CallbackService {
 public:
  grpc::ServerUnaryReactor* ReportMetrics(grpc::CallbackServerContext* context,
                                          const v1::ReportMetricsRequest* request,
                                          v1::ReportMetricsResponse* response) override;
  grpc::ServerUnaryReactor* ReportExperimentState(
      grpc::CallbackServerContext* context, const v1::ReportExperimentStateRequest* request,
      v1::ReportExperimentStateResponse* response) override;

  // Answers the oldest call that is held; waits for one. False when none came.
  bool ReleaseOne();
  bool WaitForHeld(size_t count);

 private:
  bool WaitForHeldLocked(size_t count) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  Mutex mutex_;
  CondVar changed_;
  std::deque<grpc::ServerUnaryReactor*> held_ ABSL_GUARDED_BY(mutex_);
};

// gRPC and HTTP on one port, as the server has them. Fails the test program when it cannot start.
class SharedPort {
 public:
  explicit SharedPort(const TlsFiles& tls = {}, HttpServer::Options options = {});
  ~SharedPort();

  int port() const { return http_->port(); }
  std::string address() const { return HostAndPort("127.0.0.1", port()); }
  HttpServer& http() { return *http_; }
  ListeningServer& grpc() { return grpc_; }
  HeldEventService& service() { return service_; }
  FakeHandler& handler() { return handler_; }

  // A stub with a connection of its own.
  std::unique_ptr<v1::EventService::Stub> NewStub(
      const std::shared_ptr<grpc::ChannelCredentials>& credentials =
          grpc::InsecureChannelCredentials()) const;

 private:
  HeldEventService service_;
  FakeHandler handler_;
  ListeningServer grpc_;
  std::unique_ptr<HttpServer> http_;
};

// Calls ReportMetrics; `client`, unless null, becomes the caller's identity as the server saw it.
grpc::Status Put(v1::EventService::Stub& stub, std::string* client = nullptr);

}  // namespace webhookd

#endif  // WEBHOOKD_TESTS_SERVER_HTTP_SHARED_PORT_H_
