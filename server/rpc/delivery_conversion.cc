#include "server/rpc/delivery_conversion.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/quoted.h"
#include "base/status_macros.h"
#include "server/rpc/rpc_error.h"
#include "server/rpc/time_conversion.h"

namespace webhookd {
namespace {

constexpr int kDefaultPageSize = 50;
constexpr int kMaxPageSize = 1'000;

v1::DeliveryState StateToProto(const DeliveryRecord& delivery, absl::Time now) {
  switch (delivery.state) {
    case DeliveryState::kPending:
      return delivery.lease_until && *delivery.lease_until > now ? v1::DELIVERY_STATE_IN_FLIGHT
                                                                 : v1::DELIVERY_STATE_PENDING;
    case DeliveryState::kDelivered:
      return v1::DELIVERY_STATE_DELIVERED;
    case DeliveryState::kFailed:
      return v1::DELIVERY_STATE_FAILED;
    case DeliveryState::kCanceled:
      return v1::DELIVERY_STATE_CANCELED;
    case DeliveryState::kSkipped:
      return v1::DELIVERY_STATE_SKIPPED;
  }
  return v1::DELIVERY_STATE_UNSPECIFIED;
}

absl::Status SetState(v1::DeliveryState state, DeliveryFilter& filter) {
  switch (state) {
    case v1::DELIVERY_STATE_UNSPECIFIED:
      return absl::OkStatus();
    case v1::DELIVERY_STATE_PENDING:
    case v1::DELIVERY_STATE_IN_FLIGHT:
      filter.state = DeliveryState::kPending;
      filter.leased = state == v1::DELIVERY_STATE_IN_FLIGHT;
      return absl::OkStatus();
    case v1::DELIVERY_STATE_DELIVERED:
    case v1::DELIVERY_STATE_FAILED:
    case v1::DELIVERY_STATE_CANCELED:
    case v1::DELIVERY_STATE_SKIPPED:
      filter.state = static_cast<DeliveryState>(state);
      return absl::OkStatus();
    default:
      return InvalidField("state", absl::StrCat(static_cast<int>(state),
                                                " is unknown: give a DeliveryState, such as "
                                                "DELIVERY_STATE_FAILED (4), or none for all"));
  }
}

// A range of times that both kinds of requests carry under the same names.
struct Range {
  std::optional<absl::Time> from;
  std::optional<absl::Time> before;
};

template <typename Request>
absl::StatusOr<Range> RangeFromProto(const Request& request) {
  Range range;
  if (request.has_created_from()) {
    ASSIGN_OR_RETURN(range.from, TimeFromTimestamp("created_from", request.created_from()));
  }
  if (request.has_created_before()) {
    ASSIGN_OR_RETURN(range.before, TimeFromTimestamp("created_before", request.created_before()));
  }
  if (range.from && range.before && *range.before <= *range.from) {
    return InvalidField(
        "created_before",
        absl::StrCat(absl::FormatTime(*range.before, absl::UTCTimeZone()),
                     " is not after created_from ",
                     absl::FormatTime(*range.from, absl::UTCTimeZone()), ": give a later time"));
  }
  return range;
}

}  // namespace

v1::Delivery DeliveryToProto(const DeliveryRecord& delivery, absl::Time now) {
  v1::Delivery proto;
  proto.set_id(delivery.id);
  proto.set_event_id(delivery.event_id);
  proto.set_event_type(delivery.event_type);
  proto.set_webhook_id(delivery.webhook_id);
  proto.set_trigger_id(delivery.trigger_id);
  proto.set_state(StateToProto(delivery, now));
  proto.set_attempt_count(delivery.attempt_count);
  if (delivery.state == DeliveryState::kPending) {
    *proto.mutable_next_attempt_at() = TimestampFromTime(delivery.next_attempt_at);
  }
  *proto.mutable_created_at() = TimestampFromTime(delivery.created_at);
  if (delivery.finished_at) *proto.mutable_finished_at() = TimestampFromTime(*delivery.finished_at);
  proto.set_webhook_name(delivery.webhook_name);
  proto.set_last_status(delivery.last_status);
  proto.set_last_error_class(delivery.last_error_class);
  return proto;
}

v1::Attempt AttemptToProto(const AttemptRecord& attempt) {
  v1::Attempt proto;
  proto.set_number(attempt.number);
  *proto.mutable_started_at() = TimestampFromTime(attempt.started_at);
  *proto.mutable_duration() = DurationToProto(attempt.duration);
  proto.set_status(attempt.status);
  proto.set_error_class(attempt.error_class);
  proto.set_error_message(attempt.error_message);
  proto.set_response_excerpt(attempt.response_excerpt);
  proto.set_remote_address(attempt.remote_address);
  proto.set_url(attempt.url);
  proto.set_request_headers_not_kept(!attempt.request_headers.has_value());
  for (const absl::string_view line :
       absl::StrSplit(attempt.request_headers.value_or(""), '\n', absl::SkipEmpty())) {
    std::pair<std::string, std::string> parts = absl::StrSplit(line, absl::MaxSplits(": ", 1));
    v1::HttpHeader& header = *proto.add_request_headers();
    header.set_name(std::move(parts.first));
    header.set_value(std::move(parts.second));
  }
  return proto;
}

absl::StatusOr<DeliveryFilter> FilterFromProto(const v1::ListDeliveriesRequest& request,
                                               absl::Time now) {
  DeliveryFilter filter;
  filter.now = now;
  if (request.webhook_id() < 0) {
    return InvalidField("webhook_id", absl::StrCat(request.webhook_id(),
                                                   " is negative: give a webhook's number, or 0 "
                                                   "for all"));
  }
  filter.webhook_id = request.webhook_id();
  RETURN_IF_ERROR(SetState(request.state(), filter));
  filter.event_id = request.event_id();
  ASSIGN_OR_RETURN(const Range range, RangeFromProto(request));
  filter.created_from = range.from;
  filter.created_before = range.before;
  if (request.page_size() < 0 || request.page_size() > kMaxPageSize) {
    return InvalidField(
        "page_size", absl::StrCat(request.page_size(), " is out of range: give 1 to ", kMaxPageSize,
                                  ", or 0 for ", kDefaultPageSize));
  }
  filter.limit = request.page_size() == 0 ? kDefaultPageSize : request.page_size();
  if (!request.page_token().empty() &&
      (!absl::SimpleAtoi(request.page_token(), &filter.before_id) || filter.before_id < 1)) {
    return InvalidField("page_token", absl::StrCat(Quoted(request.page_token()),
                                                   " was not given by this server: give the "
                                                   "next_page_token of an earlier response"));
  }
  return filter;
}

absl::StatusOr<ReplayRequest> ReplayFromProto(const v1::ReplayDeliveriesRequest& request,
                                              absl::Time now) {
  RETURN_IF_ERROR(CheckId("webhook_id", request.webhook_id()));
  ASSIGN_OR_RETURN(const Range range, RangeFromProto(request));
  ReplayRequest replay;
  replay.webhook_id = request.webhook_id();
  replay.created_from = range.from;
  replay.created_before = range.before;
  replay.include_skipped = request.include_skipped();
  replay.now = now;
  return replay;
}

}  // namespace webhookd
