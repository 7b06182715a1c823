#include "server/rpc/api.h"

#include <cstdio>
#include <cstdlib>

namespace webhookd {
namespace {

[[noreturn]] void Die(const char* method, const char* problem) {
  std::fprintf(stderr, "RPC %s %s\n", method, problem);
  std::abort();
}

}  // namespace

void Api::Add(const char* full_name, const google::protobuf::Descriptor* request,
              const google::protobuf::Descriptor* response, Handler handler) {
  const google::protobuf::MethodDescriptor* method =
      google::protobuf::DescriptorPool::generated_pool()->FindMethodByName(full_name);
  if (method == nullptr) Die(full_name, "is in no .proto file");
  if (method->input_type() != request || method->output_type() != response) {
    Die(full_name, "is served with messages of other types than its .proto file says");
  }
  if (method->client_streaming() || method->server_streaming()) Die(full_name, "is a stream");
  if (!handlers_.emplace(method, std::move(handler)).second) Die(full_name, "is served twice");
}

const Api::Handler* Api::Find(const google::protobuf::MethodDescriptor& method) const {
  const auto it = handlers_.find(&method);
  return it == handlers_.end() ? nullptr : &it->second;
}

}  // namespace webhookd
