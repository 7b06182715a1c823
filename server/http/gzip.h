#ifndef WEBHOOKD_SERVER_HTTP_GZIP_H_
#define WEBHOOKD_SERVER_HTTP_GZIP_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace webhookd {

// gzip (RFC 1952) of `plain`.
std::string Gzip(absl::string_view plain);

// The content of one gzip member. INVALID_ARGUMENT when it is damaged, cut off or followed by
// anything; RESOURCE_EXHAUSTED when it has more than `max_bytes`, which is found out without
// unpacking more.
absl::StatusOr<std::string> Gunzip(absl::string_view packed, size_t max_bytes);

// Whether the value of Accept-Encoding (RFC 9110, 12.5.3) allows gzip, weights included.
bool AcceptsGzip(absl::string_view accept_encoding);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_HTTP_GZIP_H_
