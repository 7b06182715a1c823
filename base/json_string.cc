#include "base/json_string.h"

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#include "base/utf8.h"

namespace webhookd {
namespace {

// What stands after the backslash for each ASCII character that is escaped.
constexpr std::array<char, 128> kShortEscapes = [] {
  std::array<char, 128> escapes{};
  for (char& escape : escapes) escape = 'u';
  escapes['\b'] = 'b';
  escapes['\f'] = 'f';
  escapes['\n'] = 'n';
  escapes['\r'] = 'r';
  escapes['\t'] = 't';
  escapes['"'] = '"';
  escapes['\\'] = '\\';
  return escapes;
}();

constexpr char32_t kDelete = 0x7f;

// Whether a character above ASCII is escaped.
template <JsonEscapes kEscapes>
bool IsEscaped(char32_t code_point) {
  switch (kEscapes) {
    case JsonEscapes::kRequired:
      return false;
    case JsonEscapes::kNonAscii:
      return true;
    case JsonEscapes::kUnprintable:
      return code_point <= 0x9f || (code_point >= 0x2028 && code_point <= 0x202e) ||
             (code_point >= 0x2066 && code_point <= 0x2069) || code_point == 0x200e ||
             code_point == 0x200f || code_point == 0x061c;
  }
}

// Appends \uXXXX for a unit of UTF-16.
void AppendUnit(char32_t unit, std::string& out) {
  constexpr absl::string_view kDigits = "0123456789abcdef";
  const char escape[] = {'\\',
                         'u',
                         kDigits[unit >> 12 & 0xf],
                         kDigits[unit >> 8 & 0xf],
                         kDigits[unit >> 4 & 0xf],
                         kDigits[unit & 0xf]};
  out.append(escape, sizeof(escape));
}

void AppendEscape(char32_t code_point, std::string& out) {
  if (code_point < kShortEscapes.size() && kShortEscapes[code_point] != 'u') {
    const char escape[] = {'\\', kShortEscapes[code_point]};
    out.append(escape, sizeof(escape));
  } else if (code_point < 0x10000) {
    AppendUnit(code_point, out);
  } else {
    AppendUnit(0xd800 + ((code_point - 0x10000) >> 10), out);
    AppendUnit(0xdc00 + ((code_point - 0x10000) & 0x3ff), out);
  }
}

template <bool kWithDelete>
size_t PlainLength(absl::string_view text) {
  // Eight bytes at a time: the top bit of a byte ends up set where it is special. False alarms come
  // only after a true one.
  constexpr uint64_t kOnes = 0x0101010101010101;
  constexpr uint64_t kTops = 0x8080808080808080;
  const auto zero_bytes = [](uint64_t x) { return (x - kOnes) & ~x & kTops; };
  size_t i = 0;
  if constexpr (std::endian::native == std::endian::little) {
    for (; i + sizeof(uint64_t) <= text.size(); i += sizeof(uint64_t)) {
      uint64_t x = 0;
      std::memcpy(&x, text.data() + i, sizeof(x));
      uint64_t special = (x & kTops) | zero_bytes(x ^ (kOnes * '"')) |
                         zero_bytes(x ^ (kOnes * '\\')) | ((x - kOnes * 0x20) & ~x & kTops);
      if constexpr (!kWithDelete) special |= zero_bytes(x ^ (kOnes * kDelete));
      if (special != 0) return i + static_cast<size_t>(std::countr_zero(special)) / 8;
    }
  }
  while (i < text.size()) {
    const auto c = static_cast<uint8_t>(text[i]);
    if (c < 0x20 || c >= 0x80 || c == '"' || c == '\\' || (!kWithDelete && c == kDelete)) break;
    ++i;
  }
  return i;
}

template <JsonEscapes kEscapes>
void AppendText(absl::string_view text, std::string& out) {
  while (!text.empty()) {
    if (static_cast<uint8_t>(text[0]) < 0x80) {
      const size_t plain = PlainLength<kEscapes == JsonEscapes::kRequired>(text);
      out.append(text.data(), plain);
      text.remove_prefix(plain);
      if (text.empty()) return;
    }
    const Utf8Step step = DecodeUtf8(text);
    if (step.code_point < 0x80 || IsEscaped<kEscapes>(step.code_point)) {
      AppendEscape(step.code_point, out);
    } else if (step.valid) {
      out.append(text.data(), step.length);
    } else {
      out.append("\xEF\xBF\xBD");
    }
    text.remove_prefix(step.length);
  }
}

}  // namespace

void AppendJsonEscaped(absl::string_view text, JsonEscapes escapes, std::string& out) {
  switch (escapes) {
    case JsonEscapes::kRequired:
      return AppendText<JsonEscapes::kRequired>(text, out);
    case JsonEscapes::kNonAscii:
      return AppendText<JsonEscapes::kNonAscii>(text, out);
    case JsonEscapes::kUnprintable:
      return AppendText<JsonEscapes::kUnprintable>(text, out);
  }
}

size_t PlainTextLength(absl::string_view text) { return PlainLength<true>(text); }

}  // namespace webhookd
