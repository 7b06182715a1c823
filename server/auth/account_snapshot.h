#ifndef WEBHOOKD_SERVER_AUTH_ACCOUNT_SNAPSHOT_H_
#define WEBHOOKD_SERVER_AUTH_ACCOUNT_SNAPSHOT_H_

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/auth/last_use.h"
#include "storage/account_records.h"

namespace webhookd {

// All accounts in memory, at one moment. Copies share what did not change, so that one is made for
// every change: the sessions, which change most, are kept in parts.
class AccountSnapshot {
 public:
  struct User {
    UserRecord record;  // but for last_auth_at
    std::shared_ptr<LastUse> last_auth;
  };
  struct Session {
    int32_t user_id = 0;
    absl::Time expires_at;
  };
  struct Token {
    ServiceTokenRecord record;  // but for last_used_at
    std::shared_ptr<LastUse> last_use;
  };
  struct Workspace {
    WorkspaceRecord record;
    absl::flat_hash_set<std::string> owners;
  };
  using Users = std::map<int32_t, std::shared_ptr<const User>>;
  using Tokens = std::map<int32_t, std::shared_ptr<const Token>>;
  using Workspaces = std::map<int32_t, std::shared_ptr<const Workspace>>;
  using Roles = std::set<RoleAssignmentRecord>;

  AccountSnapshot();
  explicit AccountSnapshot(AccountSet set);

  // By id.
  const Users& users() const { return *users_; }
  const Tokens& tokens() const { return *tokens_; }
  const Workspaces& workspaces() const { return *workspaces_; }
  // By user.
  const Roles& roles() const { return *roles_; }

  // Null if there is none. What is found lives as long as the snapshot.
  const User* FindUser(int32_t user_id) const;
  const User* FindUser(absl::string_view username) const;
  const Workspace* FindWorkspace(int32_t workspace_id) const;
  const Session* FindSession(absl::string_view token_hash) const;
  const Token* FindToken(absl::string_view token_hash) const;

  // ---- Changes of a copy that nobody else sees yet

  void PutUser(UserRecord user);
  void PutSession(const SessionRecord& session);
  void EndSession(const std::string& token_hash);
  void PutToken(ServiceTokenRecord token);
  void RemoveToken(int32_t token_id);
  void PutWorkspace(WorkspaceRecord workspace);
  // With its role assignments.
  void RemoveWorkspace(int32_t workspace_id);
  void PutRole(const RoleAssignmentRecord& role);
  void RemoveRole(const RoleAssignmentRecord& role);

 private:
  static constexpr size_t kSessionParts = 64;

  using Sessions = absl::flat_hash_map<std::string, Session>;  // by token hash

  static size_t PartOf(absl::string_view token_hash) {
    return static_cast<unsigned char>(token_hash[0]) % kSessionParts;
  }

  std::shared_ptr<const Users> users_;
  std::shared_ptr<const absl::flat_hash_map<std::string, int32_t>> users_by_name_;
  std::array<std::shared_ptr<const Sessions>, kSessionParts> sessions_;
  std::shared_ptr<const Tokens> tokens_;
  std::shared_ptr<const absl::flat_hash_map<std::string, int32_t>> tokens_by_hash_;
  std::shared_ptr<const Workspaces> workspaces_;
  std::shared_ptr<const Roles> roles_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_AUTH_ACCOUNT_SNAPSHOT_H_
