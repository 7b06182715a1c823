#include "server/rpc/deliveries.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "server/rpc/delivery_conversion.h"
#include "server/rpc/rpc_error.h"
#include "storage/errors.h"

namespace webhookd {

void Deliveries::AddTo(Api& api) {
  api.AddUnary("webhookd.v1.DeliveryService.ListDeliveries", this, &Deliveries::List);
  api.AddUnary("webhookd.v1.DeliveryService.GetDelivery", this, &Deliveries::Get);
  api.AddUnary("webhookd.v1.DeliveryService.RedeliverDelivery", this, &Deliveries::Redeliver);
  api.AddUnary("webhookd.v1.DeliveryService.ReplayDeliveries", this, &Deliveries::Replay);
  api.AddUnary("webhookd.v1.DeliveryService.CancelDelivery", this, &Deliveries::Cancel);
}

void Deliveries::List(const Caller& caller, const v1::ListDeliveriesRequest& request,
                      v1::ListDeliveriesResponse& response, DoneStatus done) {
  ReadOn(dependencies_.threads.lists, caller, std::move(done),
         [this, &request, &response](const Caller& caller) {
           return ReadList(caller, request, response);
         });
}

void Deliveries::Get(const Caller& caller, const v1::GetDeliveryRequest& request,
                     v1::GetDeliveryResponse& response, DoneStatus done) {
  ReadOn(dependencies_.threads.lookups, caller, std::move(done),
         [this, &request, &response](const Caller& caller) {
           return Read(caller, request, response);
         });
}

void Deliveries::Redeliver(const Caller& caller, const v1::RedeliverDeliveryRequest& request,
                           v1::RedeliverDeliveryResponse& response, DoneStatus done) {
  IfEditable(caller, request.delivery_id(), std::move(done),
             [this, &request, &response](DoneStatus done) {
               const absl::Time now = dependencies_.store.due_clock().Now();
               dependencies_.store.Redeliver(request.delivery_id(), now,
                                             [this, now, &response, done = std::move(done)](
                                                 absl::StatusOr<DeliveryRecord> delivery) mutable {
                                               if (!delivery.ok())
                                                 return std::move(done)(delivery.status());
                                               dependencies_.dispatcher.Ask(delivery->webhook_id);
                                               *response.mutable_delivery() =
                                                   DeliveryToProto(*delivery, now);
                                               std::move(done)(absl::OkStatus());
                                             });
             });
}

void Deliveries::Replay(const Caller& caller, const v1::ReplayDeliveriesRequest& request,
                        v1::ReplayDeliveriesResponse& response, DoneStatus done) {
  absl::StatusOr<ReplayRequest> replay =
      ReplayFromProto(request, dependencies_.store.due_clock().Now());
  if (!replay.ok()) return std::move(done)(replay.status());
  const auto webhook = dependencies_.catalog.Current()->Find(request.webhook_id());
  const absl::Status allowed =
      webhook == nullptr
          ? WebhookNotFound(request.webhook_id())
          : dependencies_.authorizer.CheckWebhook(caller, Permission::kEditWebhooks, *webhook);
  if (!allowed.ok()) return std::move(done)(allowed);
  dependencies_.store.Replay(*std::move(replay),
                             [this, id = request.webhook_id(), &response,
                              done = std::move(done)](absl::StatusOr<int64_t> count) mutable {
                               if (!count.ok()) return std::move(done)(count.status());
                               dependencies_.dispatcher.Ask(id);
                               response.set_replayed_count(*count);
                               std::move(done)(absl::OkStatus());
                             });
}

void Deliveries::Cancel(const Caller& caller, const v1::CancelDeliveryRequest& request,
                        v1::CancelDeliveryResponse& response, DoneStatus done) {
  IfEditable(caller, request.delivery_id(), std::move(done),
             [this, &request, &response](DoneStatus done) {
               const absl::Time now = dependencies_.clock.Now();
               dependencies_.store.CancelDelivery(
                   request.delivery_id(), now,
                   [this, now, &response,
                    done = std::move(done)](absl::StatusOr<DeliveryRecord> delivery) mutable {
                     if (!delivery.ok()) return std::move(done)(delivery.status());
                     *response.mutable_delivery() = DeliveryToProto(*delivery, now);
                     dependencies_.dispatcher.Drop(
                         delivery->webhook_id, delivery->id,
                         [&response, done = std::move(done)](bool under_way) mutable {
                           response.set_attempt_in_flight(under_way);
                           std::move(done)(absl::OkStatus());
                         });
                   });
             });
}

bool Deliveries::CanView(const Caller& caller, int32_t webhook_id) const {
  const auto webhook = dependencies_.catalog.Current()->Find(webhook_id);
  return dependencies_.authorizer.CanViewEvents(
      caller, webhook == nullptr ? std::nullopt : webhook->workspace_id);
}

absl::Status Deliveries::CheckEdit(const Caller& caller, int64_t delivery_id) const {
  RETURN_IF_ERROR(CheckId("delivery_id", delivery_id));
  ASSIGN_OR_RETURN(const DeliveryDetails details, dependencies_.store.GetDelivery(delivery_id));
  const int32_t webhook_id = details.delivery.webhook_id;
  if (!CanView(caller, webhook_id)) return DeliveryNotFound(delivery_id);
  const auto webhook = dependencies_.catalog.Current()->Find(webhook_id);
  if (webhook == nullptr) return absl::OkStatus();  // the store says that the webhook is deleted
  return dependencies_.authorizer.CheckWebhook(caller, Permission::kEditWebhooks, *webhook);
}

void Deliveries::IfEditable(const Caller& caller, int64_t delivery_id, DoneStatus done,
                            absl::AnyInvocable<void(DoneStatus) &&> write) {
  dependencies_.threads.lookups.Post(
      [this, caller, delivery_id, done = std::move(done), write = std::move(write)]() mutable {
        const absl::Status allowed = CheckEdit(caller, delivery_id);
        if (!allowed.ok()) return std::move(done)(allowed);
        std::move(write)(std::move(done));
      });
}

absl::Status Deliveries::ReadList(const Caller& caller, const v1::ListDeliveriesRequest& request,
                                  v1::ListDeliveriesResponse& response) {
  const absl::Time now = dependencies_.store.due_clock().Now();
  ASSIGN_OR_RETURN(DeliveryFilter filter, FilterFromProto(request, now));
  filter.stop = caller.stop.get();
  if (filter.webhook_id != 0) {
    // A webhook that one may see, and not what it was told of, has an empty list.
    const auto webhook = dependencies_.catalog.Current()->Find(filter.webhook_id);
    if (webhook != nullptr) {
      RETURN_IF_ERROR(
          dependencies_.authorizer.CheckWebhook(caller, Permission::kViewWebhooks, *webhook));
    }
  }
  ASSIGN_OR_RETURN(const DeliveryPage page, dependencies_.store.ListDeliveries(filter));
  for (const DeliveryRecord& delivery : page.deliveries) {
    if (!CanView(caller, delivery.webhook_id)) continue;
    *response.add_deliveries() = DeliveryToProto(delivery, now);
  }
  if (page.next_before_id != 0) response.set_next_page_token(absl::StrCat(page.next_before_id));
  return absl::OkStatus();
}

absl::Status Deliveries::Read(const Caller& caller, const v1::GetDeliveryRequest& request,
                              v1::GetDeliveryResponse& response) {
  RETURN_IF_ERROR(CheckId("delivery_id", request.delivery_id()));
  ASSIGN_OR_RETURN(DeliveryDetails details, dependencies_.store.GetDelivery(request.delivery_id()));
  if (!CanView(caller, details.delivery.webhook_id)) {
    return DeliveryNotFound(request.delivery_id());
  }
  *response.mutable_delivery() =
      DeliveryToProto(details.delivery, dependencies_.store.due_clock().Now());
  for (const AttemptRecord& attempt : details.attempts) {
    *response.add_attempts() = AttemptToProto(attempt);
  }
  response.set_request_body(std::move(details.body));
  return absl::OkStatus();
}

}  // namespace webhookd
