#include "base/random.h"

#include <openssl/rand.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace webhookd {
namespace {

class BoringRandom final : public RandomBits {
 public:
  uint64_t Next() override {
    uint64_t bits = 0;
    RAND_bytes(reinterpret_cast<uint8_t*>(&bits), sizeof(bits));
    return bits;
  }
};

// With the variant of RFC 9562 in place of the two upper bits of `low`.
std::string FormatUuid(uint64_t high, uint64_t low) {
  low = (low & ~(uint64_t{3} << 62)) | (uint64_t{2} << 62);
  return absl::StrFormat("%08x-%04x-%04x-%04x-%012x", high >> 32, (high >> 16) & 0xffff,
                         high & 0xffff, low >> 48, low & 0xffffffffffff);
}

}  // namespace

RandomBits& SecureRandom() {
  static BoringRandom* const random = new BoringRandom;
  return *random;
}

std::string RandomUuid(RandomBits& random) {
  const uint64_t high = (random.Next() & ~uint64_t{0xf000}) | 0x4000;
  return FormatUuid(high, random.Next());
}

std::string TimeOrderedUuid(absl::Time now, RandomBits& random) {
  const auto milliseconds = static_cast<uint64_t>(absl::ToUnixMillis(now));
  const uint64_t high = milliseconds << 16 | 0x7000 | (random.Next() & 0xfff);
  return FormatUuid(high, random.Next());
}

std::string RandomHex(RandomBits& random, int bytes) {
  std::string hex;
  for (int i = 0; i < bytes; i += 8) {
    absl::StrAppend(&hex, absl::Hex(random.Next(), absl::kZeroPad16));
  }
  return hex;
}

}  // namespace webhookd
