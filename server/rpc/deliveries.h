#ifndef WEBHOOKD_SERVER_RPC_DELIVERIES_H_
#define WEBHOOKD_SERVER_RPC_DELIVERIES_H_

#include "base/clock.h"
#include "base/executor.h"
#include "server/rpc/api.h"
#include "storage/store.h"
#include "storage/wake.h"
#include "webhookd/v1/delivery.pb.h"

namespace webhookd {

// The RPCs of webhookd.v1.DeliveryService. Thread-safe.
class Deliveries {
 public:
  // All must outlive this and the calls under way.
  struct Dependencies {
    Store& store;
    Clock& clock;
    Executor& reader;  // where they are read: a long list must not hold up gRPC's few threads
    Wake wake;
  };

  explicit Deliveries(Dependencies dependencies) : dependencies_(std::move(dependencies)) {}

  void AddTo(Api& api);

 private:
  void List(const Caller& caller, const v1::ListDeliveriesRequest& request,
            v1::ListDeliveriesResponse& response, DoneStatus done);
  void Get(const Caller& caller, const v1::GetDeliveryRequest& request,
           v1::GetDeliveryResponse& response, DoneStatus done);
  void Redeliver(const Caller& caller, const v1::RedeliverDeliveryRequest& request,
                 v1::RedeliverDeliveryResponse& response, DoneStatus done);
  void Replay(const Caller& caller, const v1::ReplayDeliveriesRequest& request,
              v1::ReplayDeliveriesResponse& response, DoneStatus done);
  void Cancel(const Caller& caller, const v1::CancelDeliveryRequest& request,
              v1::CancelDeliveryResponse& response, DoneStatus done);

  absl::Status ReadList(const v1::ListDeliveriesRequest& request,
                        v1::ListDeliveriesResponse& response);
  absl::Status Read(const v1::GetDeliveryRequest& request, v1::GetDeliveryResponse& response);

  const Dependencies dependencies_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_RPC_DELIVERIES_H_
