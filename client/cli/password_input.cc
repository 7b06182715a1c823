#include "client/cli/password_input.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace webhookd {

absl::StatusOr<std::string> AskPassword(Terminal& terminal, absl::string_view prompt) {
  std::string password;
  if (terminal.in_is_terminal) {
    terminal.err << prompt << ": " << std::flush;
    terminal.set_echo(false);
  }
  const bool read = static_cast<bool>(std::getline(terminal.in, password));
  if (terminal.in_is_terminal) {
    terminal.set_echo(true);
    terminal.err << '\n';
  }
  if (!read) {
    return absl::InvalidArgumentError(
        "no password was given: type it, or write it as one line to the standard input");
  }
  return password;
}

absl::StatusOr<std::string> AskNewPassword(Terminal& terminal, absl::string_view prompt) {
  ASSIGN_OR_RETURN(std::string password, AskPassword(terminal, prompt));
  if (!terminal.in_is_terminal) return password;
  ASSIGN_OR_RETURN(const std::string again, AskPassword(terminal, absl::StrCat(prompt, ", again")));
  if (password != again) return absl::InvalidArgumentError("the two passwords differ");
  return password;
}

}  // namespace webhookd
