#include "server/events/event_router.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "server/events/content_digest.h"
#include "server/events/payload.h"
#include "server/events/slack_payload.h"
#include "tests/server/events/vectors.h"
#include "tests/server/events/webhooks.h"
#include "tests/testing/manual_executor.h"
#include "tests/testing/seeded_random.h"
#include "tests/testing/simulated_clock.h"
#include "tests/testing/test_store.h"

namespace webhookd {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

using Response = absl::StatusOr<v1::ReportExperimentStateResponse>;

constexpr absl::Duration kLease = absl::Minutes(5);

class EventRouterTest : public testing::Test {
 protected:
  EventRouterTest()
      : store_(writer_),
        router_({.base_url = "https://det.example.com", .lease = kLease},
                {.store = store_,
                 .clock = clock_,
                 .random = random_,
                 .wake =
                     [this](WakeUp wake_up) {
                       EXPECT_FALSE(response_.has_value()) << "woken after the answer";
                       wake_ups_.push_back(std::move(wake_up));
                     },
                 .reserve = [this](int64_t count) { return Reserve(count); }}) {}

  bool Reserve(int64_t count) {
    EXPECT_NE(count, 0);
    if (count > 0 && held_ + count > room_) return false;
    held_ += count;
    EXPECT_GE(held_, 0);
    return true;
  }

  WebhookRecord Add(WebhookRecord webhook) { return store_.AddWebhook(std::move(webhook)); }

  // Hands the report over and lets the writer run.
  Response Report(v1::ReportExperimentStateRequest request) {
    response_.reset();
    router_.ReportExperimentState(caller_, std::move(request),
                                  [this](Response response) { response_ = std::move(response); });
    writer_.RunAll();
    if (!response_.has_value()) return absl::InternalError("no answer");
    return *response_;
  }

  static v1::ReportExperimentStateRequest Completed() {
    v1::ReportExperimentStateRequest request;
    *request.mutable_experiment() = VectorExperiment();
    return request;
  }

  std::string caller_ = "master";
  ManualExecutor writer_;
  TestStore store_;
  SimulatedClock clock_;
  SeededRandom random_;
  int64_t room_ = 100'000;
  int64_t held_ = 0;  // reserved and not given back
  std::vector<WakeUp> wake_ups_;
  std::optional<Response> response_;
  EventRouter router_;
};

TEST_F(EventRouterTest, StoresAnEventWithItsDeliveryAndWakesTheDispatcher) {
  const WebhookRecord webhook = Add(Webhook("a", {"COMPLETED"}));
  v1::ReportExperimentStateRequest request = Completed();
  request.set_idempotency_key("41/COMPLETED");
  request.mutable_occurred_at()->set_seconds(1665689980);
  request.mutable_occurred_at()->set_nanos(500);
  const absl::Time before = store_.due_clock().Now();
  const Response response = Report(request);
  const absl::Time after = store_.due_clock().Now();
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->delivery_count(), 1);
  EXPECT_FALSE(response->duplicate());
  ASSERT_EQ(response->deliveries_size(), 1);
  EXPECT_EQ(response->deliveries(0).delivery_id(), 1);
  EXPECT_EQ(response->deliveries(0).webhook_id(), webhook.id);
  EXPECT_EQ(response->deliveries(0).trigger_id(), webhook.triggers[0].id);
  EXPECT_FALSE(response->deliveries(0).skipped());

  ASSERT_THAT(store_.accept_requests(), SizeIs(1));
  const AcceptEventRequest stored = store_.accept_requests()[0];
  const absl::Time occurred_at = absl::FromUnixSeconds(1665689980) + absl::Nanoseconds(500);
  EXPECT_EQ(stored.idempotency_key, "41/COMPLETED");
  EXPECT_EQ(stored.caller, caller_);
  EXPECT_EQ(stored.content_digest, ContentDigest(request));
  EXPECT_EQ(stored.event_id, response->event_id());
  EXPECT_EQ(stored.event_type, "EXPERIMENT_STATE_CHANGE");
  EXPECT_EQ(stored.experiment_id, 41);
  EXPECT_EQ(stored.occurred_at, occurred_at);
  EXPECT_EQ(stored.accepted_at, clock_.Now());
  EXPECT_GE(stored.first_attempt_at, before);
  EXPECT_LE(stored.first_attempt_at, after);
  EXPECT_GE(stored.lease_until, before + kLease);
  EXPECT_LE(stored.lease_until, after + kLease);
  const std::string body = RenderStateChange(
      {.event_id = response->event_id(), .occurred_at = occurred_at}, VectorExperiment());
  ASSERT_THAT(stored.bodies, SizeIs(1));
  EXPECT_EQ(*stored.bodies[0], body);

  ASSERT_THAT(wake_ups_, SizeIs(1));
  EXPECT_THAT(wake_ups_[0].waiting, IsEmpty());
  ASSERT_THAT(wake_ups_[0].claimed, SizeIs(1));
  const ClaimedDelivery& claimed = wake_ups_[0].claimed[0];
  EXPECT_EQ(claimed.id, 1);
  EXPECT_EQ(claimed.webhook_id, webhook.id);
  EXPECT_EQ(claimed.event_id, response->event_id());
  EXPECT_EQ(claimed.body, stored.bodies[0]);
  EXPECT_EQ(claimed.attempt_count, 0);
  EXPECT_EQ(claimed.schedule_step, 0);
  EXPECT_EQ(claimed.lease_until, stored.lease_until);
  EXPECT_EQ(held_, 1);
}

