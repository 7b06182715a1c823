#include "server/gateway/json_output.h"

#include <array>
#include <cstdint>

#include "base/utf8.h"
#include "server/gateway/json_cursor.h"

namespace webhookd {
namespace {

// How a string writes each ASCII character: 0 as it is, 'u' as \u00XX, else after a back-slash.
constexpr std::array<char, 128> kEscapes = [] {
  std::array<char, 128> escapes{};
  for (int c = 0; c < 0x20; ++c) escapes[c] = 'u';
  escapes['\b'] = 'b';
  escapes['\f'] = 'f';
  escapes['\n'] = 'n';
  escapes['\r'] = 'r';
  escapes['\t'] = 't';
  escapes['"'] = '"';
  escapes['\\'] = '\\';
  return escapes;
}();

void AppendEscape(uint8_t c, std::string& out) {
  constexpr absl::string_view kDigits = "0123456789abcdef";
  out.push_back('\\');
  out.push_back(kEscapes[c]);
  if (kEscapes[c] != 'u') return;
  out.append("00");
  out.push_back(kDigits[c >> 4]);
  out.push_back(kDigits[c & 0xf]);
}

}  // namespace

void AppendJsonText(absl::string_view text, std::string& out) {
  out.push_back('"');
  while (true) {
    const size_t plain = PlainTextLength(text);
    out.append(text.data(), plain);
    text.remove_prefix(plain);
    if (text.empty()) break;
    const auto c = static_cast<uint8_t>(text[0]);
    if (c < 0x80) {
      AppendEscape(c, out);
      text.remove_prefix(1);
      continue;
    }
    const Utf8Step step = DecodeUtf8(text);
    if (step.valid) {
      out.append(text.data(), step.length);
    } else {
      out.append("\xEF\xBF\xBD");
    }
    text.remove_prefix(step.length);
  }
  out.push_back('"');
}

}  // namespace webhookd
