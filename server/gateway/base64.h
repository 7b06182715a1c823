#ifndef WEBHOOKD_SERVER_GATEWAY_BASE64_H_
#define WEBHOOKD_SERVER_GATEWAY_BASE64_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"

// Base64 (RFC 4648) as Go reads it: CR and LF anywhere are skipped, and bits that a last character
// has left over need not be zero.
namespace webhookd {

enum class Base64Alphabet { kStandard, kUrlSafe };
enum class Base64Padding { kNeeded, kForbidden };

// None if `text` is not base64 of this kind.
absl::optional<std::string> DecodeBase64(absl::string_view text, Base64Alphabet alphabet,
                                         Base64Padding padding);

// Appends `bytes` with the standard alphabet and padding.
void AppendBase64(absl::string_view bytes, std::string& out);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_GATEWAY_BASE64_H_
