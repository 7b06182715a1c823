#include "tests/server/http/shared_port.h"

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "server/grpc_credentials.h"
#include "tests/testing/last_resort.h"

namespace webhookd {
namespace {

constexpr absl::Duration kPatience = kLastResort;

template <typename T>
T ValueOrAbort(absl::StatusOr<T> value) {
  if (!value.ok()) {
    std::fprintf(stderr, "SharedPort: %s\n", value.status().ToString().c_str());
    std::abort();
  }
  return *std::move(value);
}

}  // namespace

grpc::ServerUnaryReactor* HeldEventService::ReportMetrics(grpc::CallbackServerContext* context,
                                                          const v1::ReportMetricsRequest*,
                                                          v1::ReportMetricsResponse*) {
  context->AddInitialMetadata("x-client", ClientCertificateOf(*context->auth_context()));
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  reactor->Finish(grpc::Status::OK);
  return reactor;
}

grpc::ServerUnaryReactor* HeldEventService::ReportExperimentState(
    grpc::CallbackServerContext* context, const v1::ReportExperimentStateRequest*,
    v1::ReportExperimentStateResponse*) {
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  MutexLock lock(mutex_);
  held_.push_back(reactor);
  changed_.NotifyAll();
  return reactor;
}

bool HeldEventService::ReleaseOne() {
  grpc::ServerUnaryReactor* reactor = nullptr;
  {
    MutexLock lock(mutex_);
    if (!WaitForHeldLocked(1)) return false;
    reactor = held_.front();
    held_.pop_front();
  }
  reactor->Finish(grpc::Status::OK);
  return true;
}

bool HeldEventService::WaitForHeld(size_t count) {
  MutexLock lock(mutex_);
  return WaitForHeldLocked(count);
}

bool HeldEventService::WaitForHeldLocked(size_t count) {
  const absl::Time deadline = absl::Now() + kPatience;
  while (held_.size() < count) {
    const absl::Duration left = deadline - absl::Now();
    if (left <= absl::ZeroDuration()) return false;
    changed_.WaitFor(mutex_, left);
  }
  return true;
}

SharedPort::SharedPort(const TlsFiles& tls, HttpServer::Options options) {
  grpc_ = ValueOrAbort(StartGrpcServer({.tls = tls}, {{"webhookd.v1.EventService", &service_}}));
  options.tls = tls;
  options.accept_grpc = [this](int socket) { grpc_.acceptor->Accept(socket); };
  http_ = ValueOrAbort(HttpServer::Create(std::move(options), handler_, RealClock()));
}

SharedPort::~SharedPort() {
  http_->Shutdown(absl::ZeroDuration());
  ShutdownGrpcServer(grpc_, absl::ZeroDuration());
}

std::unique_ptr<v1::EventService::Stub> SharedPort::NewStub(
    const std::shared_ptr<grpc::ChannelCredentials>& credentials) const {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return v1::EventService::NewStub(grpc::CreateCustomChannel(address(), credentials, arguments));
}

grpc::Status Put(v1::EventService::Stub& stub, std::string* client) {
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + kPatience));
  v1::ReportMetricsResponse response;
  grpc::Status status = stub.ReportMetrics(&context, {}, &response);
  if (client == nullptr || !status.ok()) return status;
  const auto it = context.GetServerInitialMetadata().find("x-client");
  *client = it == context.GetServerInitialMetadata().end()
                ? "none"
                : std::string(it->second.data(), it->second.size());
  return status;
}

}  // namespace webhookd
