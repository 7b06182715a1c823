#include "base/random.h"

#include <openssl/rand.h>
#include <pthread.h>

#include <array>
#include <atomic>
#include <utility>

#include "absl/strings/str_cat.h"

namespace webhookd {
namespace {

// How often the process forked: a child must not give the bits that its parent gives.
std::atomic<uint64_t> forks{0};

// The generator costs about the same for one word as for many.
class BoringRandom final : public RandomBits {
 public:
  BoringRandom() {
    pthread_atfork(nullptr, nullptr, [] { forks.fetch_add(1, std::memory_order_relaxed); });
  }

  uint64_t Next() override {
    struct Stock {
      std::array<uint64_t, 32> words;
      size_t left = 0;
      uint64_t forks_before = 0;
    };
    thread_local Stock stock;
    const uint64_t forks_now = forks.load(std::memory_order_relaxed);
    if (stock.left == 0 || stock.forks_before != forks_now) {
      RAND_bytes(reinterpret_cast<uint8_t*>(stock.words.data()), sizeof(stock.words));
      stock.left = stock.words.size();
      stock.forks_before = forks_now;
    }
    // What was given may be a key: it does not stay.
    return std::exchange(stock.words[--stock.left], 0);
  }
};

void AppendHex(uint64_t bits, int digits, std::string& text) {
  constexpr char kDigits[] = "0123456789abcdef";
  while (digits > 0) text.push_back(kDigits[bits >> (4 * --digits) & 0xf]);
}

// With the variant of RFC 9562 in place of the two upper bits of `low`.
std::string FormatUuid(uint64_t high, uint64_t low) {
  low = (low & ~(uint64_t{3} << 62)) | (uint64_t{2} << 62);
  std::string text;
  text.reserve(36);
  AppendHex(high >> 32, 8, text);
  text.push_back('-');
  AppendHex(high >> 16, 4, text);
  text.push_back('-');
  AppendHex(high, 4, text);
  text.push_back('-');
  AppendHex(low >> 48, 4, text);
  text.push_back('-');
  AppendHex(low, 12, text);
  return text;
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
