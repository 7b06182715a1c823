#ifndef WEBHOOKD_SERVER_RPC_GRPC_SERVICE_H_
#define WEBHOOKD_SERVER_RPC_GRPC_SERVICE_H_

#include <google/protobuf/descriptor.h>
#include <grpcpp/impl/service_type.h>
#include <grpcpp/support/server_callback.h>

#include <functional>
#include <string>
#include <vector>

#include "server/rpc/api.h"
#include "webhookd/v1/ingest.pb.h"

namespace webhookd {

// Serves the methods of one service by their entries in an Api, over gRPC. It does by table what
// the code that protoc generates does method by method.
class GrpcService final : public grpc::Service {
 public:
  using EventStreamReactor =
      grpc::ServerBidiReactor<v1::StreamEventsRequest, v1::StreamEventsResponse>;
  using OpenEventStream = std::function<EventStreamReactor*()>;

  // `api` must outlive this. `open_event_stream` serves the one method that streams, in the service
  // that has it. It is an error of the program, which ends it, when `api` lacks a method.
  GrpcService(const Api& api, const google::protobuf::ServiceDescriptor& service,
              const OpenEventStream& open_event_stream);

  // "webhookd.v1.EventService".
  const std::string& name() const { return name_; }

 private:
  const std::string name_;
  std::vector<std::string> paths_;  // gRPC keeps pointers to them
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_RPC_GRPC_SERVICE_H_
