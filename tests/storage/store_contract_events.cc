// Acceptance of events, as every Store does it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "tests/storage/store_contract.h"

namespace webhookd {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST_P(StoreContract, AcceptEvent_StoresTheEventAndItsDeliveries) {
  const WebhookRecord a = AddWebhook("a");
  const WebhookRecord b = AddWebhook("b", 5);
  AcceptEventRequest request = Event("4cd26e62-60c6-4a8b-8d03-7629091a4ef5", {a, b, a});
  const std::string binary("second\0body \xff", 13);
  request.bodies.push_back(std::make_shared<const std::string>(binary));
  request.deliveries[1].body = 1;
  request.deliveries[2].skipped = true;

  const auto accepted = writes().AcceptEvent(request);
  ASSERT_TRUE(accepted.ok()) << accepted.status();
  EXPECT_EQ(accepted->event_id, request.event_id);
  EXPECT_FALSE(accepted->duplicate);
  EXPECT_EQ(accepted->delivery_count, 3);
  ASSERT_EQ(accepted->deliveries.size(), 3u);
  EXPECT_EQ(accepted->deliveries[1].webhook_id, b.id);
  EXPECT_EQ(accepted->deliveries[1].trigger_id, b.triggers[0].id);
  EXPECT_FALSE(accepted->deliveries[1].skipped);
  EXPECT_TRUE(accepted->deliveries[2].skipped);

  const auto first = store().GetDelivery(accepted->deliveries[0].delivery_id);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->body, *request.bodies[0]);
  EXPECT_THAT(first->attempts, IsEmpty());
  const auto second = store().GetDelivery(accepted->deliveries[1].delivery_id);
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(second->body, binary);
  EXPECT_EQ(second->delivery.event_id, request.event_id);
  EXPECT_EQ(second->delivery.event_type, "EXPERIMENT_STATE_CHANGE");
  EXPECT_EQ(second->delivery.webhook_id, b.id);
  EXPECT_EQ(second->delivery.webhook_name, "b");
  EXPECT_EQ(second->delivery.state, DeliveryState::kPending);
  EXPECT_EQ(second->delivery.next_attempt_at, At(0));
  EXPECT_EQ(second->delivery.created_at, At(0));
  EXPECT_EQ(second->delivery.attempt_count, 0);
  EXPECT_EQ(second->delivery.lease_until, std::nullopt);
  EXPECT_EQ(second->delivery.finished_at, std::nullopt);
  EXPECT_EQ(Get(accepted->deliveries[2].delivery_id).state, DeliveryState::kSkipped);
  EXPECT_EQ(Get(accepted->deliveries[2].delivery_id).finished_at, At(0));
}

TEST_P(StoreContract, AcceptEvent_MayLetTheFirstAttemptWait) {
  const WebhookRecord webhook = AddWebhook("a");
  AcceptEventRequest request = Event("event", {webhook});
  request.first_attempt_at = At(3);
  const auto accepted = writes().AcceptEvent(request);
  ASSERT_TRUE(accepted.ok()) << accepted.status();
  const DeliveryRecord delivery = Get(accepted->deliveries[0].delivery_id);
  EXPECT_EQ(delivery.created_at, At(0));
  EXPECT_EQ(delivery.next_attempt_at, At(3));
  EXPECT_THAT(Claim(webhook.id, At(2)), IsEmpty());
  EXPECT_EQ(Claim(webhook.id, At(3)).size(), 1u);
}

TEST_P(StoreContract, AcceptEvent_TakesAnEventThatCausesNothing) {
  AcceptEventRequest request = Event("quiet", {});
  request.idempotency_key = "key";
  request.bodies.clear();
  const auto accepted = writes().AcceptEvent(request);
  ASSERT_TRUE(accepted.ok()) << accepted.status();
  EXPECT_EQ(accepted->delivery_count, 0);
  const auto again = writes().AcceptEvent(request);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE(again->duplicate);
}

