#include "server/rpc/webhook_drafts.h"

#include <memory>
#include <utility>

#include "base/status_macros.h"
#include "server/events/judge.h"
#include "server/rpc/delivery_conversion.h"
#include "server/rpc/rpc_error.h"
#include "server/rpc/sample_events.h"
#include "server/rpc/webhook_conversion.h"
#include "storage/errors.h"

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
  absl::StatusOr<std::shared_ptr<const WebhookRecord>> webhook = Tried(caller, request);
  if (!webhook.ok()) return std::move(done)(webhook.status());
  dependencies_.tests.Send(*std::move(webhook), response, std::move(done));
}

absl::StatusOr<std::shared_ptr<const WebhookRecord>> WebhookDrafts::Tried(
    const Caller& caller, const v1::TryWebhookRequest& request) const {
  if (request.webhook_id() == 0) {
    ASSIGN_OR_RETURN(WebhookRecord draft, Draft(caller, request));
    return std::make_shared<const WebhookRecord>(std::move(draft));
  }
  if (request.has_webhook()) {
    return InvalidField("webhook_id", "is given beside webhook: leave out one of the two");
  }
  RETURN_IF_ERROR(CheckId("webhook_id", request.webhook_id()));
  std::shared_ptr<const WebhookRecord> webhook =
      dependencies_.catalog.Current()->Find(request.webhook_id());
  if (webhook == nullptr) return WebhookNotFound(request.webhook_id());
  RETURN_IF_ERROR(
      dependencies_.authorizer.CheckWebhook(caller, Permission::kEditWebhooks, *webhook));
  return webhook;
}

}  // namespace webhookd
