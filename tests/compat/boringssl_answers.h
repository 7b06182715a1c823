#ifndef WEBHOOKD_TESTS_COMPAT_BORINGSSL_ANSWERS_H_
#define WEBHOOKD_TESTS_COMPAT_BORINGSSL_ANSWERS_H_

#include <string>

#include "absl/strings/string_view.h"

namespace webhookd {

// Asks BoringSSL for HMAC-SHA256 (RFC 4231), Ed25519 (RFC 8032), scrypt (RFC 7914) and random
// bytes. Returns what was wrong, or an empty string. Thread-safe.
std::string WrongBoringSslAnswer();

// HMAC-SHA256 in lower-case hexadecimal digits, by BoringSSL.
std::string BoringSslHmacSha256(absl::string_view key, absl::string_view text);

// What the linked BoringSSL calls itself.
std::string BoringSslVersion();

}  // namespace webhookd

#endif  // WEBHOOKD_TESTS_COMPAT_BORINGSSL_ANSWERS_H_
