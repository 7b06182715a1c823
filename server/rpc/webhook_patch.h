#ifndef WEBHOOKD_SERVER_RPC_WEBHOOK_PATCH_H_
#define WEBHOOKD_SERVER_RPC_WEBHOOK_PATCH_H_

#include <functional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "determined/api/v1/webhook.pb.h"
#include "server/delivery/egress_policy.h"
#include "storage/records.h"

namespace webhookd {

// The new values of a request: those that update_mask names, or, without a mask, those that are
// set. A number that the mask names and the request leaves out goes back to its default; url, name
// and triggers cannot be left out so. Only what changes is checked, so that a webhook whose URL the
// egress policy no longer allows can still be disabled. Immutable.
class WebhookPatch {
 public:
  // INVALID_ARGUMENT (nothing to change and unknown paths included) and UNIMPLEMENTED as for
  // NewWebhook.
  static absl::StatusOr<WebhookPatch> Parse(const determined::api::v1::PatchWebhookRequest& request,
                                            const EgressPolicy& egress, absl::Time now);

  // `webhook` with the new values. Quick. INVALID_ARGUMENT: they do not go with what it has.
  absl::StatusOr<WebhookRecord> Apply(WebhookRecord webhook) const;

 private:
  std::vector<std::function<void(WebhookRecord&)>> changes_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_RPC_WEBHOOK_PATCH_H_
