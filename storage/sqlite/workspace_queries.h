#ifndef WEBHOOKD_STORAGE_SQLITE_WORKSPACE_QUERIES_H_
#define WEBHOOKD_STORAGE_SQLITE_WORKSPACE_QUERIES_H_

#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/account_records.h"
#include "storage/sqlite/connection.h"
#include "storage/sqlite/write.h"

// Workspaces and role assignments in SQL. Contracts and errors are those of the functions of
// AccountStore with the same names; nothing here writes audit entries.
namespace webhookd::sqlite {

// By id.
absl::StatusOr<std::vector<WorkspaceRecord>> LoadWorkspaces(Connection& connection);
absl::StatusOr<std::vector<RoleAssignmentRecord>> LoadRoles(Connection& connection);

// Whether it changed anything.
absl::StatusOr<bool> PutWorkspace(Connection& connection, const WorkspaceRecord& workspace);
absl::StatusOr<WorkspaceRemoved> DeleteWorkspace(Transaction& transaction,
                                                 const WorkspaceRemoval& removal);

// Whether it was not assigned before.
absl::StatusOr<bool> AssignRole(Connection& connection, const RoleAssignmentRecord& role);
absl::Status RemoveRole(Connection& connection, const RoleAssignmentRecord& role);

}  // namespace webhookd::sqlite

#endif  // WEBHOOKD_STORAGE_SQLITE_WORKSPACE_QUERIES_H_
