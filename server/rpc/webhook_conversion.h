#ifndef WEBHOOKD_SERVER_RPC_WEBHOOK_CONVERSION_H_
#define WEBHOOKD_SERVER_RPC_WEBHOOK_CONVERSION_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "determined/webhook/v1/webhook.pb.h"
#include "google/protobuf/repeated_ptr_field.h"
#include "server/delivery/egress_policy.h"
#include "storage/records.h"

// Between webhooks as they are asked for and webhooks as they are stored. Every error names the
// field and the value and says what to do: INVALID_ARGUMENT.
namespace webhookd {

// Checks a webhook that is to be created. Ids and what else the server sets are ignored. The name
// may be empty.
absl::StatusOr<WebhookRecord> NewWebhook(const determined::webhook::v1::Webhook& webhook,
                                         const EgressPolicy& egress, absl::Time now);

// A name for a webhook that was given none: "hooks.example.com: COMPLETED, TASK_LOG", and for later
// attempts, when that is taken, with " (2)" and so on at its end.
std::string MadeUpName(const WebhookRecord& webhook, int attempt);

determined::webhook::v1::Webhook WebhookToProto(const WebhookRecord& webhook);

// The single rules, for whoever changes one field.
absl::Status CheckName(const std::string& name);
absl::Status CheckUrl(const std::string& url, const EgressPolicy& egress);
// Unspecified is WORKSPACE.
absl::StatusOr<WebhookMode> ParseMode(determined::webhook::v1::WebhookMode mode);
// `field` names the trigger in errors.
absl::StatusOr<TriggerRecord> ParseTrigger(const determined::webhook::v1::Trigger& trigger,
                                           absl::string_view field);
absl::StatusOr<std::vector<TriggerRecord>> ParseTriggers(
    const google::protobuf::RepeatedPtrField<determined::webhook::v1::Trigger>& triggers);
absl::Status CheckMaxInFlight(int32_t max_in_flight);
absl::Status CheckMaxRequestsPerSecond(double max_requests_per_second);
// "ERRORED" or "ERROR"; none for "".
absl::StatusOr<std::optional<ErrorStateName>> ParseErrorState(absl::string_view error_state);
// What the fields must fulfil together.
absl::Status CheckTogether(const WebhookRecord& webhook);
// Disables or enables; a webhook that is disabled already keeps its reason.
void SetDisabled(bool disabled, absl::Time now, WebhookRecord& webhook);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_RPC_WEBHOOK_CONVERSION_H_
