#ifndef WEBHOOKD_BASE_QUOTED_H_
#define WEBHOOKD_BASE_QUOTED_H_

#include <string>

#include "absl/strings/string_view.h"

namespace webhookd {

// `value` as error messages show it: in quotes, control characters and invalid bytes escaped, and
// of a long value only the beginning and the length.
std::string Quoted(absl::string_view value);

// The same without quotes and escapes, for what is plain text by its kind, such as a number.
std::string Shown(absl::string_view value);

}  // namespace webhookd

#endif  // WEBHOOKD_BASE_QUOTED_H_
