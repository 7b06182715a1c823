#include "server/gateway/base64.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace webhookd {
namespace {

constexpr absl::string_view kStandard =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr absl::string_view kUrlSafe =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr int8_t kNone = -1;

constexpr std::array<int8_t, 256> Values(absl::string_view alphabet) {
  std::array<int8_t, 256> values{};
  for (int8_t& value : values) value = kNone;
  for (size_t i = 0; i < alphabet.size(); ++i) {
    values[static_cast<uint8_t>(alphabet[i])] = static_cast<int8_t>(i);
  }
  return values;
}

constexpr std::array<int8_t, 256> kStandardValues = Values(kStandard);
constexpr std::array<int8_t, 256> kUrlSafeValues = Values(kUrlSafe);

}  // namespace

absl::optional<std::string> DecodeBase64(absl::string_view text, Base64Alphabet alphabet,
                                         Base64Padding padding) {
  const std::array<int8_t, 256>& values =
      alphabet == Base64Alphabet::kStandard ? kStandardValues : kUrlSafeValues;
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3 + 3);
  uint32_t bits = 0;
  int characters = 0;  // of the group of four that is being read
  int pads = 0;
  for (const char c : text) {
    if (c == '\r' || c == '\n') continue;
    if (c == '=' && padding == Base64Padding::kNeeded && characters + pads >= 2 &&
        characters + pads < 4) {
      ++pads;
      continue;
    }
    const int8_t value = values[static_cast<uint8_t>(c)];
    if (value == kNone || pads > 0) return absl::nullopt;
    bits = bits << 6 | static_cast<uint32_t>(value);
    if (++characters == 4) {
      bytes.push_back(static_cast<char>(bits >> 16));
      bytes.push_back(static_cast<char>(bits >> 8));
      bytes.push_back(static_cast<char>(bits));
      bits = 0;
      characters = 0;
    }
  }
  if (characters == 0) return pads == 0 ? absl::make_optional(std::move(bytes)) : absl::nullopt;
  if (characters == 1) return absl::nullopt;
  if (padding == Base64Padding::kNeeded && characters + pads != 4) return absl::nullopt;
  bits <<= 6 * (4 - characters);
  bytes.push_back(static_cast<char>(bits >> 16));
  if (characters == 3) bytes.push_back(static_cast<char>(bits >> 8));
  return bytes;
}

void AppendBase64(absl::string_view bytes, std::string& out) {
  const auto byte = [bytes](size_t i) { return static_cast<uint8_t>(bytes[i]); };
  size_t i = 0;
  for (; i + 3 <= bytes.size(); i += 3) {
    const uint32_t bits = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
    const char group[] = {kStandard[bits >> 18], kStandard[bits >> 12 & 0x3f],
                          kStandard[bits >> 6 & 0x3f], kStandard[bits & 0x3f]};
    out.append(group, sizeof(group));
  }
  const size_t rest = bytes.size() - i;
  if (rest == 0) return;
  const uint32_t bits = byte(i) << 16 | (rest == 2 ? byte(i + 1) << 8 : 0);
  const char group[] = {kStandard[bits >> 18], kStandard[bits >> 12 & 0x3f],
                        rest == 2 ? kStandard[bits >> 6 & 0x3f] : '=', '='};
  out.append(group, sizeof(group));
}

}  // namespace webhookd
