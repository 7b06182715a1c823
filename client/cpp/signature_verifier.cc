#include "client/cpp/signature_verifier.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <initializer_list>

namespace webhookd {
namespace {

using Digest = std::array<uint8_t, 32>;

// SHA-256 (FIPS 180-4).
class Sha256 {
 public:
  void Update(std::string_view data) {
    for (const char c : data) {
      block_[size_++ % block_.size()] = static_cast<uint8_t>(c);
      if (size_ % block_.size() == 0) Compress();
    }
  }

  Digest Final() {
    const uint64_t bits = size_ * 8;
    Update(std::string_view("\x80", 1));
    while (size_ % block_.size() != block_.size() - 8) Update(std::string_view("\0", 1));
    for (int shift = 56; shift >= 0; shift -= 8) {
      const char byte = static_cast<char>(bits >> shift);
      Update(std::string_view(&byte, 1));
    }
    Digest digest;
    for (size_t i = 0; i < digest.size(); ++i) {
      digest[i] = static_cast<uint8_t>(state_[i / 4] >> (24 - 8 * (i % 4)));
    }
    return digest;
  }

 private:
  static uint32_t Rotate(uint32_t x, int n) { return x >> n | x << (32 - n); }

  void Compress() {
    static constexpr std::array<uint32_t, 64> kRound = {
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
        0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
        0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
        0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
        0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
        0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
        0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
        0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
        0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
        0xc67178f2};
    std::array<uint32_t, 64> w;
    for (size_t i = 0; i < 16; ++i) {
      w[i] = uint32_t{block_[4 * i]} << 24 | uint32_t{block_[4 * i + 1]} << 16 |
             uint32_t{block_[4 * i + 2]} << 8 | uint32_t{block_[4 * i + 3]};
    }
    for (size_t i = 16; i < 64; ++i) {
      const uint32_t s0 = Rotate(w[i - 15], 7) ^ Rotate(w[i - 15], 18) ^ w[i - 15] >> 3;
      const uint32_t s1 = Rotate(w[i - 2], 17) ^ Rotate(w[i - 2], 19) ^ w[i - 2] >> 10;
      w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
    auto [a, b, c, d, e, f, g, h] = state_;
    for (size_t i = 0; i < 64; ++i) {
      const uint32_t s1 = Rotate(e, 6) ^ Rotate(e, 11) ^ Rotate(e, 25);
      const uint32_t t1 = h + s1 + ((e & f) ^ (~e & g)) + kRound[i] + w[i];
      const uint32_t s0 = Rotate(a, 2) ^ Rotate(a, 13) ^ Rotate(a, 22);
      const uint32_t t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));
      h = g;
      g = f;
      f = e;
      e = d + t1;
      d = c;
      c = b;
      b = a;
      a = t1 + t2;
    }
    const std::array<uint32_t, 8> sum = {a, b, c, d, e, f, g, h};
    for (size_t i = 0; i < sum.size(); ++i) state_[i] += sum[i];
  }

