#ifndef WEBHOOKD_SERVER_GATEWAY_ERROR_PROFILE_H_
#define WEBHOOKD_SERVER_GATEWAY_ERROR_PROFILE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "server/gateway/protojson_writer.h"
#include "server/gateway/web.h"

namespace webhookd {

// Whose habits REST has where versions of grpc-gateway differ.
enum class GatewayProfile {
  kDetermined,  // grpc-gateway 1.16 as Determined's master sets it up
  kV2,          // grpc-gateway 2 with its defaults
};

// The HTTP status that tells of a code.
int HttpStatusOf(absl::StatusCode code, GatewayProfile profile);

// The code's name in Go, "InvalidArgument".
absl::string_view ReasonOf(absl::StatusCode code);

// An error as the answer to a call:
//   kDetermined {"error":{"code":3,"reason":"InvalidArgument","error":"…"}}
//   kV2         {"code":3,"message":"…","details":[]}
WebResponse ErrorResponse(const absl::Status& status, GatewayProfile profile, JsonLayout layout);

// An error in a stream of answers, without a newline:
//   kDetermined {"error":{"grpcCode":3,"httpCode":400,"message":"…","httpStatus":"Bad Request",…}}
//   kV2         {"error":{"code":3,"message":"…","details":[]}}
std::string StreamErrorJson(const absl::Status& status, GatewayProfile profile);

// What is answered where no route is, and where one is for another method.
absl::Status NoSuchRoute(GatewayProfile profile);
absl::Status MethodNotAllowed(GatewayProfile profile);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_GATEWAY_ERROR_PROFILE_H_
