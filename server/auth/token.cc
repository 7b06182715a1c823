#include "server/auth/token.h"

#include <openssl/sha.h>

#include <array>
#include <cstdint>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace webhookd {
namespace {

std::string RandomToken(absl::string_view prefix, RandomBits& random) {
  std::array<uint64_t, 4> bits;
  for (uint64_t& word : bits) word = random.Next();
  return absl::StrCat(prefix, absl::WebSafeBase64Escape(absl::string_view(
                                  reinterpret_cast<const char*>(bits.data()), sizeof(bits))));
}

}  // namespace

std::string NewSessionToken(RandomBits& random) { return RandomToken("whs_", random); }

std::string NewServiceToken(RandomBits& random) { return RandomToken("whd_", random); }

std::string HashToken(absl::string_view token) {
  std::string hash(SHA256_DIGEST_LENGTH, '\0');
  SHA256(reinterpret_cast<const uint8_t*>(token.data()), token.size(),
         reinterpret_cast<uint8_t*>(hash.data()));
  return hash;
}

absl::string_view TokenIn(absl::string_view metadata_value) {
  return absl::StripPrefix(metadata_value, "Bearer ");
}

}  // namespace webhookd
