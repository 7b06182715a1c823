#ifndef WEBHOOKD_TESTS_CLIENT_CLI_FAKE_MASTER_H_
#define WEBHOOKD_TESTS_CLIENT_CLI_FAKE_MASTER_H_

#include <climits>
#include <functional>
#include <map>
#include <vector>

#include "base/mutex.h"
#include "determined/api/v1/api.grpc.pb.h"
#include "webhookd/v1/delivery.grpc.pb.h"

namespace webhookd::testing {

// Keeps webhooks in memory and checks nothing but that they exist. Thread-safe.
class FakeDetermined final : public determined::api::v1::Determined::Service {
 public:
  // The last PatchWebhook.
  determined::api::v1::PatchWebhookRequest last_patch() const;
  size_t webhook_count() const;
  // Adds a webhook as it is.
  void Add(const determined::webhook::v1::Webhook& webhook);

  grpc::Status GetMaster(grpc::ServerContext*, const determined::api::v1::GetMasterRequest*,
                         determined::api::v1::GetMasterResponse* response) override;
  grpc::Status GetMasterConfig(grpc::ServerContext*,
                               const determined::api::v1::GetMasterConfigRequest*,
                               determined::api::v1::GetMasterConfigResponse* response) override;
  grpc::Status GetWebhook(grpc::ServerContext*,
                          const determined::api::v1::GetWebhookRequest* request,
                          determined::api::v1::GetWebhookResponse* response) override;
  grpc::Status GetWebhooks(grpc::ServerContext*, const determined::api::v1::GetWebhooksRequest*,
                           determined::api::v1::GetWebhooksResponse* response) override;
  grpc::Status PostWebhook(grpc::ServerContext*,
                           const determined::api::v1::PostWebhookRequest* request,
                           determined::api::v1::PostWebhookResponse* response) override;
  grpc::Status PatchWebhook(grpc::ServerContext*,
                            const determined::api::v1::PatchWebhookRequest* request,
                            determined::api::v1::PatchWebhookResponse* response) override;
  grpc::Status DeleteWebhook(grpc::ServerContext*,
                             const determined::api::v1::DeleteWebhookRequest* request,
                             determined::api::v1::DeleteWebhookResponse* response) override;

 private:
  mutable Mutex mutex_;
  std::map<int, determined::webhook::v1::Webhook> webhooks_ ABSL_GUARDED_BY(mutex_);
  determined::api::v1::PatchWebhookRequest last_patch_ ABSL_GUARDED_BY(mutex_);
};

// Shows the deliveries it was given, newest first, and notes what is done to them. Thread-safe.
class FakeDeliveries final : public v1::DeliveryService::Service {
 public:
  // Oldest first.
  using Deliveries = std::vector<v1::Delivery>;

  void Set(Deliveries deliveries);
  // Each ListDeliveries looks at so many.
  void SetMaxExamined(int count);
  // Runs before the n-th ListDeliveries (from 1) answers, and may change the deliveries.
  void BeforeList(std::function<void(int n, Deliveries& deliveries)> change);

  // What TryWebhook answers.
  void SetTestResponse(v1::TryWebhookResponse response);

  std::vector<v1::ListDeliveriesRequest> list_requests() const;
  v1::TryWebhookRequest last_test() const;
  v1::ReplayDeliveriesRequest last_replay() const;

  grpc::Status ListDeliveries(grpc::ServerContext*, const v1::ListDeliveriesRequest* request,
                              v1::ListDeliveriesResponse* response) override;
  grpc::Status GetDelivery(grpc::ServerContext*, const v1::GetDeliveryRequest* request,
                           v1::GetDeliveryResponse* response) override;
  grpc::Status RedeliverDelivery(grpc::ServerContext*, const v1::RedeliverDeliveryRequest* request,
                                 v1::RedeliverDeliveryResponse* response) override;
  grpc::Status ReplayDeliveries(grpc::ServerContext*, const v1::ReplayDeliveriesRequest* request,
                                v1::ReplayDeliveriesResponse* response) override;
  grpc::Status CancelDelivery(grpc::ServerContext*, const v1::CancelDeliveryRequest* request,
                              v1::CancelDeliveryResponse* response) override;
  grpc::Status TryWebhook(grpc::ServerContext*, const v1::TryWebhookRequest* request,
                          v1::TryWebhookResponse* response) override;

 private:
  // Null when there is none.
  v1::Delivery* Find(int64_t id) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable Mutex mutex_;
  Deliveries deliveries_ ABSL_GUARDED_BY(mutex_);
  int max_examined_ ABSL_GUARDED_BY(mutex_) = INT_MAX;
  std::function<void(int, Deliveries&)> before_list_ ABSL_GUARDED_BY(mutex_);
  std::vector<v1::ListDeliveriesRequest> list_requests_ ABSL_GUARDED_BY(mutex_);
  v1::ReplayDeliveriesRequest last_replay_ ABSL_GUARDED_BY(mutex_);
  v1::TryWebhookRequest last_test_ ABSL_GUARDED_BY(mutex_);
  v1::TryWebhookResponse test_response_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace webhookd::testing

#endif  // WEBHOOKD_TESTS_CLIENT_CLI_FAKE_MASTER_H_
