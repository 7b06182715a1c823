#include "server/rpc/role_assignments.h"

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "server/auth/audit_log.h"
#include "server/auth/roles.h"
#include "server/rpc/account_conversion.h"
#include "server/rpc/rpc_error.h"
#include "storage/errors.h"

namespace webhookd {
namespace {

using determined::api::v1::GetPermissionsSummaryRequest;
using determined::api::v1::GetPermissionsSummaryResponse;

// Where the caller has which role.
struct Scope {
  bool everywhere = false;
  std::vector<int32_t> workspace_ids;
};

std::map<int32_t, Scope> RolesOf(const Caller& caller, const AccountSnapshot& accounts,
                                 Authorizer::Mode mode) {
  std::map<int32_t, Scope> roles;
  if (caller.admin) roles[kClusterAdmin].everywhere = true;
  if (caller.kind == Caller::Kind::kService) {
    if (!caller.admin && caller.scope == TokenScope::kRead) roles[kViewer].everywhere = true;
    return roles;
  }
  if (mode == Authorizer::Mode::kBasic) {
    for (const auto& [id, workspace] : accounts.workspaces()) {
      if (workspace->owners.contains(caller.name)) roles[kEditor].workspace_ids.push_back(id);
    }
    return roles;
  }
  for (auto it = accounts.roles().lower_bound({.user_id = caller.user_id});
       it != accounts.roles().end() && it->user_id == caller.user_id; ++it) {
    Scope& scope = roles[it->role_id];
    if (it->workspace_id.has_value()) {
      scope.workspace_ids.push_back(*it->workspace_id);
    } else {
      scope.everywhere = true;
    }
  }
  return roles;
}

absl::StatusOr<const Role*> ParseRole(const v1::RoleAssignment& assignment) {
  const Role* const role = FindRole(assignment.role_id());
  if (role == nullptr) {
    const std::string known =
        absl::StrJoin(AllRoles(), ", ", [](std::string* out, const Role& each) {
          absl::StrAppend(out, each.id, " (", each.name, ")");
        });
    return InvalidField("assignment.role_id",
                        absl::StrCat(assignment.role_id(), " is not a role: give one of ", known));
  }
  if (assignment.has_workspace_id() && !role->in_workspace) {
    return InvalidField("assignment.workspace_id",
                        absl::StrCat("is given, but ", role->name,
                                     " counts everywhere: leave it out, or assign WorkspaceAdmin"));
  }
  return role;
}

AuditAction Describe(const char* action, const v1::RoleAssignment& assignment) {
  const Role* const role = FindRole(assignment.role_id());
  return {.action = action,
          .target_type = "user",
          .target_id = absl::AsciiStrToLower(assignment.username()),
          .detail = absl::StrCat(role == nullptr ? "" : role->name,
                                 assignment.has_workspace_id()
                                     ? absl::StrCat(" in workspace ", assignment.workspace_id())
                                     : " everywhere")};
}

}  // namespace

void RoleAssignments::AddTo(Api& api) {
  api.AddUnary("determined.api.v1.Determined.GetPermissionsSummary", this,
               &RoleAssignments::Summarize);
  api.AddUnary("webhookd.v1.AdminService.AssignRole", this, &RoleAssignments::Assign);
  api.AddUnary("webhookd.v1.AdminService.RemoveRole", this, &RoleAssignments::Remove);
  api.AddUnary("webhookd.v1.AdminService.ListRoleAssignments", this, &RoleAssignments::List);
}

absl::Status RoleAssignments::Summarize(const Caller& caller, const GetPermissionsSummaryRequest&,
                                        GetPermissionsSummaryResponse& response) const {
  const auto accounts = dependencies_.accounts.Current();
  for (const auto& [role_id, scope] : RolesOf(caller, *accounts, dependencies_.authorizer.mode())) {
    const Role* const role = FindRole(role_id);
    if (role == nullptr) continue;
    *response.add_roles() = RoleToProto(*role);
    determined::rbac::v1::RoleAssignmentSummary& assignment = *response.add_assignments();
    assignment.set_role_id(role_id);
    assignment.set_scope_cluster(scope.everywhere);
    assignment.mutable_scope_workspace_ids()->Add(scope.workspace_ids.begin(),
                                                  scope.workspace_ids.end());
  }
  return absl::OkStatus();
}

absl::StatusOr<RoleAssignmentRecord> RoleAssignments::Find(
    const Caller& caller, const v1::RoleAssignment& assignment) const {
  ASSIGN_OR_RETURN(const std::string username,
                   ParseUsername("assignment.username", assignment.username()));
  ASSIGN_OR_RETURN(const Role* const role, ParseRole(assignment));
  RoleAssignmentRecord record = {.role_id = role->id};
  if (assignment.has_workspace_id()) {
    RETURN_IF_ERROR(CheckId("assignment.workspace_id", assignment.workspace_id()));
    record.workspace_id = assignment.workspace_id();
  }
  RETURN_IF_ERROR(dependencies_.authorizer.CheckWorkspace(caller, Permission::kAssignRoles,
                                                          record.workspace_id));
  const auto accounts = dependencies_.accounts.Current();
  const AccountSnapshot::User* const user = accounts->FindUser(username);
  if (user == nullptr) return UserNotFound(username);
  record.user_id = user->record.id;
  return record;
}

void RoleAssignments::Assign(const Caller& caller, const v1::AssignRoleRequest& request,
                             v1::AssignRoleResponse&, DoneStatus done) {
  const absl::StatusOr<RoleAssignmentRecord> role = Find(caller, request.assignment());
  if (!role.ok()) return std::move(done)(role.status());
  dependencies_.accounts.AssignRole(*role,
                                    AuditEntryOf(caller, dependencies_.clock.Now(),
                                                 Describe("role.assign", request.assignment())),
                                    std::move(done));
}

void RoleAssignments::Remove(const Caller& caller, const v1::RemoveRoleRequest& request,
                             v1::RemoveRoleResponse&, DoneStatus done) {
  const absl::StatusOr<RoleAssignmentRecord> role = Find(caller, request.assignment());
  if (!role.ok()) return std::move(done)(role.status());
  dependencies_.accounts.RemoveRole(*role,
                                    AuditEntryOf(caller, dependencies_.clock.Now(),
                                                 Describe("role.remove", request.assignment())),
                                    std::move(done));
}

absl::Status RoleAssignments::List(const Caller& caller,
                                   const v1::ListRoleAssignmentsRequest& request,
                                   v1::ListRoleAssignmentsResponse& response) const {
  const auto accounts = dependencies_.accounts.Current();
  const std::string username = absl::AsciiStrToLower(request.username());
  for (const RoleAssignmentRecord& role : accounts->roles()) {
    if (request.has_workspace_id() && role.workspace_id != request.workspace_id()) continue;
    // A service that may call this may see all.
    if (caller.kind == Caller::Kind::kUser &&
        !dependencies_.authorizer.Has(caller, Permission::kAssignRoles, role.workspace_id)) {
      continue;
    }
    v1::RoleAssignment assignment = RoleAssignmentToProto(role, *accounts);
    if (!username.empty() && assignment.username() != username) continue;
    *response.add_assignments() = std::move(assignment);
  }
  for (const Role& role : AllRoles()) *response.add_roles() = RoleToProto(role);
  return absl::OkStatus();
}

}  // namespace webhookd
