#ifndef WEBHOOKD_SERVER_DELIVERY_ATTEMPT_ERROR_H_
#define WEBHOOKD_SERVER_DELIVERY_ATTEMPT_ERROR_H_

#include "absl/strings/string_view.h"

namespace webhookd {

// Why an attempt was not confirmed. The names of AttemptErrorName are part of the API
// (webhookd.v1.Attempt).
enum class AttemptError {
  kNone,
  kDns,              // the name could not be resolved
  kEgressDenied,     // the egress policy allows none of its addresses
  kConnect,          // no connection
  kTls,              // handshake or certificate
  kTimeout,          // the deadline passed
  kReset,            // the connection broke before a final header block
  kStaleConnection,  // a kept connection broke before any byte of an answer: worth one more try at
                     // once
  kProtocol,         // not HTTP
  kTooLarge,         // headers over the bound
  kHttp3xx,
  kHttp4xx,
  kHttp5xx,
  kGone,   // 410
  kProxy,  // the proxy could not be reached, or answered itself instead of the receiver
  kCanceled,
  kInternal,
};

// "" for kNone, else such as "dns" or "http_4xx".
absl::string_view AttemptErrorName(AttemptError error);

// The error that a final HTTP status means: kNone for 2xx, kProtocol outside 200–599.
AttemptError AttemptErrorFromStatus(int status);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_DELIVERY_ATTEMPT_ERROR_H_
