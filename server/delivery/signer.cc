#include "server/delivery/signer.h"

#include <openssl/hmac.h>
#include <openssl/mem.h>
#include <openssl/sha.h>

#include <array>
#include <cstdint>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace webhookd {
namespace {

using Digest = std::array<char, SHA256_DIGEST_LENGTH>;

// HMAC-SHA256 over the concatenation of `parts`.
template <size_t N>
Digest Hmac(absl::string_view key, const std::array<absl::string_view, N>& parts) {
  bssl::ScopedHMAC_CTX context;
  HMAC_Init_ex(context.get(), key.data(), key.size(), EVP_sha256(), nullptr);
  for (const absl::string_view part : parts) {
    HMAC_Update(context.get(), reinterpret_cast<const uint8_t*>(part.data()), part.size());
  }
  Digest digest;
  unsigned int length = 0;
  HMAC_Final(context.get(), reinterpret_cast<uint8_t*>(digest.data()), &length);
  return digest;
}

}  // namespace

Signer::Signer(std::string key) : key_(std::move(key)) {}

std::vector<std::pair<std::string, std::string>> Signer::SignatureHeaders(
    absl::string_view event_id, absl::Time now, absl::string_view body) const {
  const std::string timestamp = absl::StrCat(absl::ToUnixSeconds(now));
  return {
      {"X-Determined-AI-Signature-Timestamp", timestamp},
      {"X-Determined-AI-Signature", DeterminedSignature(key_, timestamp, body)},
      {"webhook-id", std::string(event_id)},
      {"webhook-timestamp", timestamp},
      {"webhook-signature", StandardSignature(key_, event_id, timestamp, body)},
  };
}

std::string DeterminedSignature(absl::string_view key, absl::string_view timestamp,
                                absl::string_view body) {
  const Digest digest = Hmac<3>(key, {timestamp, ",", body});
  return absl::BytesToHexString(absl::string_view(digest.data(), digest.size()));
}

std::string StandardSignature(absl::string_view key, absl::string_view id,
                              absl::string_view timestamp, absl::string_view body) {
  const Digest digest = Hmac<5>(key, {id, ".", timestamp, ".", body});
  return absl::StrCat("v1,", absl::Base64Escape(absl::string_view(digest.data(), digest.size())));
}

bool ConstantTimeEquals(absl::string_view a, absl::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace webhookd
