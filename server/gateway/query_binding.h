#ifndef WEBHOOKD_SERVER_GATEWAY_QUERY_BINDING_H_
#define WEBHOOKD_SERVER_GATEWAY_QUERY_BINDING_H_

#include <google/protobuf/message.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/gateway/error_profile.h"
#include "server/gateway/route.h"

namespace webhookd {

// A key of a query with all its values, in their order.
struct QueryParameter {
  std::string key;
  std::vector<std::string> values;
};

// Takes "a=1&b=2&a=3" apart, in the order in which keys come first. INVALID_ARGUMENT for a
// malformed escape or an unescaped semicolon.
absl::StatusOr<std::vector<QueryParameter>> ParseQuery(absl::string_view query);

// Fills fields of `message` from a query: "a.b" is a field of a field, "m[k]" a key of a map; a
// repeated field takes several values. Unknown keys are ignored, and so are those whose field is
// one of `taken` or lies within it. INVALID_ARGUMENT names the key whose value is wrong.
absl::Status BindQuery(const std::vector<QueryParameter>& query,
                       const std::vector<FieldPath>& taken, GatewayProfile profile,
                       google::protobuf::Message& message);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_GATEWAY_QUERY_BINDING_H_
