#ifndef WEBHOOKD_CLIENT_CLI_PASSWORD_INPUT_H_
#define WEBHOOKD_CLIENT_CLI_PASSWORD_INPUT_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client/cli/terminal.h"

namespace webhookd {

// Asks whoever sits at the terminal for a password, without echo; otherwise reads it as one line of
// the standard input. INVALID_ARGUMENT: the input is at its end.
absl::StatusOr<std::string> AskPassword(Terminal& terminal, absl::string_view prompt);

// A new one, which a person is asked for twice. INVALID_ARGUMENT: the two differ.
absl::StatusOr<std::string> AskNewPassword(Terminal& terminal, absl::string_view prompt);

}  // namespace webhookd

#endif  // WEBHOOKD_CLIENT_CLI_PASSWORD_INPUT_H_
