#ifndef WEBHOOKD_TESTS_COMPAT_OPENSSL_PEER_H_
#define WEBHOOKD_TESTS_COMPAT_OPENSSL_PEER_H_

#include <string>

#include "absl/strings/string_view.h"

namespace webhookd {

struct Certificate {
  std::string certificate_pem;
  std::string private_key_pem;
};

// Makes a key and a certificate, signed by itself, for localhost and 127.0.0.1, good for an hour.
// Both are empty when OpenSSL fails.
Certificate MakeSelfSignedCertificate();

// HMAC-SHA256 in lower-case hexadecimal digits, by the OpenSSL that gRPC and libcurl use.
std::string OpenSslHmacSha256(absl::string_view key, absl::string_view text);

// What that OpenSSL calls itself.
std::string OpenSslVersion();

}  // namespace webhookd

#endif  // WEBHOOKD_TESTS_COMPAT_OPENSSL_PEER_H_
