#ifndef WEBHOOKD_TESTS_TESTING_BLOCKING_ACCOUNTS_H_
#define WEBHOOKD_TESTS_TESTING_BLOCKING_ACCOUNTS_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/account_store.h"
#include "tests/testing/blocking_store.h"

namespace webhookd {

// Starts a write, such as [&](auto done) { store.CreateUser(user, audit, std::move(done)); }, and
// waits for its result.
template <typename T, typename Start>
absl::StatusOr<T> Await(Start start) {
  Pending<T> pending;
  start(pending.done());
  return pending.Wait();
}

template <typename Start>
absl::Status AwaitStatus(Start start) {
  Pending<Nothing> pending;
  start(StatusDone(pending));
  return pending.Wait().status();
}

// Calls the writes of an AccountStore, or of an AccountCatalog, and waits for each. Those without
// an entry for the audit log get one that says "test".
template <typename Accounts>
class BlockingAccounts {
 public:
  // `accounts` must outlive it.
  explicit BlockingAccounts(Accounts& accounts) : accounts_(accounts) {}

  absl::StatusOr<std::vector<UserRecord>> CreateFirstUsers(std::vector<UserRecord> users) {
    return Await<std::vector<UserRecord>>(
        [&](auto done) { accounts_.CreateFirstUsers(std::move(users), Entry(), std::move(done)); });
  }
  absl::StatusOr<UserRecord> CreateUser(UserRecord user, AuditEntry audit = Entry()) {
    return Await<UserRecord>([&](auto done) {
      accounts_.CreateUser(std::move(user), std::move(audit), std::move(done));
    });
  }
  absl::StatusOr<UserChange> PatchUser(UserPatch patch, AuditEntry audit = Entry()) {
    return Await<UserChange>([&](auto done) {
      accounts_.PatchUser(std::move(patch), std::move(audit), std::move(done));
    });
  }
  absl::StatusOr<SessionChange> CreateSession(SessionRecord session,
                                              const std::string& password_hash,
                                              int max_per_user = 100) {
    return Await<SessionChange>([&](auto done) {
      accounts_.CreateSession(std::move(session), password_hash, max_per_user, Entry(),
                              std::move(done));
    });
  }
  absl::Status DeleteSession(const std::string& token_hash) {
    return AwaitStatus(
        [&](auto done) { accounts_.DeleteSession(token_hash, Entry(), std::move(done)); });
  }
  absl::StatusOr<ServiceTokenRecord> CreateToken(ServiceTokenRecord token,
                                                 AuditEntry audit = Entry()) {
    return Await<ServiceTokenRecord>([&](auto done) {
      accounts_.CreateToken(std::move(token), std::move(audit), std::move(done));
    });
  }
  absl::StatusOr<ServiceTokenRecord> DeleteToken(int32_t token_id) {
    return Await<ServiceTokenRecord>(
        [&](auto done) { accounts_.DeleteToken(token_id, Entry(), std::move(done)); });
  }
  absl::Status PutWorkspace(WorkspaceRecord workspace) {
    return AwaitStatus(
        [&](auto done) { accounts_.PutWorkspace(std::move(workspace), Entry(), std::move(done)); });
  }
  absl::StatusOr<WorkspaceRemoved> DeleteWorkspace(WorkspaceRemoval removal,
                                                   AuditEntry audit = Entry()) {
    return Await<WorkspaceRemoved>(
        [&](auto done) { accounts_.DeleteWorkspace(removal, std::move(audit), std::move(done)); });
  }
  absl::Status AssignRole(RoleAssignmentRecord role) {
    return AwaitStatus([&](auto done) { accounts_.AssignRole(role, Entry(), std::move(done)); });
  }
  absl::Status RemoveRole(RoleAssignmentRecord role) {
    return AwaitStatus([&](auto done) { accounts_.RemoveRole(role, Entry(), std::move(done)); });
  }

 private:
  static AuditEntry Entry() {
    return {.time = absl::FromUnixSeconds(1'665'689'991), .action = "test"};
  }

  Accounts& accounts_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_TESTS_TESTING_BLOCKING_ACCOUNTS_H_
