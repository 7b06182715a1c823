#include "client/cli/webhookctl.h"

#include <fstream>
#include <iterator>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/status_macros.h"
#include "client/cli/commands.h"
#include "client/cli/display_width.h"
#include "client/cli/values.h"
#include "client/cli/version.h"

namespace webhookd {
namespace {

constexpr char kServerVariable[] = "WEBHOOKCTL_SERVER";
constexpr char kTokenVariable[] = "WEBHOOKCTL_TOKEN";
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

// What the global options say, before it is made out what it means.
struct GlobalOptions {
  std::string server;
  std::string token_file;
  std::string ca_file;
  bool no_color = false;
};

void AddGlobalOptions(CLI::App& app, Session& session, GlobalOptions& options) {
  app.add_option("--server", options.server,
                 absl::StrCat("The server, HOST:PORT, http://HOST:PORT or https://HOST:PORT [",
                              kServerVariable, " or ", kDefaultServer, "]"))
      ->type_name("ADDRESS");
  app.add_option(
         "--token-file", options.token_file,
         absl::StrCat("File with the token to show [", kTokenVariable, " or what login keeps]"))
      ->type_name("FILE");
  app.add_option("--ca-file", options.ca_file,
                 "PEM file of the authorities to trust, over https [those of the system]")
      ->type_name("FILE");
  AddParsedOption(&app, "--timeout", session.timeout, ParseTimeSpan, "DURATION",
                  "How long to wait for the server [30s]");
  app.add_flag("--json", session.json, "Print JSON");
  app.add_flag("--no-color", options.no_color, "Print without colours, as with NO_COLOR set");
  app.set_version_flag("--version", absl::StrCat("webhookctl ", kVersion),
                       "Print webhookctl's version and exit");
}

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::NotFoundError(absl::StrCat("cannot read ", path));
  return std::string{std::istreambuf_iterator<char>(file), {}};
}

// The token to show: of the file that was named, else of the environment, else the one that login
// kept.
absl::StatusOr<std::string> ChooseToken(const GlobalOptions& options, const Session& session) {
  if (!options.token_file.empty()) {
    ASSIGN_OR_RETURN(const std::string text, ReadFile(options.token_file));
    const absl::string_view token = absl::StripAsciiWhitespace(text);
    if (token.empty()) {
      return absl::InvalidArgumentError(absl::StrCat(options.token_file, " holds no token"));
    }
    return std::string(token);
  }
  std::string token = Environment(session.terminal, kTokenVariable);
  if (!token.empty()) return token;
  return session.stored_tokens().Find(session.server);
}

ExitCode Fail(Session& session, absl::Status status) {
  Terminal& terminal = session.terminal;
  if (absl::IsUnauthenticated(status) && !session.signing_in) {
    status = absl::UnauthenticatedError(
        absl::StrCat(status.message(), "\nsign in with `webhookctl login`, or set ", kTokenVariable,
                     " to a token that is in force"));
  }
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
  GlobalOptions options;
  CLI::App app("Manages webhooks and their deliveries on a webhookd server.", "webhookctl");
  app.require_subcommand(1);
  app.fallthrough();
  app.footer("Exit codes: 0 done, 1 failed, 2 wrong usage. webhookctl COMMAND --help tells more.");
  AddGlobalOptions(app, session, options);
  AddWebhookCommands(app, session);
  AddReportCommands(app, session);
  AddMoreReportCommands(app, session);
  AddEventCommands(app, session);
  AddDeliveryCommands(app, session);
  AddSignInCommands(app, session);
  AddUserCommands(app, session);
  AddTokenCommands(app, session);
  AddWorkspaceCommands(app, session);
  AddRoleCommands(app, session);
  AddAuditCommands(app, session);
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

  if (options.server.empty()) options.server = Environment(terminal, kServerVariable);
  const absl::StatusOr<ServerAddress> address =
      ParseServerAddress(options.server.empty() ? kDefaultServer : options.server);
  if (!address.ok()) return session.UsageError(address.status().message());
  session.server = *address;
  session.color =
      terminal.out_is_terminal && !options.no_color && Environment(terminal, "NO_COLOR").empty();
  absl::StatusOr<std::string> token = ChooseToken(options, session);
  if (!token.ok()) return Fail(session, token.status());
  session.credentials.token = *std::move(token);
  if (!options.ca_file.empty()) {
    absl::StatusOr<std::string> authorities = ReadFile(options.ca_file);
    if (!authorities.ok()) return Fail(session, authorities.status());
    session.credentials.ca_certificates = *std::move(authorities);
  }

  const absl::StatusOr<ExitCode> result = session.command();
  return result.ok() ? *result : Fail(session, result.status());
}

}  // namespace webhookd
