#include "storage/sqlite/account_queries.h"

#include <sqlite3.h>

#include <utility>

#include "absl/strings/string_view.h"
#include "base/status_macros.h"
#include "storage/errors.h"

namespace webhookd::sqlite {
namespace {

constexpr absl::string_view kSelectUsers =
    "SELECT id, username, display_name, admin, active, password_hash, created_at, modified_at,"
    " last_auth_at FROM users ORDER BY id";

constexpr absl::string_view kSelectUser =
    "SELECT id, username, display_name, admin, active, password_hash, created_at, modified_at,"
    " last_auth_at FROM users WHERE username = ?1";

constexpr absl::string_view kSelectUserState =
    "SELECT active, password_hash FROM users WHERE id = ?1";

constexpr absl::string_view kCountOtherAdministrators =
    "SELECT count(*) FROM users WHERE admin = 1 AND active = 1 AND id <> ?1";

constexpr absl::string_view kInsertUser =
    "INSERT INTO users (username, display_name, admin, active, password_hash, created_at,"
    " modified_at, last_auth_at) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";

constexpr absl::string_view kUpdateUser =
    "UPDATE users SET display_name = ?2, admin = ?3, active = ?4, password_hash = ?5,"
    " modified_at = ?6 "
    "WHERE id = ?1";

constexpr absl::string_view kSetLastAuth =
    "UPDATE users SET last_auth_at = max(coalesce(last_auth_at, ?2), ?2) WHERE id = ?1";

constexpr absl::string_view kSelectSessions =
    "SELECT token_hash, user_id, created_at, expires_at FROM sessions ORDER BY token_hash";

constexpr absl::string_view kSelectSessionsOfUser =
    "SELECT token_hash FROM sessions WHERE user_id = ?1 AND token_hash <> ?2";

constexpr absl::string_view kInsertSession =
    "INSERT INTO sessions (token_hash, user_id, created_at, expires_at) VALUES (?1, ?2, ?3, ?4)";

constexpr absl::string_view kDeleteSession = "DELETE FROM sessions WHERE token_hash = ?1";

// Some of them: the rest go when others sign in.
constexpr absl::string_view kSelectExpiredSessions =
    "SELECT token_hash FROM sessions WHERE expires_at <= ?1 ORDER BY expires_at LIMIT 100";

constexpr absl::string_view kSelectSurplusSessions =
    "SELECT token_hash FROM sessions WHERE user_id = ?1 "
    "ORDER BY created_at DESC LIMIT -1 OFFSET ?2";

constexpr absl::string_view kSelectTokens =
    "SELECT id, token_hash, description, scope, created_at, created_by, expires_at, last_used_at "
    "FROM service_tokens ORDER BY id";

constexpr absl::string_view kSelectToken =
    "SELECT id, token_hash, description, scope, created_at, created_by, expires_at, last_used_at "
    "FROM service_tokens WHERE id = ?1";

constexpr absl::string_view kInsertToken =
    "INSERT INTO service_tokens (token_hash, description, scope, created_at, created_by,"
    " expires_at, last_used_at) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";

constexpr absl::string_view kDeleteToken = "DELETE FROM service_tokens WHERE id = ?1";

constexpr absl::string_view kSetLastUse =
    "UPDATE service_tokens SET last_used_at = max(coalesce(last_used_at, ?2), ?2) WHERE id = ?1";

UserRecord ReadUser(const Statement& row) {
  return {.id = static_cast<int32_t>(row.Int(0)),
          .username = row.Text(1),
          .display_name = row.Text(2),
          .admin = row.Int(3) != 0,
          .active = row.Int(4) != 0,
          .password_hash = row.Text(5),
          .created_at = row.Time(6),
          .modified_at = row.Time(7),
          .last_auth_at = row.OptionalTime(8)};
}

SessionRecord ReadSession(const Statement& row) {
  return {.token_hash = row.Bytes(0),
          .user_id = static_cast<int32_t>(row.Int(1)),
          .created_at = row.Time(2),
          .expires_at = row.Time(3)};
}

ServiceTokenRecord ReadToken(const Statement& row) {
  return {.id = static_cast<int32_t>(row.Int(0)),
          .token_hash = row.Bytes(1),
          .description = row.Text(2),
          .scope = static_cast<TokenScope>(row.Int(3)),
          .created_at = row.Time(4),
          .created_by = row.Text(5),
          .expires_at = row.OptionalTime(6),
          .last_used_at = row.OptionalTime(7)};
}

// All rows of a statement that is bound.
template <typename Read>
auto ReadAll(Statement& rows, Read read)
    -> absl::StatusOr<std::vector<decltype(read(std::as_const(rows)))>> {
  std::vector<decltype(read(std::as_const(rows)))> all;
  while (true) {
    ASSIGN_OR_RETURN(const bool found, rows.Step());
    if (!found) return all;
    all.push_back(read(std::as_const(rows)));
  }
}

std::string ReadHash(const Statement& row) { return row.Bytes(0); }

absl::Status DeleteSessions(Connection& connection, const std::vector<std::string>& token_hashes) {
  Statement remove = connection.Prepare(kDeleteSession);
  for (const std::string& token_hash : token_hashes) {
    remove.Bind(Blob{token_hash});
    RETURN_IF_ERROR(remove.Run());
    remove.Reset();
  }
  return absl::OkStatus();
}

absl::Status CheckAdministratorLeft(Connection& connection, const UserRecord& but) {
  Statement count = connection.Prepare(kCountOtherAdministrators);
  count.Bind(but.id);
  RETURN_IF_ERROR(count.Step().status());
  if (count.Int(0) == 0) return LastAdministrator(but.username);
  return absl::OkStatus();
}

absl::Status Touch(Connection& connection, absl::string_view sql,
                   const std::vector<std::pair<int32_t, absl::Time>>& times) {
  Statement touch = connection.Prepare(sql);
  for (const auto& [id, time] : times) {
    touch.Bind(id, time);
    RETURN_IF_ERROR(touch.Run());
    touch.Reset();
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<UserRecord>> LoadUsers(Connection& connection) {
  Statement rows = connection.Prepare(kSelectUsers);
  return ReadAll(rows, ReadUser);
}

absl::StatusOr<std::vector<SessionRecord>> LoadSessions(Connection& connection) {
  Statement rows = connection.Prepare(kSelectSessions);
  return ReadAll(rows, ReadSession);
}

absl::StatusOr<std::vector<ServiceTokenRecord>> LoadTokens(Connection& connection) {
  Statement rows = connection.Prepare(kSelectTokens);
  return ReadAll(rows, ReadToken);
}

absl::StatusOr<UserRecord> CreateUser(Connection& connection, UserRecord user) {
  Statement insert = connection.Prepare(kInsertUser);
  insert.Bind(user.username, user.display_name, user.admin, user.active, user.password_hash,
              user.created_at, user.modified_at, user.last_auth_at);
  const absl::Status status = insert.Run();
  if (insert.code() == SQLITE_CONSTRAINT_UNIQUE) return UsernameTaken(user.username);
  RETURN_IF_ERROR(status);
  user.id = static_cast<int32_t>(connection.LastInsertId());
  return user;
}

absl::StatusOr<UserChange> PatchUser(Connection& connection, const UserPatch& patch) {
  UserChange change;
  UserRecord& user = change.user;
  {
    Statement row = connection.Prepare(kSelectUser);
    row.Bind(patch.username);
    ASSIGN_OR_RETURN(const bool found, row.Step());
    if (!found) return UserNotFound(patch.username);
    user = ReadUser(row);
  }
  const bool administrated = user.admin && user.active;
  user.display_name = patch.display_name.value_or(user.display_name);
  user.admin = patch.admin.value_or(user.admin);
  user.active = patch.active.value_or(user.active);
  user.password_hash = patch.password_hash.value_or(user.password_hash);
  user.modified_at = patch.modified_at;
  if (administrated && !(user.admin && user.active)) {
    RETURN_IF_ERROR(CheckAdministratorLeft(connection, user));
  }
  {
    Statement update = connection.Prepare(kUpdateUser);
    update.Bind(user.id, user.display_name, user.admin, user.active, user.password_hash,
                user.modified_at);
    RETURN_IF_ERROR(update.Run());
  }
  if (user.active && !patch.end_sessions_but.has_value()) return change;
  {
    Statement rows = connection.Prepare(kSelectSessionsOfUser);
    const std::string but = user.active ? *patch.end_sessions_but : "";
    rows.Bind(user.id, Blob{but});
    ASSIGN_OR_RETURN(change.ended_sessions, ReadAll(rows, ReadHash));
  }
  RETURN_IF_ERROR(DeleteSessions(connection, change.ended_sessions));
  return change;
}

absl::StatusOr<bool> UserExists(Connection& connection, int32_t user_id) {
  Statement row = connection.Prepare(kSelectUserState);
  row.Bind(user_id);
  return row.Step();
}

absl::StatusOr<SessionChange> CreateSession(Connection& connection, const SessionRecord& session,
                                            const std::string& password_hash, int max_per_user) {
  {
    Statement user = connection.Prepare(kSelectUserState);
    user.Bind(session.user_id);
    ASSIGN_OR_RETURN(const bool found, user.Step());
    if (!found || user.Int(0) == 0 || user.Text(1) != password_hash) return SignInOutdated();
  }
  SessionChange change{.session = session};
  {
    Statement rows = connection.Prepare(kSelectExpiredSessions);
    rows.Bind(session.created_at);
    ASSIGN_OR_RETURN(change.ended_sessions, ReadAll(rows, ReadHash));
  }
  RETURN_IF_ERROR(DeleteSessions(connection, change.ended_sessions));
  std::vector<std::string> surplus;
  {
    Statement rows = connection.Prepare(kSelectSurplusSessions);
    rows.Bind(session.user_id, max_per_user - 1);
    ASSIGN_OR_RETURN(surplus, ReadAll(rows, ReadHash));
  }
  RETURN_IF_ERROR(DeleteSessions(connection, surplus));
  change.ended_sessions.insert(change.ended_sessions.end(), surplus.begin(), surplus.end());
  {
    Statement insert = connection.Prepare(kInsertSession);
    insert.Bind(Blob{session.token_hash}, session.user_id, session.created_at, session.expires_at);
    RETURN_IF_ERROR(insert.Run());
  }
  RETURN_IF_ERROR(Touch(connection, kSetLastAuth, {{session.user_id, session.created_at}}));
  return change;
}

absl::StatusOr<bool> DeleteSession(Connection& connection, const std::string& token_hash) {
  RETURN_IF_ERROR(DeleteSessions(connection, {token_hash}));
  return connection.Changes() > 0;
}

absl::Status RecordUsage(Connection& connection, const Usage& usage) {
  RETURN_IF_ERROR(Touch(connection, kSetLastAuth, usage.users));
  return Touch(connection, kSetLastUse, usage.tokens);
}

absl::StatusOr<ServiceTokenRecord> CreateToken(Connection& connection, ServiceTokenRecord token) {
  Statement insert = connection.Prepare(kInsertToken);
  insert.Bind(Blob{token.token_hash}, token.description, static_cast<int>(token.scope),
              token.created_at, token.created_by, token.expires_at, token.last_used_at);
  RETURN_IF_ERROR(insert.Run());
  token.id = static_cast<int32_t>(connection.LastInsertId());
  return token;
}

absl::StatusOr<ServiceTokenRecord> DeleteToken(Connection& connection, int32_t token_id) {
  ServiceTokenRecord token;
  {
    Statement row = connection.Prepare(kSelectToken);
    row.Bind(token_id);
    ASSIGN_OR_RETURN(const bool found, row.Step());
    if (!found) return TokenNotFound(token_id);
    token = ReadToken(row);
  }
  Statement remove = connection.Prepare(kDeleteToken);
  remove.Bind(token_id);
  RETURN_IF_ERROR(remove.Run());
  return token;
}

}  // namespace webhookd::sqlite
