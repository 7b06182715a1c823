#include "server/telemetry/escape.h"

#include <cstdint>

#include "absl/strings/str_format.h"
#include "base/utf8.h"

namespace webhookd {
namespace {

bool NeedsEscape(char32_t code_point) {
  return code_point < 0x20 || (code_point >= 0x7f && code_point <= 0x9f) ||  // control characters
         (code_point >= 0x2028 && code_point <= 0x202e) ||  // separators, embeddings, overrides
         (code_point >= 0x2066 && code_point <= 0x2069) ||  // isolates
         code_point == 0x200e || code_point == 0x200f || code_point == 0x061c;  // direction marks
}

}  // namespace

void AppendEscaped(absl::string_view text, std::string& line) {
  while (!text.empty()) {
    const Utf8Step step = DecodeUtf8(text);
    if (!step.valid) {
      line += "\xef\xbf\xbd";
      text.remove_prefix(step.length);
      continue;
    }
    switch (step.code_point) {
      case '"':
        line += "\\\"";
        break;
      case '\\':
        line += "\\\\";
        break;
      case '\n':
        line += "\\n";
        break;
      case '\r':
        line += "\\r";
        break;
      case '\t':
        line += "\\t";
        break;
      default:
        if (NeedsEscape(step.code_point)) {
          absl::StrAppendFormat(&line, "\\u%04x", static_cast<uint32_t>(step.code_point));
        } else {
          line.append(text.data(), step.length);
        }
    }
    text.remove_prefix(step.length);
  }
}

}  // namespace webhookd
