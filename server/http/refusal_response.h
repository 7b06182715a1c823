#ifndef WEBHOOKD_SERVER_HTTP_REFUSAL_RESPONSE_H_
#define WEBHOOKD_SERVER_HTTP_REFUSAL_RESPONSE_H_

#include "absl/strings/string_view.h"
#include "server/gateway/web.h"

namespace webhookd {

// gRPC's code for what an HTTP status of a refusal says.
int GrpcCodeOf(int http_status);

// {"error":{"code":3,"reason":"InvalidArgument","error":"…"}}, as Determined writes errors.
WebResponse DeterminedRefusal(int http_status, int code, absl::string_view message);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_HTTP_REFUSAL_RESPONSE_H_
