#ifndef WEBHOOKD_TESTS_SERVER_CONFIG_LOADING_H_
#define WEBHOOKD_TESTS_SERVER_CONFIG_LOADING_H_

#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "server/config/config_loader.h"

namespace webhookd {

using Variables = std::map<std::string, std::string>;

// Writes `text` to a new file in a new folder and returns its path.
inline std::string NewFile(absl::string_view text) {
  std::string folder = absl::StrCat(::testing::TempDir(), "/config-XXXXXX");
  EXPECT_NE(mkdtemp(folder.data()), nullptr);
  std::string path = absl::StrCat(folder, "/master.yaml");
  std::ofstream(path) << text;
  return path;
}

inline Environment EnvironmentOf(Variables variables) {
  return [variables = std::move(variables)](const std::string& name) -> std::optional<std::string> {
    const auto variable = variables.find(name);
    if (variable == variables.end()) return std::nullopt;
    return variable->second;
  };
}

// From flags and variables, and from `default_config_file` if there is one: the machine's own must
// not count.
inline absl::StatusOr<LoadedConfig> Load(const std::vector<std::string>& arguments,
                                         Variables variables = {},
                                         const std::string& default_config_file = "/nowhere.yaml") {
  auto loaded = LoadConfig(arguments, EnvironmentOf(std::move(variables)), default_config_file);
  if (!loaded.ok()) return loaded.status();
  return std::get<LoadedConfig>(*std::move(loaded));
}

// From a file with `yaml` in it, besides.
inline absl::StatusOr<LoadedConfig> LoadFile(absl::string_view yaml,
                                             std::vector<std::string> arguments = {},
                                             Variables variables = {}) {
  arguments.push_back(absl::StrCat("--config-file=", NewFile(yaml)));
  return Load(arguments, std::move(variables));
}

inline std::string ErrorOf(const absl::StatusOr<LoadedConfig>& loaded) {
  return loaded.ok() ? "no error" : std::string(loaded.status().message());
}

}  // namespace webhookd

#endif  // WEBHOOKD_TESTS_SERVER_CONFIG_LOADING_H_
