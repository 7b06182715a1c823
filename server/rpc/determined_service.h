#ifndef WEBHOOKD_SERVER_RPC_DETERMINED_SERVICE_H_
#define WEBHOOKD_SERVER_RPC_DETERMINED_SERVICE_H_

#include "determined/api/v1/api.grpc.pb.h"
#include "server/rpc/master.h"
#include "server/rpc/webhooks.h"

namespace webhookd {

// determined.api.v1.Determined: hands each call to the class of its resource. Thread-safe.
class DeterminedService final : public determined::api::v1::Determined::CallbackService {
 public:
  // Both must outlive the service and its calls.
  DeterminedService(const Master& master, Webhooks& webhooks)
      : master_(master), webhooks_(webhooks) {}

  grpc::ServerUnaryReactor* GetMaster(grpc::CallbackServerContext* context,
                                      const determined::api::v1::GetMasterRequest* request,
                                      determined::api::v1::GetMasterResponse* response) override;
  grpc::ServerUnaryReactor* GetTelemetry(
      grpc::CallbackServerContext* context, const determined::api::v1::GetTelemetryRequest* request,
      determined::api::v1::GetTelemetryResponse* response) override;
  grpc::ServerUnaryReactor* GetMasterConfig(
      grpc::CallbackServerContext* context,
      const determined::api::v1::GetMasterConfigRequest* request,
      determined::api::v1::GetMasterConfigResponse* response) override;

  grpc::ServerUnaryReactor* GetWebhook(grpc::CallbackServerContext* context,
                                       const determined::api::v1::GetWebhookRequest* request,
                                       determined::api::v1::GetWebhookResponse* response) override;
  grpc::ServerUnaryReactor* GetWebhooks(
      grpc::CallbackServerContext* context, const determined::api::v1::GetWebhooksRequest* request,
      determined::api::v1::GetWebhooksResponse* response) override;
  grpc::ServerUnaryReactor* PostWebhook(
      grpc::CallbackServerContext* context, const determined::api::v1::PostWebhookRequest* request,
      determined::api::v1::PostWebhookResponse* response) override;
  grpc::ServerUnaryReactor* PatchWebhook(
      grpc::CallbackServerContext* context, const determined::api::v1::PatchWebhookRequest* request,
      determined::api::v1::PatchWebhookResponse* response) override;
  grpc::ServerUnaryReactor* DeleteWebhook(
      grpc::CallbackServerContext* context,
      const determined::api::v1::DeleteWebhookRequest* request,
      determined::api::v1::DeleteWebhookResponse* response) override;
  grpc::ServerUnaryReactor* TestWebhook(
      grpc::CallbackServerContext* context, const determined::api::v1::TestWebhookRequest* request,
      determined::api::v1::TestWebhookResponse* response) override;
  // UNIMPLEMENTED: triggers of type CUSTOM do not fire yet.
  grpc::ServerUnaryReactor* PostWebhookEventData(
      grpc::CallbackServerContext* context,
      const determined::api::v1::PostWebhookEventDataRequest* request,
      determined::api::v1::PostWebhookEventDataResponse* response) override;

 private:
  const Master& master_;
  Webhooks& webhooks_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_RPC_DETERMINED_SERVICE_H_
