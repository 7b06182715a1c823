#include "storage/sqlite/workspace_queries.h"

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "base/status_macros.h"
#include "storage/errors.h"
#include "storage/sqlite/account_queries.h"
#include "storage/sqlite/webhook_queries.h"

namespace webhookd::sqlite {
namespace {

constexpr absl::string_view kSelectWorkspaces =
    "SELECT id, name, archived FROM workspaces ORDER BY id";

constexpr absl::string_view kSelectOwners =
    "SELECT workspace_id, username FROM workspace_owners ORDER BY workspace_id, position";

constexpr absl::string_view kSelectWorkspace =
    "SELECT name, archived FROM workspaces WHERE id = ?1";

constexpr absl::string_view kSelectOwnersOfWorkspace =
    "SELECT username FROM workspace_owners WHERE workspace_id = ?1 ORDER BY position";

constexpr absl::string_view kPutWorkspace =
    "INSERT INTO workspaces (id, name, archived) VALUES (?1, ?2, ?3) "
    "ON CONFLICT (id) DO UPDATE SET name = excluded.name, archived = excluded.archived";

constexpr absl::string_view kDeleteWorkspace = "DELETE FROM workspaces WHERE id = ?1";

constexpr absl::string_view kInsertOwner =
    "INSERT INTO workspace_owners (workspace_id, position, username) VALUES (?1, ?2, ?3)";

constexpr absl::string_view kDeleteOwners = "DELETE FROM workspace_owners WHERE workspace_id = ?1";

constexpr absl::string_view kSelectWebhooksOfWorkspace =
    "SELECT id FROM webhooks WHERE workspace_id = ?1 AND deleted_at IS NULL ORDER BY id";

// A webhook whose name is taken where it would move (0: among the global ones).
constexpr absl::string_view kSelectConflict =
    "SELECT mover.name FROM webhooks mover "
    "JOIN webhooks other ON other.name = mover.name AND coalesce(other.workspace_id, 0) = ?2"
    " AND other.deleted_at IS NULL "
    "WHERE mover.workspace_id = ?1 AND mover.deleted_at IS NULL LIMIT 1";

constexpr absl::string_view kSelectRoles =
    "SELECT user_id, role_id, workspace_id FROM role_assignments "
    "ORDER BY user_id, role_id, workspace_id";

constexpr absl::string_view kInsertRole =
    "INSERT INTO role_assignments (user_id, role_id, workspace_id) VALUES (?1, ?2, ?3) "
    "ON CONFLICT DO NOTHING";

constexpr absl::string_view kDeleteRole =
    "DELETE FROM role_assignments WHERE user_id = ?1 AND role_id = ?2 AND workspace_id = ?3";

constexpr absl::string_view kDeleteRolesInWorkspace =
    "DELETE FROM role_assignments WHERE workspace_id = ?1";

absl::StatusOr<std::optional<WorkspaceRecord>> LoadWorkspace(Connection& connection,
                                                             int32_t workspace_id) {
  WorkspaceRecord workspace{.id = workspace_id};
  {
    Statement row = connection.Prepare(kSelectWorkspace);
    row.Bind(workspace_id);
    ASSIGN_OR_RETURN(const bool found, row.Step());
    if (!found) return std::nullopt;
    workspace.name = row.Text(0);
    workspace.archived = row.Int(1) != 0;
  }
  Statement owners = connection.Prepare(kSelectOwnersOfWorkspace);
  owners.Bind(workspace_id);
  while (true) {
    ASSIGN_OR_RETURN(const bool found, owners.Step());
    if (!found) return workspace;
    workspace.owners.push_back(owners.Text(0));
  }
}

absl::StatusOr<std::vector<int32_t>> WebhooksOfWorkspace(Connection& connection,
                                                         int32_t workspace_id) {
  std::vector<int32_t> ids;
  Statement rows = connection.Prepare(kSelectWebhooksOfWorkspace);
  rows.Bind(workspace_id);
  while (true) {
    ASSIGN_OR_RETURN(const bool found, rows.Step());
    if (!found) return ids;
    ids.push_back(static_cast<int32_t>(rows.Int(0)));
  }
}

// Whether the webhooks of the workspace can have what `removal` wants to do with them.
absl::Status CheckRemoval(Connection& connection, const WorkspaceRemoval& removal,
                          size_t webhook_count) {
  if (removal.webhooks == WorkspaceRemoval::Webhooks::kNone && webhook_count > 0) {
    return WorkspaceHasWebhooks(removal.workspace_id, static_cast<int64_t>(webhook_count));
  }
  if (removal.webhooks != WorkspaceRemoval::Webhooks::kMove) return absl::OkStatus();
  if (removal.move_to.has_value()) {
    ASSIGN_OR_RETURN(const auto target, LoadWorkspace(connection, *removal.move_to));
    if (!target.has_value()) return WorkspaceNotFound(*removal.move_to);
  }
  Statement conflict = connection.Prepare(kSelectConflict);
  conflict.Bind(removal.workspace_id, removal.move_to.value_or(0));
  ASSIGN_OR_RETURN(const bool found, conflict.Step());
  if (found) return WebhookNameTaken(conflict.Text(0), removal.move_to);
  return absl::OkStatus();
}

absl::Status RunFor(Connection& connection, absl::string_view sql, int32_t workspace_id) {
  Statement statement = connection.Prepare(sql);
  statement.Bind(workspace_id);
  return statement.Run();
}

}  // namespace

absl::StatusOr<std::vector<WorkspaceRecord>> LoadWorkspaces(Connection& connection) {
  std::vector<WorkspaceRecord> workspaces;
  {
    Statement rows = connection.Prepare(kSelectWorkspaces);
    while (true) {
      ASSIGN_OR_RETURN(const bool found, rows.Step());
      if (!found) break;
      workspaces.push_back({.id = static_cast<int32_t>(rows.Int(0)),
                            .name = rows.Text(1),
                            .archived = rows.Int(2) != 0});
    }
  }
  // Both come by workspace.
  Statement owners = connection.Prepare(kSelectOwners);
  auto workspace = workspaces.begin();
  while (true) {
    ASSIGN_OR_RETURN(const bool found, owners.Step());
    if (!found) return workspaces;
    while (workspace != workspaces.end() && workspace->id < owners.Int(0)) ++workspace;
    if (workspace == workspaces.end()) return workspaces;
    workspace->owners.push_back(owners.Text(1));
  }
}

absl::StatusOr<std::vector<RoleAssignmentRecord>> LoadRoles(Connection& connection) {
  std::vector<RoleAssignmentRecord> roles;
  Statement rows = connection.Prepare(kSelectRoles);
  while (true) {
    ASSIGN_OR_RETURN(const bool found, rows.Step());
    if (!found) return roles;
    RoleAssignmentRecord role{.user_id = static_cast<int32_t>(rows.Int(0)),
                              .role_id = static_cast<int32_t>(rows.Int(1))};
    if (rows.Int(2) != 0) role.workspace_id = static_cast<int32_t>(rows.Int(2));
    roles.push_back(role);
  }
}

absl::StatusOr<bool> PutWorkspace(Connection& connection, const WorkspaceRecord& workspace) {
  ASSIGN_OR_RETURN(const std::optional<WorkspaceRecord> old,
                   LoadWorkspace(connection, workspace.id));
  if (old == workspace) return false;
  {
    Statement put = connection.Prepare(kPutWorkspace);
    put.Bind(workspace.id, workspace.name, workspace.archived);
    RETURN_IF_ERROR(put.Run());
  }
  RETURN_IF_ERROR(RunFor(connection, kDeleteOwners, workspace.id));
  Statement insert = connection.Prepare(kInsertOwner);
  for (size_t i = 0; i < workspace.owners.size(); ++i) {
    insert.Bind(workspace.id, static_cast<int64_t>(i), workspace.owners[i]);
    RETURN_IF_ERROR(insert.Run());
    insert.Reset();
  }
  return true;
}

absl::StatusOr<WorkspaceRemoved> DeleteWorkspace(Transaction& transaction,
                                                 const WorkspaceRemoval& removal) {
  Connection& connection = transaction.connection;
  ASSIGN_OR_RETURN(const auto workspace, LoadWorkspace(connection, removal.workspace_id));
  ASSIGN_OR_RETURN(const std::vector<int32_t> webhooks,
                   WebhooksOfWorkspace(connection, removal.workspace_id));
  if (!workspace.has_value() && webhooks.empty()) return WorkspaceNotFound(removal.workspace_id);
  RETURN_IF_ERROR(CheckRemoval(connection, removal, webhooks.size()));

  WorkspaceRemoved removed;
  for (const int32_t webhook_id : webhooks) {
    if (removal.webhooks == WorkspaceRemoval::Webhooks::kDelete) {
      ASSIGN_OR_RETURN(const WebhookDeletion deletion,
                       DeleteWebhook(transaction, webhook_id, removal.now));
      removed.canceled_deliveries += deletion.canceled_deliveries;
      removed.deleted_webhooks.push_back(webhook_id);
    } else {
      RETURN_IF_ERROR(MoveWebhook(transaction, webhook_id, removal.move_to));
      removed.moved_webhooks.push_back(webhook_id);
    }
  }
  RETURN_IF_ERROR(RunFor(connection, kDeleteRolesInWorkspace, removal.workspace_id));
  RETURN_IF_ERROR(RunFor(connection, kDeleteOwners, removal.workspace_id));
  RETURN_IF_ERROR(RunFor(connection, kDeleteWorkspace, removal.workspace_id));
  return removed;
}

absl::StatusOr<bool> AssignRole(Connection& connection, const RoleAssignmentRecord& role) {
  ASSIGN_OR_RETURN(const bool user, UserExists(connection, role.user_id));
  if (!user) return UserNotFound(role.user_id);
  if (role.workspace_id.has_value()) {
    ASSIGN_OR_RETURN(const auto workspace, LoadWorkspace(connection, *role.workspace_id));
    if (!workspace.has_value()) return WorkspaceNotFound(*role.workspace_id);
  }
  Statement insert = connection.Prepare(kInsertRole);
  insert.Bind(role.user_id, role.role_id, role.workspace_id.value_or(0));
  RETURN_IF_ERROR(insert.Run());
  return connection.Changes() > 0;
}

absl::Status RemoveRole(Connection& connection, const RoleAssignmentRecord& role) {
  Statement remove = connection.Prepare(kDeleteRole);
  remove.Bind(role.user_id, role.role_id, role.workspace_id.value_or(0));
  RETURN_IF_ERROR(remove.Run());
  return connection.Changes() > 0 ? absl::OkStatus() : RoleNotAssigned();
}

}  // namespace webhookd::sqlite
