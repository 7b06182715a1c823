#ifndef WEBHOOKD_CLIENT_CLI_SESSION_H_
#define WEBHOOKD_CLIENT_CLI_SESSION_H_

#include <functional>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "client/cli/connection.h"
#include "client/cli/output.h"
#include "client/cli/stored_tokens.h"
#include "client/cli/terminal.h"
#include "client/cpp/event_client.h"

namespace webhookd {

// How webhookctl ends.
enum class ExitCode { kDone = 0, kFailed = 1, kUsage = 2 };

// One run of webhookctl: the options that all commands have, and the command that was chosen.
struct Session {
  explicit Session(Terminal& terminal) : terminal(terminal) {}

  Terminal& terminal;
  ServerAddress server;
  ChannelCredentials credentials;
  absl::Duration timeout = absl::Seconds(30);
  bool json = false;
  bool color = false;
  bool signing_in = false;  // the command is login: a wrong password is no missing token

  // Set by parsing; runs once everything was parsed. An error is printed and means kFailed.
  std::function<absl::StatusOr<ExitCode>()> command;

  // Where login keeps tokens.
  StoredTokens stored_tokens() const { return StoredTokens(terminal.environment); }

  // Connected lazily.
  Connection& connection() {
    if (!connection_.has_value()) connection_.emplace(server, credentials, timeout);
    return *connection_;
  }

  // For the client that reports events.
  EventClient::Options ClientOptions() const {
    EventClient::Options options;
    options.target = absl::StrCat(server.tls ? "https://" : "http://", server.ToString());
    options.credentials = credentials;
    options.deadline = timeout;
    return options;
  }

  std::ostream& out() { return terminal.out; }
  std::string Painted(absl::string_view text, Color paint) const {
    return color ? Paint(text, paint) : std::string(text);
  }

  // Prints a response as one JSON document.
  ExitCode PrintJson(const google::protobuf::Message& message) {
    out() << ToJson(message, JsonSpacing::kIndented);
    return ExitCode::kDone;
  }

  // For mistakes on the command line that only show once all of it was read.
  ExitCode UsageError(absl::string_view message) {
    terminal.err << "webhookctl: " << message << "\nRun with --help for more information.\n";
    return ExitCode::kUsage;
  }

 private:
  std::optional<Connection> connection_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_CLIENT_CLI_SESSION_H_
