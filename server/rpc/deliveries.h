#ifndef WEBHOOKD_SERVER_RPC_DELIVERIES_H_
#define WEBHOOKD_SERVER_RPC_DELIVERIES_H_

#include "absl/functional/any_invocable.h"
#include "base/clock.h"
#include "server/auth/authorizer.h"
#include "server/delivery/dispatcher.h"
#include "server/rpc/api.h"
#include "server/rpc/read_call.h"
#include "storage/store.h"
#include "storage/webhook_catalog.h"
#include "webhookd/v1/delivery.pb.h"

namespace webhookd {

// The RPCs of webhookd.v1.DeliveryService about deliveries. Thread-safe.
//
// A delivery tells of an event as well as of a webhook: callers see those of webhooks whose events
// they may see, and nothing tells them that there are others. Those of a deleted webhook are for
// callers who may see everything.
class Deliveries {
 public:
  // All must outlive this and the calls under way.
  struct Dependencies {
    Store& store;
    const WebhookCatalog& catalog;
    const Authorizer& authorizer;
    Clock& clock;
    ReadThreads threads;
    Dispatcher& dispatcher;
  };

  explicit Deliveries(const Dependencies& dependencies) : dependencies_(dependencies) {}

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

  bool CanView(const Caller& caller, int32_t webhook_id) const;
  // Whether the caller may send the delivery again or cancel it. NOT_FOUND; PERMISSION_DENIED.
  absl::Status CheckEdit(const Caller& caller, int64_t delivery_id) const;
  // Runs `write` once it is known that the caller may; else `done`.
  void IfEditable(const Caller& caller, int64_t delivery_id, DoneStatus done,
                  absl::AnyInvocable<void(DoneStatus) &&> write);

  absl::Status ReadList(const Caller& caller, const v1::ListDeliveriesRequest& request,
                        v1::ListDeliveriesResponse& response);
  absl::Status Read(const Caller& caller, const v1::GetDeliveryRequest& request,
                    v1::GetDeliveryResponse& response);

  const Dependencies dependencies_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_RPC_DELIVERIES_H_
