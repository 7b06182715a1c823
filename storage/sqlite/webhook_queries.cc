#include "storage/sqlite/webhook_queries.h"

#include <sqlite3.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "base/status_macros.h"
#include "storage/errors.h"
#include "storage/sqlite/delivery_jobs.h"

namespace webhookd::sqlite {
namespace {

constexpr absl::string_view kSelectVersion = "SELECT webhooks_version FROM store_state";

constexpr absl::string_view kSelectWebhooks =
    "SELECT id, name, url, type, mode, workspace_id, skip_tls_verification, max_in_flight,"
    " max_requests_per_second, disabled_at, disabled_reason, failing_since, created_at,"
    " changed_version, error_state FROM webhooks WHERE deleted_at IS NULL ORDER BY id";

constexpr absl::string_view kSelectWebhook =
    "SELECT id, name, url, type, mode, workspace_id, skip_tls_verification, max_in_flight,"
    " max_requests_per_second, disabled_at, disabled_reason, failing_since, created_at,"
    " changed_version, error_state FROM webhooks WHERE id = ?1 AND deleted_at IS NULL";

constexpr absl::string_view kSelectAllTriggers =
    "SELECT t.webhook_id, t.id, t.type, t.condition_json "
    "FROM webhooks w CROSS JOIN triggers t ON t.webhook_id = w.id "
    "WHERE w.deleted_at IS NULL ORDER BY w.id, t.id";

constexpr absl::string_view kSelectTriggers =
    "SELECT webhook_id, id, type, condition_json FROM triggers WHERE webhook_id = ?1 ORDER BY id";

constexpr absl::string_view kInsertWebhook =
    "INSERT INTO webhooks (name, url, type, mode, workspace_id, skip_tls_verification,"
    " max_in_flight, max_requests_per_second, disabled_at, disabled_reason, failing_since,"
    " created_at, error_state) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";

constexpr absl::string_view kUpdateWebhook =
    "UPDATE webhooks SET name = ?2, url = ?3, type = ?4, mode = ?5, workspace_id = ?6,"
    " skip_tls_verification = ?7, max_in_flight = ?8, max_requests_per_second = ?9,"
    " disabled_at = ?10, disabled_reason = ?11, failing_since = ?12, error_state = ?13 "
    "WHERE id = ?1";

constexpr absl::string_view kSetChangedVersion =
    "UPDATE webhooks SET changed_version = ?2 WHERE id = ?1";

constexpr absl::string_view kInsertTrigger =
    "INSERT INTO triggers (webhook_id, type, condition_json) VALUES (?1, ?2, ?3)";

constexpr absl::string_view kDeleteTrigger = "DELETE FROM triggers WHERE id = ?1";

constexpr absl::string_view kDeleteWebhook =
    "UPDATE webhooks SET deleted_at = ?2 WHERE id = ?1 AND deleted_at IS NULL";

constexpr absl::string_view kDisableWebhook =
    "UPDATE webhooks SET disabled_reason = iif(disabled_at IS NULL AND url = ?4, ?3, "
    "disabled_reason),"
    " disabled_at = iif(disabled_at IS NULL AND url = ?4, ?2, disabled_at) "
    "WHERE id = ?1 AND deleted_at IS NULL";

constexpr absl::string_view kMoveWebhook = "UPDATE webhooks SET workspace_id = ?2 WHERE id = ?1";

constexpr absl::string_view kSetFailingSince =
    "UPDATE webhooks SET failing_since = ?2 WHERE id = ?1";

constexpr absl::string_view kSelectCondition =
    "SELECT deleted_at IS NOT NULL, disabled_at IS NOT NULL FROM webhooks WHERE id = ?1";

constexpr absl::string_view kInsertSetting =
    "INSERT INTO settings (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO NOTHING";

constexpr absl::string_view kSelectSetting = "SELECT value FROM settings WHERE name = ?1";

WebhookRecord ReadWebhook(const Statement& row) {
  WebhookRecord webhook;
  webhook.id = static_cast<int32_t>(row.Int(0));
  webhook.name = row.Text(1);
  webhook.url = row.Text(2);
  webhook.type = static_cast<WebhookType>(row.Int(3));
  webhook.mode = static_cast<WebhookMode>(row.Int(4));
  if (!row.IsNull(5)) webhook.workspace_id = static_cast<int32_t>(row.Int(5));
  webhook.skip_tls_verification = row.Int(6) != 0;
  if (!row.IsNull(7)) webhook.max_in_flight = static_cast<int32_t>(row.Int(7));
  if (!row.IsNull(8)) webhook.max_requests_per_second = row.Double(8);
  webhook.disabled_at = row.OptionalTime(9);
  webhook.disabled_reason = row.Text(10);
  webhook.failing_since = row.OptionalTime(11);
  webhook.created_at = row.Time(12);
  webhook.changed_version = row.Int(13);
  if (!row.IsNull(14)) webhook.error_state = static_cast<ErrorStateName>(row.Int(14));
  return webhook;
}

std::optional<int> NumberOf(std::optional<ErrorStateName> name) {
  if (!name.has_value()) return std::nullopt;
  return static_cast<int>(*name);
}

TriggerRecord ReadTrigger(const Statement& row) {
  return {.id = static_cast<int32_t>(row.Int(1)),
          .type = static_cast<TriggerType>(row.Int(2)),
          .condition_json = row.Text(3)};
}

absl::StatusOr<std::vector<TriggerRecord>> LoadTriggers(Connection& connection,
                                                        int32_t webhook_id) {
  std::vector<TriggerRecord> triggers;
  Statement rows = connection.Prepare(kSelectTriggers);
  rows.Bind(webhook_id);
  while (true) {
    ASSIGN_OR_RETURN(const bool found, rows.Step());
    if (!found) return triggers;
    triggers.push_back(ReadTrigger(rows));
  }
}

absl::StatusOr<WebhookRecord> LoadWebhook(Connection& connection, int32_t webhook_id) {
  WebhookRecord webhook;
  {
    Statement row = connection.Prepare(kSelectWebhook);
    row.Bind(webhook_id);
    ASSIGN_OR_RETURN(const bool found, row.Step());
    if (!found) return WebhookNotFound(webhook_id);
    webhook = ReadWebhook(row);
  }
  ASSIGN_OR_RETURN(webhook.triggers, LoadTriggers(connection, webhook_id));
  return webhook;
}

absl::Status InsertTrigger(Connection& connection, int32_t webhook_id,
                           const TriggerRecord& trigger) {
  Statement insert = connection.Prepare(kInsertTrigger);
  insert.Bind(webhook_id, static_cast<int>(trigger.type), trigger.condition_json);
  return insert.Run();
}

absl::Status DeleteTrigger(Connection& connection, int32_t trigger_id) {
  Statement remove = connection.Prepare(kDeleteTrigger);
  remove.Bind(trigger_id);
  return remove.Run();
}

// Ends a change of a webhook.
absl::StatusOr<WebhookChange> RaiseVersion(Transaction& transaction, int32_t webhook_id) {
  WebhookChange change;
  change.version = ++transaction.counters.webhooks_version;
  {
    Statement update = transaction.connection.Prepare(kSetChangedVersion);
    update.Bind(webhook_id, change.version);
    RETURN_IF_ERROR(update.Run());
  }
  ASSIGN_OR_RETURN(change.webhook, LoadWebhook(transaction.connection, webhook_id));
  transaction.webhooks = transaction.webhooks->With(change.version, change.webhook);
  return change;
}

// `statement` failed with `status` to write `webhook`: says so when it was for the name.
absl::Status NameTakenOr(absl::Status status, const Statement& statement,
                         const WebhookRecord& webhook) {
  if (statement.code() != SQLITE_CONSTRAINT_UNIQUE) return status;
  return WebhookNameTaken(webhook.name, webhook.workspace_id);
}

}  // namespace

absl::StatusOr<WebhookSet> LoadWebhooks(Connection& connection) {
  WebhookSet set;
  {
    Statement version = connection.Prepare(kSelectVersion);
    RETURN_IF_ERROR(version.Step().status());
    set.version = version.Int(0);
  }
  {
    Statement webhooks = connection.Prepare(kSelectWebhooks);
    while (true) {
      ASSIGN_OR_RETURN(const bool found, webhooks.Step());
      if (!found) break;
      set.webhooks.push_back(ReadWebhook(webhooks));
    }
  }
  // Both come by webhook id.
  Statement triggers = connection.Prepare(kSelectAllTriggers);
  auto webhook = set.webhooks.begin();
  while (true) {
    ASSIGN_OR_RETURN(const bool found, triggers.Step());
    if (!found) return set;
    while (webhook != set.webhooks.end() && webhook->id < triggers.Int(0)) ++webhook;
    if (webhook == set.webhooks.end()) return set;
    webhook->triggers.push_back(ReadTrigger(triggers));
  }
}

absl::StatusOr<WebhookChange> CreateWebhook(Transaction& transaction,
                                            const WebhookRecord& webhook) {
  Connection& connection = transaction.connection;
  Statement insert = connection.Prepare(kInsertWebhook);
  insert.Bind(webhook.name, webhook.url, static_cast<int>(webhook.type),
              static_cast<int>(webhook.mode), webhook.workspace_id, webhook.skip_tls_verification,
              webhook.max_in_flight, webhook.max_requests_per_second, webhook.disabled_at,
              webhook.disabled_reason, webhook.failing_since, webhook.created_at,
              NumberOf(webhook.error_state));
  const absl::Status status = insert.Run();
  if (!status.ok()) return NameTakenOr(status, insert, webhook);
  const auto webhook_id = static_cast<int32_t>(connection.LastInsertId());
  for (const TriggerRecord& trigger : webhook.triggers) {
    RETURN_IF_ERROR(InsertTrigger(connection, webhook_id, trigger));
  }
  return RaiseVersion(transaction, webhook_id);
}

absl::StatusOr<WebhookChange> UpdateWebhook(Transaction& transaction, int32_t webhook_id,
                                            WebhookUpdate& update) {
  Connection& connection = transaction.connection;
  ASSIGN_OR_RETURN(const WebhookRecord old, LoadWebhook(connection, webhook_id));
  ASSIGN_OR_RETURN(WebhookRecord webhook, update(old));
  webhook.id = webhook_id;
  const bool begins_anew =
      old.url != webhook.url || (old.disabled_at.has_value() && !webhook.disabled_at.has_value());
  {
    Statement replace = connection.Prepare(kUpdateWebhook);
    replace.Bind(webhook.id, webhook.name, webhook.url, static_cast<int>(webhook.type),
                 static_cast<int>(webhook.mode), webhook.workspace_id,
                 webhook.skip_tls_verification, webhook.max_in_flight,
                 webhook.max_requests_per_second, webhook.disabled_at, webhook.disabled_reason,
                 begins_anew ? std::nullopt : old.failing_since, NumberOf(webhook.error_state));
    const absl::Status status = replace.Run();
    if (!status.ok()) return NameTakenOr(status, replace, webhook);
  }
  std::vector<TriggerRecord> unused = old.triggers;
  for (const TriggerRecord& trigger : webhook.triggers) {
    const auto same = std::find_if(unused.begin(), unused.end(), [&](const TriggerRecord& other) {
      return other.type == trigger.type && other.condition_json == trigger.condition_json;
    });
    if (same != unused.end()) {
      unused.erase(same);
    } else {
      RETURN_IF_ERROR(InsertTrigger(connection, webhook.id, trigger));
    }
  }
  for (const TriggerRecord& trigger : unused) {
    RETURN_IF_ERROR(DeleteTrigger(connection, trigger.id));
  }
  return RaiseVersion(transaction, webhook.id);
}

absl::StatusOr<WebhookDeletion> DeleteWebhook(Transaction& transaction, int32_t webhook_id,
                                              absl::Time now) {
  Connection& connection = transaction.connection;
  Statement remove = connection.Prepare(kDeleteWebhook);
  remove.Bind(webhook_id, now);
  RETURN_IF_ERROR(remove.Run());
  if (connection.Changes() == 0) return WebhookNotFound(webhook_id);
  ASSIGN_OR_RETURN(const int64_t canceled, CancelPending(transaction, webhook_id, now));
  const int64_t version = ++transaction.counters.webhooks_version;
  transaction.webhooks = transaction.webhooks->Without(version, webhook_id);
  return WebhookDeletion{.version = version, .canceled_deliveries = canceled};
}

absl::StatusOr<WebhookChange> DisableWebhook(Transaction& transaction, int32_t webhook_id,
                                             const std::string& url, const std::string& reason,
                                             absl::Time now) {
  {
    Statement disable = transaction.connection.Prepare(kDisableWebhook);
    disable.Bind(webhook_id, now, reason, url);
    RETURN_IF_ERROR(disable.Run());
    if (transaction.connection.Changes() == 0) return WebhookNotFound(webhook_id);
  }
  // Also when nothing was changed: under the version of an earlier change, the answer would
  // stand for that change, which may be of another webhook.
  return RaiseVersion(transaction, webhook_id);
}

absl::Status MoveWebhook(Transaction& transaction, int32_t webhook_id,
                         std::optional<int32_t> workspace_id) {
  {
    Statement move = transaction.connection.Prepare(kMoveWebhook);
    move.Bind(webhook_id, workspace_id);
    RETURN_IF_ERROR(move.Run());
  }
  return RaiseVersion(transaction, webhook_id).status();
}

absl::Status SetFailingSince(Transaction& transaction, int32_t webhook_id,
                             std::optional<absl::Time> since) {
  Statement update = transaction.connection.Prepare(kSetFailingSince);
  update.Bind(webhook_id, since);
  return update.Run();
}

absl::StatusOr<std::string> LoadOrCreateSetting(Transaction& transaction, const std::string& name,
                                                const std::string& value) {
  Statement insert = transaction.connection.Prepare(kInsertSetting);
  insert.Bind(name, value);
  RETURN_IF_ERROR(insert.Run());
  Statement select = transaction.connection.Prepare(kSelectSetting);
  select.Bind(name);
  RETURN_IF_ERROR(select.Step().status());
  return select.Text(0);
}

absl::StatusOr<WebhookCondition> ConditionOfWebhook(Connection& connection, int32_t webhook_id) {
  Statement select = connection.Prepare(kSelectCondition);
  select.Bind(webhook_id);
  ASSIGN_OR_RETURN(const bool found, select.Step());
  if (!found) return WebhookCondition::kMissing;
  if (select.Int(0) != 0) return WebhookCondition::kDeleted;
  return select.Int(1) != 0 ? WebhookCondition::kDisabled : WebhookCondition::kActive;
}

}  // namespace webhookd::sqlite
