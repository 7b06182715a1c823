#include "server/auth/account_snapshot.h"

#include <optional>
#include <utility>
#include <vector>

namespace webhookd {
namespace {

// Replaces what `part` points to with a changed copy.
template <typename T, typename Change>
void ChangeCopy(std::shared_ptr<const T>& part, Change change) {
  auto copy = std::make_shared<T>(*part);
  change(*copy);
  part = std::move(copy);
}

std::shared_ptr<const AccountSnapshot::User> NewUser(UserRecord record,
                                                     std::shared_ptr<LastUse> last_auth) {
  if (last_auth == nullptr) last_auth = std::make_shared<LastUse>(record.last_auth_at);
  record.last_auth_at.reset();
  return std::make_shared<const AccountSnapshot::User>(
      AccountSnapshot::User{.record = std::move(record), .last_auth = std::move(last_auth)});
}

std::shared_ptr<const AccountSnapshot::Token> NewToken(ServiceTokenRecord record) {
  auto last_use = std::make_shared<LastUse>(record.last_used_at);
  record.last_used_at.reset();
  return std::make_shared<const AccountSnapshot::Token>(
      AccountSnapshot::Token{.record = std::move(record), .last_use = std::move(last_use)});
}

std::shared_ptr<const AccountSnapshot::Workspace> NewWorkspace(WorkspaceRecord record) {
  absl::flat_hash_set<std::string> owners(record.owners.begin(), record.owners.end());
  return std::make_shared<const AccountSnapshot::Workspace>(
      AccountSnapshot::Workspace{.record = std::move(record), .owners = std::move(owners)});
}

}  // namespace

AccountSnapshot::AccountSnapshot() : AccountSnapshot(AccountSet()) {}

AccountSnapshot::AccountSnapshot(AccountSet set) {
  auto users = std::make_shared<Users>();
  auto users_by_name = std::make_shared<absl::flat_hash_map<std::string, int32_t>>();
  for (UserRecord& user : set.users) {
    users_by_name->emplace(user.username, user.id);
    const int32_t id = user.id;
    users->emplace(id, NewUser(std::move(user), nullptr));
  }
  std::array<std::shared_ptr<Sessions>, kSessionParts> sessions;
  for (auto& part : sessions) part = std::make_shared<Sessions>();
  for (const SessionRecord& session : set.sessions) {
    sessions[PartOf(session.token_hash)]->emplace(
        session.token_hash, Session{.user_id = session.user_id, .expires_at = session.expires_at});
  }
  auto tokens = std::make_shared<Tokens>();
  auto tokens_by_hash = std::make_shared<absl::flat_hash_map<std::string, int32_t>>();
  for (ServiceTokenRecord& token : set.tokens) {
    tokens_by_hash->emplace(token.token_hash, token.id);
    const int32_t id = token.id;
    tokens->emplace(id, NewToken(std::move(token)));
  }
  auto workspaces = std::make_shared<Workspaces>();
  for (WorkspaceRecord& workspace : set.workspaces) {
    const int32_t id = workspace.id;
    workspaces->emplace(id, NewWorkspace(std::move(workspace)));
  }
  users_ = std::move(users);
  users_by_name_ = std::move(users_by_name);
  for (size_t i = 0; i < kSessionParts; ++i) sessions_[i] = std::move(sessions[i]);
  tokens_ = std::move(tokens);
  tokens_by_hash_ = std::move(tokens_by_hash);
  workspaces_ = std::move(workspaces);
  roles_ = std::make_shared<const Roles>(set.roles.begin(), set.roles.end());
}

const AccountSnapshot::User* AccountSnapshot::FindUser(int32_t user_id) const {
  const auto it = users_->find(user_id);
  return it == users_->end() ? nullptr : it->second.get();
}

const AccountSnapshot::User* AccountSnapshot::FindUser(absl::string_view username) const {
  const auto it = users_by_name_->find(username);
  return it == users_by_name_->end() ? nullptr : FindUser(it->second);
}

const AccountSnapshot::Workspace* AccountSnapshot::FindWorkspace(int32_t workspace_id) const {
  const auto it = workspaces_->find(workspace_id);
  return it == workspaces_->end() ? nullptr : it->second.get();
}

const AccountSnapshot::Session* AccountSnapshot::FindSession(absl::string_view token_hash) const {
  const Sessions& part = *sessions_[PartOf(token_hash)];
  const auto it = part.find(token_hash);
  return it == part.end() ? nullptr : &it->second;
}

const AccountSnapshot::Token* AccountSnapshot::FindToken(absl::string_view token_hash) const {
  const auto it = tokens_by_hash_->find(token_hash);
  if (it == tokens_by_hash_->end()) return nullptr;
  return tokens_->find(it->second)->second.get();
}

void AccountSnapshot::PutUser(UserRecord user) {
  const User* const old = FindUser(user.id);
  if (old == nullptr) {
    ChangeCopy(users_by_name_, [&](auto& names) { names.emplace(user.username, user.id); });
  }
  const int32_t id = user.id;
  auto changed = NewUser(std::move(user), old == nullptr ? nullptr : old->last_auth);
  ChangeCopy(users_, [&](Users& users) { users[id] = std::move(changed); });
}

void AccountSnapshot::PutSession(const SessionRecord& session) {
  ChangeCopy(sessions_[PartOf(session.token_hash)], [&](Sessions& part) {
    part[session.token_hash] = {.user_id = session.user_id, .expires_at = session.expires_at};
  });
}

void AccountSnapshot::EndSession(const std::string& token_hash) {
  if (FindSession(token_hash) == nullptr) return;
  ChangeCopy(sessions_[PartOf(token_hash)], [&](Sessions& part) { part.erase(token_hash); });
}

void AccountSnapshot::PutToken(ServiceTokenRecord token) {
  ChangeCopy(tokens_by_hash_, [&](auto& hashes) { hashes.emplace(token.token_hash, token.id); });
  ChangeCopy(tokens_, [&](Tokens& tokens) {
    const int32_t id = token.id;
    tokens[id] = NewToken(std::move(token));
  });
}

void AccountSnapshot::RemoveToken(int32_t token_id) {
  const auto it = tokens_->find(token_id);
  if (it == tokens_->end()) return;
  const std::string hash = it->second->record.token_hash;
  ChangeCopy(tokens_by_hash_, [&](auto& hashes) { hashes.erase(hash); });
  ChangeCopy(tokens_, [&](Tokens& tokens) { tokens.erase(token_id); });
}

void AccountSnapshot::PutWorkspace(WorkspaceRecord workspace) {
  ChangeCopy(workspaces_, [&](Workspaces& workspaces) {
    const int32_t id = workspace.id;
    workspaces[id] = NewWorkspace(std::move(workspace));
  });
}

void AccountSnapshot::RemoveWorkspace(int32_t workspace_id) {
  ChangeCopy(workspaces_, [&](Workspaces& workspaces) { workspaces.erase(workspace_id); });
  ChangeCopy(roles_, [&](Roles& roles) {
    std::erase_if(
        roles, [&](const RoleAssignmentRecord& role) { return role.workspace_id == workspace_id; });
  });
}

void AccountSnapshot::PutRole(const RoleAssignmentRecord& role) {
  ChangeCopy(roles_, [&](Roles& roles) { roles.insert(role); });
}

void AccountSnapshot::RemoveRole(const RoleAssignmentRecord& role) {
  ChangeCopy(roles_, [&](Roles& roles) { roles.erase(role); });
}

}  // namespace webhookd
