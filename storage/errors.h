#ifndef WEBHOOKD_STORAGE_ERRORS_H_
#define WEBHOOKD_STORAGE_ERRORS_H_

#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

// The errors that every Store gives in the same words.
namespace webhookd {

// NOT_FOUND
absl::Status WebhookNotFound(int32_t webhook_id);
absl::Status DeliveryNotFound(int64_t delivery_id);

// ALREADY_EXISTS
absl::Status WebhookNameTaken(absl::string_view name, std::optional<int32_t> workspace_id);
absl::Status EventAlreadyStored(absl::string_view event_id);

// ABORTED
absl::Status WebhooksChanged(int64_t expected_version, int64_t version);

// FAILED_PRECONDITION
absl::Status DeliveryOfDeletedWebhook(int64_t delivery_id, int32_t webhook_id);
absl::Status DeliveryNotPending(int64_t delivery_id);

// RESOURCE_EXHAUSTED
absl::Status TooManyWaitingWrites(int64_t max_waiting_writes);

// UNAVAILABLE
absl::Status StoreStopped();

}  // namespace webhookd

#endif  // WEBHOOKD_STORAGE_ERRORS_H_
