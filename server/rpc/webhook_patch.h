#ifndef WEBHOOKD_SERVER_RPC_WEBHOOK_PATCH_H_
#define WEBHOOKD_SERVER_RPC_WEBHOOK_PATCH_H_

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "determined/api/v1/webhook.pb.h"
#include "server/delivery/egress_policy.h"
#include "storage/records.h"

namespace webhookd {

// `webhook` with the new values of `request`: those that update_mask names, or, without a mask,
// those that are set. A number that the mask names and the request leaves out goes back to its
// default; url, name and triggers cannot be left out so. Only what changes is checked, so that a
// webhook whose URL the egress policy no longer allows can still be disabled.
//
// INVALID_ARGUMENT (nothing to change and unknown paths included) and UNIMPLEMENTED as for
// NewWebhook.
absl::StatusOr<WebhookRecord> PatchedWebhook(
    WebhookRecord webhook, const determined::api::v1::PatchWebhookRequest& request,
    const EgressPolicy& egress, absl::Time now);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_RPC_WEBHOOK_PATCH_H_