// A report that goes to every webhook there is.
MatchedReport ToAll(const std::string& event_id, std::shared_ptr<const WebhookSnapshot> webhooks,
                    int* matches = nullptr) {
  const auto match = [event_id, matches](const std::shared_ptr<const WebhookSnapshot>& snapshot) {
    if (matches != nullptr) ++*matches;
    AcceptEventRequest request = {.event_id = event_id};
    request.bodies = {std::make_shared<const std::string>("body")};
    for (const auto& [id, webhook] : snapshot->webhooks()) {
      request.deliveries.push_back({.webhook_id = id, .trigger_id = webhook->triggers[0].id});
    }
    return std::vector<AcceptEventRequest>{request};
  };
  return {.events = match(webhooks), .webhooks = webhooks, .match_again = match};
}

TEST_P(StoreContract, AcceptEvents_MatchesAgainWhenTheWebhooksChanged) {
  AddWebhook("a");
  const auto before = store().catalog().Current();
  AddWebhook("b");
  int matches = 0;
  Pending<AcceptedEvents> accepted;
  store().AcceptEvents(ToAll("event", before, &matches), accepted.done());
  ASSERT_TRUE(accepted.Wait().ok()) << accepted.Wait().status();
  EXPECT_EQ(accepted.Wait()->events[0].delivery_count, 2);
  EXPECT_EQ(matches, 2);
  // Not if they did not.
  Pending<AcceptedEvents> unchanged;
  store().AcceptEvents(ToAll("another", store().catalog().Current(), &matches), unchanged.done());
  EXPECT_EQ(unchanged.Wait()->events[0].delivery_count, 2);
  EXPECT_EQ(matches, 3);
}

TEST_P(StoreContract, AcceptEvents_SeesTheChangesOfItsBatchThatStandBeforeIt) {
  const WebhookRecord webhook = AddWebhook("a");
  const auto before = store().catalog().Current();
  WebhookRecord added = webhook;
  added.name = "b";
  std::vector<Pending<AcceptedEvents>> accepted(3);
  Pending<WebhookDeletion> deletion;
  Pending<WebhookChange> creation;
  store().AcceptEvents(ToAll("first", before), accepted[0].done());
  store().DeleteWebhook(webhook.id, At(1), std::nullopt, deletion.done());
  store().AcceptEvents(ToAll("second", before), accepted[1].done());
  store().CreateWebhook(added, std::nullopt, creation.done());
  store().AcceptEvents(ToAll("third", before), accepted[2].done());
  ASSERT_TRUE(deletion.Wait().ok());
  ASSERT_TRUE(creation.Wait().ok());
  EXPECT_EQ(accepted[0].Wait()->events[0].deliveries[0].webhook_id, webhook.id);
  EXPECT_EQ(accepted[1].Wait()->events[0].delivery_count, 0);
  ASSERT_EQ(accepted[2].Wait()->events[0].delivery_count, 1);
  EXPECT_EQ(accepted[2].Wait()->events[0].deliveries[0].webhook_id, creation.Wait()->webhook.id);
}

// The whole batch is rolled back and done once more, one by one.
TEST_P(StoreContract, AcceptEvents_ForgetsWebhooksOfABatchThatFailed) {
  AddWebhook("a");
  const auto before = store().catalog().Current();
  WebhookRecord doubled = *before->webhooks().begin()->second;
  doubled.name = "b";
  doubled.max_in_flight = -1;  // fails after its triggers of an earlier write were stored
  WebhookRecord added = doubled;
  added.name = "c";
  added.max_in_flight.reset();
  Pending<WebhookChange> failed;
  Pending<WebhookChange> creation;
  Pending<AcceptedEvents> first;
  Pending<AcceptedEvents> second;
  store().CreateWebhook(added, std::nullopt, creation.done());
  store().AcceptEvents(ToAll("first", before), first.done());
  store().CreateWebhook(doubled, std::nullopt, failed.done());
  store().AcceptEvents(ToAll("second", before), second.done());
  ASSERT_TRUE(creation.Wait().ok());
  EXPECT_FALSE(failed.Wait().ok());
  EXPECT_EQ(first.Wait()->events[0].delivery_count, 2);
  EXPECT_EQ(second.Wait()->events[0].delivery_count, 2);
  EXPECT_EQ(store().catalog().Current()->webhooks().size(), 2u);
  EXPECT_EQ(store().catalog().Current()->version(), Version());
}

