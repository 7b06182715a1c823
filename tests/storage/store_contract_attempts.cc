// Claims, attempts and what they make of deliveries, as every Store keeps them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/storage/store_contract.h"

namespace webhookd {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<int64_t> Ids(const std::vector<ClaimedDelivery>& deliveries) {
  std::vector<int64_t> ids;
  for (const ClaimedDelivery& delivery : deliveries) ids.push_back(delivery.id);
  return ids;
}

TEST_P(StoreContract, PendingEndpoints_GivesTheEarliestOfEachWebhook) {
  const WebhookRecord a = AddWebhook("a");
  const WebhookRecord b = AddWebhook("b");
  const WebhookRecord idle = AddWebhook("idle");
  const WebhookRecord disabled = AddWebhook("disabled");
  const WebhookRecord deleted = AddWebhook("deleted");
  for (const WebhookRecord& webhook : {a, b, disabled, deleted}) AcceptOne(webhook);
  const int64_t second = AcceptOne(a);
  Finish({Delivered(AcceptOne(idle)), Retried(second)});
  for (const ClaimedDelivery& delivery : Claim(b.id, At(1))) Finish({Retried(delivery.id)});
  ASSERT_TRUE(writes().DisableWebhook(disabled.id, "why", At(2)).ok());
  ASSERT_TRUE(writes().DeleteWebhook(deleted.id, At(2)).ok());

  const auto endpoints = store().PendingEndpoints();
  ASSERT_TRUE(endpoints.ok()) << endpoints.status();
  ASSERT_EQ(endpoints->size(), 2u);
  EXPECT_EQ((*endpoints)[0].webhook_id, a.id);
  EXPECT_EQ((*endpoints)[0].next_attempt_at, At(0));
  EXPECT_EQ((*endpoints)[1].webhook_id, b.id);
  EXPECT_EQ((*endpoints)[1].next_attempt_at, At(60));
}

TEST_P(StoreContract, ClaimDeliveries_GivesWhatIsDueInOrder) {
  const WebhookRecord webhook = AddWebhook("a");
  const WebhookRecord other = AddWebhook("b");
  const int64_t late = AcceptOne(webhook);
  const int64_t first = AcceptOne(webhook);
  const int64_t second = AcceptOne(webhook);
  AcceptOne(other);
  Finish({Retried(late)});

  const auto now = writes().ClaimDeliveries({webhook.id, At(59), At(400), /*limit=*/10});
  ASSERT_TRUE(now.ok()) << now.status();
  EXPECT_THAT(Ids(now->deliveries), ElementsAre(first, second));
  EXPECT_EQ(now->next_attempt_at, At(60));
  const ClaimedDelivery& claimed = now->deliveries[0];
  EXPECT_EQ(claimed.webhook_id, webhook.id);
  EXPECT_EQ(claimed.event_id, Get(first).event_id);
  EXPECT_EQ(*claimed.body, absl::StrCat("body of ", claimed.event_id));
  EXPECT_EQ(claimed.attempt_count, 0);
  EXPECT_EQ(claimed.schedule_step, 0);
  EXPECT_EQ(claimed.lease_until, At(400));
  EXPECT_FALSE(claimed.redelivered);
  EXPECT_EQ(Get(first).lease_until, At(400));
  EXPECT_EQ(Get(late).lease_until, std::nullopt);

  const auto later = writes().ClaimDeliveries({webhook.id, At(60), At(500), /*limit=*/10});
  ASSERT_TRUE(later.ok()) << later.status();
  // Those that are leased already too.
  EXPECT_THAT(Ids(later->deliveries), ElementsAre(first, second, late));
  EXPECT_EQ(later->next_attempt_at, absl::InfiniteFuture());
  EXPECT_EQ(later->deliveries[2].attempt_count, 1);
  EXPECT_EQ(later->deliveries[2].schedule_step, 1);
}

TEST_P(StoreContract, ClaimDeliveries_KeepsItsLimit) {
  const WebhookRecord webhook = AddWebhook("a");
  const std::vector<int64_t> ids = Accept("event", {webhook, webhook, webhook});
  const auto two = writes().ClaimDeliveries({webhook.id, At(1), At(300), /*limit=*/2});
  ASSERT_TRUE(two.ok()) << two.status();
  EXPECT_THAT(Ids(two->deliveries), ElementsAre(ids[0], ids[1]));
  EXPECT_EQ(two->next_attempt_at, At(0));
  // Deliveries of one event share its body.
  EXPECT_EQ(two->deliveries[0].body, two->deliveries[1].body);
  EXPECT_EQ(Get(ids[2]).lease_until, std::nullopt);
  for (const int limit : {0, -1}) {
    const auto none = writes().ClaimDeliveries({webhook.id, At(1), At(300), limit});
    ASSERT_TRUE(none.ok()) << none.status();
    EXPECT_THAT(none->deliveries, IsEmpty());
    EXPECT_EQ(none->next_attempt_at, At(0));
  }
}

TEST_P(StoreContract, ClaimDeliveries_GivesNothingOfADisabledOrMissingWebhook) {
  WebhookRecord webhook = AddWebhook("a");
  const int64_t id = AcceptOne(webhook);
  webhook = writes().DisableWebhook(webhook.id, "why", At(1))->webhook;
  for (const int32_t webhook_id : {webhook.id, 4711}) {
    const auto claimed = writes().ClaimDeliveries({webhook_id, At(1), At(300), 10});
    ASSERT_TRUE(claimed.ok()) << claimed.status();
    EXPECT_THAT(claimed->deliveries, IsEmpty());
    EXPECT_EQ(claimed->next_attempt_at, absl::InfiniteFuture());
  }
  webhook.disabled_at.reset();
  ASSERT_TRUE(writes().UpdateWebhook(webhook, Version()).ok());
  EXPECT_THAT(Ids(Claim(webhook.id, At(1))), ElementsAre(id));
}

TEST_P(StoreContract, LeasesOfAnEarlierProcessAreVoid) {
  const WebhookRecord webhook = AddWebhook("a");
  const int64_t claimed = AcceptOne(webhook);
  Claim(webhook.id, At(1));
  AcceptEventRequest request = Event("at once", {webhook});
  request.deliveries[0].claimed = true;
  const auto accepted = writes().AcceptEvent(request);
  ASSERT_TRUE(accepted.ok()) << accepted.status();
  const int64_t at_once = accepted->deliveries[0].delivery_id;
  EXPECT_EQ(Get(at_once).lease_until, At(300));
  const DeliveryFilter leased{.state = DeliveryState::kPending, .leased = true, .now = At(2)};
  EXPECT_THAT(List(leased), ElementsAre(at_once, claimed));

  Reopen();
  EXPECT_THAT(List(leased), IsEmpty());
  EXPECT_EQ(Get(at_once).lease_until, std::nullopt);
  EXPECT_THAT(Ids(Claim(webhook.id, At(2))), ElementsAre(claimed, at_once));
}

TEST_P(StoreContract, FinishAttempts_Delivers) {
  const WebhookRecord webhook = AddWebhook("a");
  const int64_t id = AcceptOne(webhook);
  Claim(webhook.id, At(1));
  FinishedAttempt finished = Delivered(id);
  finished.attempt.request_headers = "webhook-id: an event\n";
  Finish({finished});

  const auto details = store().GetDelivery(id);
  ASSERT_TRUE(details.ok()) << details.status();
  EXPECT_EQ(details->delivery.state, DeliveryState::kDelivered);
  EXPECT_EQ(details->delivery.attempt_count, 1);
  EXPECT_EQ(details->delivery.finished_at, At(10) + absl::Milliseconds(250));
  EXPECT_EQ(details->delivery.lease_until, std::nullopt);
  EXPECT_EQ(details->delivery.last_status, 204);
  EXPECT_EQ(details->delivery.last_error_class, "");
  ASSERT_EQ(details->attempts.size(), 1u);
  const AttemptRecord& attempt = details->attempts[0];
  EXPECT_EQ(attempt.number, 1);
  EXPECT_EQ(attempt.started_at, finished.attempt.started_at);
  EXPECT_EQ(attempt.duration, finished.attempt.duration);
  EXPECT_EQ(attempt.status, 204);
  EXPECT_EQ(attempt.remote_address, "192.0.2.7:443");
  EXPECT_EQ(attempt.url, "https://example.com/hook");
  EXPECT_EQ(attempt.request_headers, "webhook-id: an event\n");
  EXPECT_THAT(Claim(webhook.id, At(1000)), IsEmpty());
}

TEST_P(StoreContract, FinishAttempts_SchedulesARetryAndGivesUp) {
  const WebhookRecord webhook = AddWebhook("a");
  const int64_t id = AcceptOne(webhook);
  Claim(webhook.id, At(1));
  Finish({Retried(id)});
  DeliveryRecord delivery = Get(id);
  EXPECT_EQ(delivery.state, DeliveryState::kPending);
  EXPECT_EQ(delivery.next_attempt_at, At(60));
  EXPECT_EQ(delivery.lease_until, std::nullopt);
  EXPECT_EQ(delivery.last_status, 500);
  EXPECT_EQ(delivery.last_error_class, "http_status");
  EXPECT_THAT(Claim(webhook.id, At(59)), IsEmpty());
  Reopen();
  EXPECT_THAT(Ids(Claim(webhook.id, At(60))), ElementsAre(id));
  Finish({Failed(id, 2)});
  delivery = Get(id);
  EXPECT_EQ(delivery.state, DeliveryState::kFailed);
  EXPECT_EQ(delivery.attempt_count, 2);
  EXPECT_EQ(delivery.finished_at, At(22));
  const std::vector<AttemptRecord> attempts = Attempts(id);
  ASSERT_EQ(attempts.size(), 2u);
  EXPECT_EQ(attempts[1].number, 2);
  EXPECT_EQ(attempts[1].error_message, "the receiver answered 500");
  EXPECT_EQ(attempts[1].response_excerpt, "Fehler: \xc3\xbc");
  EXPECT_THAT(Claim(webhook.id, At(1000)), IsEmpty());
}

TEST_P(StoreContract, FinishAttempts_TakesAttemptsOfOneDeliveryInOrder) {
  const WebhookRecord webhook = AddWebhook("a");
  const int64_t id = AcceptOne(webhook);
  Finish({Retried(id, 1), Retried(id, 2), Delivered(id, 3)});
  EXPECT_EQ(Get(id).state, DeliveryState::kDelivered);
  EXPECT_EQ(Get(id).attempt_count, 3);
  const std::vector<AttemptRecord> attempts = Attempts(id);
  ASSERT_EQ(attempts.size(), 3u);
  EXPECT_EQ(attempts[0].status, 500);
  EXPECT_EQ(attempts[2].status, 204);
}

TEST_P(StoreContract, FinishAttempts_GivesATakenNumberTheNext) {
  const WebhookRecord webhook = AddWebhook("a");
  const int64_t id = AcceptOne(webhook);
  Finish({Retried(id, 1), Retried(id, 1)});
  Finish({Retried(id, 1)});
  const std::vector<AttemptRecord> attempts = Attempts(id);
  ASSERT_EQ(attempts.size(), 3u);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(attempts[static_cast<size_t>(i)].number, i + 1);
  EXPECT_EQ(Get(id).attempt_count, 3);
}

TEST_P(StoreContract, FinishAttempts_LeavesACanceledDeliveryUnlessItDelivered) {
  const WebhookRecord webhook = AddWebhook("a");
  const std::vector<int64_t> ids = Accept("event", {webhook, webhook, webhook});
  Claim(webhook.id, At(1));
  for (const int64_t id : ids) ASSERT_TRUE(writes().CancelDelivery(id, At(2)).ok());
  Finish({Retried(ids[0]), Failed(ids[1]), Delivered(ids[2])});
  EXPECT_EQ(Get(ids[0]).state, DeliveryState::kCanceled);
  EXPECT_EQ(Get(ids[0]).finished_at, At(2));
  EXPECT_EQ(Get(ids[0]).attempt_count, 1);
  EXPECT_EQ(Get(ids[0]).last_error_class, "http_status");
  EXPECT_EQ(Attempts(ids[0]).size(), 1u);
  EXPECT_EQ(Get(ids[1]).state, DeliveryState::kCanceled);
  EXPECT_EQ(Get(ids[2]).state, DeliveryState::kDelivered);
  EXPECT_EQ(Get(ids[2]).finished_at, At(10) + absl::Milliseconds(250));
}

TEST_P(StoreContract, FinishAttempts_OnlyRecordsAnAttemptOfWhatIsOver) {
  const WebhookRecord webhook = AddWebhook("a");
  const std::vector<int64_t> ids = Accept("event", {webhook, webhook});
  Finish({Delivered(ids[0]), Failed(ids[1])});
  Finish({Failed(ids[0], 2), Delivered(ids[1], 2)});
  EXPECT_EQ(Get(ids[0]).state, DeliveryState::kDelivered);
  EXPECT_EQ(Get(ids[0]).last_status, 204);
  EXPECT_EQ(Get(ids[0]).attempt_count, 2);
  EXPECT_EQ(Attempts(ids[0]).size(), 2u);
  EXPECT_EQ(Get(ids[1]).state, DeliveryState::kFailed);
}

TEST_P(StoreContract, FinishAttempts_PassesOverAnUnknownDelivery) {
  const WebhookRecord webhook = AddWebhook("a");
  const int64_t id = AcceptOne(webhook);
  Finish({Delivered(4711), Delivered(id), Delivered(0)});
  Finish({});
  EXPECT_EQ(Get(id).state, DeliveryState::kDelivered);
  EXPECT_TRUE(absl::IsNotFound(store().GetDelivery(4711).status()));
}

TEST_P(StoreContract, GetDelivery_GivesTheLastHundredAttempts) {
  const WebhookRecord webhook = AddWebhook("a");
  const int64_t id = AcceptOne(webhook);
  std::vector<FinishedAttempt> finished;
  for (int i = 1; i <= 130; ++i) finished.push_back(Retried(id, i));
  Finish(finished);
  const std::vector<AttemptRecord> attempts = Attempts(id);
  ASSERT_EQ(attempts.size(), 100u);
  EXPECT_EQ(attempts.front().number, 31);
  EXPECT_EQ(attempts.back().number, 130);
  EXPECT_EQ(Get(id).attempt_count, 130);
}

TEST_P(StoreContract, Redeliver_StartsAnyDeliveryAgain) {
  const WebhookRecord webhook = AddWebhook("a");
  AcceptEventRequest request = Event("event", std::vector<WebhookRecord>(5, webhook));
  request.deliveries[4].skipped = true;
  const auto accepted = writes().AcceptEvent(request);
  ASSERT_TRUE(accepted.ok()) << accepted.status();
  std::vector<int64_t> ids;
  for (const AcceptedDelivery& delivery : accepted->deliveries) ids.push_back(delivery.delivery_id);
  Finish({Delivered(ids[0]), Failed(ids[1]), Retried(ids[2])});
  ASSERT_TRUE(writes().CancelDelivery(ids[3], At(2)).ok());

  for (const int64_t id : ids) {
    const auto again = writes().Redeliver(id, At(30));
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ(again->id, id);
    EXPECT_EQ(again->state, DeliveryState::kPending);
    EXPECT_EQ(again->next_attempt_at, At(30));
    EXPECT_EQ(again->finished_at, std::nullopt);
    EXPECT_EQ(again->lease_until, std::nullopt);
  }
  const std::vector<ClaimedDelivery> claimed = Claim(webhook.id, At(30));
  ASSERT_EQ(claimed.size(), 5u);
  for (const ClaimedDelivery& delivery : claimed) {
    EXPECT_EQ(delivery.schedule_step, 0);
    EXPECT_FALSE(delivery.redelivered);
  }
  EXPECT_EQ(claimed[1].attempt_count, 1);
  // Its history goes on.
  Finish({Delivered(ids[1], 2)});
  EXPECT_EQ(Get(ids[1]).state, DeliveryState::kDelivered);
  EXPECT_EQ(Attempts(ids[1]).size(), 2u);
}

TEST_P(StoreContract, Redeliver_RefusesWhatCannotBeSent) {
  const WebhookRecord webhook = AddWebhook("a");
  const int64_t id = AcceptOne(webhook);
  EXPECT_TRUE(absl::IsNotFound(writes().Redeliver(4711, At(1)).status()));
  ASSERT_TRUE(writes().DeleteWebhook(webhook.id, At(2)).ok());
  const absl::Status status = writes().Redeliver(id, At(3)).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_EQ(Get(id).state, DeliveryState::kCanceled);
}

// The attempt under way must not undo what somebody asked for meanwhile, nor send twice what
// arrived.
TEST_P(StoreContract, Redeliver_OutlivesAFailingAttemptUnderWay) {
  const WebhookRecord webhook = AddWebhook("a");
  const std::vector<int64_t> ids = Accept("event", std::vector<WebhookRecord>(4, webhook));
  Claim(webhook.id, At(1));
  ASSERT_TRUE(writes().CancelDelivery(ids[3], At(2)).ok());
  for (const int64_t id : ids) {
    const auto record = writes().Redeliver(id, At(5));
    ASSERT_TRUE(record.ok()) << record.status();
    EXPECT_TRUE(record->lease_until.has_value());
  }
  for (const ClaimedDelivery& delivery : Claim(webhook.id, At(6))) {
    EXPECT_TRUE(delivery.redelivered);
  }
  Finish(
      {Retried(ids[0], 1), Failed(ids[0], 2), Failed(ids[1]), Delivered(ids[2]), Failed(ids[3])});
  for (const int64_t id : {ids[0], ids[1], ids[3]}) {
    EXPECT_EQ(Get(id).state, DeliveryState::kPending);
    EXPECT_EQ(Get(id).next_attempt_at, At(5));
    EXPECT_EQ(Get(id).lease_until, std::nullopt);
  }
  EXPECT_EQ(Get(ids[0]).attempt_count, 2);
  EXPECT_EQ(Get(ids[2]).state, DeliveryState::kDelivered);

  // From then on attempts decide again.
  const std::vector<ClaimedDelivery> claimed = Claim(webhook.id, At(7));
  EXPECT_THAT(Ids(claimed), ElementsAre(ids[0], ids[1], ids[3]));
  for (const ClaimedDelivery& delivery : claimed) {
    EXPECT_EQ(delivery.schedule_step, 0);
    EXPECT_FALSE(delivery.redelivered);
  }
  Finish({Failed(ids[0], 3)});
  EXPECT_EQ(Get(ids[0]).state, DeliveryState::kFailed);
}

TEST_P(StoreContract, Redeliver_OfAnEarlierProcessIsAnOrdinaryDelivery) {
  const WebhookRecord webhook = AddWebhook("a");
  const int64_t id = AcceptOne(webhook);
  Claim(webhook.id, At(1));
  ASSERT_TRUE(writes().Redeliver(id, At(2)).ok());
  Reopen();
  const std::vector<ClaimedDelivery> claimed = Claim(webhook.id, At(3));
  ASSERT_EQ(claimed.size(), 1u);
  EXPECT_FALSE(claimed[0].redelivered);
  Finish({Failed(id)});
  EXPECT_EQ(Get(id).state, DeliveryState::kFailed);
}

TEST_P(StoreContract, CancelDelivery_CancelsWhatIsPendingOnly) {
  const WebhookRecord webhook = AddWebhook("a");
  const std::vector<int64_t> ids = Accept("event", {webhook, webhook, webhook});
  Finish({Delivered(ids[0]), Failed(ids[1])});
  const auto canceled = writes().CancelDelivery(ids[2], At(7));
  ASSERT_TRUE(canceled.ok()) << canceled.status();
  EXPECT_EQ(canceled->state, DeliveryState::kCanceled);
  EXPECT_EQ(canceled->finished_at, At(7));
  for (const int64_t id : ids) {
    const absl::Status status = writes().CancelDelivery(id, At(8)).status();
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  }
  EXPECT_TRUE(absl::IsNotFound(writes().CancelDelivery(4711, At(8)).status()));
  EXPECT_EQ(Get(ids[2]).finished_at, At(7));
  EXPECT_THAT(Claim(webhook.id, At(9)), IsEmpty());
}

TEST_P(StoreContract, Replay_RedeliversWhatFailedInATimeRange) {
  const WebhookRecord webhook = AddWebhook("a");
  const WebhookRecord other = AddWebhook("b");
  std::vector<int64_t> ids;
  for (int i = 0; i < 6; ++i) {
    AcceptEventRequest request = Event(absl::StrCat("timed ", i), {webhook, other});
    request.accepted_at = At(i);
    request.deliveries[0].skipped = i == 3;
    const auto accepted = writes().AcceptEvent(request);
    ASSERT_TRUE(accepted.ok()) << accepted.status();
    ids.push_back(accepted->deliveries[0].delivery_id);
    Finish({Failed(accepted->deliveries[1].delivery_id)});
    if (i == 4) Finish({Delivered(ids[4])});
    if (i != 3 && i != 4 && i != 5) Finish({Failed(ids.back())});
  }
  EXPECT_EQ(*writes().Replay({.webhook_id = webhook.id,
                              .created_from = At(1),
                              .created_before = At(5),
                              .now = At(100)}),
            2);
  EXPECT_EQ(Get(ids[0]).state, DeliveryState::kFailed);
  EXPECT_EQ(Get(ids[1]).state, DeliveryState::kPending);
  EXPECT_EQ(Get(ids[1]).next_attempt_at, At(100));
  EXPECT_EQ(Get(ids[2]).state, DeliveryState::kPending);
  EXPECT_EQ(Get(ids[3]).state, DeliveryState::kSkipped);
  EXPECT_EQ(Get(ids[4]).state, DeliveryState::kDelivered);
  EXPECT_EQ(*writes().Replay({.webhook_id = webhook.id, .include_skipped = true, .now = At(200)}),
            2);
  EXPECT_EQ(Get(ids[0]).next_attempt_at, At(200));
  EXPECT_EQ(Get(ids[3]).next_attempt_at, At(200));
  EXPECT_EQ(*writes().Replay({.webhook_id = webhook.id, .include_skipped = true, .now = At(300)}),
            0);
  EXPECT_EQ(List({.webhook_id = other.id, .state = DeliveryState::kFailed}).size(), 6u);

  EXPECT_TRUE(absl::IsNotFound(writes().Replay({.webhook_id = 4711}).status()));
  ASSERT_TRUE(writes().DeleteWebhook(webhook.id, At(400)).ok());
  EXPECT_TRUE(absl::IsNotFound(writes().Replay({.webhook_id = webhook.id}).status()));
}

}  // namespace
}  // namespace webhookd
