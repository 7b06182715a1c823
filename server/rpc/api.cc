#include "server/rpc/api.h"

#include <cstdio>
#include <cstdlib>

namespace webhookd {
namespace {

[[noreturn]] void Die(const char* method, const char* problem) {
  std::fprintf(stderr, "RPC %s: %s\n", method, problem);
  std::abort();
}

}  // namespace

Api::Method Api::Describe(const char* full_name, const google::protobuf::Descriptor* request,
                          const google::protobuf::Descriptor* response) {
  Method method;
  method.descriptor =
      google::protobuf::DescriptorPool::generated_pool()->FindMethodByName(full_name);
  if (method.descriptor == nullptr) Die(full_name, "is in no .proto file");
  if (method.descriptor->input_type() != request || method.descriptor->output_type() != response) {
    Die(full_name, "is served with messages of other types than its .proto file says");
  }
  return method;
}

void Api::Add(Method method) {
  const google::protobuf::MethodDescriptor* descriptor = method.descriptor;
  const bool streams = descriptor->client_streaming() || descriptor->server_streaming();
  if (streams != (method.stream != nullptr)) {
    Die(descriptor->full_name().c_str(), "is served as a stream, or is one and is not");
  }
  const bool added =
      methods_.emplace(descriptor, std::make_unique<const Method>(std::move(method))).second;
  if (!added) Die(descriptor->full_name().c_str(), "is served twice");
}

const Api::Method* Api::Find(const google::protobuf::MethodDescriptor& descriptor) const {
  const auto it = methods_.find(&descriptor);
  return it == methods_.end() ? nullptr : it->second.get();
}

void Api::Call(const Method& method, const Credentials& credentials,
               std::shared_ptr<const StopSignal> stop, const Message& request, Message& response,
               DoneStatus done) const {
  absl::StatusOr<Caller> caller = Admit(method, credentials);
  if (!caller.ok()) return std::move(done)(caller.status());
  caller->stop = std::move(stop);
  method.unary(*caller, request, response, std::move(done));
}

}  // namespace webhookd
