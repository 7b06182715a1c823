#ifndef WEBHOOKD_SERVER_AUTH_ACCOUNT_CATALOG_H_
#define WEBHOOKD_SERVER_AUTH_ACCOUNT_CATALOG_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/mutex.h"
#include "server/auth/account_snapshot.h"
#include "storage/account_store.h"

namespace webhookd {

// The accounts in memory, and every change of them: it is stored first, then in the snapshot, then
// answered, so that a change that was answered holds for every later call. Thread-safe.
//
// The functions that change something have the contracts of those of AccountStore with the same
// names.
class AccountCatalog {
 public:
  // `store` must outlive the catalog, and the catalog its changes under way.
  explicit AccountCatalog(AccountStore& store);

  // Reads everything from the store. Call it once, before anything else.
  absl::Status Load();

  std::shared_ptr<const AccountSnapshot> Current() const;

  void CreateFirstUsers(std::vector<UserRecord> users, AuditEntry audit,
                        Done<std::vector<UserRecord>> done);
  void CreateUser(UserRecord user, AuditEntry audit, Done<UserRecord> done);
  void PatchUser(UserPatch patch, AuditEntry audit, Done<UserChange> done);
  // A session that the store cannot take for reasons of its own, such as a full disk, is kept in
  // memory, until it ends or the server does: people must be able to look what is wrong.
  void CreateSession(SessionRecord session, std::string password_hash, int max_per_user,
                     AuditEntry audit, Done<SessionChange> done);
  void DeleteSession(std::string token_hash, AuditEntry audit, DoneStatus done);
  void CreateToken(ServiceTokenRecord token, AuditEntry audit, Done<ServiceTokenRecord> done);
  void DeleteToken(int32_t token_id, AuditEntry audit, Done<ServiceTokenRecord> done);
  void PutWorkspace(WorkspaceRecord workspace, AuditEntry audit, DoneStatus done);
  void DeleteWorkspace(WorkspaceRemoval removal, AuditEntry audit, Done<WorkspaceRemoved> done);
  void AssignRole(RoleAssignmentRecord role, AuditEntry audit, DoneStatus done);
  void RemoveRole(RoleAssignmentRecord role, AuditEntry audit, DoneStatus done);

  // Stores times that the snapshot's LastUse have already. What cannot be stored is lost.
  void RecordUsage(Usage usage);

 private:
  absl::StatusOr<SessionChange> KeepInMemory(const SessionRecord& session,
                                             absl::string_view password_hash, int max_per_user,
                                             const absl::Status& reason);
  // Ends the sessions of a user that are only in memory, but for the one with this hash.
  void EndInMemory(AccountSnapshot& snapshot, int32_t user_id, absl::string_view but);
  // Forgets one. False: it is not only in memory.
  bool ForgetInMemory(const std::string& token_hash);

  // Replaces the snapshot by a changed copy.
  void Update(const std::function<void(AccountSnapshot&)>& change);

  AccountStore& store_;

  mutable Mutex mutex_;
  std::shared_ptr<const AccountSnapshot> current_ ABSL_GUARDED_BY(mutex_);
  // Token hashes of sessions that are only in memory, by user, the oldest first.
  std::map<int32_t, std::deque<std::string>> in_memory_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_AUTH_ACCOUNT_CATALOG_H_