  std::array<uint32_t, 8> state_ = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                    0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::array<uint8_t, 64> block_;
  uint64_t size_ = 0;  // bytes so far
};

std::string_view AsText(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

// HMAC-SHA256 (RFC 2104) over the concatenation of `parts`.
Digest Hmac(std::string_view key, std::initializer_list<std::string_view> parts) {
  std::string block(key);
  if (block.size() > 64) {
    Sha256 hash;
    hash.Update(key);
    block = AsText(hash.Final());
  }
  block.resize(64);
  for (char& c : block) c ^= 0x36;
  Sha256 inner;
  inner.Update(block);
  for (const std::string_view part : parts) inner.Update(part);
  for (char& c : block) c ^= 0x36 ^ 0x5c;
  Sha256 outer;
  outer.Update(block);
  outer.Update(AsText(inner.Final()));
  return outer.Final();
}

std::string Hex(const Digest& digest) {
  std::string hex;
  for (const uint8_t byte : digest) {
    hex += "0123456789abcdef"[byte >> 4];
    hex += "0123456789abcdef"[byte & 0xf];
  }
  return hex;
}

std::string Base64(const Digest& digest) {
  static constexpr char kAlphabet[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  uint32_t bits = 0;
  int count = 0;
  for (const uint8_t byte : digest) {
    bits = bits << 8 | byte;
    for (count += 8; count >= 6; count -= 6) text += kAlphabet[bits >> (count - 6) & 0x3f];
  }
  text += kAlphabet[bits << (6 - count) & 0x3f];  // 32 bytes leave four bits
  return text + "=";
}

// In a time that depends on the lengths only.
bool ConstantTimeEqual(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  volatile uint8_t difference = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    difference = static_cast<uint8_t>(difference | (a[i] ^ b[i]));
  }
  return difference == 0;
}

bool EqualIgnoringCase(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

// A header of the request: how often it is there, and with which value.
struct Header {
  std::string name;
  int count = 0;
  std::string_view value;
};

// The headers that vouch for a request together.
struct Family {
  Header timestamp;
  Header signature;
  Header id;  // without a name: the family has none
  int64_t seconds = 0;

  std::vector<Header*> headers() {
    if (id.name.empty()) return {&timestamp, &signature};
    return {&timestamp, &signature, &id};
  }
};

SignatureResult Refuse(SignatureVerdict verdict, std::string message) {
  SignatureResult result;
  result.verdict = verdict;
  result.message = std::move(message);
  return result;
}

// From 1 to 12 digits.
bool ParseSeconds(std::string_view text, int64_t& seconds) {
  seconds = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return false;
    seconds = seconds * 10 + (c - '0');
    if (seconds > 999'999'999'999) return false;
  }
  return !text.empty() && text.size() <= 12;
}

// Compares with every key and every signature, so that the time tells nothing of them.
bool IsSigned(const Family& family, const std::vector<std::string>& keys, std::string_view body) {
  bool right = false;
  for (const std::string& key : keys) {
    if (family.id.name.empty()) {
      const std::string expected = Hex(Hmac(key, {family.timestamp.value, ",", body}));
      right |= ConstantTimeEqual(expected, family.signature.value) && !key.empty();
      continue;
    }
    const std::string expected =
        "v1," + Base64(Hmac(key, {family.id.value, ".", family.timestamp.value, ".", body}));
    std::string_view rest = family.signature.value;
    while (!rest.empty()) {
      const std::string_view signature = rest.substr(0, rest.find(' '));
      right |= ConstantTimeEqual(expected, signature) && !key.empty();
      rest.remove_prefix(std::min(rest.size(), signature.size() + 1));
    }
  }
  return right;
}

}  // namespace

SignatureVerifier::SignatureVerifier(std::vector<std::string> keys, std::chrono::seconds tolerance)
    : keys_(std::move(keys)), tolerance_(tolerance) {}

SignatureResult SignatureVerifier::Verify(std::string_view body, const Headers& headers,
                                          Clock::time_point now) const {
  Family determined;
  determined.timestamp.name = "X-Determined-AI-Signature-Timestamp";
  determined.signature.name = "X-Determined-AI-Signature";
  Family standard;
  standard.timestamp.name = "webhook-timestamp";
  standard.signature.name = "webhook-signature";
  standard.id.name = "webhook-id";

  std::vector<Family*> families;
  for (Family* const family : {&determined, &standard}) {
    bool there = false;
    for (Header* const header : family->headers()) {
      for (const auto& [name, value] : headers) {
        if (!EqualIgnoringCase(name, header->name)) continue;
        if (++header->count > 1) {
          return Refuse(SignatureVerdict::kDoubledHeader,
                        "header " + header->name + " is there twice");
        }
        header->value = value;
        there = true;
      }
    }
    if (there) families.push_back(family);
  }
  if (families.empty()) {
    return Refuse(SignatureVerdict::kMissingHeader,
                  "there is neither X-Determined-AI-Signature nor webhook-signature");
  }
  for (Family* const family : families) {
    for (const Header* const header : family->headers()) {
      if (header->count == 0) {
        return Refuse(SignatureVerdict::kMissingHeader, "header " + header->name + " is missing");
      }
    }
  }
  for (Family* const family : families) {
    if (!ParseSeconds(family->timestamp.value, family->seconds)) {
      return Refuse(SignatureVerdict::kMalformedHeader,
                    "header " + family->timestamp.name + " is \"" +
                        std::string(family->timestamp.value) + "\", not a number of Unix seconds");
    }
  }
  for (const Family* const family : families) {
    if (!IsSigned(*family, keys_, body)) {
      return Refuse(SignatureVerdict::kWrongSignature,
                    "header " + family->signature.name +
                        " does not match: another key signed it, or the body or a header was "
                        "changed on its way");
    }
  }
  const int64_t current = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count();
  const std::string limit = "; at most " + std::to_string(tolerance_.count()) + " s are accepted. ";
  for (const Family* const family : families) {
    const int64_t age = current - family->seconds;
    if (age > tolerance_.count()) {
      return Refuse(SignatureVerdict::kStale,
                    "the signature is right but " + std::to_string(age) + " s old, by " +
                        family->timestamp.name + limit +
                        "Either the request is replayed, or a clock is wrong");
    }
    if (-age > tolerance_.count()) {
      return Refuse(SignatureVerdict::kFuture, "the signature is right but from " +
                                                   std::to_string(-age) + " s in the future, by " +
                                                   family->timestamp.name + limit +
                                                   "Is this machine's clock slow?");
    }
  }
  SignatureResult result;
  result.timestamp = families.front()->seconds;
  result.event_id = std::string(standard.id.value);
  return result;
}

}  // namespace webhookd
