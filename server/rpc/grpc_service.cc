#include "server/rpc/grpc_service.h"

#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/impl/codegen/server_callback_handlers.h>
#include <grpcpp/impl/rpc_service_method.h>
#include <grpcpp/security/auth_context.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/byte_buffer.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "base/clock.h"
#include "base/stop_signal.h"
#include "server/auth/token.h"
#include "server/grpc_credentials.h"
#include "server/rpc/grpc_status.h"
#include "server/rpc/unary_call.h"

namespace webhookd {
namespace {

using google::protobuf::Message;
using google::protobuf::MessageFactory;
using google::protobuf::MethodDescriptor;

absl::string_view ToView(grpc::string_ref text) { return {text.data(), text.size()}; }

// "ipv4:127.0.0.1:50312" → "127.0.0.1", "ipv6:%5B::1%5D:50312" → "::1".
std::string AddressOf(absl::string_view peer) {
  const size_t scheme = peer.find(':');
  if (scheme != absl::string_view::npos) peer.remove_prefix(scheme + 1);
  const size_t port = peer.rfind(':');
  if (port != absl::string_view::npos) peer = peer.substr(0, port);
  if (!absl::ConsumePrefix(&peer, "%5B")) absl::ConsumePrefix(&peer, "[");
  if (!absl::ConsumeSuffix(&peer, "%5D")) absl::ConsumeSuffix(&peer, "]");
  return std::string(peer);
}

// One call under way.
struct UnaryCall {
  std::unique_ptr<Message> request;
  std::unique_ptr<Message> response;
};

// What is looked up once for a method.
struct MethodFacts {
  const Message* request;  // prototypes
  const Message* response;
  size_t max_request_bytes;
};

// How long the caller waits. `context` must outlive its use.
std::shared_ptr<const StopSignal> StopOf(grpc::CallbackServerContext& context) {
  return std::make_shared<const StopSignal>(RealClock(),
                                            absl::FromChrono(context.deadline()) - absl::Now(),
                                            [&context] { return context.IsCancelled(); });
}

// What is known to be too much before it is parsed.
absl::Status CheckSize(const Api::Method& method, const MethodFacts& facts,
                       grpc::ByteBuffer request) {
  const size_t size = request.Length();
  if (size > facts.max_request_bytes) {
    return absl::ResourceExhaustedError(absl::StrCat("the message has ", size, " bytes; ",
                                                     method.descriptor->name(), " takes at most ",
                                                     facts.max_request_bytes));
  }
  grpc::ProtoBufferReader reader(&request);
  return CheckObjects(reader, *method.descriptor->input_type());
}

grpc::ServerUnaryReactor* CallUnary(const Api& api, const Api::Method& method,
                                    const MethodFacts& facts, grpc::CallbackServerContext* context,
                                    const grpc::ByteBuffer* request, grpc::ByteBuffer* response) {
  // Strangers' messages are not looked at.
  absl::StatusOr<Caller> caller = api.Admit(method, CredentialsOf(*context));
  if (!caller.ok()) return FinishWith(context, caller.status());
  caller->stop = StopOf(*context);
  const absl::Status fits = CheckSize(method, facts, *request);
  if (!fits.ok()) return FinishWith(context, fits);
  UnaryCall call = {.request = std::unique_ptr<Message>(facts.request->New()),
                    .response = std::unique_ptr<Message>(facts.response->New())};
  grpc::ByteBuffer bytes = *request;  // shares the bytes
  const grpc::Status parsed =
      grpc::GenericDeserialize<grpc::ProtoBufferReader, Message>(&bytes, call.request.get());
  if (!parsed.ok()) {
    return FinishWith(context,
                      absl::InvalidArgumentError(absl::StrCat(
                          "the request is not a ", method.descriptor->input_type()->full_name(),
                          ": its bytes cannot be parsed")));
  }
  return Serve(context, [&](DoneStatus done) {
    const Message& request_message = *call.request;
    Message& response_message = *call.response;
    method.unary(
        *caller, request_message, response_message,
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

// A stream that ends before it began.
class RefusedEventStream final : public GrpcService::EventStreamReactor {
 public:
  explicit RefusedEventStream(const absl::Status& status) { Finish(ToGrpcStatus(status)); }
  void OnDone() override { delete this; }
};

}  // namespace

Credentials CredentialsOf(const grpc::CallbackServerContext& context) {
  Credentials credentials;
  credentials.peer_address = AddressOf(context.peer());
  const auto& metadata = context.client_metadata();
  for (const char* name : kTokenMetadata) {
    const auto it = metadata.find(name);
    if (it == metadata.end()) continue;
    credentials.token = std::string(TokenIn(ToView(it->second)));
    break;
  }
  if (const auto auth_context = context.auth_context()) {
    credentials.client_certificate = ClientCertificateOf(*auth_context);
  }
  return credentials;
}

GrpcService::GrpcService(const Api& api, const google::protobuf::ServiceDescriptor& service,
                         const RequestLimits& limits, OpenEventStream open_event_stream)
    : name_(service.full_name()) {
  paths_.reserve(service.method_count());
  MessageFactory& messages = *MessageFactory::generated_factory();
  for (int i = 0; i < service.method_count(); ++i) {
    const MethodDescriptor& descriptor = *service.method(i);
    const Api::Method* found = api.Find(descriptor);
    if (found == nullptr) continue;  // gRPC answers UNIMPLEMENTED
    const Api::Method& method = *found;
    paths_.push_back(absl::StrCat("/", service.full_name(), "/", descriptor.name()));
    const char* path = paths_.back().c_str();
    const int index = static_cast<int>(paths_.size()) - 1;
    if (method.stream != nullptr) {
      AddMethod(new grpc::internal::RpcServiceMethod(
          path, grpc::internal::RpcMethod::BIDI_STREAMING, nullptr));
      MarkMethodCallback(i, new grpc::internal::CallbackBidiHandler<v1::StreamEventsRequest,
                                                                    v1::StreamEventsResponse>(
                                [&api, &method, open_event_stream](
                                    grpc::CallbackServerContext* context) -> EventStreamReactor* {
                                  const absl::StatusOr<Caller> caller =
                                      api.Admit(method, CredentialsOf(*context));
                                  if (!caller.ok()) return new RefusedEventStream(caller.status());
                                  return open_event_stream(*caller);
                                }));
      continue;
    }
    const MethodFacts facts = {.request = messages.GetPrototype(descriptor.input_type()),
                               .response = messages.GetPrototype(descriptor.output_type()),
                               .max_request_bytes = limits.Of(descriptor)};
    AddMethod(
        new grpc::internal::RpcServiceMethod(path, grpc::internal::RpcMethod::NORMAL_RPC, nullptr));
    MarkMethodRawCallback(
        index,
        new grpc::internal::CallbackUnaryHandler<grpc::ByteBuffer, grpc::ByteBuffer>(
            [&api, &method, facts](grpc::CallbackServerContext* context,
                                   const grpc::ByteBuffer* request, grpc::ByteBuffer* response) {
              return CallUnary(api, method, facts, context, request, response);
            }));
  }
}

}  // namespace webhookd
