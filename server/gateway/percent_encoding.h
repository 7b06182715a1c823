#ifndef WEBHOOKD_SERVER_GATEWAY_PERCENT_ENCODING_H_
#define WEBHOOKD_SERVER_GATEWAY_PERCENT_ENCODING_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

// Escapes of URLs (RFC 3986). A malformed one is INVALID_ARGUMENT.
namespace webhookd {

// All of a path at once, as grpc-gateway's legacy mode does: an escaped slash separates segments
// like any other.
absl::StatusOr<std::string> DecodePath(absl::string_view path);

// A key or value of a query, in which "+" is a space.
absl::StatusOr<std::string> DecodeQueryPart(absl::string_view part);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_GATEWAY_PERCENT_ENCODING_H_
