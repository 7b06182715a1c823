#include <algorithm>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/client/cli/cli_fixture.h"

namespace webhookd {
namespace {

using ::testing::AllOf;
using testing::CliResult;
using testing::CliTest;
using testing::FakeDeliveries;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

v1::Delivery Delivery(int64_t id, v1::DeliveryState state) {
  v1::Delivery delivery;
  delivery.set_id(id);
  delivery.set_event_id("e-" + std::to_string(id));
  delivery.set_event_type("EXPERIMENT_STATE_CHANGE");
  delivery.set_webhook_id(1);
  delivery.set_webhook_name("日本");
  delivery.set_trigger_id(2);
  delivery.set_state(state);
  delivery.mutable_created_at()->set_seconds(1'665'689'991);
  if (state == v1::DELIVERY_STATE_PENDING) {
    delivery.set_attempt_count(2);
    delivery.set_last_status(503);
    delivery.set_last_error_class("http_5xx");
    delivery.mutable_next_attempt_at()->set_seconds(1'665'690'000);
  } else if (state == v1::DELIVERY_STATE_DELIVERED) {
    delivery.set_attempt_count(1);
    delivery.set_last_status(200);
  }
  return delivery;
}

std::vector<v1::Delivery> Many(int count) {
  std::vector<v1::Delivery> deliveries;
  for (int i = 1; i <= count; ++i) deliveries.push_back(Delivery(i, v1::DELIVERY_STATE_DELIVERED));
  return deliveries;
}

int Lines(const std::string& text) {
  return static_cast<int>(std::count(text.begin(), text.end(), '\n'));
}

using DeliveryCommandsTest = CliTest;

TEST_F(DeliveryCommandsTest, Lists) {
  deliveries_.Set(
      {Delivery(1, v1::DELIVERY_STATE_PENDING), Delivery(2, v1::DELIVERY_STATE_DELIVERED)});
  EXPECT_EQ(
      Run({"delivery", "list"}).out,
      "ID  CREATED               WEBHOOK    EVENT                        STATE      ATTEMPTS  "
      "LAST          NEXT\n"
      "2   2022-10-13 19:39:51Z  日本 (#1)  EXPERIMENT_STATE_CHANGE e-2  delivered  1         "
      "200           -\n"
      "1   2022-10-13 19:39:51Z  日本 (#1)  EXPERIMENT_STATE_CHANGE e-1  pending    2         "
      "http_5xx 503  2022-10-13 19:40:00Z\n");
}

TEST_F(DeliveryCommandsTest, ListPassesFiltersOn) {
  const CliResult result = Run({"delivery", "list", "--webhook-id", "3", "--state", "in-flight",
                                "--event-id", "e-1", "--since", "1665689991"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(result.out, "No deliveries.\n");
  const auto requests = deliveries_.list_requests();
  ASSERT_THAT(requests, SizeIs(1));
  EXPECT_EQ(requests[0].webhook_id(), 3);
  EXPECT_EQ(requests[0].state(), v1::DELIVERY_STATE_IN_FLIGHT);
  EXPECT_EQ(requests[0].event_id(), "e-1");
  EXPECT_EQ(requests[0].created_from().seconds(), 1'665'689'991);
  EXPECT_EQ(requests[0].page_size(), 50);
}

TEST_F(DeliveryCommandsTest, ListReadsPages) {
  deliveries_.Set(Many(2'500));
  const CliResult some = Run({"delivery", "list", "--limit", "1200"});
  EXPECT_EQ(Lines(some.out), 1'201);
  EXPECT_EQ(some.err, "There are more; see --limit.\n");
  const CliResult all = Run({"delivery", "list", "--limit", "0"});
  EXPECT_EQ(Lines(all.out), 2'501);
  EXPECT_THAT(all.err, IsEmpty());
  EXPECT_EQ(Run({"delivery", "list", "--limit", "-1"}).code, 2);
}

TEST_F(DeliveryCommandsTest, ListGoesOnAfterPagesThatAreEmpty) {
  std::vector<v1::Delivery> deliveries = Many(20);
  deliveries[1].set_state(v1::DELIVERY_STATE_FAILED);
  deliveries_.Set(deliveries);
  deliveries_.SetMaxExamined(3);
  const CliResult result = Run({"delivery", "list", "--state", "failed", "--limit", "1"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(Lines(result.out), 2) << result.out;
  EXPECT_EQ(Run({"delivery", "list", "--state", "skipped"}).out, "No deliveries.\n");
}

TEST_F(DeliveryCommandsTest, ListAsJsonIsOneDocument) {
  deliveries_.Set(Many(3));
  const CliResult result = Run({"delivery", "list", "--limit", "2", "--json"});
  EXPECT_THAT(result.out, AllOf(HasSubstr("\"id\": \"3\""), HasSubstr("\"nextPageToken\": \"2\"")));
}

TEST_F(DeliveryCommandsTest, GetShowsAttemptsAndBody) {
  deliveries_.Set({Delivery(1, v1::DELIVERY_STATE_PENDING)});
  const CliResult result = Run({"delivery", "get", "1"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("Next attempt  2022-10-13 19:40:00Z\n"));
  EXPECT_THAT(result.out, HasSubstr("2        2022-10-13 19:39:53Z  12ms  503     10.0.0.7:443  "
                                    "http_5xx: the receiver answered 503  try\\x0alater\n"));
  EXPECT_THAT(result.out, HasSubstr("\n\nHeaders of attempt 1\n"
                                    "They were not kept by the earlier version that made it.\n"
                                    "\nHeaders of attempt 2\nwebhook-id: e\\x091\n"
                                    "\nBody\n{\"event_id\":\"e-1\"}\n"));
  EXPECT_EQ(Run({"delivery", "get", "9"}).err,
            "webhookctl: NOT_FOUND: delivery 9 does not exist\n");
}

TEST_F(DeliveryCommandsTest, RedeliversAndCancels) {
  deliveries_.Set({Delivery(1, v1::DELIVERY_STATE_FAILED)});
  EXPECT_THAT(Run({"delivery", "redeliver", "1"}).out, HasSubstr("pending"));
  EXPECT_THAT(Run({"delivery", "cancel", "1", "--json"}).out,
              HasSubstr("\"state\": \"DELIVERY_STATE_CANCELED\""));
  EXPECT_EQ(Run({"delivery", "cancel", "2"}).code, 1);
}

TEST_F(DeliveryCommandsTest, Replays) {
  const CliResult result = Run({"delivery", "replay", "--webhook-id", "3", "--since", "1000",
                                "--until", "2000", "--include-skipped"});
  EXPECT_EQ(result.out, "Deliveries pending again: 7.\n");
  const auto request = deliveries_.last_replay();
  EXPECT_EQ(request.webhook_id(), 3);
  EXPECT_EQ(request.created_from().seconds(), 1'000);
  EXPECT_EQ(request.created_before().seconds(), 2'000);
  EXPECT_TRUE(request.include_skipped());
  EXPECT_EQ(Run({"delivery", "replay"}).code, 2);
}

TEST_F(DeliveryCommandsTest, WatchShowsWhatIsNewAndWhatChanges) {
  deliveries_.Set({Delivery(1, v1::DELIVERY_STATE_PENDING)});
  deliveries_.BeforeList([](int n, FakeDeliveries::Deliveries& deliveries) {
    if (n == 3) deliveries.push_back(Delivery(2, v1::DELIVERY_STATE_PENDING));
    if (n == 5) deliveries[1] = Delivery(2, v1::DELIVERY_STATE_DELIVERED);
    if (n == 5) deliveries.push_back(Delivery(3, v1::DELIVERY_STATE_DELIVERED));
  });
  const CliResult result =
      Run({"delivery", "watch", "--interval", "1ms", "--until-settled", "--timeout", "30s"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(result.out,
            "2  pending  日本 (#1)  EXPERIMENT_STATE_CHANGE  e-2  attempts: 2, last: http_5xx 503, "
            "next: 2022-10-13 19:40:00Z\n"
            "2  delivered  日本 (#1)  EXPERIMENT_STATE_CHANGE  e-2  attempts: 1, last: 200\n"
            "3  delivered  日本 (#1)  EXPERIMENT_STATE_CHANGE  e-3  attempts: 1, last: 200\n");
}

// Also when they are found behind others that are not shown.
TEST_F(DeliveryCommandsTest, WatchShowsNothingThatWasThereBefore) {
  std::vector<v1::Delivery> deliveries = Many(9);
  deliveries[0].set_webhook_id(7);
  deliveries_.Set(deliveries);
  deliveries_.SetMaxExamined(2);
  const CliResult result = Run({"delivery", "watch", "--webhook-id", "7", "--timeout", "1ms"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(result.out, "");
}

TEST_F(DeliveryCommandsTest, WatchOfAnEventShowsWhatWasThereBefore) {
  deliveries_.Set(Many(450));
  const CliResult result = Run(
      {"delivery", "watch", "--interval", "1ms", "--event-id", "e-1", "--until-settled", "--json"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(Lines(result.out), 450);
  EXPECT_THAT(result.out, ::testing::StartsWith("{\"id\":\"1\","));
}

TEST_F(DeliveryCommandsTest, WatchCountsSettledOnes) {
  deliveries_.BeforeList([](int n, FakeDeliveries::Deliveries& deliveries) {
    deliveries.push_back(Delivery(n, v1::DELIVERY_STATE_DELIVERED));
  });
  const CliResult result = Run({"delivery", "watch", "--interval", "1ms", "--count", "4"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(Lines(result.out), 4);
  EXPECT_EQ(Run({"delivery", "watch", "--count", "0"}).code, 2);
}

TEST_F(DeliveryCommandsTest, WatchFailsWhenADeliveryFailed) {
  deliveries_.Set({Delivery(1, v1::DELIVERY_STATE_FAILED)});
  EXPECT_EQ(Run({"delivery", "watch", "--since", "0", "--until-settled"}).code, 1);
}

TEST_F(DeliveryCommandsTest, WatchEndsAfterItsTime) {
  deliveries_.Set({Delivery(1, v1::DELIVERY_STATE_PENDING)});
  const CliResult waiting = Run({"delivery", "watch", "--since", "0", "--until-settled",
                                 "--interval", "1ms", "--timeout", "20ms"});
  EXPECT_EQ(waiting.code, 1);
  EXPECT_THAT(waiting.err,
              HasSubstr("DEADLINE_EXCEEDED: after 20ms 0 deliveries are settled and 1 is not"));
  EXPECT_EQ(Run({"delivery", "watch", "--timeout", "1ms"}).code, 0);
}

}  // namespace
}  // namespace webhookd
