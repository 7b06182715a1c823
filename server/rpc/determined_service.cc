#include "server/rpc/determined_service.h"

#include <utility>

#include "server/rpc/unary_call.h"

namespace webhookd {

using determined::api::v1::DeleteWebhookRequest;
using determined::api::v1::DeleteWebhookResponse;
using determined::api::v1::GetMasterConfigRequest;
using determined::api::v1::GetMasterConfigResponse;
using determined::api::v1::GetMasterRequest;
using determined::api::v1::GetMasterResponse;
using determined::api::v1::GetTelemetryRequest;
using determined::api::v1::GetTelemetryResponse;
using determined::api::v1::GetWebhookRequest;
using determined::api::v1::GetWebhookResponse;
using determined::api::v1::GetWebhooksRequest;
using determined::api::v1::GetWebhooksResponse;
using determined::api::v1::PatchWebhookRequest;
using determined::api::v1::PatchWebhookResponse;
using determined::api::v1::PostWebhookEventDataRequest;
using determined::api::v1::PostWebhookEventDataResponse;
using determined::api::v1::PostWebhookRequest;
using determined::api::v1::PostWebhookResponse;
using determined::api::v1::TestWebhookRequest;
using determined::api::v1::TestWebhookResponse;

grpc::ServerUnaryReactor* DeterminedService::GetMaster(grpc::CallbackServerContext* context,
                                                       const GetMasterRequest*,
                                                       GetMasterResponse* response) {
  master_.Get(*response);
  return FinishWith(context, absl::OkStatus());
}

grpc::ServerUnaryReactor* DeterminedService::GetTelemetry(grpc::CallbackServerContext* context,
                                                          const GetTelemetryRequest*,
                                                          GetTelemetryResponse* response) {
  response->set_enabled(false);
  return FinishWith(context, absl::OkStatus());
}

grpc::ServerUnaryReactor* DeterminedService::GetMasterConfig(grpc::CallbackServerContext* context,
                                                             const GetMasterConfigRequest*,
                                                             GetMasterConfigResponse* response) {
  master_.GetConfig(*response);
  return FinishWith(context, absl::OkStatus());
}

grpc::ServerUnaryReactor* DeterminedService::GetWebhook(grpc::CallbackServerContext* context,
                                                        const GetWebhookRequest* request,
                                                        GetWebhookResponse* response) {
  return FinishWith(context, webhooks_.Get(*request, *response));
}

grpc::ServerUnaryReactor* DeterminedService::GetWebhooks(grpc::CallbackServerContext* context,
                                                         const GetWebhooksRequest*,
                                                         GetWebhooksResponse* response) {
  webhooks_.List(*response);
  return FinishWith(context, absl::OkStatus());
}

grpc::ServerUnaryReactor* DeterminedService::PostWebhook(grpc::CallbackServerContext* context,
                                                         const PostWebhookRequest* request,
                                                         PostWebhookResponse* response) {
  return Serve(context,
               [&](DoneStatus done) { webhooks_.Post(*request, *response, std::move(done)); });
}

grpc::ServerUnaryReactor* DeterminedService::PatchWebhook(grpc::CallbackServerContext* context,
                                                          const PatchWebhookRequest* request,
                                                          PatchWebhookResponse* response) {
  return Serve(context,
               [&](DoneStatus done) { webhooks_.Patch(*request, *response, std::move(done)); });
}

grpc::ServerUnaryReactor* DeterminedService::DeleteWebhook(grpc::CallbackServerContext* context,
                                                           const DeleteWebhookRequest* request,
                                                           DeleteWebhookResponse* response) {
  return Serve(context,
               [&](DoneStatus done) { webhooks_.Delete(*request, *response, std::move(done)); });
}

grpc::ServerUnaryReactor* DeterminedService::TestWebhook(grpc::CallbackServerContext* context,
                                                         const TestWebhookRequest* request,
                                                         TestWebhookResponse* response) {
  return Serve(context,
               [&](DoneStatus done) { webhooks_.Test(*request, *response, std::move(done)); });
}

grpc::ServerUnaryReactor* DeterminedService::PostWebhookEventData(
    grpc::CallbackServerContext* context, const PostWebhookEventDataRequest*,
    PostWebhookEventDataResponse*) {
  return FinishWith(context,
                    absl::UnimplementedError("custom events are not served yet: triggers of type "
                                             "TRIGGER_TYPE_CUSTOM fire in a later release"));
}

}  // namespace webhookd
