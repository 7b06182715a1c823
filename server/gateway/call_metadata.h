#ifndef WEBHOOKD_SERVER_GATEWAY_CALL_METADATA_H_
#define WEBHOOKD_SERVER_GATEWAY_CALL_METADATA_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "server/gateway/web.h"

namespace webhookd {

// What headers of a request become where gRPC has metadata.
struct CallMetadata {
  struct Entry {
    std::string name;   // in lower case
    std::string value;  // of a name that ends in -bin: any bytes, decoded
  };
  std::vector<Entry> entries;
  // How long the caller waits for an answer, of Grpc-Timeout; none if that is missing or 0.
  absl::optional<absl::Duration> timeout;

  // The first value of a name in lower case; none if it is missing.
  absl::optional<absl::string_view> Find(absl::string_view name) const;
};

// Our own name: a browser sends cookies to all ports of a host, so that under Determined's name it
// would hand our token to a master there, and a sign-in to either would end the other's session.
inline constexpr absl::string_view kSessionCookie = "webhookd_session";

// Grpc-Metadata-X becomes x; headers that IANA lists as permanent become grpcgateway-…;
// Authorization is "authorization", too, and a session's cookie stands in for one that is missing,
// as a bearer token: kSessionCookie, or else `auth`, Determined's. x-forwarded-for gets the peer's
// address at its end, x-forwarded-host is the host that was asked. What cannot be metadata of gRPC
// is left out. INVALID_ARGUMENT for a malformed Grpc-Timeout or for a -Bin header that is not
// base64.
absl::StatusOr<CallMetadata> ReadCallMetadata(const WebRequest& request);

// The headers that tell a caller of an RPC's metadata: Grpc-Metadata-X, base64 for names in -bin.
WebHeaders MetadataHeaders(const std::vector<CallMetadata::Entry>& metadata);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_GATEWAY_CALL_METADATA_H_
