#ifndef WEBHOOKD_SERVER_GATEWAY_ROUTE_H_
#define WEBHOOKD_SERVER_GATEWAY_ROUTE_H_

#include <google/protobuf/descriptor.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/gateway/path_template.h"

namespace webhookd {

// From a message to one of its fields, or of a field's: each but the last is a single message.
using FieldPath = std::vector<const google::protobuf::FieldDescriptor*>;

// One HTTP method and path by which an RPC is called, and where its request comes from.
struct Route {
  enum class Body {
    kNone,
    kField,    // fills `body_field`
    kRequest,  // fills the whole request; the query is ignored
  };

  const google::protobuf::MethodDescriptor* method = nullptr;
  std::string http_method;  // "GET"
  PathTemplate path;
  std::vector<FieldPath> variables;  // of path.variables
  Body body = Body::kNone;
  const google::protobuf::FieldDescriptor* body_field = nullptr;
  // The response's field that is the answer's body; null for the whole response.
  const google::protobuf::FieldDescriptor* response_field = nullptr;
  // Of a PATCH: the request's FieldMask that is filled from the body when nobody gives it; null if
  // there is none.
  const google::protobuf::FieldDescriptor* mask_field = nullptr;
  bool reads_query = false;  // whether any field is left for the query

  // "GET /api/v1/webhooks of determined.api.v1.Determined.GetWebhooks", for messages.
  std::string Name() const;
};

// The routes that the google.api.http option of a method gives it: one, and those of
// additional_bindings; none without the option. INVALID_ARGUMENT if a rule does not fit the
// method's messages.
absl::StatusOr<std::vector<Route>> RoutesOf(const google::protobuf::MethodDescriptor& method);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_GATEWAY_ROUTE_H_
