#ifndef WEBHOOKD_SERVER_DELIVERY_TARGET_URL_H_
#define WEBHOOKD_SERVER_DELIVERY_TARGET_URL_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/delivery/ip_address.h"

namespace webhookd {

inline constexpr size_t kMaxUrlBytes = 2048;

// A webhook's URL, taken apart.
struct TargetUrl {
  // What requests are made with: scheme, host and port normalised, path and query as they were
  // given, with what is not ASCII encoded.
  std::string url;
  bool https = false;
  std::string host;  // lower case, without brackets; internationalised names in their ASCII form
  uint16_t port = 0;
  std::optional<IpAddress> literal;  // when the host is an address, in whatever notation
};

// Parses and checks: http or https, a host, a port from 1 to 65535, no user name or password, no
// white space, control characters or back-slashes, at most kMaxUrlBytes. A fragment is dropped.
// INVALID_ARGUMENT says what is wrong with which URL (a password in it is not repeated).
absl::StatusOr<TargetUrl> ParseTargetUrl(absl::string_view url);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_DELIVERY_TARGET_URL_H_
