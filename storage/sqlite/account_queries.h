#ifndef WEBHOOKD_STORAGE_SQLITE_ACCOUNT_QUERIES_H_
#define WEBHOOKD_STORAGE_SQLITE_ACCOUNT_QUERIES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/account_records.h"
#include "storage/sqlite/connection.h"

// Users, sessions and service tokens in SQL. Contracts and errors are those of the functions of
// AccountStore with the same names; nothing here writes audit entries.
namespace webhookd::sqlite {

// All users, by id.
absl::StatusOr<std::vector<UserRecord>> LoadUsers(Connection& connection);
absl::StatusOr<std::vector<SessionRecord>> LoadSessions(Connection& connection);
absl::StatusOr<std::vector<ServiceTokenRecord>> LoadTokens(Connection& connection);

absl::StatusOr<UserRecord> CreateUser(Connection& connection, UserRecord user);
absl::StatusOr<UserChange> PatchUser(Connection& connection, const UserPatch& patch);
absl::StatusOr<bool> UserExists(Connection& connection, int32_t user_id);

absl::StatusOr<SessionChange> CreateSession(Connection& connection, const SessionRecord& session,
                                            const std::string& password_hash, int max_per_user);
// Whether there was one.
absl::StatusOr<bool> DeleteSession(Connection& connection, const std::string& token_hash);

absl::Status RecordUsage(Connection& connection, const Usage& usage);

absl::StatusOr<ServiceTokenRecord> CreateToken(Connection& connection, ServiceTokenRecord token);
absl::StatusOr<ServiceTokenRecord> DeleteToken(Connection& connection, int32_t token_id);

}  // namespace webhookd::sqlite

#endif  // WEBHOOKD_STORAGE_SQLITE_ACCOUNT_QUERIES_H_
