#include "server/gateway/web.h"

#include "absl/strings/match.h"

namespace webhookd {

absl::optional<absl::string_view> FindHeader(const WebHeaders& headers, absl::string_view name) {
  for (const WebHeader& header : headers) {
    if (absl::EqualsIgnoreCase(header.name, name)) return header.value;
  }
  return absl::nullopt;
}

}  // namespace webhookd
