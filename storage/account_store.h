#ifndef WEBHOOKD_STORAGE_ACCOUNT_STORE_H_
#define WEBHOOKD_STORAGE_ACCOUNT_STORE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "storage/account_records.h"
#include "storage/store.h"

namespace webhookd {

// Users, their sessions, service tokens, workspaces, roles, and the audit log of all changes to
// these and to webhooks. Thread-safe.
//
// Reads, writes and errors are as those of Store, whose backends implement this beside it. Writes
// are reported in the order in which they were committed. An audit entry that a write is given is
// stored with the write or not at all; entries beyond the retention go as new ones come.
class AccountStore {
 public:
  virtual ~AccountStore() = default;

  // All that was committed, at one moment.
  virtual absl::StatusOr<AccountSet> LoadAccounts() = 0;

  // ---- Users and their sessions

  // Stores `users` if there is no user at all; gives all users there are then.
  virtual void CreateFirstUsers(std::vector<UserRecord> users, AuditEntry audit,
                                Done<std::vector<UserRecord>> done) = 0;
  // ALREADY_EXISTS: the name is taken.
  virtual void CreateUser(UserRecord user, AuditEntry audit, Done<UserRecord> done) = 0;
  // NOT_FOUND. FAILED_PRECONDITION: no active administrator would be left.
  virtual void PatchUser(UserPatch patch, AuditEntry audit, Done<UserChange> done) = 0;

  // Stores a session and ends expired ones, and the oldest of the same user beyond `max_per_user`.
  // FAILED_PRECONDITION: there is no such user, they are not active, or their password is no longer
  // the one with `password_hash`.
  virtual void CreateSession(SessionRecord session, std::string password_hash, int max_per_user,
                             AuditEntry audit, Done<SessionChange> done) = 0;
  // OK if there is no such session any more.
  virtual void DeleteSession(std::string token_hash, AuditEntry audit, DoneStatus done) = 0;

  // Raises the times when users and tokens were last used; those that are gone are left out.
  virtual void RecordUsage(Usage usage, DoneStatus done) = 0;

  // ---- Service tokens

  virtual void CreateToken(ServiceTokenRecord token, AuditEntry audit,
                           Done<ServiceTokenRecord> done) = 0;
  // Gives the token that was. NOT_FOUND.
  virtual void DeleteToken(int32_t token_id, AuditEntry audit, Done<ServiceTokenRecord> done) = 0;

  // ---- Workspaces and roles

  // Adds or replaces one. Audited only if it changes something.
  virtual void PutWorkspace(WorkspaceRecord workspace, AuditEntry audit, DoneStatus done) = 0;
  // Deletes a workspace, its owners and its role assignments, and deletes or moves its webhooks as
  // asked; each webhook counts as one change of the set of webhooks and has an audit entry of its
  // own. NOT_FOUND: it is neither known nor has webhooks, or the one to move to is not known.
  // FAILED_PRECONDITION: it has webhooks, and kNone was asked for. ALREADY_EXISTS: a webhook's name
  // is taken where it would move.
  virtual void DeleteWorkspace(WorkspaceRemoval removal, AuditEntry audit,
                               Done<WorkspaceRemoved> done) = 0;

  // NOT_FOUND: no such user, or workspace. Not audited if it is assigned already.
  virtual void AssignRole(RoleAssignmentRecord role, AuditEntry audit, DoneStatus done) = 0;
  // NOT_FOUND: it is not assigned.
  virtual void RemoveRole(RoleAssignmentRecord role, AuditEntry audit, DoneStatus done) = 0;

  // ---- The audit log

  // For what changes nothing in the store.
  virtual void AppendAudit(AuditEntry entry, DoneStatus done) = 0;
  // A page, newest first, as Store::ListDeliveries.
  virtual absl::StatusOr<AuditPage> ListAudit(const AuditFilter& filter) = 0;
};

}  // namespace webhookd

#endif  // WEBHOOKD_STORAGE_ACCOUNT_STORE_H_