TEST_P(StoreContract, AcceptEvent_AnswersARepetitionWithTheFirstResult) {
  const WebhookRecord webhook = AddWebhook("a");
  AcceptEventRequest request = Event("first", {webhook, webhook});
  request.idempotency_key = "experiment 41 COMPLETED";
  request.deliveries[1].skipped = true;
  const auto first = writes().AcceptEvent(request);
  ASSERT_TRUE(first.ok()) << first.status();
  // What became of it since changes nothing.
  Finish({Delivered(first->deliveries[0].delivery_id)});
  ASSERT_TRUE(writes().Redeliver(first->deliveries[1].delivery_id, At(5)).ok());
  AddWebhook("b");
  for (int i = 0; i < 2; ++i) {
    AcceptEventRequest again = Event("second", {});
    again.idempotency_key = request.idempotency_key;
    const auto second = writes().AcceptEvent(again);
    ASSERT_TRUE(second.ok()) << second.status();
    EXPECT_TRUE(second->duplicate);
    EXPECT_EQ(second->event_id, "first");
    EXPECT_EQ(second->delivery_count, 2);
    ASSERT_EQ(second->deliveries.size(), 2u);
    EXPECT_EQ(second->deliveries[0].delivery_id, first->deliveries[0].delivery_id);
    EXPECT_EQ(second->deliveries[0].webhook_id, webhook.id);
    EXPECT_FALSE(second->deliveries[0].skipped);
    EXPECT_TRUE(second->deliveries[1].skipped);
    Reopen();
  }
  // The very same request, as a caller sends it that got no answer.
  EXPECT_TRUE(writes().AcceptEvent(request)->duplicate);
  EXPECT_EQ(List({}).size(), 2u);
}

TEST_P(StoreContract, AcceptEvent_RecognisesARepetitionInTheSameBatch) {
  const WebhookRecord webhook = AddWebhook("a");
  std::vector<Pending<AcceptedEvent>> results(8);
  for (size_t i = 0; i < results.size(); ++i) {
    AcceptEventRequest request = Event(absl::StrCat("event ", i), {webhook});
    request.idempotency_key = i % 2 == 0 ? "even" : "odd";
    AcceptEvent(store(), std::move(request), results[i].done());
  }
  for (size_t i = 0; i < results.size(); ++i) {
    const auto accepted = results[i].Wait();
    ASSERT_TRUE(accepted.ok()) << accepted.status();
    EXPECT_EQ(accepted->duplicate, i >= 2);
    EXPECT_EQ(accepted->event_id, absl::StrCat("event ", i % 2));
  }
  EXPECT_EQ(List({}).size(), 2u);
}

TEST_P(StoreContract, AcceptEvent_RefusesAKnownKeyWithAnotherContent) {
  const WebhookRecord webhook = AddWebhook("a");
  AcceptEventRequest request = Event("first", {webhook});
  request.idempotency_key = "experiment 41";
  request.caller = "master";
  request.content_digest = "digest one";
  ASSERT_TRUE(writes().AcceptEvent(request).ok());
  request.event_id = "second";
  EXPECT_TRUE(writes().AcceptEvent(request)->duplicate);
  request.content_digest = "digest two";
  for (int i = 0; i < 2; ++i) {
    const absl::Status refused = writes().AcceptEvent(request).status();
    EXPECT_TRUE(absl::IsAlreadyExists(refused)) << refused;
    EXPECT_THAT(refused.message(), HasSubstr("\"experiment 41\""));
    EXPECT_THAT(refused.message(), HasSubstr("event first"));
    EXPECT_THAT(refused.message(), HasSubstr(absl::BytesToHexString("digest one")));
    EXPECT_THAT(refused.message(), HasSubstr(absl::BytesToHexString("digest two")));
    EXPECT_TRUE(absl::IsAlreadyExists(writes().AcceptEvents({request}).status()));
    Reopen();
  }
  EXPECT_EQ(List({}).size(), 1u);
  // Under a key of its own it is taken.
  request.idempotency_key = "experiment 42";
  EXPECT_EQ(writes().AcceptEvent(request)->event_id, "second");
}

