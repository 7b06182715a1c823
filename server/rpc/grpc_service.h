#ifndef WEBHOOKD_SERVER_RPC_GRPC_SERVICE_H_
#define WEBHOOKD_SERVER_RPC_GRPC_SERVICE_H_

#include <google/protobuf/descriptor.h>
#include <grpcpp/impl/service_type.h>
#include <grpcpp/support/server_callback.h>

#include <functional>
#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "server/auth/caller.h"
#include "server/rpc/api.h"
#include "server/rpc/request_limits.h"
#include "webhookd/v1/ingest.pb.h"

namespace webhookd {

// Serves the methods of one service by their entries in an Api, over gRPC. It does by table what
// the code that protoc generates does method by method.
class GrpcService final : public grpc::Service {
 public:
  using EventStreamReactor =
      grpc::ServerBidiReactor<v1::StreamEventsRequest, v1::StreamEventsResponse>;
  // Starts a stream for a caller who was admitted.
  using OpenEventStream = std::function<EventStreamReactor*(const Caller&)>;

  // `api` must outlive this; what it does not serve is answered UNIMPLEMENTED. `open_event_stream`
  // serves the one method that streams, in a service that has it.
  GrpcService(const Api& api, const google::protobuf::ServiceDescriptor& service,
              const RequestLimits& limits, OpenEventStream open_event_stream = nullptr);

  // "webhookd.v1.EventService".
  const std::string& name() const { return name_; }

 private:
  const std::string name_;
  std::vector<std::string> paths_;  // gRPC keeps pointers to them
};

// What the caller shows, from the call's metadata: x-user-token, grpcgateway-authorization,
// x-allocation-token or authorization, each "Bearer TOKEN"; the first of them counts.
Credentials CredentialsOf(const grpc::CallbackServerContext& context);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_RPC_GRPC_SERVICE_H_
