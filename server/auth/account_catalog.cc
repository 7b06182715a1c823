#include "server/auth/account_catalog.h"

#include <utility>

#include "base/status_macros.h"
#include "server/telemetry/log.h"
#include "storage/errors.h"

namespace webhookd {
namespace {

void EndSessions(AccountSnapshot& snapshot, const std::vector<std::string>& token_hashes) {
  for (const std::string& token_hash : token_hashes) snapshot.EndSession(token_hash);
}

// Whether it is the store that is not well, rather than the request.
bool IsTheStores(const absl::Status& status) {
  return absl::IsResourceExhausted(status) || absl::IsUnavailable(status) ||
         absl::IsDataLoss(status) || absl::IsInternal(status);
}

}  // namespace

AccountCatalog::AccountCatalog(AccountStore& store)
    : store_(store), current_(std::make_shared<const AccountSnapshot>()) {}

absl::Status AccountCatalog::Load() {
  ASSIGN_OR_RETURN(AccountSet set, store_.LoadAccounts());
  auto loaded = std::make_shared<const AccountSnapshot>(std::move(set));
  MutexLock lock(mutex_);
  current_ = std::move(loaded);
  return absl::OkStatus();
}

std::shared_ptr<const AccountSnapshot> AccountCatalog::Current() const {
  MutexLock lock(mutex_);
  return current_;
}

void AccountCatalog::Update(const std::function<void(AccountSnapshot&)>& change) {
  // Results come in the order of the commits, one after another, so no other change comes between.
  auto copy = std::make_shared<AccountSnapshot>(*Current());
  change(*copy);
  std::shared_ptr<const AccountSnapshot> old = std::move(copy);
  MutexLock lock(mutex_);
  current_.swap(old);  // the old one goes after the lock
}

void AccountCatalog::CreateFirstUsers(std::vector<UserRecord> users, AuditEntry audit,
                                      Done<std::vector<UserRecord>> done) {
  store_.CreateFirstUsers(
      std::move(users), std::move(audit),
      [this, done = std::move(done)](absl::StatusOr<std::vector<UserRecord>> all) mutable {
        if (all.ok()) {
          Update([&](AccountSnapshot& copy) {
            for (const UserRecord& user : *all) copy.PutUser(user);
          });
        }
        std::move(done)(std::move(all));
      });
}

void AccountCatalog::CreateUser(UserRecord user, AuditEntry audit, Done<UserRecord> done) {
  store_.CreateUser(std::move(user), std::move(audit),
                    [this, done = std::move(done)](absl::StatusOr<UserRecord> created) mutable {
                      if (created.ok()) {
                        Update([&](AccountSnapshot& copy) { copy.PutUser(*created); });
                      }
                      std::move(done)(std::move(created));
                    });
}

void AccountCatalog::PatchUser(UserPatch patch, AuditEntry audit, Done<UserChange> done) {
  const bool ends_sessions = patch.end_sessions_but.has_value() || !patch.active.value_or(true);
  std::string but = patch.end_sessions_but.value_or("");
  store_.PatchUser(std::move(patch), std::move(audit),
                   [this, ends_sessions, but = std::move(but),
                    done = std::move(done)](absl::StatusOr<UserChange> change) mutable {
                     if (change.ok()) {
                       Update([&](AccountSnapshot& copy) {
                         copy.PutUser(change->user);
                         EndSessions(copy, change->ended_sessions);
                         if (ends_sessions) EndInMemory(copy, change->user.id, but);
                       });
                     }
                     std::move(done)(std::move(change));
                   });
}

void AccountCatalog::CreateSession(SessionRecord session, std::string password_hash,
                                   int max_per_user, AuditEntry audit, Done<SessionChange> done) {
  store_.CreateSession(
      session, password_hash, max_per_user, std::move(audit),
      [this, session, password_hash, max_per_user,
       done = std::move(done)](absl::StatusOr<SessionChange> change) mutable {
        if (IsTheStores(change.status())) {
          change = KeepInMemory(session, password_hash, max_per_user, change.status());
        }
        if (change.ok()) {
          Update([&](AccountSnapshot& copy) {
            EndSessions(copy, change->ended_sessions);
            copy.PutSession(change->session);
            if (const AccountSnapshot::User* user = copy.FindUser(change->session.user_id)) {
              user->last_auth->Note(change->session.created_at, absl::ZeroDuration());
            }
          });
        }
        std::move(done)(std::move(change));
      });
}

absl::StatusOr<SessionChange> AccountCatalog::KeepInMemory(const SessionRecord& session,
                                                           absl::string_view password_hash,
                                                           int max_per_user,
                                                           const absl::Status& reason) {
  const std::shared_ptr<const AccountSnapshot> current = Current();
  const AccountSnapshot::User* user = current->FindUser(session.user_id);
  if (user == nullptr || !user->record.active || user->record.password_hash != password_hash) {
    return SignInOutdated();
  }
  Log(LogLevel::kWarning, "a session is kept in memory only, and ends with the server",
      {{"user", user->record.username}, {"reason", reason.message()}});
  SessionChange change = {.session = session};
  MutexLock lock(mutex_);
  std::deque<std::string>& kept = in_memory_[session.user_id];
  kept.push_back(session.token_hash);
  while (std::ssize(kept) > max_per_user) {
    change.ended_sessions.push_back(std::move(kept.front()));
    kept.pop_front();
  }
  return change;
}

void AccountCatalog::EndInMemory(AccountSnapshot& snapshot, int32_t user_id,
                                 absl::string_view but) {
  MutexLock lock(mutex_);
  std::deque<std::string>& kept = in_memory_[user_id];
  for (const std::string& token_hash : kept) {
    if (token_hash != but) snapshot.EndSession(token_hash);
  }
  std::erase_if(kept, [but](const std::string& token_hash) { return token_hash != but; });
}

bool AccountCatalog::ForgetInMemory(const std::string& token_hash) {
  MutexLock lock(mutex_);
  for (auto& [user_id, kept] : in_memory_) {
    if (std::erase(kept, token_hash) > 0) return true;
  }
  return false;
}

void AccountCatalog::DeleteSession(std::string token_hash, AuditEntry audit, DoneStatus done) {
  store_.DeleteSession(token_hash, std::move(audit),
                       [this, token_hash, done = std::move(done)](absl::Status status) mutable {
                         if (ForgetInMemory(token_hash)) status = absl::OkStatus();
                         if (status.ok())
                           Update([&](AccountSnapshot& copy) { copy.EndSession(token_hash); });
                         std::move(done)(std::move(status));
                       });
}

void AccountCatalog::CreateToken(ServiceTokenRecord token, AuditEntry audit,
                                 Done<ServiceTokenRecord> done) {
  store_.CreateToken(
      std::move(token), std::move(audit),
      [this, done = std::move(done)](absl::StatusOr<ServiceTokenRecord> created) mutable {
        if (created.ok()) Update([&](AccountSnapshot& copy) { copy.PutToken(*created); });
        std::move(done)(std::move(created));
      });
}

void AccountCatalog::DeleteToken(int32_t token_id, AuditEntry audit,
                                 Done<ServiceTokenRecord> done) {
  store_.DeleteToken(
      token_id, std::move(audit),
      [this, token_id, done = std::move(done)](absl::StatusOr<ServiceTokenRecord> was) mutable {
        if (was.ok()) Update([&](AccountSnapshot& copy) { copy.RemoveToken(token_id); });
        std::move(done)(std::move(was));
      });
}

void AccountCatalog::PutWorkspace(WorkspaceRecord workspace, AuditEntry audit, DoneStatus done) {
  store_.PutWorkspace(workspace, std::move(audit),
                      [this, workspace, done = std::move(done)](absl::Status status) mutable {
                        if (status.ok())
                          Update([&](AccountSnapshot& copy) { copy.PutWorkspace(workspace); });
                        std::move(done)(std::move(status));
                      });
}

void AccountCatalog::DeleteWorkspace(WorkspaceRemoval removal, AuditEntry audit,
                                     Done<WorkspaceRemoved> done) {
  store_.DeleteWorkspace(removal, std::move(audit),
                         [this, id = removal.workspace_id, done = std::move(done)](
                             absl::StatusOr<WorkspaceRemoved> removed) mutable {
                           if (removed.ok())
                             Update([&](AccountSnapshot& copy) { copy.RemoveWorkspace(id); });
                           std::move(done)(std::move(removed));
                         });
}

void AccountCatalog::AssignRole(RoleAssignmentRecord role, AuditEntry audit, DoneStatus done) {
  store_.AssignRole(role, std::move(audit),
                    [this, role, done = std::move(done)](absl::Status status) mutable {
                      if (status.ok()) Update([&](AccountSnapshot& copy) { copy.PutRole(role); });
                      std::move(done)(std::move(status));
                    });
}

void AccountCatalog::RemoveRole(RoleAssignmentRecord role, AuditEntry audit, DoneStatus done) {
  store_.RemoveRole(role, std::move(audit),
                    [this, role, done = std::move(done)](absl::Status status) mutable {
                      if (status.ok())
                        Update([&](AccountSnapshot& copy) { copy.RemoveRole(role); });
                      std::move(done)(std::move(status));
                    });
}

void AccountCatalog::RecordUsage(Usage usage) {
  store_.RecordUsage(std::move(usage), [](const absl::Status&) {});
}

}  // namespace webhookd
