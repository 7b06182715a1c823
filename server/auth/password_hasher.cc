#include "server/auth/password_hasher.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/mem.h>

#include <cstdint>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/status_macros.h"

namespace webhookd {
namespace {

constexpr int kSaltBytes = 16;
constexpr int kKeyBytes = 32;

// More than this in a stored hash is a damaged one.
constexpr int kMaxLog2N = 20;
constexpr int kMaxRTimesP = 64;

// A hash in its parts, written as "$scrypt$ln=15,r=8,p=1$SALT$KEY" (the PHC string format).
struct Parts {
  ScryptHasher::Options cost;
  std::string salt;
  std::string key;
};

std::string Write(const Parts& parts) {
  const auto base64 = [](const std::string& bytes) {
    return std::string(absl::StripSuffix(absl::StripSuffix(absl::Base64Escape(bytes), "="), "="));
  };
  return absl::StrCat("$scrypt$ln=", parts.cost.log2_n, ",r=", parts.cost.r, ",p=", parts.cost.p,
                      "$", base64(parts.salt), "$", base64(parts.key));
}

bool ReadNumber(absl::string_view text, absl::string_view prefix, int& number) {
  return absl::ConsumePrefix(&text, prefix) && absl::SimpleAtoi(text, &number) && number > 0;
}

absl::StatusOr<Parts> Read(absl::string_view hash) {
  absl::Status damaged = absl::InternalError(
      "what is kept of the password cannot be read: an administrator can set a new one");
  const std::vector<absl::string_view> fields = absl::StrSplit(hash, '$');
  if (fields.size() != 5 || !fields[0].empty() || fields[1] != "scrypt") return damaged;
  const std::vector<absl::string_view> cost = absl::StrSplit(fields[2], ',');
  Parts parts;
  if (cost.size() != 3 || !ReadNumber(cost[0], "ln=", parts.cost.log2_n) ||
      !ReadNumber(cost[1], "r=", parts.cost.r) || !ReadNumber(cost[2], "p=", parts.cost.p) ||
      parts.cost.log2_n > kMaxLog2N || parts.cost.r > kMaxRTimesP ||
      parts.cost.p > kMaxRTimesP / parts.cost.r || !absl::Base64Unescape(fields[3], &parts.salt) ||
      !absl::Base64Unescape(fields[4], &parts.key) || parts.key.size() != kKeyBytes) {
    return damaged;
  }
  return parts;
}

absl::StatusOr<std::string> DeriveKey(absl::string_view password, const std::string& salt,
                                      const ScryptHasher::Options& cost) {
  const uint64_t n = uint64_t{1} << cost.log2_n;
  const auto r = static_cast<uint64_t>(cost.r);
  const auto p = static_cast<uint64_t>(cost.p);
  const size_t max_memory = 128 * r * (n + p + 4) + (size_t{1} << 20);
  std::string key(kKeyBytes, '\0');
  if (EVP_PBE_scrypt(password.data(), password.size(),
                     reinterpret_cast<const uint8_t*>(salt.data()), salt.size(), n, r, p,
                     max_memory, reinterpret_cast<uint8_t*>(key.data()), key.size()) != 1) {
    ERR_clear_error();
    return absl::ResourceExhaustedError("there is not enough memory to check a password");
  }
  return key;
}

std::string RandomBytes(RandomBits& random, int count) {
  std::string bytes;
  while (static_cast<int>(bytes.size()) < count) {
    const uint64_t bits = random.Next();
    bytes.append(reinterpret_cast<const char*>(&bits), sizeof(bits));
  }
  return bytes;
}

}  // namespace

ScryptHasher::ScryptHasher(const Options& options, RandomBits& random)
    : options_(options),
      random_(random),
      nobody_(Write({.cost = options,
                     .salt = RandomBytes(random, kSaltBytes),
                     .key = RandomBytes(random, kKeyBytes)})) {}

absl::StatusOr<std::string> ScryptHasher::Hash(absl::string_view client_password) const {
  Parts parts = {.cost = options_, .salt = RandomBytes(random_, kSaltBytes)};
  ASSIGN_OR_RETURN(parts.key, DeriveKey(client_password, parts.salt, parts.cost));
  return Write(parts);
}

absl::StatusOr<bool> ScryptHasher::Verify(absl::string_view client_password,
                                          absl::string_view hash) const {
  ASSIGN_OR_RETURN(const Parts parts, Read(hash));
  ASSIGN_OR_RETURN(const std::string key, DeriveKey(client_password, parts.salt, parts.cost));
  return CRYPTO_memcmp(key.data(), parts.key.data(), key.size()) == 0;
}

}  // namespace webhookd