TEST_F(EventRouterTest, TakesTheTimeOfAReportWithoutOne) {
  Add(Webhook("a", {"COMPLETED"}));
  ASSERT_TRUE(Report(Completed()).ok());
  EXPECT_EQ(store_.accept_requests()[0].occurred_at, clock_.Now());
}

TEST_F(EventRouterTest, StoresAnEventThatMatchesNothing) {
  Add(Webhook("a", {"ERROR"}));
  const Response response = Report(Completed());
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->delivery_count(), 0);
  EXPECT_THAT(response->event_id(), SizeIs(36));
  EXPECT_THAT(store_.accept_requests()[0].bodies, IsEmpty());
  EXPECT_THAT(wake_ups_, IsEmpty());
  EXPECT_EQ(held_, 0);
}

TEST_F(EventRouterTest, RefusesAWrongReportAtOnceAndStoresNothing) {
  router_.ReportExperimentState("", {},
                                [this](Response response) { response_ = std::move(response); });
  ASSERT_TRUE(response_.has_value());
  EXPECT_EQ(response_->status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(response_->status().message()), HasSubstr("experiment is not set"));
  EXPECT_EQ(writer_.RunAll(), 0);
  EXPECT_THAT(store_.accept_requests(), IsEmpty());
}

TEST_F(EventRouterTest, SharesOneBodyAmongAllDeliveriesOfAShape) {
  Add(Webhook("two triggers", {"COMPLETED", "COMPLETED"}));
  WebhookRecord slack = Webhook("slack", {"COMPLETED"});
  slack.type = WebhookType::kSlack;
  Add(slack);
  Add(Webhook("third", {"COMPLETED"}));
  const Response response = Report(Completed());
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->delivery_count(), 4);

  const AcceptEventRequest stored = store_.accept_requests()[0];
  const EventHeader event = {.event_id = response->event_id(), .occurred_at = clock_.Now()};
  ASSERT_THAT(stored.bodies, SizeIs(2));
  EXPECT_EQ(*stored.bodies[0], RenderStateChange(event, VectorExperiment()));
  EXPECT_EQ(*stored.bodies[1],
            RenderSlackStateChange(event, VectorExperiment(), "https://det.example.com"));
  ASSERT_THAT(wake_ups_, SizeIs(1));
  std::vector<std::shared_ptr<const std::string>> bodies;
  for (const ClaimedDelivery& claimed : wake_ups_[0].claimed) bodies.push_back(claimed.body);
  EXPECT_THAT(bodies,
              ElementsAre(stored.bodies[0], stored.bodies[0], stored.bodies[1], stored.bodies[0]));
}

TEST_F(EventRouterTest, RecordsDeliveriesOfDisabledWebhooksAsSkipped) {
  WebhookRecord off = Webhook("off", {"COMPLETED"});
  off.disabled_at = clock_.Now();
  Add(off);
  Add(Webhook("on", {"COMPLETED"}));
  const Response response = Report(Completed());
  ASSERT_TRUE(response.ok()) << response.status();
  ASSERT_EQ(response->deliveries_size(), 2);
  EXPECT_TRUE(response->deliveries(0).skipped());
  EXPECT_FALSE(response->deliveries(1).skipped());
  const AcceptEventRequest stored = store_.accept_requests()[0];
  EXPECT_FALSE(stored.deliveries[0].claimed);
  EXPECT_TRUE(stored.deliveries[1].claimed);
  ASSERT_THAT(wake_ups_, SizeIs(1));
  ASSERT_THAT(wake_ups_[0].claimed, SizeIs(1));
  EXPECT_EQ(wake_ups_[0].claimed[0].id, response->deliveries(1).delivery_id());
  EXPECT_EQ(held_, 1);
}

TEST_F(EventRouterTest, ReservesNothingWhenAllAreSkipped) {
  WebhookRecord off = Webhook("off", {"COMPLETED"});
  off.disabled_at = clock_.Now();
  Add(off);
  ASSERT_TRUE(Report(Completed()).ok());
  EXPECT_THAT(wake_ups_, IsEmpty());
  EXPECT_EQ(held_, 0);
}

TEST_F(EventRouterTest, LeavesDeliveriesInTheStoreWhenTheDispatcherIsFull) {
  room_ = 2;
  Add(Webhook("two", {"COMPLETED", "COMPLETED"}));
  Add(Webhook("one", {"COMPLETED"}));
  ASSERT_TRUE(Report(Completed()).ok());
  const AcceptEventRequest stored = store_.accept_requests()[0];
  ASSERT_THAT(stored.deliveries, SizeIs(3));
  for (const NewDelivery& delivery : stored.deliveries) EXPECT_FALSE(delivery.claimed);
  ASSERT_THAT(wake_ups_, SizeIs(1));
  EXPECT_THAT(wake_ups_[0].claimed, IsEmpty());
  EXPECT_THAT(wake_ups_[0].waiting, ElementsAre(1, 2));
  EXPECT_EQ(held_, 0);
}

