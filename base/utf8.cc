#include "base/utf8.h"

#include <cstdint>

namespace webhookd {

Utf8Step DecodeUtf8(absl::string_view text) {
  if (text.empty()) return {};
  const auto byte = [text](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t lead = byte(0);
  if (lead < 0x80) return {.code_point = lead, .length = 1, .valid = true};

  constexpr Utf8Step kInvalid = {.code_point = 0xFFFD, .length = 1};
  size_t length = 0;
  char32_t code_point = 0;
  // The second byte's range keeps out overlong forms, surrogates and what lies above U+10FFFF.
  uint8_t low = 0x80;
  uint8_t high = 0xBF;
  if (lead >= 0xC2 && lead <= 0xDF) {
    length = 2;
    code_point = lead & 0x1F;
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    length = 3;
    code_point = lead & 0x0F;
    if (lead == 0xE0) low = 0xA0;
    if (lead == 0xED) high = 0x9F;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    length = 4;
    code_point = lead & 0x07;
    if (lead == 0xF0) low = 0x90;
    if (lead == 0xF4) high = 0x8F;
  } else {
    return kInvalid;
  }
  for (size_t i = 1; i < length; ++i) {
    if (i == text.size()) return {.code_point = 0xFFFD, .length = 1, .truncated = true};
    if (byte(i) < low || byte(i) > high) return kInvalid;
    code_point = code_point << 6 | (byte(i) & 0x3F);
    low = 0x80;
    high = 0xBF;
  }
  return {.code_point = code_point, .length = length, .valid = true};
}

std::string ValidUtf8(absl::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  while (!bytes.empty()) {
    const Utf8Step step = DecodeUtf8(bytes);
    if (step.truncated) break;
    if (step.valid && step.code_point != 0) {
      text.append(bytes.data(), step.length);
    } else {
      text.append("\xEF\xBF\xBD");
    }
    bytes.remove_prefix(step.length);
  }
  return text;
}

}  // namespace webhookd
