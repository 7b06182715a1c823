#include "server/rpc/grpc_service.h"

#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/impl/codegen/server_callback_handlers.h>
#include <grpcpp/impl/rpc_service_method.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/byte_buffer.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/rpc/unary_call.h"

namespace webhookd {
namespace {

using google::protobuf::Message;
using google::protobuf::MessageFactory;
using google::protobuf::MethodDescriptor;

// One call under way.
struct UnaryCall {
  std::unique_ptr<Message> request;
  std::unique_ptr<Message> response;
};

// What serves a method, and prototypes of its messages.
struct ServedMethod {
  const Api::Handler* handler;
  const Message* request;
  const Message* response;
};

grpc::ServerUnaryReactor* CallUnary(const ServedMethod& method,
                                    grpc::CallbackServerContext* context,
                                    const grpc::ByteBuffer* request, grpc::ByteBuffer* response) {
  UnaryCall call = {.request = std::unique_ptr<Message>(method.request->New()),
                    .response = std::unique_ptr<Message>(method.response->New())};
  grpc::ByteBuffer bytes = *request;  // shares the bytes
  const grpc::Status parsed =
      grpc::GenericDeserialize<grpc::ProtoBufferReader, Message>(&bytes, call.request.get());
  if (!parsed.ok()) {
    return FinishWith(context, absl::InvalidArgumentError(
                                   absl::StrCat("the request is no ", call.request->GetTypeName(),
                                                ": its bytes cannot be parsed")));
  }
  return Serve(context, [&](DoneStatus done) {
    const Message& request_message = *call.request;
    Message& response_message = *call.response;
    (*method.handler)(
        request_message, response_message,
        [call = std::move(call), response, done = std::move(done)](absl::Status status) mutable {
          if (status.ok()) {
            bool own_buffer = false;
            const grpc::Status written = grpc::GenericSerialize<grpc::ProtoBufferWriter, Message>(
                *call.response, response, &own_buffer);
            if (!written.ok()) status = absl::InternalError(written.error_message());
          }
          std::move(done)(std::move(status));
        });
  });
}

}  // namespace

GrpcService::GrpcService(const Api& api, const google::protobuf::ServiceDescriptor& service,
                         const OpenEventStream& open_event_stream)
    : name_(service.full_name()) {
  paths_.reserve(service.method_count());
  MessageFactory& messages = *MessageFactory::generated_factory();
  for (int i = 0; i < service.method_count(); ++i) {
    const MethodDescriptor& method = *service.method(i);
    paths_.push_back(absl::StrCat("/", service.full_name(), "/", method.name()));
    const char* path = paths_.back().c_str();
    if (method.client_streaming()) {
      AddMethod(new grpc::internal::RpcServiceMethod(
          path, grpc::internal::RpcMethod::BIDI_STREAMING, nullptr));
      MarkMethodCallback(i, new grpc::internal::CallbackBidiHandler<v1::StreamEventsRequest,
                                                                    v1::StreamEventsResponse>(
                                [open_event_stream](grpc::CallbackServerContext*) {
                                  return open_event_stream();
                                }));
      continue;
    }
    const ServedMethod served = {.handler = api.Find(method),
                                 .request = messages.GetPrototype(method.input_type()),
                                 .response = messages.GetPrototype(method.output_type())};
    if (served.handler == nullptr) {
      std::fprintf(stderr, "no code serves the RPC %s\n", path);
      std::abort();
    }
    AddMethod(
        new grpc::internal::RpcServiceMethod(path, grpc::internal::RpcMethod::NORMAL_RPC, nullptr));
    MarkMethodRawCallback(
        i, new grpc::internal::CallbackUnaryHandler<grpc::ByteBuffer, grpc::ByteBuffer>(
               [served](grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                        grpc::ByteBuffer* response) {
                 return CallUnary(served, context, request, response);
               }));
  }
}

}  // namespace webhookd
