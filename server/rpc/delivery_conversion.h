#ifndef WEBHOOKD_SERVER_RPC_DELIVERY_CONVERSION_H_
#define WEBHOOKD_SERVER_RPC_DELIVERY_CONVERSION_H_

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "storage/records.h"
#include "webhookd/v1/delivery.pb.h"

// Between deliveries as they are asked for and shown, and as they are stored. Errors are
// INVALID_ARGUMENT and name the field and the value.
namespace webhookd {

// A pending delivery whose lease is in force at `now` is shown as in flight.
v1::Delivery DeliveryToProto(const DeliveryRecord& delivery, absl::Time now);
v1::Attempt AttemptToProto(const AttemptRecord& attempt);

// The filter of one page; its limit is one more than the page holds, to tell whether there are
// more.
absl::StatusOr<DeliveryFilter> FilterFromProto(const v1::ListDeliveriesRequest& request,
                                               absl::Time now);
absl::StatusOr<ReplayRequest> ReplayFromProto(const v1::ReplayDeliveriesRequest& request,
                                              absl::Time now);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_RPC_DELIVERY_CONVERSION_H_
