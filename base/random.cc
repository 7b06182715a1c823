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

}  // namespace

RandomBits& SecureRandom() {
  static BoringRandom* const random = new BoringRandom;
  return *random;
}

std::string RandomUuid(RandomBits& random) {
  const uint64_t high = (random.Next() & ~uint64_t{0xf000}) | 0x4000;
  const uint64_t low = (random.Next() & ~(uint64_t{3} << 62)) | (uint64_t{2} << 62);
  return absl::StrFormat("%08x-%04x-%04x-%04x-%012x", high >> 32, (high >> 16) & 0xffff,
                         high & 0xffff, low >> 48, low & 0xffffffffffff);
}

std::string RandomHex(RandomBits& random, int bytes) {
  std::string hex;
  for (int i = 0; i < bytes; i += 8) {
    absl::StrAppend(&hex, absl::Hex(random.Next(), absl::kZeroPad16));
  }
  return hex;
}

}  // namespace webhookd
