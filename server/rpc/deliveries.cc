#include "server/rpc/deliveries.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "server/rpc/delivery_conversion.h"
#include "server/rpc/rpc_error.h"

namespace webhookd {

void Deliveries::AddTo(Api& api) {
  api.AddUnary("webhookd.v1.DeliveryService.ListDeliveries", this, &Deliveries::List);
  api.AddUnary("webhookd.v1.DeliveryService.GetDelivery", this, &Deliveries::Get);
  api.AddUnary("webhookd.v1.DeliveryService.RedeliverDelivery", this, &Deliveries::Redeliver);
  api.AddUnary("webhookd.v1.DeliveryService.ReplayDeliveries", this, &Deliveries::Replay);
  api.AddUnary("webhookd.v1.DeliveryService.CancelDelivery", this, &Deliveries::Cancel);
}

void Deliveries::List(const Caller&, const v1::ListDeliveriesRequest& request,
                      v1::ListDeliveriesResponse& response, DoneStatus done) {
  dependencies_.reader.Post([this, &request, &response, done = std::move(done)]() mutable {
    std::move(done)(ReadList(request, response));
  });
}

void Deliveries::Get(const Caller&, const v1::GetDeliveryRequest& request,
                     v1::GetDeliveryResponse& response, DoneStatus done) {
  dependencies_.reader.Post([this, &request, &response, done = std::move(done)]() mutable {
    std::move(done)(Read(request, response));
  });
}

void Deliveries::Redeliver(const Caller&, const v1::RedeliverDeliveryRequest& request,
                           v1::RedeliverDeliveryResponse& response, DoneStatus done) {
  const absl::Status valid = CheckId("delivery_id", request.delivery_id());
  if (!valid.ok()) return std::move(done)(valid);
  const absl::Time now = dependencies_.clock.Now();
  dependencies_.store.Redeliver(request.delivery_id(), now,
                                [this, now, &response, done = std::move(done)](
                                    absl::StatusOr<DeliveryRecord> delivery) mutable {
                                  if (!delivery.ok()) return std::move(done)(delivery.status());
                                  dependencies_.wake({.waiting = {delivery->webhook_id}});
                                  *response.mutable_delivery() = DeliveryToProto(*delivery, now);
                                  std::move(done)(absl::OkStatus());
                                });
}

void Deliveries::Replay(const Caller&, const v1::ReplayDeliveriesRequest& request,
                        v1::ReplayDeliveriesResponse& response, DoneStatus done) {
  absl::StatusOr<ReplayRequest> replay = ReplayFromProto(request, dependencies_.clock.Now());
  if (!replay.ok()) return std::move(done)(replay.status());
  dependencies_.store.Replay(*std::move(replay),
                             [this, id = request.webhook_id(), &response,
                              done = std::move(done)](absl::StatusOr<int64_t> count) mutable {
                               if (!count.ok()) return std::move(done)(count.status());
                               dependencies_.wake({.waiting = {id}});
                               response.set_replayed_count(*count);
                               std::move(done)(absl::OkStatus());
                             });
}

void Deliveries::Cancel(const Caller&, const v1::CancelDeliveryRequest& request,
                        v1::CancelDeliveryResponse& response, DoneStatus done) {
  const absl::Status valid = CheckId("delivery_id", request.delivery_id());
  if (!valid.ok()) return std::move(done)(valid);
  const absl::Time now = dependencies_.clock.Now();
  dependencies_.store.CancelDelivery(
      request.delivery_id(), now,
      [now, &response, done = std::move(done)](absl::StatusOr<DeliveryRecord> delivery) mutable {
        if (!delivery.ok()) return std::move(done)(delivery.status());
        *response.mutable_delivery() = DeliveryToProto(*delivery, now);
        std::move(done)(absl::OkStatus());
      });
}

absl::Status Deliveries::ReadList(const v1::ListDeliveriesRequest& request,
                                  v1::ListDeliveriesResponse& response) {
  const absl::Time now = dependencies_.clock.Now();
  ASSIGN_OR_RETURN(const DeliveryFilter filter, FilterFromProto(request, now));
  ASSIGN_OR_RETURN(std::vector<DeliveryRecord> deliveries,
                   dependencies_.store.ListDeliveries(filter));
  const bool more = deliveries.size() == static_cast<size_t>(filter.limit);
  if (more) deliveries.pop_back();
  for (const DeliveryRecord& delivery : deliveries) {
    *response.add_deliveries() = DeliveryToProto(delivery, now);
  }
  if (more) response.set_next_page_token(absl::StrCat(deliveries.back().id));
  return absl::OkStatus();
}

absl::Status Deliveries::Read(const v1::GetDeliveryRequest& request,
                              v1::GetDeliveryResponse& response) {
  RETURN_IF_ERROR(CheckId("delivery_id", request.delivery_id()));
  ASSIGN_OR_RETURN(DeliveryDetails details, dependencies_.store.GetDelivery(request.delivery_id()));
  *response.mutable_delivery() = DeliveryToProto(details.delivery, dependencies_.clock.Now());
  for (const AttemptRecord& attempt : details.attempts) {
    *response.add_attempts() = AttemptToProto(attempt);
  }
  response.set_request_body(std::move(details.body));
  return absl::OkStatus();
}

}  // namespace webhookd
