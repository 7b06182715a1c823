#include "client/cli/display_width.h"

#include <algorithm>
#include <clocale>
#include <cwchar>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/utf8.h"

namespace webhookd {
namespace {

// wcwidth() asks the locale of its thread, and the process may have another one, or none.
class Utf8Locale {
 public:
  Utf8Locale() : locale_(newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)) {
    if (locale_ != nullptr) before_ = uselocale(locale_);
  }
  Utf8Locale(const Utf8Locale&) = delete;
  Utf8Locale& operator=(const Utf8Locale&) = delete;
  ~Utf8Locale() {
    if (locale_ == nullptr) return;
    uselocale(before_);
    freelocale(locale_);
  }

  bool ok() const { return locale_ != nullptr; }

 private:
  const locale_t locale_;
  locale_t before_ = nullptr;
};

bool IsControl(char32_t c) { return c < 0x20 || (c >= 0x7f && c < 0xa0); }

bool ChangesDirection(char32_t c) {
  return c == 0x061c || c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e) ||
         (c >= 0x2066 && c <= 0x2069);
}

}  // namespace

int DisplayWidth(absl::string_view utf8) {
  const Utf8Locale locale;
  int width = 0;
  while (!utf8.empty()) {
    const Utf8Step step = DecodeUtf8(utf8);
    utf8.remove_prefix(step.length);
    width += locale.ok() ? std::max(0, wcwidth(static_cast<wchar_t>(step.code_point))) : 1;
  }
  return width;
}

std::string Printable(absl::string_view utf8) {
  std::string text;
  while (!utf8.empty()) {
    const Utf8Step step = DecodeUtf8(utf8);
    if (!step.valid) {
      text += "\xef\xbf\xbd";
    } else if (IsControl(step.code_point)) {
      absl::StrAppendFormat(&text, "\\x%02x", static_cast<uint32_t>(step.code_point));
    } else if (ChangesDirection(step.code_point)) {
      absl::StrAppendFormat(&text, "\\u{%04x}", static_cast<uint32_t>(step.code_point));
    } else {
      absl::StrAppend(&text, utf8.substr(0, step.length));
    }
    utf8.remove_prefix(step.length);
  }
  return text;
}

}  // namespace webhookd
