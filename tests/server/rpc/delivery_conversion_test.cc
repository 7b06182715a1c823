#include "server/rpc/delivery_conversion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace webhookd {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

const absl::Time kNow = absl::FromUnixSeconds(1'665'689'991);

TEST(DeliveryToProto, ShowsALeaseInForceAsInFlight) {
  DeliveryRecord delivery;
  EXPECT_EQ(DeliveryToProto(delivery, kNow).state(), v1::DELIVERY_STATE_PENDING);
  delivery.lease_until = kNow;
  EXPECT_EQ(DeliveryToProto(delivery, kNow).state(), v1::DELIVERY_STATE_PENDING);
  delivery.lease_until = kNow + absl::Microseconds(1);
  EXPECT_EQ(DeliveryToProto(delivery, kNow).state(), v1::DELIVERY_STATE_IN_FLIGHT);
}

TEST(DeliveryToProto, ShowsAllFields) {
  DeliveryRecord delivery;
  delivery.id = 1;
  delivery.event_id = "4cd26e62-60c6-4a8b-8d03-7629091a4ef5";
  delivery.event_type = "EXPERIMENT_STATE_CHANGE";
  delivery.webhook_id = 2;
  delivery.webhook_name = "on-call";
  delivery.trigger_id = 3;
  delivery.state = DeliveryState::kFailed;
  delivery.attempt_count = 12;
  delivery.next_attempt_at = kNow;
  delivery.created_at = kNow;
  delivery.finished_at = kNow + absl::Seconds(1);
  delivery.last_status = 503;
  delivery.last_error_class = "http_5xx";
  const v1::Delivery proto = DeliveryToProto(delivery, kNow);
  EXPECT_EQ(proto.id(), 1);
  EXPECT_EQ(proto.event_id(), delivery.event_id);
  EXPECT_EQ(proto.event_type(), delivery.event_type);
  EXPECT_EQ(proto.webhook_id(), 2);
  EXPECT_EQ(proto.webhook_name(), "on-call");
  EXPECT_EQ(proto.trigger_id(), 3);
  EXPECT_EQ(proto.state(), v1::DELIVERY_STATE_FAILED);
  EXPECT_EQ(proto.attempt_count(), 12);
  EXPECT_FALSE(proto.has_next_attempt_at());  // it has none any more
  EXPECT_EQ(proto.created_at().seconds(), absl::ToUnixSeconds(kNow));
  EXPECT_EQ(proto.finished_at().seconds(), absl::ToUnixSeconds(kNow) + 1);
  EXPECT_EQ(proto.last_status(), 503);
  EXPECT_EQ(proto.last_error_class(), "http_5xx");
}

TEST(AttemptToProto, ShowsAllFields) {
  const AttemptRecord attempt = {.number = 2,
                                 .started_at = kNow + absl::Milliseconds(250),
                                 .duration = absl::Milliseconds(1'500),
                                 .status = 500,
                                 .error_class = "http_5xx",
                                 .error_message = "the receiver answered with status 500",
                                 .response_excerpt = "oops",
                                 .remote_address = "10.0.0.7:443",
                                 .url = "https://example.com/",
                                 .request_headers = "webhook-id: event-1\nX-Odd: a: b\n"};
  const v1::Attempt proto = AttemptToProto(attempt);
  EXPECT_EQ(proto.number(), 2);
  EXPECT_EQ(proto.started_at().seconds(), absl::ToUnixSeconds(kNow));
  EXPECT_EQ(proto.started_at().nanos(), 250'000'000);
  EXPECT_EQ(proto.duration().seconds(), 1);
  EXPECT_EQ(proto.duration().nanos(), 500'000'000);
  EXPECT_EQ(proto.status(), 500);
  EXPECT_EQ(proto.error_class(), "http_5xx");
  EXPECT_EQ(proto.error_message(), "the receiver answered with status 500");
  EXPECT_EQ(proto.response_excerpt(), "oops");
  EXPECT_EQ(proto.remote_address(), "10.0.0.7:443");
  EXPECT_EQ(proto.url(), "https://example.com/");
  std::vector<std::pair<std::string, std::string>> headers;
  for (const v1::HttpHeader& header : proto.request_headers()) {
    headers.emplace_back(header.name(), header.value());
  }
  EXPECT_THAT(headers, ElementsAre(Pair("webhook-id", "event-1"), Pair("X-Odd", "a: b")));
  EXPECT_FALSE(proto.request_headers_not_kept());
}

TEST(AttemptToProto, SaysThatAnEarlierVersionKeptNoHeaders) {
  const v1::Attempt proto = AttemptToProto({.number = 1});
  EXPECT_TRUE(proto.request_headers().empty());
  EXPECT_TRUE(proto.request_headers_not_kept());
}

TEST(FilterFromProto, DefaultsAskForAll) {
  const auto filter = FilterFromProto(v1::ListDeliveriesRequest(), kNow);
  ASSERT_TRUE(filter.ok()) << filter.status();
  EXPECT_EQ(filter->webhook_id, 0);
  EXPECT_EQ(filter->state, std::nullopt);
  EXPECT_EQ(filter->leased, std::nullopt);
  EXPECT_EQ(filter->before_id, 0);
  EXPECT_EQ(filter->limit, 50);
  EXPECT_EQ(filter->now, kNow);
}

TEST(FilterFromProto, TellsPendingFromInFlight) {
  v1::ListDeliveriesRequest request;
  request.set_state(v1::DELIVERY_STATE_PENDING);
  EXPECT_EQ(FilterFromProto(request, kNow)->state, DeliveryState::kPending);
  EXPECT_EQ(FilterFromProto(request, kNow)->leased, false);
  request.set_state(v1::DELIVERY_STATE_IN_FLIGHT);
  EXPECT_EQ(FilterFromProto(request, kNow)->state, DeliveryState::kPending);
  EXPECT_EQ(FilterFromProto(request, kNow)->leased, true);
  request.set_state(v1::DELIVERY_STATE_SKIPPED);
  EXPECT_EQ(FilterFromProto(request, kNow)->state, DeliveryState::kSkipped);
  EXPECT_EQ(FilterFromProto(request, kNow)->leased, std::nullopt);
}

struct BadList {
  const char* name;
  std::function<void(v1::ListDeliveriesRequest&)> spoil;
  const char* field;
  const char* value;
};

class FilterFromProtoRefuses : public ::testing::TestWithParam<BadList> {};

TEST_P(FilterFromProtoRefuses, NamingFieldAndValue) {
  v1::ListDeliveriesRequest request;
  GetParam().spoil(request);
  const absl::Status status = FilterFromProto(request, kNow).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
  const std::string message(status.message());
  EXPECT_EQ(message.rfind(GetParam().field, 0), 0u) << message;
  EXPECT_THAT(message, HasSubstr(GetParam().value));
}

INSTANTIATE_TEST_SUITE_P(
    BadInput, FilterFromProtoRefuses,
    ::testing::Values(
        BadList{"NegativeWebhook", [](auto& r) { r.set_webhook_id(-2); }, "webhook_id", "-2"},
        BadList{"UnknownState", [](auto& r) { r.set_state(static_cast<v1::DeliveryState>(42)); },
                "state", "42"},
        BadList{"NegativePageSize", [](auto& r) { r.set_page_size(-1); }, "page_size", "-1"},
        BadList{"TooLargePageSize", [](auto& r) { r.set_page_size(1'001); }, "page_size", "1001"},
        BadList{"TokenNoNumber", [](auto& r) { r.set_page_token("next"); }, "page_token", "next"},
        BadList{"TokenZero", [](auto& r) { r.set_page_token("0"); }, "page_token", "\"0\""},
        BadList{"TokenTooLarge", [](auto& r) { r.set_page_token("99999999999999999999"); },
                "page_token", "99999999999999999999"},
        BadList{"TimeOutOfRange",
                [](auto& r) { r.mutable_created_from()->set_seconds(1'000'000'000'000); },
                "created_from", "1000000000000"},
        BadList{"NanosOutOfRange", [](auto& r) { r.mutable_created_before()->set_nanos(-1); },
                "created_before", "-1"},
        BadList{"EmptyRange",
                [](auto& r) {
                  r.mutable_created_from()->set_seconds(100);
                  r.mutable_created_before()->set_seconds(100);
                },
                "created_before", "created_from"}),
    [](const auto& info) { return info.param.name; });

TEST(ReplayFromProto, TakesAllFields) {
  v1::ReplayDeliveriesRequest request;
  request.set_webhook_id(4);
  request.mutable_created_from()->set_seconds(100);
  request.mutable_created_before()->set_seconds(200);
  request.set_include_skipped(true);
  const auto replay = ReplayFromProto(request, kNow);
  ASSERT_TRUE(replay.ok()) << replay.status();
  EXPECT_EQ(replay->webhook_id, 4);
  EXPECT_EQ(replay->created_from, absl::FromUnixSeconds(100));
  EXPECT_EQ(replay->created_before, absl::FromUnixSeconds(200));
  EXPECT_TRUE(replay->include_skipped);
  EXPECT_EQ(replay->now, kNow);
}

TEST(ReplayFromProto, NeedsAWebhook) {
  const absl::Status status = ReplayFromProto(v1::ReplayDeliveriesRequest(), kNow).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("webhook_id 0"));
}

}  // namespace
}  // namespace webhookd
