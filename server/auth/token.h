#ifndef WEBHOOKD_SERVER_AUTH_TOKEN_H_
#define WEBHOOKD_SERVER_AUTH_TOKEN_H_

#include <string>

#include "absl/strings/string_view.h"
#include "base/random.h"

namespace webhookd {

// A new bearer token. The prefix tells people, and programs that look for leaked secrets, what it
// is; the rest is 256 random bits.
std::string NewSessionToken(RandomBits& random);  // "whs_…"
std::string NewServiceToken(RandomBits& random);  // "whd_…"

// What is kept of a token: its SHA-256, 32 bytes. Tokens are found by it, so how long it takes to
// look one up tells nothing of any token.
std::string HashToken(absl::string_view token);

// Metadata in which a caller's token may stand: the first of these that there is.
inline constexpr const char* kTokenMetadata[] = {"x-user-token", "grpcgateway-authorization",
                                                 "x-allocation-token", "authorization"};

// The token in the value of such metadata, with or without "Bearer " before it.
absl::string_view TokenIn(absl::string_view metadata_value);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_AUTH_TOKEN_H_
