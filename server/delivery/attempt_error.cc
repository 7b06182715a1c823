#include "server/delivery/attempt_error.h"

namespace webhookd {

absl::string_view AttemptErrorName(AttemptError error) {
  switch (error) {
    case AttemptError::kNone:
      return "";
    case AttemptError::kDns:
      return "dns";
    case AttemptError::kEgressDenied:
      return "egress_denied";
    case AttemptError::kConnect:
      return "connect";
    case AttemptError::kTls:
      return "tls";
    case AttemptError::kTimeout:
      return "timeout";
    case AttemptError::kReset:
      return "reset";
    case AttemptError::kStaleConnection:
      return "stale_connection";
    case AttemptError::kProtocol:
      return "protocol";
    case AttemptError::kTooLarge:
      return "too_large";
    case AttemptError::kHttp3xx:
      return "http_3xx";
    case AttemptError::kHttp4xx:
      return "http_4xx";
    case AttemptError::kHttp5xx:
      return "http_5xx";
    case AttemptError::kGone:
      return "gone";
    case AttemptError::kProxy:
      return "proxy";
    case AttemptError::kCanceled:
      return "canceled";
    case AttemptError::kInternal:
      return "internal";
  }
  return "internal";
}

AttemptError AttemptErrorFromStatus(int status) {
  if (status == 410) return AttemptError::kGone;
  switch (status / 100) {
    case 2:
      return AttemptError::kNone;
    case 3:
      return AttemptError::kHttp3xx;
    case 4:
      return AttemptError::kHttp4xx;
    case 5:
      return AttemptError::kHttp5xx;
    default:
      return AttemptError::kProtocol;
  }
}

}  // namespace webhookd
