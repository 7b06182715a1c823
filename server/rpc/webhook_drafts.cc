#include "server/rpc/webhook_drafts.h"

#include <memory>
#include <utility>

#include "base/status_macros.h"
#include "server/events/judge.h"
#include "server/rpc/delivery_conversion.h"
#include "server/rpc/rpc_error.h"
#include "server/rpc/sample_events.h"
#include "server/rpc/webhook_conversion.h"

namespace webhookd {

void WebhookDrafts::AddTo(Api& api) {
  api.AddUnary("webhookd.v1.DeliveryService.PreviewWebhook", this, &WebhookDrafts::Preview);
  api.AddUnary("webhookd.v1.DeliveryService.TryWebhook", this, &WebhookDrafts::Try);
}

template <typename Request>
absl::StatusOr<WebhookRecord> WebhookDrafts::Draft(const Caller& caller,
                                                   const Request& request) const {
  if (!request.has_webhook()) {
    return InvalidField("webhook", "is missing: give the webhook as it would be created");
  }
  ASSIGN_OR_RETURN(WebhookRecord webhook,
                   NewWebhook(request.webhook(), dependencies_.egress, dependencies_.clock.Now()));
  RETURN_IF_ERROR(dependencies_.authorizer.CheckWorkspace(caller, Permission::kEditWebhooks,
                                                          webhook.workspace_id));
  return webhook;
}

absl::Status WebhookDrafts::Preview(const Caller& caller, const v1::PreviewWebhookRequest& request,
                                    v1::PreviewWebhookResponse& response) const {
  ASSIGN_OR_RETURN(const WebhookRecord webhook, Draft(caller, request));
  const absl::Time now = dependencies_.clock.Now();
  const EventHeader event = {.event_id = TimeOrderedUuid(now, dependencies_.random),
                             .occurred_at = now};
  for (const TriggerRecord& trigger : webhook.triggers) {
    v1::PreviewedBody& previewed = *response.add_bodies();
    previewed.set_event_type(std::string(TriggerTypeName(trigger.type)));
    ASSIGN_OR_RETURN(*previewed.mutable_body(),
                     SampleBody(webhook, trigger, event, base_url_, error_state_));
  }
  return absl::OkStatus();
}

void WebhookDrafts::Try(const Caller& caller, const v1::TryWebhookRequest& request,
                        v1::TryWebhookResponse& response, DoneStatus done) {
  absl::StatusOr<WebhookRecord> webhook = Draft(caller, request);
  if (!webhook.ok()) return std::move(done)(webhook.status());
  dependencies_.tests.Send(std::make_shared<const WebhookRecord>(*std::move(webhook)), response,
                           std::move(done));
}

}  // namespace webhookd
