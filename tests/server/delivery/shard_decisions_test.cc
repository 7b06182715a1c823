// What people decide reaches what a shard has in memory.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <vector>

#include "tests/server/delivery/shard_fixture.h"

namespace webhookd {
namespace {

using ::testing::ElementsAre;

class ShardDecisionsTest : public ShardTest {
 protected:
  // Cancels as the RPC does: the store, then the shard, then the answer, which this returns.
  std::optional<bool> Cancel(int32_t webhook_id, int64_t delivery_id) {
    std::optional<bool> under_way;
    store->CancelDelivery(
        delivery_id, clock.Now(), [&, this](absl::StatusOr<DeliveryRecord> delivery) {
          ASSERT_TRUE(delivery.ok()) << delivery.status();
          shard->Drop(webhook_id, delivery_id, [&under_way](bool answer) { under_way = answer; });
        });
    writer.RunAll();
    EXPECT_FALSE(under_way.has_value()) << "answered before the shard knows";
    for (int i = 0; i < 3 && !under_way.has_value(); ++i) shard->Step();
    return under_way;
  }

  void Redeliver(int32_t webhook_id, int64_t delivery_id) {
    store->Redeliver(delivery_id, clock.Now(), [&, this](absl::StatusOr<DeliveryRecord> delivery) {
      ASSERT_TRUE(delivery.ok()) << delivery.status();
      shard->NoteAsked(webhook_id);
    });
    writer.RunAll();
  }
};

TEST_F(ShardDecisionsTest, WhatWaitsForARateLimitIsCanceledForGood) {
  const WebhookRecord webhook = AddWebhook("http://10.0.0.1/", {.max_requests_per_second = 0.1});
  Accept({webhook.id});
  const int64_t queued = Accept({webhook.id})[0];
  const int64_t next = Accept({webhook.id})[0];
  Settle();
  ASSERT_EQ(sent().size(), 1);
  EXPECT_EQ(Cancel(webhook.id, queued), false);
  Pass(absl::Hours(1));
  EXPECT_EQ(sent().size(), 2);
  EXPECT_EQ(State(queued), DeliveryState::kCanceled);
  EXPECT_EQ(Details(queued).attempts.size(), 0);
  EXPECT_EQ(State(next), DeliveryState::kDelivered);
  EXPECT_EQ(held(), 0);
}

TEST_F(ShardDecisionsTest, WhatWaitsForACircuitIsCanceledForGood) {
  receiver = [](const HttpRequest&) { return HttpResult{.error = AttemptError::kConnect}; };
  const WebhookRecord webhook = AddWebhook("http://10.0.0.1/", {.max_in_flight = 1});
  std::vector<int64_t> ids;
  for (int i = 0; i < 40; ++i) ids.push_back(Accept({webhook.id})[0]);
  Settle();
  ASSERT_EQ(sent().size(), CircuitBreaker::kFailuresToOpen);
  for (size_t i = 20; i < ids.size(); ++i) EXPECT_EQ(Cancel(webhook.id, ids[i]), false);
  Pass(absl::Hours(24 * 4));
  for (size_t i = 20; i < ids.size(); ++i) EXPECT_EQ(Details(ids[i]).attempts.size(), 0);
  EXPECT_EQ(State(ids[19]), DeliveryState::kFailed);
  EXPECT_EQ(held(), 0);
}

TEST_F(ShardDecisionsTest, WhatIsOnTheWireIsSaidToBe) {
  receiver = [](const HttpRequest&) { return std::nullopt; };
  const WebhookRecord webhook = AddWebhook("http://10.0.0.1/");
  const int64_t id = Accept({webhook.id})[0];
  Settle();
  ASSERT_EQ(http().open.size(), 1);
  EXPECT_EQ(Cancel(webhook.id, id), true);
  http().Complete(0, {.status = 500});
  Pass(absl::Hours(1));
  EXPECT_EQ(State(id), DeliveryState::kCanceled);
  EXPECT_EQ(sent().size(), 1);
}

TEST_F(ShardDecisionsTest, ACanceledRequestOnADeadConnectionIsNotSentAgain) {
  receiver = [](const HttpRequest&) { return std::nullopt; };
  const WebhookRecord webhook = AddWebhook("http://10.0.0.1/");
  const int64_t id = Accept({webhook.id})[0];
  Settle();
  EXPECT_EQ(Cancel(webhook.id, id), true);
  http().Complete(0, {.error = AttemptError::kStaleConnection, .reused_connection = true});
  Pass(absl::Minutes(1));
  EXPECT_EQ(sent().size(), 1);
  EXPECT_EQ(State(id), DeliveryState::kCanceled);
}

TEST_F(ShardDecisionsTest, NothingIsSentAgainAtOnceForAWebhookThatWasDisabled) {
  receiver = [](const HttpRequest&) { return std::nullopt; };
  WebhookRecord webhook = AddWebhook("http://10.0.0.1/");
  Accept({webhook.id});
  Settle();
  webhook.disabled_at = clock.Now();
  webhook.disabled_reason = "somebody did";
  ChangeWebhook(webhook);
  http().Complete(0, {.error = AttemptError::kStaleConnection, .reused_connection = true});
  Pass(absl::Minutes(1));
  EXPECT_EQ(sent().size(), 1);
}

TEST_F(ShardDecisionsTest, AClaimThatIsUnderWayBringsNothingBack) {
  const WebhookRecord webhook = AddWebhook("http://10.0.0.1/");
  const int64_t id = Accept({webhook.id}, /*claimed=*/false)[0];
  shard->Step();  // asks the store
  std::optional<bool> under_way;
  store->CancelDelivery(id, clock.Now(), [&, this](absl::StatusOr<DeliveryRecord>) {
    shard->Drop(webhook.id, id, [&under_way](bool answer) { under_way = answer; });
  });
  Settle();
  EXPECT_EQ(under_way, false);
  EXPECT_TRUE(sent().empty());
  EXPECT_EQ(State(id), DeliveryState::kCanceled);
  EXPECT_EQ(held(), 0);
}

TEST_F(ShardDecisionsTest, ACallerIsAnsweredEvenWhenTheShardEnds) {
  StartShard();
  std::vector<bool> answers;
  shard->Drop(1, 1, [&answers](bool under_way) { answers.push_back(under_way); });
  shard->Settle(1, [&answers](int64_t under_way) { answers.push_back(under_way > 0); });
  shard->Close();
  shard->Drop(1, 1, [&answers](bool under_way) { answers.push_back(under_way); });
  EXPECT_THAT(answers, ElementsAre(false, false, false));
}

TEST_F(ShardDecisionsTest, ADeletedWebhookIsAnsweredWithWhatIsUnderWay) {
  receiver = [](const HttpRequest&) { return std::nullopt; };
  const WebhookRecord webhook = AddWebhook("http://10.0.0.1/", {.max_in_flight = 2});
  for (int i = 0; i < 5; ++i) Accept({webhook.id});
  Settle();
  DeleteWebhook(webhook.id);
  std::optional<int64_t> under_way;
  shard->Settle(webhook.id, [&under_way](int64_t answer) { under_way = answer; });
  shard->Step();
  EXPECT_EQ(under_way, 2);
  http().Complete(0, {.status = 200});
  http().Complete(0, {.status = 200});
  Pass(absl::Hours(1));
  EXPECT_EQ(sent().size(), 2);
  EXPECT_EQ(held(), 0);
}

TEST_F(ShardDecisionsTest, AfterAPatchWasAnsweredNothingStartsToTheOldUrl) {
  receiver = [](const HttpRequest&) { return std::nullopt; };
  WebhookRecord webhook = AddWebhook("http://10.0.0.1/old", {.max_in_flight = 1});
  for (int i = 0; i < 3; ++i) Accept({webhook.id});
  Settle();
  webhook.url = "http://10.0.0.1/new";
  ChangeWebhook(webhook);
  std::optional<int64_t> under_way;
  shard->Settle(webhook.id, [&under_way](int64_t answer) { under_way = answer; });
  shard->Step();
  EXPECT_EQ(under_way, 1);
  for (int i = 0; i < 3; ++i) {
    http().Complete(0, {.status = 200});
    Settle();
  }
  ASSERT_EQ(sent().size(), 3);
  EXPECT_EQ(sent()[1].url, "http://10.0.0.1/new");
  EXPECT_EQ(sent()[2].url, "http://10.0.0.1/new");
}

TEST_F(ShardDecisionsTest, RedeliverIsDueAtOnceThoughTheCircuitIsOpen) {
  bool up = false;
  receiver = [&up](const HttpRequest&) {
    return up ? HttpResult{.status = 200} : HttpResult{.error = AttemptError::kConnect};
  };
  const WebhookRecord webhook = AddWebhook("http://10.0.0.1/", {.max_in_flight = 1});
  std::vector<int64_t> ids;
  for (int i = 0; i < 40; ++i) ids.push_back(Accept({webhook.id})[0]);
  Pass(absl::Minutes(10));
  up = true;
  Redeliver(webhook.id, ids[0]);
  Settle();
  for (const int64_t id : ids) {
    EXPECT_FALSE(Details(id).attempts.empty()) << id;
  }
  EXPECT_EQ(State(ids[0]), DeliveryState::kDelivered);
}

TEST_F(ShardDecisionsTest, RedeliverIsDueAtOnceThoughTheReceiverAskedForAPause) {
  receiver = [this](const HttpRequest&) {
    if (sent().size() > 1) return HttpResult{.status = 200};
    return HttpResult{.status = 429, .retry_after = "7200"};
  };
  const WebhookRecord webhook = AddWebhook("http://10.0.0.1/");
  const int64_t id = Accept({webhook.id})[0];
  Pass(absl::Minutes(1));
  ASSERT_EQ(sent().size(), 1);
  Redeliver(webhook.id, id);
  Settle();
  EXPECT_EQ(State(id), DeliveryState::kDelivered);
}

}  // namespace
}  // namespace webhookd
