#ifndef WEBHOOKD_SERVER_AUTH_AUTHORIZER_H_
#define WEBHOOKD_SERVER_AUTH_AUTHORIZER_H_

#include <google/protobuf/descriptor.h>

#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "server/auth/access_table.h"
#include "server/auth/account_catalog.h"
#include "server/auth/audit_log.h"
#include "server/auth/caller.h"
#include "server/auth/permission.h"
#include "storage/records.h"

namespace webhookd {

// Says what a caller may do. Reads nothing but memory. Thread-safe.
//
// Basic: administrators may do everything; whoever owns a workspace views and edits its webhooks;
// everybody who is signed in views global webhooks. RBAC: roles decide, assigned everywhere or in a
// workspace; everybody who is signed in views global webhooks all the same.
//
// What somebody may not see does not exist for them: checks give the very error that a number gives
// that was never used. What they see and may not change is PERMISSION_DENIED with a message that
// says whom to ask. Either is written to the audit log.
class Authorizer {
 public:
  enum class Mode { kBasic, kRbac };

  // All must outlive it.
  Authorizer(Mode mode, const AccessTable& table, const AccountCatalog& accounts, AuditLog& audit);

  Mode mode() const { return mode_; }

  // Whether the caller may call `method` at all. PERMISSION_DENIED.
  absl::Status CheckRpc(const Caller& caller,
                        const google::protobuf::MethodDescriptor& method) const;

  // Whether the caller has a permission in a workspace; without one: for what is global.
  bool Has(const Caller& caller, Permission permission, std::optional<int32_t> workspace_id) const;

  // Whether the caller may see webhooks of the workspace, or global ones.
  bool CanView(const Caller& caller, std::optional<int32_t> workspace_id) const {
    return Has(caller, Permission::kViewWebhooks, workspace_id);
  }
  // Whether the caller may see that there is such a workspace, and its name. As at a master, all
  // users may without RBAC.
  bool CanViewWorkspace(const Caller& caller, int32_t workspace_id) const {
    return (mode_ == Mode::kBasic && caller.kind == Caller::Kind::kUser) ||
           CanView(caller, workspace_id);
  }
  // Whether the caller may see events of experiments of the workspace. Deliveries of a global
  // webhook tell of all workspaces: without a workspace, one must be allowed to see all.
  bool CanViewEvents(const Caller& caller, std::optional<int32_t> workspace_id) const;
  // Whether the caller may raise alerts for experiments of the workspace, or of an unknown one.
  bool CanRaiseAlerts(const Caller& caller, std::optional<int32_t> workspace_id) const;

  // For what needs a permission everywhere. PERMISSION_DENIED.
  absl::Status CheckCluster(const Caller& caller, Permission permission, AuditAction action) const;
  // For something new in a workspace, or something global. NOT_FOUND, PERMISSION_DENIED.
  absl::Status CheckWorkspace(const Caller& caller, Permission permission,
                              std::optional<int32_t> workspace_id) const;
  // NOT_FOUND, PERMISSION_DENIED.
  absl::Status CheckWebhook(const Caller& caller, Permission permission,
                            const WebhookRecord& webhook) const;

 private:
  bool UserHas(const Caller& caller, Permission permission,
               std::optional<int32_t> workspace_id) const;
  // Whom to ask for a permission.
  std::string WhomToAsk(std::optional<int32_t> workspace_id) const;

  const Mode mode_;
  const AccessTable& table_;
  const AccountCatalog& accounts_;
  AuditLog& audit_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_AUTH_AUTHORIZER_H_
