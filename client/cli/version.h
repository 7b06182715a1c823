#ifndef WEBHOOKD_CLIENT_CLI_VERSION_H_
#define WEBHOOKD_CLIENT_CLI_VERSION_H_

#include "absl/strings/string_view.h"

namespace webhookd {

// Of webhookctl; the build sets it from the project's version.
inline constexpr absl::string_view kVersion = WEBHOOKD_VERSION;

}  // namespace webhookd

#endif  // WEBHOOKD_CLIENT_CLI_VERSION_H_
