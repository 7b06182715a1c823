#include "server/config/quoted_value.h"

#include "absl/strings/str_cat.h"
#include "base/utf8.h"
#include "server/telemetry/escape.h"

namespace webhookd {

std::string QuotedValue(absl::string_view text) {
  constexpr size_t kMaxBytes = 100;
  std::string quoted = "\"";
  AppendEscaped(ValidUtf8(text.substr(0, kMaxBytes)), quoted);
  absl::StrAppend(&quoted, text.size() > kMaxBytes ? "…\"" : "\"");
  return quoted;
}

}  // namespace webhookd
