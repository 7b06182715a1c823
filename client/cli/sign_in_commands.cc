#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "client/cli/commands.h"
#include "client/cli/password_input.h"

namespace webhookd {
namespace {

using determined::api::v1::GetMeRequest;
using determined::api::v1::GetMeResponse;
using determined::api::v1::LoginRequest;
using determined::api::v1::LoginResponse;
using determined::api::v1::LogoutRequest;

absl::StatusOr<ExitCode> Login(Session& session, const std::string& username) {
  session.signing_in = true;
  session.credentials.token.clear();
  LoginRequest request;
  request.set_username(username);
  ASSIGN_OR_RETURN(*request.mutable_password(),
                   AskPassword(session.terminal, absl::StrCat("Password of ", username)));
  ASSIGN_OR_RETURN(const LoginResponse response,
                   session.connection().Call(&DeterminedStub::Login, request));
  const StoredTokens tokens = session.stored_tokens();
  RETURN_IF_ERROR(tokens.Keep(session.server, response.token()));
  if (session.json) return session.PrintJson(response.user());
  session.out() << "Signed in to " << session.connection().address() << " as "
                << response.user().username() << (response.user().admin() ? ", administrator" : "")
                << "; the token is kept in " << tokens.path() << '\n';
  return ExitCode::kDone;
}

absl::StatusOr<ExitCode> Logout(Session& session) {
  RETURN_IF_ERROR(session.connection().Call(&DeterminedStub::Logout, LogoutRequest()).status());
  RETURN_IF_ERROR(session.stored_tokens().Keep(session.server, ""));
  if (!session.json) session.out() << "Signed out of " << session.connection().address() << '\n';
  return ExitCode::kDone;
}

absl::StatusOr<ExitCode> WhoAmI(Session& session) {
  ASSIGN_OR_RETURN(const GetMeResponse response,
                   session.connection().Call(&DeterminedStub::GetMe, GetMeRequest()));
  if (session.json) return session.PrintJson(response.user());
  session.out() << response.user().username() << (response.user().admin() ? ", administrator" : "")
                << '\n';
  return ExitCode::kDone;
}

}  // namespace

void AddSignInCommands(CLI::App& app, Session& session) {
  auto username = std::make_shared<std::string>("admin");
  CLI::App& login = *app.add_subcommand(
      "login", "Sign in and keep the token; the password is asked for, or read from the input");
  login.add_option("--user", *username, "The user's name [admin]")->type_name("NAME");
  login.callback([&session, username] {
    session.command = [&session, username] { return Login(session, *username); };
  });
  app.add_subcommand("logout", "End the session and forget its token")->callback([&session] {
    session.command = [&session] { return Logout(session); };
  });
  app.add_subcommand("whoami", "Show the signed-in user")->callback([&session] {
    session.command = [&session] { return WhoAmI(session); };
  });
}

}  // namespace webhookd
