#ifndef WEBHOOKD_SERVER_CONFIG_VERSION_H_
#define WEBHOOKD_SERVER_CONFIG_VERSION_H_

#include "absl/strings/string_view.h"

namespace webhookd {

// The version of this build, such as "0.1.0" (PEP 440, which Determined's Python client insists
// on).
absl::string_view Version();

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_CONFIG_VERSION_H_
