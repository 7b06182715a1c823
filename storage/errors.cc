#include "storage/errors.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "base/quoted.h"

namespace webhookd {

absl::Status WebhookNotFound(int32_t webhook_id) {
  return absl::NotFoundError(absl::StrCat("there is no webhook ", webhook_id));
}

absl::Status WebhookNameTaken(absl::string_view name, std::optional<int32_t> workspace_id) {
  const std::string scope = workspace_id.has_value() ? absl::StrCat("in workspace ", *workspace_id)
                                                     : "among the global webhooks";
  return absl::AlreadyExistsError(absl::StrCat("a webhook named ", Quoted(name), " exists already ",
                                               scope, ": choose another name"));
}

absl::Status WebhooksChanged(int64_t expected_version, int64_t version) {
  return absl::AbortedError(absl::StrCat("the webhooks changed meanwhile (expected version ",
                                         expected_version, ", they are at ", version,
                                         "): load them and try again"));
}

absl::Status DeliveryNotFound(int64_t delivery_id) {
  return absl::NotFoundError(absl::StrCat("there is no delivery ", delivery_id));
}

absl::Status DeliveryOfDeletedWebhook(int64_t delivery_id, int32_t webhook_id) {
  return absl::FailedPreconditionError(absl::StrCat(
      "delivery ", delivery_id, " cannot be sent again: its webhook ", webhook_id, " was deleted"));
}

absl::Status DeliveryNotPending(int64_t delivery_id) {
  return absl::FailedPreconditionError(
      absl::StrCat("delivery ", delivery_id, " cannot be canceled: it is not pending any more"));
}

absl::Status EventAlreadyStored(absl::string_view event_id) {
  return absl::AlreadyExistsError(
      absl::StrCat("an event with id ", Quoted(event_id), " is stored already"));
}

absl::Status TooManyWaitingWrites(int64_t max_waiting_writes) {
  return absl::ResourceExhaustedError(absl::StrCat("more than ", max_waiting_writes,
                                                   " writes wait for the database: try again "
                                                   "later"));
}

absl::Status StoreStopped() {
  return absl::UnavailableError("the store is stopped: the server is shutting down");
}

}  // namespace webhookd
