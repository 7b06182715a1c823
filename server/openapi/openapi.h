#ifndef WEBHOOKD_SERVER_OPENAPI_OPENAPI_H_
#define WEBHOOKD_SERVER_OPENAPI_OPENAPI_H_

#include <string>

#include "absl/strings/string_view.h"
#include "server/openapi/documented_api.h"

namespace webhookd {

// The API over REST as an OpenAPI 3.0.3 document in JSON, for generators of clients: every route,
// its parameters and bodies, and the messages with their comments. Names are those that the gateway
// writes.
std::string RenderOpenApi(const DocumentedApi& api, absl::string_view version,
                          GatewayProfile profile);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_OPENAPI_OPENAPI_H_
