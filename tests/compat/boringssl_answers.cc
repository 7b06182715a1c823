#include "tests/compat/boringssl_answers.h"

#include <openssl/crypto.h>
#include <openssl/curve25519.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/string_view.h"

#ifndef OPENSSL_IS_BORINGSSL
#error "these headers are not BoringSSL's"
#endif

namespace webhookd {
namespace {

template <size_t kSize>
std::string Hex(const std::array<uint8_t, kSize>& bytes) {
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

// RFC 8032, section 7.1, test 2.
constexpr absl::string_view kEd25519Seed =
    "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb";
constexpr absl::string_view kEd25519PublicKey =
    "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
constexpr absl::string_view kEd25519Signature =
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";
constexpr std::array<uint8_t, 1> kEd25519Text = {0x72};

// RFC 4231, test case 2.
constexpr absl::string_view kHmac =
    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";

// RFC 7914, section 12: an empty password and salt with N 16, r 1, p 1.
constexpr absl::string_view kScrypt =
    "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442"
    "fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906";

std::string WrongEd25519Answer() {
  const std::string seed = absl::HexStringToBytes(kEd25519Seed);
  std::array<uint8_t, ED25519_PUBLIC_KEY_LEN> public_key;
  std::array<uint8_t, ED25519_PRIVATE_KEY_LEN> private_key;
  ED25519_keypair_from_seed(public_key.data(), private_key.data(),
                            reinterpret_cast<const uint8_t*>(seed.data()));
  if (Hex(public_key) != kEd25519PublicKey) return "Ed25519 public key " + Hex(public_key);

  std::array<uint8_t, ED25519_SIGNATURE_LEN> signature;
  if (ED25519_sign(signature.data(), kEd25519Text.data(), kEd25519Text.size(),
                   private_key.data()) != 1) {
    return "Ed25519 does not sign";
  }
  if (Hex(signature) != kEd25519Signature) return "Ed25519 signature " + Hex(signature);
  if (ED25519_verify(kEd25519Text.data(), kEd25519Text.size(), signature.data(),
                     public_key.data()) != 1) {
    return "Ed25519 refuses its own signature";
  }
  signature[0] ^= 1;
  if (ED25519_verify(kEd25519Text.data(), kEd25519Text.size(), signature.data(),
                     public_key.data()) != 0) {
    return "Ed25519 accepts a wrong signature";
  }
  return "";
}

std::string WrongScryptAnswer() {
  std::array<uint8_t, 64> key;
  if (EVP_PBE_scrypt("", 0, nullptr, 0, 16, 1, 1, /*max_mem=*/0, key.data(), key.size()) != 1) {
    return "scrypt fails";
  }
  return Hex(key) == kScrypt ? "" : "scrypt " + Hex(key);
}

std::string WrongRandomAnswer() {
  std::array<uint8_t, 32> first{};
  std::array<uint8_t, 32> second{};
  if (RAND_bytes(first.data(), first.size()) != 1 ||
      RAND_bytes(second.data(), second.size()) != 1) {
    return "no random bytes";
  }
  const bool is_zero = std::all_of(first.begin(), first.end(), [](uint8_t b) { return b == 0; });
  return is_zero || first == second ? "random bytes repeat: " + Hex(first) : "";
}

}  // namespace

std::string BoringSslHmacSha256(absl::string_view key, absl::string_view text) {
  std::array<uint8_t, 32> mac{};
  unsigned length = 0;
  HMAC(EVP_sha256(), key.data(), key.size(), reinterpret_cast<const uint8_t*>(text.data()),
       text.size(), mac.data(), &length);
  return Hex(mac);
}

std::string BoringSslVersion() { return OpenSSL_version(OPENSSL_VERSION); }

std::string WrongBoringSslAnswer() {
  const std::string hmac = BoringSslHmacSha256("Jefe", "what do ya want for nothing?");
  if (hmac != kHmac) return "HMAC-SHA256 " + hmac;
  if (std::string wrong = WrongEd25519Answer(); !wrong.empty()) return wrong;
  if (std::string wrong = WrongScryptAnswer(); !wrong.empty()) return wrong;
  return WrongRandomAnswer();
}

}  // namespace webhookd