TEST_F(EventRouterTest, AnswersARepetitionWithTheFirstResult) {
  Add(Webhook("a", {"COMPLETED"}));
  v1::ReportExperimentStateRequest request = Completed();
  request.set_idempotency_key("key");
  const Response first = Report(request);
  wake_ups_.clear();
  Add(Webhook("b", {"COMPLETED"}));
  const Response second = Report(request);
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_TRUE(second->duplicate());
  EXPECT_EQ(second->event_id(), first->event_id());
  EXPECT_EQ(second->delivery_count(), 1);
  ASSERT_EQ(second->deliveries_size(), 1);
  EXPECT_EQ(second->deliveries(0).delivery_id(), first->deliveries(0).delivery_id());
  EXPECT_THAT(wake_ups_, IsEmpty());
  EXPECT_EQ(held_, 1);  // the first one's
}

TEST_F(EventRouterTest, GivesItsReservationBackWhenTheStoreFails) {
  Add(Webhook("a", {"COMPLETED"}));
  store_.FailAccept(absl::ResourceExhaustedError("disk full"));
  const Response response = Report(Completed());
  EXPECT_EQ(response.status(), absl::ResourceExhaustedError("disk full"));
  EXPECT_EQ(held_, 0);
  EXPECT_THAT(wake_ups_, IsEmpty());
  EXPECT_THAT(store_.accept_requests(), SizeIs(1));
}

TEST_F(EventRouterTest, MatchesAgainInTheWriteWhenTheWebhooksChanged) {
  const WebhookRecord first = Add(Webhook("first", {"COMPLETED"}));
  // Waits to be stored when the event is matched.
  store_.CreateWebhook(Webhook("second", {"COMPLETED"}), std::nullopt,
                       [](const absl::StatusOr<WebhookChange>& change) {
                         EXPECT_TRUE(change.ok()) << change.status();
                       });
  const Response response = Report(Completed());
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->delivery_count(), 2);
  EXPECT_EQ(response->deliveries(1).webhook_id(), first.id + 1);
  const std::vector<AcceptEventRequest> matches = store_.accept_requests();
  ASSERT_THAT(matches, SizeIs(2));
  EXPECT_THAT(matches[0].deliveries, SizeIs(1));
  EXPECT_EQ(matches[0].event_id, matches[1].event_id);
  EXPECT_EQ(matches[0].bodies[0], matches[1].bodies[0]);  // rendered once
  EXPECT_EQ(response->event_id(), matches[1].event_id);
  EXPECT_EQ(held_, 2);
  ASSERT_THAT(wake_ups_, SizeIs(1));
  EXPECT_THAT(wake_ups_[0].claimed, SizeIs(2));
}

TEST_F(EventRouterTest, GivesTheRoomBackOfWhatNoLongerMatches) {
  const WebhookRecord first = Add(Webhook("first", {"COMPLETED"}));
  Add(Webhook("second", {"COMPLETED"}));
  store_.DeleteWebhook(first.id, clock_.Now(), std::nullopt,
                       [](const absl::StatusOr<WebhookDeletion>& deletion) {
                         EXPECT_TRUE(deletion.ok()) << deletion.status();
                       });
  const Response response = Report(Completed());
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->delivery_count(), 1);
  EXPECT_EQ(held_, 1);
  EXPECT_THAT(wake_ups_[0].claimed, SizeIs(1));
}

TEST_F(EventRouterTest, FiresOneOfTenThousandWebhooks) {
  std::vector<WebhookRecord> webhooks;
  for (int i = 1; i <= 10000; ++i) {
    webhooks.push_back(Webhook(absl::StrCat("webhook ", i), {"COMPLETED"}));
    webhooks.back().workspace_id = i;
  }
  store_.AddWebhooks(std::move(webhooks));
  const Response response = Report(Completed());
  ASSERT_TRUE(response.ok()) << response.status();
  ASSERT_EQ(response->delivery_count(), 1);
  EXPECT_EQ(response->deliveries(0).webhook_id(), 7);
}

TEST_F(EventRouterTest, ListsAThousandDeliveriesAndCountsThemAll) {
  std::vector<WebhookRecord> webhooks;
  for (int i = 1; i <= 1500; ++i) {
    webhooks.push_back(Webhook(absl::StrCat("webhook ", i), {"COMPLETED"}));
  }
  store_.AddWebhooks(std::move(webhooks));
  const Response response = Report(Completed());
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->delivery_count(), 1500);
  EXPECT_EQ(response->deliveries_size(), 1000);
  EXPECT_THAT(wake_ups_[0].claimed, SizeIs(1500));
  EXPECT_EQ(held_, 1500);
}

TEST_F(EventRouterTest, GivesEveryEventAnIdOfItsOwn) {
  const Response first = Report(Completed());
  const Response second = Report(Completed());
  EXPECT_NE(first->event_id(), second->event_id());
}

}  // namespace
}  // namespace webhookd
