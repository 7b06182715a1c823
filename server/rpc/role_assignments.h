#ifndef WEBHOOKD_SERVER_RPC_ROLE_ASSIGNMENTS_H_
#define WEBHOOKD_SERVER_RPC_ROLE_ASSIGNMENTS_H_

#include "base/clock.h"
#include "determined/api/v1/rbac.pb.h"
#include "server/auth/account_catalog.h"
#include "server/auth/authorizer.h"
#include "server/rpc/api.h"
#include "webhookd/v1/admin.pb.h"

namespace webhookd {

// The RPCs about roles, Determined's and ours. Thread-safe.
class RoleAssignments {
 public:
  // All must outlive this and the calls under way.
  struct Dependencies {
    AccountCatalog& accounts;
    const Authorizer& authorizer;
    Clock& clock;
  };

  explicit RoleAssignments(Dependencies dependencies) : dependencies_(dependencies) {}

  void AddTo(Api& api);

 private:
  // Without roles in force it tells in terms of roles what administrators and owners may do.
  absl::Status Summarize(const Caller& caller,
                         const determined::api::v1::GetPermissionsSummaryRequest& request,
                         determined::api::v1::GetPermissionsSummaryResponse& response) const;
  // NOT_FOUND; PERMISSION_DENIED.
  void Assign(const Caller& caller, const v1::AssignRoleRequest& request,
              v1::AssignRoleResponse& response, DoneStatus done);
  void Remove(const Caller& caller, const v1::RemoveRoleRequest& request,
              v1::RemoveRoleResponse& response, DoneStatus done);
  // Those in places where the caller may assign roles.
  absl::Status List(const Caller& caller, const v1::ListRoleAssignmentsRequest& request,
                    v1::ListRoleAssignmentsResponse& response) const;

  // What `assignment` stands for, if the caller may change it.
  absl::StatusOr<RoleAssignmentRecord> Find(const Caller& caller,
                                            const v1::RoleAssignment& assignment) const;

  const Dependencies dependencies_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_RPC_ROLE_ASSIGNMENTS_H_
