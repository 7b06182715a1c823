#include "base/quoted.h"

#include <cstddef>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/utf8.h"

namespace webhookd {

namespace {

constexpr size_t kMaxShownBytes = 80;

}  // namespace

std::string Quoted(absl::string_view value) {
  std::string shown;
  absl::string_view rest = value;
  while (!rest.empty()) {
    const Utf8Step step = DecodeUtf8(rest);
    if (value.size() - rest.size() + step.length > kMaxShownBytes) break;
    const absl::string_view bytes = rest.substr(0, step.length);
    absl::StrAppend(&shown, step.valid ? absl::Utf8SafeCEscape(bytes) : absl::CHexEscape(bytes));
    rest.remove_prefix(step.length);
  }
  if (rest.empty()) return absl::StrCat("\"", shown, "\"");
  return absl::StrCat("\"", shown, "…\" (", value.size(), " bytes)");
}

std::string Shown(absl::string_view value) {
  if (value.size() <= kMaxShownBytes) return std::string(value);
  return absl::StrCat(value.substr(0, kMaxShownBytes), "… (", value.size(), " bytes)");
}

}  // namespace webhookd
