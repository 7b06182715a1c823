#ifndef WEBHOOKD_SERVER_RPC_TIME_CONVERSION_H_
#define WEBHOOKD_SERVER_RPC_TIME_CONVERSION_H_

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace webhookd {

// Cut to what a Timestamp can hold: the years 1 to 9999.
google::protobuf::Timestamp TimestampFromTime(absl::Time time);
google::protobuf::Duration DurationToProto(absl::Duration duration);

// INVALID_ARGUMENT, naming `field`, for seconds or nanoseconds out of a Timestamp's range.
absl::StatusOr<absl::Time> TimeFromTimestamp(absl::string_view field,
                                             const google::protobuf::Timestamp& timestamp);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_RPC_TIME_CONVERSION_H_
