#include "server/config/version.h"

namespace webhookd {

absl::string_view Version() { return WEBHOOKD_VERSION; }

}  // namespace webhookd
