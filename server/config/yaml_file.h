#ifndef WEBHOOKD_SERVER_CONFIG_YAML_FILE_H_
#define WEBHOOKD_SERVER_CONFIG_YAML_FILE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace webhookd {

// A piece of a YAML document.
struct YamlNode {
  enum class Kind { kEmpty, kScalar, kList, kMap };

  Kind kind = Kind::kEmpty;
  std::string scalar;
  std::vector<YamlNode> children;  // of a list or a map
  std::string key;                 // of a map's child
  int line = 0;                    // from 1; of a map's child, where its key stands
};

// Parses `text`, which is called `name` in errors. Empty text is an empty node. INVALID_ARGUMENT,
// with name and line: not YAML, more than one document, a key that is no scalar or stands twice in
// one map, an alias.
absl::StatusOr<YamlNode> ParseYaml(absl::string_view text, absl::string_view name);

// The same from a file of at most 1 MiB. NOT_FOUND when there is none, FAILED_PRECONDITION when it
// cannot be read.
absl::StatusOr<YamlNode> ReadYamlFile(const std::string& path);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_CONFIG_YAML_FILE_H_
