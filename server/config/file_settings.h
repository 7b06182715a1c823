#ifndef WEBHOOKD_SERVER_CONFIG_FILE_SETTINGS_H_
#define WEBHOOKD_SERVER_CONFIG_FILE_SETTINGS_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/config/given_value.h"
#include "server/config/yaml_file.h"

namespace webhookd {

// The settings in `document`, which was read from `path`; at most one value each. INVALID_ARGUMENT
// names file, line and key: unknown, without value, of another kind than its setting, or
// contradicted by another spelling of the same.
absl::StatusOr<std::vector<GivenValue>> FileSettings(const YamlNode& document,
                                                     absl::string_view path);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_CONFIG_FILE_SETTINGS_H_
