#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "client/cli/commands.h"
#include "client/cli/password_input.h"
#include "client/cli/values.h"
#include "webhookd/v1/admin.grpc.pb.h"

namespace webhookd {
namespace {

using AdminStub = v1::AdminService::Stub;
using determined::api::v1::GetMeRequest;
using determined::api::v1::GetMeResponse;
using determined::api::v1::GetUsersRequest;
using determined::api::v1::GetUsersResponse;
using determined::user::v1::User;

absl::StatusOr<ExitCode> ListUsers(Session& session) {
  ASSIGN_OR_RETURN(const GetUsersResponse response,
                   session.connection().Call(&DeterminedStub::GetUsers, GetUsersRequest()));
  if (session.json) return session.PrintJson(response);
  Table table({"ID", "NAME", "DISPLAY NAME", "ADMIN", "ACTIVE", "LAST SEEN"});
  for (const User& user : response.users()) {
    table.AddRow({absl::StrCat(user.id()), user.username(),
                  user.display_name().empty() ? "-" : user.display_name(),
                  user.admin() ? "yes" : "no",
                  user.active() ? Table::Cell("yes") : Table::Cell("no", Color::kDim),
                  ShowTime(user.last_auth_at(), user.has_last_auth_at())});
  }
  table.Print(session.out(), session.color);
  return ExitCode::kDone;
}

absl::StatusOr<ExitCode> CreateUser(Session& session, v1::CreateUserRequest request) {
  ASSIGN_OR_RETURN(
      *request.mutable_password(),
      AskNewPassword(session.terminal, absl::StrCat("Password of ", request.username())));
  ASSIGN_OR_RETURN(const v1::CreateUserResponse response,
                   session.connection().Call(&AdminStub::CreateUser, request));
  if (session.json) return session.PrintJson(response);
  session.out() << "Created user " << response.user().username()
                << (response.user().admin() ? ", administrator" : "") << '\n';
  return ExitCode::kDone;
}

absl::StatusOr<ExitCode> PatchUser(Session& session, const v1::PatchUserRequest& request) {
  ASSIGN_OR_RETURN(const v1::PatchUserResponse response,
                   session.connection().Call(&AdminStub::PatchUser, request));
  if (session.json) return session.PrintJson(response);
  session.out() << "User " << response.user().username() << " is "
                << (response.user().active() ? "active" : "not active")
                << (response.user().admin() ? ", administrator" : "") << '\n';
  return ExitCode::kDone;
}

absl::StatusOr<ExitCode> SetPassword(Session& session, v1::SetPasswordRequest request) {
  ASSIGN_OR_RETURN(const GetMeResponse me,
                   session.connection().Call(&DeterminedStub::GetMe, GetMeRequest()));
  if (me.user().username() == request.username()) {
    ASSIGN_OR_RETURN(*request.mutable_current_password(),
                     AskPassword(session.terminal, "Present password"));
  }
  ASSIGN_OR_RETURN(
      *request.mutable_password(),
      AskNewPassword(session.terminal, absl::StrCat("New password of ", request.username())));
  ASSIGN_OR_RETURN(const v1::SetPasswordResponse response,
                   session.connection().Call(&AdminStub::SetPassword, request));
  if (session.json) return session.PrintJson(response);
  session.out() << "The new password of " << request.username()
                << " is in force; other sessions are over\n";
  return ExitCode::kDone;
}

void AddPatch(CLI::App& users, Session& session, const std::string& name,
              const std::string& description, void (*change)(v1::PatchUserRequest&)) {
  auto request = std::make_shared<v1::PatchUserRequest>();
  CLI::App& command = *users.add_subcommand(name, description);
  command
      .add_option_function<std::string>(
          "NAME", [request](const std::string& user) { request->set_username(user); },
          "The user's name")
      ->required();
  command.callback([&session, request, change] {
    change(*request);
    session.command = [&session, request] { return PatchUser(session, *request); };
  });
}

}  // namespace

void AddUserCommands(CLI::App& app, Session& session) {
  CLI::App& users = *app.add_subcommand("user", "Manage users");
  users.require_subcommand(1);
  users.add_subcommand("list", "List users")->callback([&session] {
    session.command = [&session] { return ListUsers(session); };
  });

  auto create_request = std::make_shared<v1::CreateUserRequest>();
  CLI::App& create = *users.add_subcommand(
      "create", "Create a user; the password is asked for, or read from the input");
  create
      .add_option_function<std::string>(
          "NAME", [create_request](const std::string& name) { create_request->set_username(name); },
          "The name to sign in with")
      ->required();
  create
      .add_option_function<std::string>(
          "--display-name",
          [create_request](const std::string& name) { create_request->set_display_name(name); },
          "The name that people see")
      ->type_name("NAME");
  create.add_flag_callback(
      "--admin", [create_request] { create_request->set_admin(true); }, "An administrator");
  create.callback([&session, create_request] {
    session.command = [&session, create_request] { return CreateUser(session, *create_request); };
  });

  auto password_request = std::make_shared<v1::SetPasswordRequest>();
  CLI::App& set_password = *users.add_subcommand(
      "set-password",
      "Set a password, of yourself or, as an administrator, of others; passwords are asked for, or "
      "read from the input, one a line");
  set_password
      .add_option_function<std::string>(
          "NAME",
          [password_request](const std::string& name) { password_request->set_username(name); },
          "The user's name")
      ->required();
  set_password.callback([&session, password_request] {
    session.command = [&session, password_request] {
      return SetPassword(session, *password_request);
    };
  });

  AddPatch(users, session, "deactivate", "Keep a user from signing in and end their sessions",
           [](v1::PatchUserRequest& request) { request.set_active(false); });
  AddPatch(users, session, "activate", "Let a user sign in again",
           [](v1::PatchUserRequest& request) { request.set_active(true); });
  AddPatch(users, session, "grant-admin", "Make a user an administrator",
           [](v1::PatchUserRequest& request) { request.set_admin(true); });
  AddPatch(users, session, "revoke-admin", "Make an administrator a user",
           [](v1::PatchUserRequest& request) { request.set_admin(false); });
}

}  // namespace webhookd
