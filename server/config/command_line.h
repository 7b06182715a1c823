#ifndef WEBHOOKD_SERVER_CONFIG_COMMAND_LINE_H_
#define WEBHOOKD_SERVER_CONFIG_COMMAND_LINE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/config/given_value.h"

namespace webhookd {

struct CommandLine {
  enum class Action { kRun, kHelp, kHelpMarkdown, kVersion };

  Action action = Action::kRun;
  std::vector<GivenValue> values;  // in their order: of two for one setting the later counts
  std::string reset_password;      // name of the user who gets a new password instead of a server
};

// Parses what follows the program's name: "--flag value", "--flag=value", "--switch". Three dashes
// are taken for two, since Determined's documentation prints a flag so. INVALID_ARGUMENT names the
// argument that is wrong.
absl::StatusOr<CommandLine> ParseCommandLine(const std::vector<std::string>& arguments);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_CONFIG_COMMAND_LINE_H_
