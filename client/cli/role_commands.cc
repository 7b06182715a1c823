#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "client/cli/commands.h"
#include "webhookd/v1/admin.grpc.pb.h"

namespace webhookd {
namespace {

using AdminStub = v1::AdminService::Stub;

// What the commands have in common.
struct RoleOptions {
  std::string username;
  std::string role;  // its name or number
  std::optional<int32_t> workspace_id;
};

absl::StatusOr<ExitCode> ListRoles(Session& session, const RoleOptions& options) {
  v1::ListRoleAssignmentsRequest request;
  request.set_username(options.username);
  if (options.workspace_id.has_value()) request.set_workspace_id(*options.workspace_id);
  ASSIGN_OR_RETURN(const v1::ListRoleAssignmentsResponse response,
                   session.connection().Call(&AdminStub::ListRoleAssignments, request));
  if (session.json) return session.PrintJson(response);
  Table table({"USER", "ROLE", "WORKSPACE"});
  for (const v1::RoleAssignment& assignment : response.assignments()) {
    table.AddRow({assignment.username(), assignment.role_name(),
                  assignment.has_workspace_id() ? absl::StrCat(assignment.workspace_id()) : "all"});
  }
  table.Print(session.out(), session.color);
  return ExitCode::kDone;
}

absl::StatusOr<v1::RoleAssignment> AssignmentOf(Session& session, const RoleOptions& options) {
  v1::RoleAssignment assignment;
  assignment.set_username(options.username);
  if (options.workspace_id.has_value()) assignment.set_workspace_id(*options.workspace_id);
  int32_t number = 0;
  if (absl::SimpleAtoi(options.role, &number)) {
    assignment.set_role_id(number);
    return assignment;
  }
  ASSIGN_OR_RETURN(
      const v1::ListRoleAssignmentsResponse known,
      session.connection().Call(&AdminStub::ListRoleAssignments, v1::ListRoleAssignmentsRequest()));
  std::vector<std::string> names;
  for (const auto& role : known.roles()) {
    names.push_back(role.name());
    if (!absl::EqualsIgnoreCase(role.name(), options.role)) continue;
    assignment.set_role_id(role.role_id());
    return assignment;
  }
  return absl::InvalidArgumentError(absl::StrCat("there is no role \"", options.role,
                                                 "\"; there are ", absl::StrJoin(names, ", ")));
}

std::string Describe(const RoleOptions& options) {
  return absl::StrCat(options.role, options.workspace_id.has_value()
                                        ? absl::StrCat(" in workspace ", *options.workspace_id)
                                        : " everywhere");
}

absl::StatusOr<ExitCode> Assign(Session& session, const RoleOptions& options) {
  v1::AssignRoleRequest request;
  ASSIGN_OR_RETURN(*request.mutable_assignment(), AssignmentOf(session, options));
  ASSIGN_OR_RETURN(const v1::AssignRoleResponse response,
                   session.connection().Call(&AdminStub::AssignRole, request));
  if (session.json) return session.PrintJson(response);
  session.out() << options.username << " is " << Describe(options) << '\n';
  return ExitCode::kDone;
}

absl::StatusOr<ExitCode> Remove(Session& session, const RoleOptions& options) {
  v1::RemoveRoleRequest request;
  ASSIGN_OR_RETURN(*request.mutable_assignment(), AssignmentOf(session, options));
  ASSIGN_OR_RETURN(const v1::RemoveRoleResponse response,
                   session.connection().Call(&AdminStub::RemoveRole, request));
  if (session.json) return session.PrintJson(response);
  session.out() << options.username << " is no longer " << Describe(options) << '\n';
  return ExitCode::kDone;
}

void AddChange(CLI::App& roles, Session& session, const std::string& name,
               const std::string& description,
               absl::StatusOr<ExitCode> (*change)(Session&, const RoleOptions&)) {
  auto options = std::make_shared<RoleOptions>();
  CLI::App& command = *roles.add_subcommand(name, description);
  command.add_option("USER", options->username, "The user's name")->required();
  command.add_option("ROLE", options->role, "The role, such as Editor")->required();
  command.add_option("--workspace", options->workspace_id, "Only in this workspace [everywhere]")
      ->type_name("ID");
  command.callback([&session, options, change] {
    session.command = [&session, options, change] { return change(session, *options); };
  });
}

}  // namespace

void AddRoleCommands(CLI::App& app, Session& session) {
  CLI::App& roles =
      *app.add_subcommand("role", "Give roles to users, where security.authz.type is rbac");
  roles.require_subcommand(1);
  auto options = std::make_shared<RoleOptions>();
  CLI::App& list = *roles.add_subcommand("list", "List who has which role where");
  list.add_option("--user", options->username, "Only of this user")->type_name("NAME");
  list.add_option("--workspace", options->workspace_id, "Only in this workspace")->type_name("ID");
  list.callback([&session, options] {
    session.command = [&session, options] { return ListRoles(session, *options); };
  });
  AddChange(roles, session, "assign", "Give a role to a user", Assign);
  AddChange(roles, session, "remove", "Take a role from a user", Remove);
}

}  // namespace webhookd
