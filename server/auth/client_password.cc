#include "server/auth/client_password.h"

#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"

namespace webhookd {
namespace {

// Of Determined, the same everywhere. It only keeps the password itself off the wire.
constexpr absl::string_view kSalt = "GubPEmmotfiK9TMD6Zdw";

constexpr size_t kDigits = 2 * SHA512_DIGEST_LENGTH;

std::string Hash(absl::string_view password) {
  SHA512_CTX context;
  SHA512_Init(&context);
  SHA512_Update(&context, kSalt.data(), kSalt.size());
  SHA512_Update(&context, password.data(), password.size());
  std::array<uint8_t, SHA512_DIGEST_LENGTH> digest;
  SHA512_Final(digest.data(), &context);
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(digest.data()), digest.size()));
}

}  // namespace

std::string ClientPassword(absl::string_view password) {
  return password.empty() ? "" : Hash(password);
}

bool IsClientPassword(absl::string_view text) {
  return text.size() == kDigits &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return absl::ascii_isdigit(c) || (c >= 'a' && c <= 'f'); }) &&
         text != Hash("");
}

}  // namespace webhookd
