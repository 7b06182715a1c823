#ifndef WEBHOOKD_SERVER_CONFIG_QUOTED_VALUE_H_
#define WEBHOOKD_SERVER_CONFIG_QUOTED_VALUE_H_

#include <string>

#include "absl/strings/string_view.h"

namespace webhookd {

// `text` between quotes for an error message: control characters escaped, shortened when it is
// long.
std::string QuotedValue(absl::string_view text);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_CONFIG_QUOTED_VALUE_H_