TEST_P(StoreContract, AcceptEvent_TellsTheKeysOfCallersApart) {
  const WebhookRecord webhook = AddWebhook("a");
  for (const std::string caller : {"one", "two", ""}) {
    AcceptEventRequest request = Event("event of " + caller, {webhook});
    request.idempotency_key = "key";
    request.caller = caller;
    request.content_digest = "digest of " + caller;
    const auto accepted = writes().AcceptEvent(request);
    ASSERT_TRUE(accepted.ok()) << accepted.status();
    EXPECT_FALSE(accepted->duplicate);
    EXPECT_EQ(writes().AcceptEvent(request)->event_id, request.event_id);
  }
  EXPECT_EQ(List({}).size(), 3u);
}

TEST_P(StoreContract, AcceptEvent_TakesAContentThatNobodyToldForTheSame) {
  const WebhookRecord webhook = AddWebhook("a");
  AcceptEventRequest request = Event("event", {webhook});
  for (const std::string key : {"first", "second"}) {
    request.event_id = "event of " + key;
    request.idempotency_key = key;
    request.content_digest = key == "first" ? "" : "digest";
    EXPECT_FALSE(writes().AcceptEvent(request)->duplicate);
    request.content_digest = key == "first" ? "digest" : "";
    EXPECT_TRUE(writes().AcceptEvent(request)->duplicate);
  }
}

TEST_P(StoreContract, AcceptEvent_ForgetsKeysAfterSevenDays) {
  const WebhookRecord webhook = AddWebhook("a");
  const auto accept = [&](int event) {
    AcceptEventRequest request = Event(absl::StrCat("event ", event), {webhook});
    request.idempotency_key = "key";
    request.accepted_at = clock_.Now();
    return *writes().AcceptEvent(request);
  };
  EXPECT_FALSE(accept(1).duplicate);
  clock_.Advance(absl::Hours(24 * 7) - absl::Seconds(1));
  EXPECT_TRUE(accept(2).duplicate);
  Reopen();
  EXPECT_TRUE(accept(3).duplicate);
  // Forgotten along with later writes, not by the one that asks; some time after it was due.
  for (int week = 0; week < 2; ++week) {
    clock_.Advance(absl::Hours(24 * 7));
    ASSERT_TRUE(writes().LoadOrCreateSetting("any", "write").ok());
  }
  EXPECT_FALSE(accept(4).duplicate);
  EXPECT_TRUE(accept(5).duplicate);
}

TEST_P(StoreContract, AcceptEvent_ForgetsNoKeyWhenTheWallClockJumps) {
  const WebhookRecord webhook = AddWebhook("a");
  const absl::Time start = clock_.Now();
  AcceptEventRequest request = Event("event", {webhook});
  request.idempotency_key = "key";
  EXPECT_FALSE(writes().AcceptEvent(request)->duplicate);
  for (const absl::Time time : {start + absl::Hours(24 * 3650), start, start - absl::Hours(9999)}) {
    clock_.SetWall(time);
    ASSERT_TRUE(writes().LoadOrCreateSetting("any", "write").ok());
    EXPECT_TRUE(writes().AcceptEvent(request)->duplicate);
  }
}

TEST_P(StoreContract, AcceptEvent_RefusesAKnownEventId) {
  const WebhookRecord webhook = AddWebhook("a");
  AcceptEventRequest request = Event("event", {webhook});
  request.idempotency_key = "one";
  ASSERT_TRUE(writes().AcceptEvent(request).ok());
  request.idempotency_key = "two";
  EXPECT_TRUE(absl::IsAlreadyExists(writes().AcceptEvent(request).status()));
  request.idempotency_key.clear();
  EXPECT_TRUE(absl::IsAlreadyExists(writes().AcceptEvent(request).status()));
  EXPECT_EQ(List({}).size(), 1u);
}

