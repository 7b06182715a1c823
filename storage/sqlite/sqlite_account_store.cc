// SqliteStore as an AccountStore.

#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "storage/sqlite/account_queries.h"
#include "storage/sqlite/audit_queries.h"
#include "storage/sqlite/sqlite_store.h"
#include "storage/sqlite/webhook_queries.h"
#include "storage/sqlite/workspace_queries.h"
#include "storage/sqlite/write.h"

namespace webhookd {
namespace {

using sqlite::Transaction;

// What a write does, and then the entry that it left of the one it was given.
template <typename Function>
auto Audited(std::optional<AuditEntry> audit, const AuditRetention& retention, Function function) {
  using Result = std::invoke_result_t<Function, Transaction&, std::optional<AuditEntry>&>;
  return [audit = std::move(audit), retention,
          function = std::move(function)](Transaction& transaction) mutable -> Result {
    std::optional<AuditEntry> entry = audit;
    Result result = function(transaction, entry);
    if (!result.ok() || !entry.has_value()) return result;
    RETURN_IF_ERROR(sqlite::AppendAudit(transaction, *entry, retention));
    return result;
  };
}

// The entry is completed by the number of what is new.
void NameTarget(std::optional<AuditEntry>& entry, int64_t id) {
  if (entry.has_value()) entry->target_id = absl::StrCat(id);
}

// One entry for each webhook of a workspace that went.
absl::Status AuditWebhooks(Transaction& transaction, const AuditEntry& of_workspace,
                           const char* action, const std::vector<int32_t>& webhook_ids,
                           const AuditRetention& retention) {
  AuditEntry entry = of_workspace;
  entry.action = action;
  entry.target_type = "webhook";
  entry.detail = absl::StrCat("because workspace ", of_workspace.target_id, " was deleted");
  for (const int32_t webhook_id : webhook_ids) {
    entry.target_id = absl::StrCat(webhook_id);
    RETURN_IF_ERROR(sqlite::AppendAudit(transaction, entry, retention));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<UserRecord>> CreateFirstUsers(Transaction& transaction,
                                                         const std::vector<UserRecord>& users,
                                                         std::optional<AuditEntry>& entry) {
  ASSIGN_OR_RETURN(std::vector<UserRecord> existing, sqlite::LoadUsers(transaction.connection));
  if (!existing.empty()) {
    entry.reset();
    return existing;
  }
  std::vector<UserRecord> created;
  for (const UserRecord& user : users) {
    ASSIGN_OR_RETURN(created.emplace_back(), sqlite::CreateUser(transaction.connection, user));
  }
  return created;
}

}  // namespace

absl::StatusOr<AccountSet> SqliteStore::LoadAccounts() {
  ASSIGN_OR_RETURN(sqlite::ReadPool::Lease reader, readers_.lists->Acquire());
  const sqlite::Snapshot snapshot(*reader);
  RETURN_IF_ERROR(snapshot.status());
  AccountSet set;
  ASSIGN_OR_RETURN(set.users, sqlite::LoadUsers(*reader));
  ASSIGN_OR_RETURN(set.sessions, sqlite::LoadSessions(*reader));
  ASSIGN_OR_RETURN(set.tokens, sqlite::LoadTokens(*reader));
  ASSIGN_OR_RETURN(set.workspaces, sqlite::LoadWorkspaces(*reader));
  ASSIGN_OR_RETURN(set.roles, sqlite::LoadRoles(*reader));
  return set;
}

// ---- Users and their sessions

void SqliteStore::CreateFirstUsers(std::vector<UserRecord> users, AuditEntry audit,
                                   Done<std::vector<UserRecord>> done) {
  queue_->Push(sqlite::MakeWrite<std::vector<UserRecord>>(
      Audited(
          std::move(audit), audit_retention_,
          [users = std::move(users)](Transaction& transaction, std::optional<AuditEntry>& entry) {
            return webhookd::CreateFirstUsers(transaction, users, entry);
          }),
      std::move(done)));
}

void SqliteStore::CreateUser(UserRecord user, AuditEntry audit, Done<UserRecord> done) {
  queue_->Push(sqlite::MakeWrite<UserRecord>(
      Audited(std::move(audit), audit_retention_,
              [user = std::move(user)](Transaction& transaction, std::optional<AuditEntry>&) {
                return sqlite::CreateUser(transaction.connection, user);
              }),
      std::move(done)));
}

void SqliteStore::PatchUser(UserPatch patch, AuditEntry audit, Done<UserChange> done) {
  queue_->Push(sqlite::MakeWrite<UserChange>(
      Audited(std::move(audit), audit_retention_,
              [patch = std::move(patch)](Transaction& transaction, std::optional<AuditEntry>&) {
                return sqlite::PatchUser(transaction.connection, patch);
              }),
      std::move(done)));
}

void SqliteStore::CreateSession(SessionRecord session, std::string password_hash, int max_per_user,
                                AuditEntry audit, Done<SessionChange> done) {
  queue_->Push(sqlite::MakeWrite<SessionChange>(
      Audited(std::move(audit), audit_retention_,
              [session = std::move(session), password_hash = std::move(password_hash),
               max_per_user](Transaction& transaction, std::optional<AuditEntry>&) {
                return sqlite::CreateSession(transaction.connection, session, password_hash,
                                             max_per_user);
              }),
      std::move(done)));
}

void SqliteStore::DeleteSession(std::string token_hash, AuditEntry audit, DoneStatus done) {
  queue_->Push(sqlite::MakeStatusWrite(
      Audited(std::move(audit), audit_retention_,
              [token_hash = std::move(token_hash)](
                  Transaction& transaction, std::optional<AuditEntry>& entry) -> absl::Status {
                ASSIGN_OR_RETURN(const bool deleted,
                                 sqlite::DeleteSession(transaction.connection, token_hash));
                if (!deleted) entry.reset();
                return absl::OkStatus();
              }),
      std::move(done)));
}

void SqliteStore::RecordUsage(Usage usage, DoneStatus done) {
  queue_->Push(sqlite::MakeStatusWrite(
      [usage = std::move(usage)](Transaction& transaction) {
        return sqlite::RecordUsage(transaction.connection, usage);
      },
      std::move(done)));
}

// ---- Service tokens

void SqliteStore::CreateToken(ServiceTokenRecord token, AuditEntry audit,
                              Done<ServiceTokenRecord> done) {
  queue_->Push(sqlite::MakeWrite<ServiceTokenRecord>(
      Audited(std::move(audit), audit_retention_,
              [token = std::move(token)](Transaction& transaction, std::optional<AuditEntry>& entry)
                  -> absl::StatusOr<ServiceTokenRecord> {
                ASSIGN_OR_RETURN(ServiceTokenRecord created,
                                 sqlite::CreateToken(transaction.connection, token));
                NameTarget(entry, created.id);
                return created;
              }),
      std::move(done)));
}

void SqliteStore::DeleteToken(int32_t token_id, AuditEntry audit, Done<ServiceTokenRecord> done) {
  queue_->Push(sqlite::MakeWrite<ServiceTokenRecord>(
      Audited(std::move(audit), audit_retention_,
              [token_id](Transaction& transaction, std::optional<AuditEntry>&) {
                return sqlite::DeleteToken(transaction.connection, token_id);
              }),
      std::move(done)));
}

// ---- Workspaces and roles

void SqliteStore::PutWorkspace(WorkspaceRecord workspace, AuditEntry audit, DoneStatus done) {
  queue_->Push(sqlite::MakeStatusWrite(
      Audited(std::move(audit), audit_retention_,
              [workspace = std::move(workspace)](Transaction& transaction,
                                                 std::optional<AuditEntry>& entry) -> absl::Status {
                ASSIGN_OR_RETURN(const bool changed,
                                 sqlite::PutWorkspace(transaction.connection, workspace));
                if (!changed) entry.reset();
                return absl::OkStatus();
              }),
      std::move(done)));
}

void SqliteStore::DeleteWorkspace(WorkspaceRemoval removal, AuditEntry audit,
                                  Done<WorkspaceRemoved> done) {
  queue_->Push(sqlite::MakeWrite<WorkspaceRemoved>(
      Audited(std::move(audit), audit_retention_,
              [removal, retention = audit_retention_](
                  Transaction& transaction,
                  std::optional<AuditEntry>& entry) -> absl::StatusOr<WorkspaceRemoved> {
                ASSIGN_OR_RETURN(WorkspaceRemoved removed,
                                 sqlite::DeleteWorkspace(transaction, removal));
                RETURN_IF_ERROR(AuditWebhooks(transaction, *entry, "webhook.delete",
                                              removed.deleted_webhooks, retention));
                RETURN_IF_ERROR(AuditWebhooks(transaction, *entry, "webhook.move",
                                              removed.moved_webhooks, retention));
                return removed;
              }),
      ThenRunJobs(std::move(done))));
}

void SqliteStore::AssignRole(RoleAssignmentRecord role, AuditEntry audit, DoneStatus done) {
  queue_->Push(sqlite::MakeStatusWrite(
      Audited(std::move(audit), audit_retention_,
              [role](Transaction& transaction, std::optional<AuditEntry>& entry) -> absl::Status {
                ASSIGN_OR_RETURN(const bool assigned,
                                 sqlite::AssignRole(transaction.connection, role));
                if (!assigned) entry.reset();
                return absl::OkStatus();
              }),
      std::move(done)));
}

void SqliteStore::RemoveRole(RoleAssignmentRecord role, AuditEntry audit, DoneStatus done) {
  queue_->Push(
      sqlite::MakeStatusWrite(Audited(std::move(audit), audit_retention_,
                                      [role](Transaction& transaction, std::optional<AuditEntry>&) {
                                        return sqlite::RemoveRole(transaction.connection, role);
                                      }),
                              std::move(done)));
}

// ---- Webhooks

void SqliteStore::CreateWebhook(WebhookRecord webhook, std::optional<AuditEntry> audit,
                                Done<WebhookChange> done) {
  queue_->Push(sqlite::MakeWrite<WebhookChange>(
      Audited(std::move(audit), audit_retention_,
              [webhook = std::move(webhook)](
                  Transaction& transaction,
                  std::optional<AuditEntry>& entry) -> absl::StatusOr<WebhookChange> {
                ASSIGN_OR_RETURN(WebhookChange change, sqlite::CreateWebhook(transaction, webhook));
                NameTarget(entry, change.webhook.id);
                return change;
              }),
      std::move(done)));
}

void SqliteStore::UpdateWebhook(int32_t webhook_id, WebhookUpdate update,
                                std::optional<AuditEntry> audit, Done<WebhookChange> done) {
  queue_->Push(sqlite::MakeWrite<WebhookChange>(
      Audited(std::move(audit), audit_retention_,
              [webhook_id, update = std::move(update)](Transaction& transaction,
                                                       std::optional<AuditEntry>&) mutable {
                return sqlite::UpdateWebhook(transaction, webhook_id, update);
              }),
      std::move(done)));
}

void SqliteStore::DeleteWebhook(int32_t webhook_id, absl::Time now, std::optional<AuditEntry> audit,
                                Done<WebhookDeletion> done) {
  queue_->Push(sqlite::MakeWrite<WebhookDeletion>(
      Audited(std::move(audit), audit_retention_,
              [webhook_id, now](Transaction& transaction, std::optional<AuditEntry>&) {
                return sqlite::DeleteWebhook(transaction, webhook_id, now);
              }),
      ThenRunJobs(std::move(done))));
}

// By the dispatcher, of its own accord.
void SqliteStore::DisableWebhook(int32_t webhook_id, std::string url, std::string reason,
                                 absl::Time now, Done<WebhookChange> done) {
  AuditEntry audit = {.time = now,
                      .actor = "webhookd",
                      .action = "webhook.disable",
                      .target_type = "webhook",
                      .target_id = absl::StrCat(webhook_id),
                      .detail = reason};
  queue_->PushUnbounded(sqlite::MakeWrite<WebhookChange>(
      Audited(std::move(audit), audit_retention_,
              [webhook_id, url = std::move(url), reason = std::move(reason), now](
                  Transaction& transaction,
                  std::optional<AuditEntry>& entry) -> absl::StatusOr<WebhookChange> {
                ASSIGN_OR_RETURN(WebhookChange change,
                                 sqlite::DisableWebhook(transaction, webhook_id, url, reason, now));
                // It was before, or stays enabled.
                if (change.webhook.disabled_reason != reason) entry.reset();
                return change;
              }),
      std::move(done)));
}

// ---- The audit log

void SqliteStore::AppendAudit(AuditEntry entry, DoneStatus done) {
  queue_->Push(sqlite::MakeStatusWrite(
      [entry = std::move(entry), retention = audit_retention_](Transaction& transaction) {
        return sqlite::AppendAudit(transaction, entry, retention);
      },
      std::move(done)));
}

absl::StatusOr<AuditPage> SqliteStore::ListAudit(const AuditFilter& filter) {
  ASSIGN_OR_RETURN(sqlite::ReadPool::Lease reader, Acquire(*readers_.lists, filter.stop));
  return sqlite::ListAudit(*reader, filter);
}

}  // namespace webhookd
