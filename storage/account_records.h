#ifndef WEBHOOKD_STORAGE_ACCOUNT_RECORDS_H_
#define WEBHOOKD_STORAGE_ACCOUNT_RECORDS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "storage/records.h"

// Who may use the server, and what they did, as plain structs. Times are kept in microseconds.
// Enumerations are stored by number: a number never changes its meaning.
namespace webhookd {

struct UserRecord {
  int32_t id = 0;        // 0 until stored
  std::string username;  // lower case
  std::string display_name;
  bool admin = false;
  bool active = true;
  std::string password_hash;  // as PasswordHasher made it; empty: the password is blank
  absl::Time created_at;
  absl::Time modified_at;
  std::optional<absl::Time> last_auth_at;

  bool operator==(const UserRecord&) const = default;
};

// Changes a user; what is not set stays.
struct UserPatch {
  std::string username;
  std::optional<std::string> display_name;
  std::optional<bool> admin;
  std::optional<bool> active;  // false ends all sessions
  std::optional<std::string> password_hash;
  // Ends the user's sessions, but for the one with this hash ("" ends all).
  std::optional<std::string> end_sessions_but;
  absl::Time modified_at;
};

// Somebody who signed in. Only a hash of their token is kept.
struct SessionRecord {
  std::string token_hash;  // SHA-256, 32 bytes
  int32_t user_id = 0;
  absl::Time created_at;
  absl::Time expires_at;

  bool operator==(const SessionRecord&) const = default;
};

// What a service token may be used for.
enum class TokenScope { kIngest = 1, kRead = 2, kAdmin = 3 };

struct ServiceTokenRecord {
  int32_t id = 0;          // 0 until stored
  std::string token_hash;  // SHA-256, 32 bytes
  std::string description;
  TokenScope scope = TokenScope::kRead;
  absl::Time created_at;
  std::string created_by;
  std::optional<absl::Time> expires_at;
  std::optional<absl::Time> last_used_at;

  bool operator==(const ServiceTokenRecord&) const = default;
};

struct WorkspaceRecord {
  int32_t id = 0;
  std::string name;
  bool archived = false;
  std::vector<std::string> owners;  // usernames, of users who may not exist yet

  bool operator==(const WorkspaceRecord&) const = default;
};

struct RoleAssignmentRecord {
  int32_t user_id = 0;
  int32_t role_id = 0;
  std::optional<int32_t> workspace_id;  // none: everywhere

  // NOLINTNEXTLINE(modernize-use-nullptr): in code that the compiler writes
  auto operator<=>(const RoleAssignmentRecord&) const = default;
};

// Everything but the audit log, at one moment. Each list by id, or by its first members.
struct AccountSet {
  std::vector<UserRecord> users;
  std::vector<SessionRecord> sessions;
  std::vector<ServiceTokenRecord> tokens;
  std::vector<WorkspaceRecord> workspaces;
  std::vector<RoleAssignmentRecord> roles;
};

struct UserChange {
  UserRecord user;
  std::vector<std::string> ended_sessions;  // token hashes
};

struct SessionChange {
  SessionRecord session;
  std::vector<std::string> ended_sessions;  // token hashes: expired, or too many of one user
};

// When users and tokens were last used.
struct Usage {
  std::vector<std::pair<int32_t, absl::Time>> users;
  std::vector<std::pair<int32_t, absl::Time>> tokens;
};

// What becomes of the webhooks of a workspace that is deleted.
struct WorkspaceRemoval {
  enum class Webhooks { kNone, kDelete, kMove };  // kNone: there must be none
  int32_t workspace_id = 0;
  Webhooks webhooks = Webhooks::kNone;
  std::optional<int32_t> move_to;  // with kMove; none: they become global
  absl::Time now;
};

struct WorkspaceRemoved {
  std::vector<int32_t> deleted_webhooks;
  std::vector<int32_t> moved_webhooks;
  int64_t canceled_deliveries = 0;
};

enum class AuditOutcome { kDone = 1, kFailed = 2, kDenied = 3 };
enum class AuditActor { kNobody = 0, kUser = 1, kService = 2, kServer = 3 };

// Who did what.
struct AuditEntry {
  int64_t id = 0;  // 0 until stored; in the order in which things happened
  absl::Time time;
  AuditActor actor_kind = AuditActor::kServer;
  std::string actor;  // a name
  std::string peer_address;
  std::string action;       // "webhook.create"
  std::string target_type;  // "webhook"
  std::string target_id;    // of something new: filled in by the store
  AuditOutcome outcome = AuditOutcome::kDone;
  std::string detail;  // for people

  bool operator==(const AuditEntry&) const = default;
};

struct AuditFilter {
  std::string actor;   // empty: all
  std::string action;  // ends with '.': all that begin so; empty: all
  std::string target_type;
  std::string target_id;
  std::optional<AuditOutcome> outcome;
  std::optional<absl::Time> from;
  std::optional<absl::Time> before;
  int64_t before_id = 0;  // 0: from the newest
  int limit = 50;
  int64_t max_examined = kMaxExamined;
  const StopSignal* stop = nullptr;  // when to give up; null: never
};

struct AuditPage {
  std::vector<AuditEntry> entries;  // newest first
  // Where the next page begins (AuditFilter::before_id); 0: there is none.
  int64_t next_before_id = 0;
};

// How much of the audit log is kept.
struct AuditRetention {
  absl::Duration max_age = absl::Hours(24 * 400);
  int64_t max_entries = 1'000'000;
};

}  // namespace webhookd

#endif  // WEBHOOKD_STORAGE_ACCOUNT_RECORDS_H_
