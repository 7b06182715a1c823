#include "server/gateway/any_type.h"

#include <google/protobuf/descriptor.h>

#include <string>

namespace webhookd {

const google::protobuf::Message* AnyPrototype(absl::string_view type_url) {
  const size_t slash = type_url.rfind('/');
  if (slash != absl::string_view::npos) type_url.remove_prefix(slash + 1);
  const google::protobuf::Descriptor* const type =
      google::protobuf::DescriptorPool::generated_pool()->FindMessageTypeByName(
          std::string(type_url));
  if (type == nullptr) return nullptr;
  return google::protobuf::MessageFactory::generated_factory()->GetPrototype(type);
}

}  // namespace webhookd
