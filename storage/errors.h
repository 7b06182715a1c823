#ifndef WEBHOOKD_STORAGE_ERRORS_H_
#define WEBHOOKD_STORAGE_ERRORS_H_

#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

// The errors that every Store gives in the same words.
namespace webhookd {

// NOT_FOUND
absl::Status WebhookNotFound(int32_t webhook_id);
absl::Status DeliveryNotFound(int64_t delivery_id);
absl::Status EventNotFound(absl::string_view event_id);
absl::Status UserNotFound(absl::string_view username);
absl::Status UserNotFound(int32_t user_id);
absl::Status TokenNotFound(int32_t token_id);
absl::Status WorkspaceNotFound(int32_t workspace_id);
absl::Status RoleNotAssigned();

// ALREADY_EXISTS
absl::Status WebhookNameTaken(absl::string_view name, std::optional<int32_t> workspace_id);
absl::Status EventAlreadyStored(absl::string_view event_id);
// A key that came before with another content. `event_id` is of the first event, empty if there is
// none; the digests are bytes.
absl::Status IdempotencyKeyReused(absl::string_view key, absl::string_view event_id,
                                  absl::string_view first_digest, absl::string_view digest);
absl::Status UsernameTaken(absl::string_view username);

// FAILED_PRECONDITION
absl::Status DeliveryOfDeletedWebhook(int64_t delivery_id, int32_t webhook_id);
absl::Status DeliveryNotPending(int64_t delivery_id);
absl::Status LastAdministrator(absl::string_view username);
absl::Status SignInOutdated();
absl::Status WorkspaceHasWebhooks(int32_t workspace_id, int64_t webhooks);

// RESOURCE_EXHAUSTED
absl::Status TooManyWaitingWrites(int64_t max_waiting_writes);

// UNAVAILABLE
absl::Status StoreStopped();

// DEADLINE_EXCEEDED
absl::Status ListTookTooLong(absl::Duration read_timeout);

}  // namespace webhookd

#endif  // WEBHOOKD_STORAGE_ERRORS_H_
