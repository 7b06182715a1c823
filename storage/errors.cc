#include "storage/errors.h"

#include <string>

#include "absl/strings/escaping.h"
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

absl::Status DeliveryNotFound(int64_t delivery_id) {
  return absl::NotFoundError(absl::StrCat("there is no delivery ", delivery_id));
}

absl::Status EventNotFound(absl::string_view event_id) {
  return absl::NotFoundError(absl::StrCat("there is no event ", Quoted(event_id)));
}

absl::Status UserNotFound(absl::string_view username) {
  return absl::NotFoundError(absl::StrCat("there is no user ", Quoted(username)));
}

absl::Status UserNotFound(int32_t user_id) {
  return absl::NotFoundError(absl::StrCat("there is no user ", user_id));
}

absl::Status TokenNotFound(int32_t token_id) {
  return absl::NotFoundError(absl::StrCat("there is no service token ", token_id));
}

absl::Status WorkspaceNotFound(int32_t workspace_id) {
  return absl::NotFoundError(absl::StrCat("there is no workspace ", workspace_id));
}

absl::Status RoleNotAssigned() {
  return absl::NotFoundError(
      "the user does not have this role there: ListRoleAssignments shows what they have");
}

absl::Status UsernameTaken(absl::string_view username) {
  return absl::AlreadyExistsError(
      absl::StrCat("a user named ", Quoted(username), " exists already: choose another name"));
}

absl::Status LastAdministrator(absl::string_view username) {
  return absl::FailedPreconditionError(
      absl::StrCat(Quoted(username),
                   " is the last active administrator: make another user an administrator first"));
}

absl::Status SignInOutdated() {
  return absl::FailedPreconditionError(
      "the user or their password changed at the same moment: sign in again");
}

absl::Status WorkspaceHasWebhooks(int32_t workspace_id, int64_t webhooks) {
  return absl::FailedPreconditionError(absl::StrCat(
      "workspace ", workspace_id, " still has ", webhooks, webhooks == 1 ? " webhook" : " webhooks",
      ": say whether to delete, move or make global what "
      "it has"));
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

absl::Status IdempotencyKeyReused(absl::string_view key, absl::string_view event_id,
                                  absl::string_view first_digest, absl::string_view digest) {
  const std::string caused = event_id.empty() ? "no event" : absl::StrCat("event ", event_id);
  return absl::AlreadyExistsError(absl::StrCat(
      "idempotency key ", Quoted(key), " came before with another report, which caused ", caused,
      " (digest of its content ", absl::BytesToHexString(first_digest), ", of this one's ",
      absl::BytesToHexString(digest),
      "): nothing of this report was stored; give it a key of its own, and repeat a report only "
      "unchanged"));
}

absl::Status TooManyWaitingWrites(int64_t max_waiting_writes) {
  return absl::ResourceExhaustedError(absl::StrCat("more than ", max_waiting_writes,
                                                   " writes wait for the database: try again "
                                                   "later"));
}

absl::Status StoreStopped() {
  return absl::UnavailableError("the store is stopped: the server is shutting down");
}

absl::Status ListTookTooLong(absl::Duration read_timeout) {
  return absl::DeadlineExceededError(
      absl::StrCat("the list took longer than ", absl::FormatDuration(read_timeout),
                   ", which is as long as one may: ask for less of it, such as a shorter time"));
}

}  // namespace webhookd
