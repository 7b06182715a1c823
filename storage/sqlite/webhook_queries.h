#ifndef WEBHOOKD_STORAGE_SQLITE_WEBHOOK_QUERIES_H_
#define WEBHOOKD_STORAGE_SQLITE_WEBHOOK_QUERIES_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "storage/records.h"
#include "storage/sqlite/connection.h"
#include "storage/sqlite/write.h"

// Webhooks and settings in SQL. Contracts and errors are those of the functions of Store with the
// same names.
namespace webhookd::sqlite {

// All webhooks. Call it in a transaction.
absl::StatusOr<WebhookSet> LoadWebhooks(Connection& connection);

absl::StatusOr<WebhookChange> CreateWebhook(Transaction& transaction, const WebhookRecord& webhook);
absl::StatusOr<WebhookChange> UpdateWebhook(Transaction& transaction, int32_t webhook_id,
                                            WebhookUpdate& update);
absl::StatusOr<WebhookDeletion> DeleteWebhook(Transaction& transaction, int32_t webhook_id,
                                              absl::Time now);
absl::StatusOr<WebhookChange> DisableWebhook(Transaction& transaction, int32_t webhook_id,
                                             const std::string& url, const std::string& reason,
                                             absl::Time now);
// Gives the webhook, which exists, to another workspace, where its name is free, or makes it
// global.
absl::Status MoveWebhook(Transaction& transaction, int32_t webhook_id,
                         std::optional<int32_t> workspace_id);
absl::Status SetFailingSince(Transaction& transaction, int32_t webhook_id,
                             std::optional<absl::Time> since);

absl::StatusOr<std::string> LoadOrCreateSetting(Transaction& transaction, const std::string& name,
                                                const std::string& value);

// How a webhook stands towards its deliveries.
enum class WebhookCondition { kMissing, kDeleted, kDisabled, kActive };
absl::StatusOr<WebhookCondition> ConditionOfWebhook(Connection& connection, int32_t webhook_id);

}  // namespace webhookd::sqlite

#endif  // WEBHOOKD_STORAGE_SQLITE_WEBHOOK_QUERIES_H_
