#ifndef WEBHOOKD_SERVER_RPC_DELIVERY_SERVICE_H_
#define WEBHOOKD_SERVER_RPC_DELIVERY_SERVICE_H_

#include "base/clock.h"
#include "base/executor.h"
#include "storage/store.h"
#include "storage/wake.h"
#include "webhookd/v1/delivery.grpc.pb.h"

namespace webhookd {

// webhookd.v1.DeliveryService. Thread-safe.
class DeliveryService final : public v1::DeliveryService::CallbackService {
 public:
  // All must outlive the service and its calls.
  struct Dependencies {
    Store& store;
    Clock& clock;
    Executor& reader;  // where lists are read: a long one must not hold up gRPC's few threads
    Wake wake;
  };

  explicit DeliveryService(Dependencies dependencies) : dependencies_(std::move(dependencies)) {}

  grpc::ServerUnaryReactor* ListDeliveries(grpc::CallbackServerContext* context,
                                           const v1::ListDeliveriesRequest* request,
                                           v1::ListDeliveriesResponse* response) override;
  grpc::ServerUnaryReactor* GetDelivery(grpc::CallbackServerContext* context,
                                        const v1::GetDeliveryRequest* request,
                                        v1::GetDeliveryResponse* response) override;
  grpc::ServerUnaryReactor* RedeliverDelivery(grpc::CallbackServerContext* context,
                                              const v1::RedeliverDeliveryRequest* request,
                                              v1::RedeliverDeliveryResponse* response) override;
  grpc::ServerUnaryReactor* ReplayDeliveries(grpc::CallbackServerContext* context,
                                             const v1::ReplayDeliveriesRequest* request,
                                             v1::ReplayDeliveriesResponse* response) override;
  grpc::ServerUnaryReactor* CancelDelivery(grpc::CallbackServerContext* context,
                                           const v1::CancelDeliveryRequest* request,
                                           v1::CancelDeliveryResponse* response) override;

 private:
  absl::Status List(const v1::ListDeliveriesRequest& request, v1::ListDeliveriesResponse& response);
  absl::Status Get(const v1::GetDeliveryRequest& request, v1::GetDeliveryResponse& response);

  const Dependencies dependencies_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_RPC_DELIVERY_SERVICE_H_
