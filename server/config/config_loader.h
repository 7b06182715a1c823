#ifndef WEBHOOKD_SERVER_CONFIG_CONFIG_LOADER_H_
#define WEBHOOKD_SERVER_CONFIG_CONFIG_LOADER_H_

#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "server/config/config.h"
#include "server/config/setting_field.h"

namespace webhookd {

// The value of an environment variable; none when it is not set.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

Environment ProcessEnvironment();

// One setting as it is in force.
struct EffectiveSetting {
  std::string key;     // sections separated by dots: "webhooks.base_url"
  SettingValue value;  // secrets as asterisks, the signing key too
  std::string source;  // "--port", "DET_PORT", "/etc/determined/master.yaml:3" or "default"
};

struct LoadedConfig {
  Config config;
  std::vector<EffectiveSetting> effective;  // every setting, in the order of the documentation
  std::string reset_password;  // not empty: give this user a new password instead of serving
};

// Whether only this machine can reach what is served.
bool ListensOnLoopback(const Config& config);

// What --help and the like ask for: print it to standard output and end with success.
struct Answer {
  std::string text;
};

// Puts the configuration together: a flag wins over an environment variable, that over the file,
// that over the default. An environment variable that is empty counts as not set. `arguments` are
// those behind the program's name.
//
// Errors say which flag, variable or line is wrong, never a secret's value; they are the caller's
// mistakes, so a program ends with status 2.
absl::StatusOr<std::variant<LoadedConfig, Answer>> LoadConfig(
    const std::vector<std::string>& arguments, const Environment& environment,
    const std::string& default_config_file = Config().config_file);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_CONFIG_CONFIG_LOADER_H_