TEST_P(StoreContract, AcceptEvent_IsAllOrNothingAndAloneInIt) {
  const WebhookRecord webhook = AddWebhook("a");
  std::vector<Pending<AcceptedEvent>> results(7);
  for (size_t i = 0; i < results.size(); ++i) {
    AcceptEventRequest request = Event(absl::StrCat("event ", i), {webhook, webhook, webhook});
    request.idempotency_key = absl::StrCat("key ", i);
    // Fails half-way: its first delivery can be stored, its second cannot.
    if (i == 3) request.deliveries[1].webhook_id = 4711;
    if (i == 5) request.deliveries[2].body = 1;
    AcceptEvent(store(), std::move(request), results[i].done());
  }
  for (size_t i = 0; i < results.size(); ++i) {
    EXPECT_EQ(results[i].Wait().ok(), i != 3 && i != 5) << i;
    EXPECT_EQ(results[i].calls(), 1);
  }
  EXPECT_EQ(results[5].Wait().status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(List({.limit = 100}).size(), 15u);
  EXPECT_THAT(List({.event_id = "event 3"}), IsEmpty());
  for (const size_t i : {2, 4, 6}) {
    const auto accepted = results[i].Wait();
    const std::vector<int64_t> listed = List({.event_id = absl::StrCat("event ", i)});
    ASSERT_EQ(listed.size(), 3u);
    EXPECT_EQ(listed[2], accepted->deliveries[0].delivery_id);
    EXPECT_EQ(store().GetDelivery(listed[0])->body, absl::StrCat("body of event ", i));
  }
  // The key of what failed is free.
  AcceptEventRequest request = Event("event 3", {webhook});
  request.idempotency_key = "key 3";
  EXPECT_FALSE(writes().AcceptEvent(request)->duplicate);
}

TEST_P(StoreContract, AcceptEvent_TakesTenThousandDeliveries) {
  const WebhookRecord webhook = AddWebhook("a");
  AcceptEventRequest request = Event("event", std::vector<WebhookRecord>(10'000, webhook));
  request.idempotency_key = "key";
  const auto accepted = writes().AcceptEvent(request);
  ASSERT_TRUE(accepted.ok()) << accepted.status();
  EXPECT_EQ(accepted->deliveries.size(), 10'000u);
  EXPECT_EQ(accepted->delivery_count, 10'000);
  const auto again = writes().AcceptEvent(request);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->delivery_count, 10'000);
  ASSERT_EQ(again->deliveries.size(), 1'000u);
  EXPECT_EQ(again->deliveries[999].delivery_id, accepted->deliveries[999].delivery_id);
  EXPECT_THAT(List({.event_id = "event", .limit = 1}),
              ElementsAre(accepted->deliveries[9'999].delivery_id));
}

TEST_P(StoreContract, ManyThreadsWriteAndRead) {
  const WebhookRecord webhook = AddWebhook("a");
  constexpr int kThreads = 4;
  constexpr int kEvents = 100;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < kEvents; ++i) {
        AcceptEventRequest request;
        request.event_id = absl::StrCat(thread, " ", i);
        request.idempotency_key = absl::StrCat("key ", i);  // shared by the threads
        request.accepted_at = At(i);
        request.bodies = {std::make_shared<const std::string>("body")};
        request.deliveries = {{.webhook_id = webhook.id, .trigger_id = webhook.triggers[0].id}};
        const auto accepted = writes().AcceptEvent(request);
        ASSERT_TRUE(accepted.ok()) << accepted.status();
        // What was reported is there to be read.
        const auto delivery = store().GetDelivery(accepted->deliveries[0].delivery_id);
        ASSERT_TRUE(delivery.ok()) << delivery.status();
        EXPECT_EQ(delivery->delivery.event_id, accepted->event_id);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(List({.limit = 10 * kEvents}).size(), static_cast<size_t>(kEvents));
}

TEST_P(StoreContract, NothingIsCalledInsideTheCallThatWrites) {
  const std::thread::id here = std::this_thread::get_id();
  Mutex held;
  Pending<std::string> pending;
  {
    // A callback inside the call would wait for itself.
    MutexLock lock(held);
    store().LoadOrCreateSetting(
        "name", "value", [&, done = pending.done()](absl::StatusOr<std::string> result) mutable {
          MutexLock in_callback(held);
          EXPECT_NE(std::this_thread::get_id(), here);
          std::move(done)(std::move(result));
        });
  }
  EXPECT_EQ(*pending.Wait(), "value");
}

TEST_P(StoreContract, ACallbackMayWriteAgain) {
  Pending<std::string> inner;
  store().LoadOrCreateSetting("a", "1", [&](absl::StatusOr<std::string> result) {
    store().LoadOrCreateSetting("b", *result + "2", inner.done());
  });
  EXPECT_EQ(*inner.Wait(), "12");
}

}  // namespace
}  // namespace webhookd
