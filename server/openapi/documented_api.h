#ifndef WEBHOOKD_SERVER_OPENAPI_DOCUMENTED_API_H_
#define WEBHOOKD_SERVER_OPENAPI_DOCUMENTED_API_H_

#include <google/protobuf/descriptor.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/gateway/route_table.h"

namespace webhookd {

// The services with the comments of their .proto files, which generated code has not.
class DocumentedApi {
 public:
  // `services` by their full names. INTERNAL: the descriptors do not describe them.
  static absl::StatusOr<std::unique_ptr<DocumentedApi>> Create(
      const std::vector<std::string>& services, GatewayProfile profile);

  const std::vector<const google::protobuf::ServiceDescriptor*>& services() const {
    return services_;
  }
  const RouteTable& routes() const { return *routes_; }

 private:
  DocumentedApi() = default;

  google::protobuf::DescriptorPool pool_;
  std::vector<const google::protobuf::ServiceDescriptor*> services_;
  std::unique_ptr<const RouteTable> routes_;
};

// The comment before what `location` is of, in one paragraph or several; empty if there is none.
std::string CommentOf(const google::protobuf::SourceLocation& location);
template <typename Described>
std::string CommentOf(const Described& described) {
  google::protobuf::SourceLocation location;
  return described.GetSourceLocation(&location) ? CommentOf(location) : "";
}

// A FileDescriptorSet of proto/, with comments.
absl::string_view ApiDescriptors();

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_OPENAPI_DOCUMENTED_API_H_
