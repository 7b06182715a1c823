#ifndef WEBHOOKD_SERVER_RPC_WEBHOOK_DRAFTS_H_
#define WEBHOOKD_SERVER_RPC_WEBHOOK_DRAFTS_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/random.h"
#include "server/auth/authorizer.h"
#include "server/delivery/egress_policy.h"
#include "server/rpc/api.h"
#include "server/rpc/test_sender.h"
#include "storage/records.h"
#include "storage/webhook_catalog.h"
#include "webhookd/v1/delivery.pb.h"

namespace webhookd {

// The RPCs of webhookd.v1.DeliveryService that try a webhook out. They store nothing, and are for
// callers who may create the webhook, or change it if it exists. Thread-safe.
class WebhookDrafts {
 public:
  // All must outlive this and the calls under way.
  struct Dependencies {
    const WebhookCatalog& catalog;
    const Authorizer& authorizer;
    const EgressPolicy& egress;
    TestSender& tests;
    Clock& clock;
    RandomBits& random;
  };

  // `base_url` and `error_state` as for SampleBody.
  WebhookDrafts(std::string base_url, ErrorStateName error_state, Dependencies dependencies)
      : base_url_(std::move(base_url)), error_state_(error_state), dependencies_(dependencies) {}

  void AddTo(Api& api);

 private:
  absl::Status Preview(const Caller& caller, const v1::PreviewWebhookRequest& request,
                       v1::PreviewWebhookResponse& response) const;
  void Try(const Caller& caller, const v1::TryWebhookRequest& request,
           v1::TryWebhookResponse& response, DoneStatus done);

  // The webhook that is to be tried.
  absl::StatusOr<std::shared_ptr<const WebhookRecord>> Tried(
      const Caller& caller, const v1::TryWebhookRequest& request) const;
  // The webhook, if the caller may create it. Errors of NewWebhook; NOT_FOUND, PERMISSION_DENIED.
  template <typename Request>
  absl::StatusOr<WebhookRecord> Draft(const Caller& caller, const Request& request) const;

  const std::string base_url_;
  const ErrorStateName error_state_;
  const Dependencies dependencies_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_RPC_WEBHOOK_DRAFTS_H_
