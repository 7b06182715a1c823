#ifndef WEBHOOKD_CLIENT_CLI_CONNECTION_H_
#define WEBHOOKD_CLIENT_CLI_CONNECTION_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "client/cpp/channel.h"
#include "determined/api/v1/api.grpc.pb.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "webhookd/v1/delivery.grpc.pb.h"

namespace webhookd {

using DeterminedStub = determined::api::v1::Determined::Stub;
using DeliveryStub = v1::DeliveryService::Stub;

// A server and how long to wait for its answers. Connects at the first call.
class Connection {
 public:
  Connection(const ServerAddress& address, const ChannelCredentials& credentials,
             absl::Duration timeout);

  // Calls a method of a stub, such as &DeterminedStub::GetWebhooks. When the server cannot be
  // reached the message says what to do.
  template <typename Stub, typename Request, typename Response>
  absl::StatusOr<Response> Call(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                             Response*),
                                const Request& request) {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + timeout_));
    Response response;
    Stub stub(channel_);
    const grpc::Status status = (stub.*method)(&context, request, &response);
    if (!status.ok()) return Explain(FromGrpcStatus(status));
    return response;
  }

  // Whether the server can be reached and answers.
  absl::Status Check();

  const std::string& address() const { return address_; }
  absl::Duration timeout() const { return timeout_; }

 private:
  absl::Status Explain(const absl::Status& status) const;

  const std::string address_;
  const absl::Duration timeout_;
  const std::shared_ptr<grpc::Channel> channel_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_CLIENT_CLI_CONNECTION_H_
