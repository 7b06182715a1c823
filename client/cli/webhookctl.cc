#include "client/cli/webhookctl.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "client/cli/commands.h"
#include "client/cli/display_width.h"
#include "client/cli/values.h"
#include "client/cli/version.h"

namespace webhookd {
namespace {

constexpr char kServerVariable[] = "WEBHOOKCTL_SERVER";
constexpr char kDefaultServer[] = "127.0.0.1:8080";

std::string Environment(const Terminal& terminal, const char* name) {
  const char* const value = terminal.environment(name);
  return value == nullptr ? "" : value;
}

// The innermost command that was named.
const CLI::App* NamedCommand(const CLI::App& app) {
  const CLI::App* command = &app;
  while (!command->get_subcommands().empty()) command = command->get_subcommands().front();
  return command;
}

std::string FullName(const CLI::App& command) {
  if (command.get_parent() == nullptr) return command.get_name();
  return absl::StrCat(FullName(*command.get_parent()), " ", command.get_name());
}

// The parser's messages do not say which command is unknown, nor which there are.
std::string ExplainParseError(const CLI::App& app, const CLI::ParseError& error) {
  const CLI::App& command = *NamedCommand(app);
  std::vector<std::string> names;
  for (const CLI::App* const child :
       command.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(child->get_name());
  }
  if (names.empty() || error.get_name() != "RequiredError") return error.what();
  const std::vector<std::string> unknown = app.remaining(/*recurse=*/true);
  return absl::StrCat(unknown.empty() ? "a command is missing"
                                      : absl::StrCat("unknown command \"", unknown.front(), "\""),
                      "; ", FullName(command), " has ", absl::StrJoin(names, ", "));
}

void AddGlobalOptions(CLI::App& app, Session& session, std::string& server, bool& no_color) {
  app.add_option("--server", server,
                 absl::StrCat("The server, HOST:PORT or http://HOST:PORT [", kServerVariable,
                              " or ", kDefaultServer, "]"))
      ->type_name("ADDRESS");
  AddParsedOption(&app, "--timeout", session.timeout, ParseDuration, "DURATION",
                  "How long to wait for the server [30s]");
  app.add_flag("--json", session.json, "Print JSON");
  app.add_flag("--no-color", no_color, "Print without colours, as with NO_COLOR set");
  app.set_version_flag("--version", absl::StrCat("webhookctl ", kVersion),
                       "Print webhookctl's version and exit");
}

ExitCode Fail(Terminal& terminal, const absl::Status& status) {
  // The message's own lines are kept: hints stand on lines of their own.
  terminal.err << "webhookctl: " << absl::StatusCodeToString(status.code()) << ": "
               << absl::StrJoin(absl::StrSplit(status.message(), '\n'), "\n",
                                [](std::string* out, absl::string_view line) {
                                  out->append(Printable(line));
                                })
               << '\n';
  return ExitCode::kFailed;
}

}  // namespace

ExitCode RunWebhookctl(const std::vector<std::string>& arguments, Terminal& terminal) {
  Session session(terminal);
  std::string server;
  bool no_color = false;
  CLI::App app("Manages webhooks and their deliveries on a webhookd server.", "webhookctl");
  app.require_subcommand(1);
  app.fallthrough();
  app.footer("Exit codes: 0 done, 1 failed, 2 wrong usage. webhookctl COMMAND --help tells more.");
  AddGlobalOptions(app, session, server, no_color);
  AddWebhookCommands(app, session);
  AddReportCommands(app, session);
  AddMoreReportCommands(app, session);
  AddEventCommands(app, session);
  AddDeliveryCommands(app, session);
  AddVerifyCommand(app, session);
  AddServerCommands(app, session);
  AddCompletionCommand(app, session);

  try {
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::Success& success) {  // --help, --version
    app.exit(success, terminal.out, terminal.err);
    return ExitCode::kDone;
  } catch (const CLI::ParseError& error) {
    return session.UsageError(ExplainParseError(app, error));
  }

  if (server.empty()) server = Environment(terminal, kServerVariable);
  const absl::StatusOr<ServerAddress> address =
      ParseServerAddress(server.empty() ? kDefaultServer : server);
  if (!address.ok()) return session.UsageError(address.status().message());
  session.server = *address;
  session.color =
      terminal.out_is_terminal && !no_color && Environment(terminal, "NO_COLOR").empty();

  const absl::StatusOr<ExitCode> result = session.command();
  return result.ok() ? *result : Fail(terminal, result.status());
}

}  // namespace webhookd
