#ifndef WEBHOOKD_SERVER_GATEWAY_REQUEST_BINDING_H_
#define WEBHOOKD_SERVER_GATEWAY_REQUEST_BINDING_H_

#include <google/protobuf/message.h>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "server/gateway/error_profile.h"
#include "server/gateway/route.h"

namespace webhookd {

// Where a request comes from, as HTTP had it.
struct RequestParts {
  absl::Span<const absl::string_view> path_values;  // of the route's variables
  absl::string_view query;                          // without "?"
  absl::string_view form;  // more of the query: the body of a form; it is no JSON then
  absl::string_view body;
};

// Fills `request`, an empty message of the route's method: first from the body, then from the path,
// then from the query. INVALID_ARGUMENT says which of them is wrong; for a path as grpc-gateway
// does: `type mismatch, parameter: id, error: strconv.ParseInt: parsing "x": invalid syntax`.
absl::Status BindRequest(const Route& route, const RequestParts& parts, GatewayProfile profile,
                         google::protobuf::Message& request);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_GATEWAY_REQUEST_BINDING_H_
