#include "server/rpc/time_conversion.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "server/rpc/rpc_error.h"

namespace webhookd {
namespace {

constexpr int64_t kMinSeconds = -62'135'596'800;  // 0001-01-01T00:00:00Z
constexpr int64_t kMaxSeconds = 253'402'300'799;  // 9999-12-31T23:59:59Z
constexpr int32_t kMaxNanos = 999'999'999;

}  // namespace

google::protobuf::Timestamp TimestampFromTime(absl::Time time) {
  const absl::Time bounded =
      std::clamp(time, absl::FromUnixSeconds(kMinSeconds), absl::FromUnixSeconds(kMaxSeconds));
  const timespec spec = absl::ToTimespec(bounded);
  google::protobuf::Timestamp timestamp;
  timestamp.set_seconds(spec.tv_sec);
  timestamp.set_nanos(static_cast<int32_t>(spec.tv_nsec));
  return timestamp;
}

google::protobuf::Duration DurationToProto(absl::Duration duration) {
  const int64_t seconds = absl::IDivDuration(duration, absl::Seconds(1), &duration);
  google::protobuf::Duration proto;
  proto.set_seconds(seconds);
  proto.set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(duration)));
  return proto;
}

absl::StatusOr<absl::Time> TimeFromTimestamp(absl::string_view field,
                                             const google::protobuf::Timestamp& timestamp) {
  if (timestamp.seconds() < kMinSeconds || timestamp.seconds() > kMaxSeconds) {
    return InvalidField(field, absl::StrCat("has ", timestamp.seconds(),
                                            " seconds: give a time in the years 1 to 9999"));
  }
  if (timestamp.nanos() < 0 || timestamp.nanos() > kMaxNanos) {
    return InvalidField(
        field, absl::StrCat("has ", timestamp.nanos(), " nanoseconds: give 0 to ", kMaxNanos));
  }
  return absl::FromUnixSeconds(timestamp.seconds()) + absl::Nanoseconds(timestamp.nanos());
}

}  // namespace webhookd
