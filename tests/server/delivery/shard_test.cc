#include "server/delivery/shard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/server/delivery/shard_fixture.h"

namespace webhookd {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string Header(const HttpRequest& request, const std::string& name) {
  for (const auto& [key, value] : request.headers) {
    if (key == name) return value;
  }
  return "";
}

TEST_F(ShardTest, DeliversASignedRequestAndRecordsIt) {
  receiver = [](const HttpRequest&) {
    return HttpResult{
        .status = 202, .body_excerpt = "thanks \xff", .remote_address = "10.0.0.1:80"};
  };
  const WebhookRecord webhook = AddWebhook("http://10.0.0.1/hook");
  const int64_t id = Accept({webhook.id})[0];
  Settle();

  ASSERT_EQ(sent().size(), 1);
  EXPECT_EQ(sent()[0].url, "http://10.0.0.1/hook");
  EXPECT_EQ(Header(sent()[0], "Content-Type"), "application/json; charset=UTF-8");
  EXPECT_EQ(Header(sent()[0], "webhook-id"), "event-1");
  const std::string timestamp = std::to_string(absl::ToUnixSeconds(clock.Now()));
  EXPECT_EQ(Header(sent()[0], "X-Determined-AI-Signature-Timestamp"), timestamp);
  EXPECT_EQ(Header(sent()[0], "X-Determined-AI-Signature"),
            DeterminedSignature("a key", timestamp, "{}"));

  const DeliveryDetails details = Details(id);
  EXPECT_EQ(details.delivery.state, DeliveryState::kDelivered);
  ASSERT_EQ(details.attempts.size(), 1);
  EXPECT_EQ(details.attempts[0].number, 1);
  EXPECT_EQ(details.attempts[0].status, 202);
  EXPECT_EQ(details.attempts[0].error_class, "");
  EXPECT_EQ(details.attempts[0].response_excerpt, "thanks \xEF\xBF\xBD");
  EXPECT_EQ(details.attempts[0].remote_address, "10.0.0.1:80");
  EXPECT_EQ(details.attempts[0].url, "http://10.0.0.1/hook");
  std::string headers;
  for (const auto& [name, value] : sent()[0].headers) headers += name + ": " + value + "\n";
  EXPECT_EQ(details.attempts[0].request_headers, headers);
  EXPECT_EQ(held(), 0);
}

TEST_F(ShardTest, RetriesAtTheTimesOfTheScheduleThenFails) {
  std::vector<absl::Time> times;
  receiver = [&](const HttpRequest&) {
    times.push_back(clock.Now());
    return HttpResult{.status = 500};
  };
  const WebhookRecord webhook = AddWebhook("http://10.0.0.1/");
  const absl::Time start = clock.Now();
  const int64_t id = Accept({webhook.id})[0];
  Pass(absl::Hours(24 * 4));

  ASSERT_EQ(times.size(), options.retry.schedule.size());
  absl::Time due = start;
  for (size_t i = 0; i < times.size(); ++i) {
    due += options.retry.schedule[i];
    EXPECT_GE(times[i], due) << "attempt " << i + 1 << " came before its time";
    EXPECT_LE(times[i] - due, absl::Milliseconds(1)) << "attempt " << i + 1;
    due = times[i];
  }
  const DeliveryDetails details = Details(id);
  EXPECT_EQ(details.delivery.state, DeliveryState::kFailed);
  EXPECT_EQ(details.attempts.size(), times.size());
  EXPECT_EQ(details.attempts.back().number, 12);
  EXPECT_EQ(details.attempts.back().error_class, "http_5xx");
  EXPECT_EQ(held(), 0);
}

TEST_F(ShardTest, AScheduleCanBeginWithAWait) {
  first_wait = absl::Seconds(3);
  const WebhookRecord webhook = AddWebhook("http://10.0.0.1/");
  const int64_t id = Accept({webhook.id}, /*claimed=*/false)[0];
  Pass(absl::Seconds(2.9));
  EXPECT_TRUE(sent().empty());
  Pass(absl::Seconds(0.2));
  EXPECT_EQ(State(id), DeliveryState::kDelivered);
}

TEST_F(ShardTest, EveryAttemptCarriesTheSameEventIdAndATimestampOfItsOwn) {
  receiver = [this](const HttpRequest&) {
    return HttpResult{.status = sent().size() < 3 ? 503 : 200};
  };
  const WebhookRecord webhook = AddWebhook("http://10.0.0.1/");
  const int64_t id = Accept({webhook.id})[0];
  Pass(absl::Minutes(5));
  ASSERT_EQ(sent().size(), 3);
  EXPECT_EQ(State(id), DeliveryState::kDelivered);
  for (const HttpRequest& request : sent()) EXPECT_EQ(Header(request, "webhook-id"), "event-1");
  EXPECT_NE(Header(sent()[0], "webhook-timestamp"), Header(sent()[1], "webhook-timestamp"));
  EXPECT_NE(Header(sent()[1], "webhook-signature"), Header(sent()[2], "webhook-signature"));
}

TEST_F(ShardTest, HonoursRetryAfter) {
  receiver = [this](const HttpRequest&) {
    if (sent().size() > 1) return HttpResult{.status = 200};
    return HttpResult{.status = 429, .retry_after = "90"};
  };
  const WebhookRecord webhook = AddWebhook("http://10.0.0.1/");
  const int64_t id = Accept({webhook.id})[0];
  Pass(absl::Seconds(89));
  EXPECT_EQ(sent().size(), 1);
  Pass(absl::Seconds(2));
  EXPECT_EQ(State(id), DeliveryState::kDelivered);
}

TEST_F(ShardTest, GoneDisablesTheWebhookAndLetsTheRestWait) {
  options.max_in_flight_per_webhook = 1;
  receiver = [](const HttpRequest&) { return HttpResult{.status = 410}; };
  const WebhookRecord webhook = AddWebhook("http://10.0.0.1/");
  const int64_t first = Accept({webhook.id})[0];
  const int64_t second = Accept({webhook.id})[0];
  Pass(absl::Hours(1));

  EXPECT_EQ(sent().size(), 1);
  EXPECT_EQ(State(first), DeliveryState::kFailed);
  EXPECT_EQ(State(second), DeliveryState::kPending);
  WebhookRecord disabled = *catalog->Current()->Find(webhook.id);
  EXPECT_TRUE(disabled.disabled_at.has_value());
  EXPECT_THAT(disabled.disabled_reason, HasSubstr("410"));
  EXPECT_EQ(held(), 0);

  // Enabled again, what waited goes out.
  receiver = [](const HttpRequest&) { return HttpResult{.status = 200}; };
  disabled.disabled_at.reset();
  disabled.disabled_reason.clear();
  ChangeWebhook(disabled);
  shard->NoteWaiting({{webhook.id, absl::InfinitePast()}});
  Settle();
  EXPECT_EQ(State(second), DeliveryState::kDelivered);
}

TEST_F(ShardTest, AWebhookThatFailedForFiveDaysIsDisabled) {
  receiver = [](const HttpRequest&) { return HttpResult{.error = AttemptError::kConnect}; };
  const WebhookRecord webhook = AddWebhook("http://10.0.0.1/");
  Accept({webhook.id});
  Pass(absl::Hours(24 * 5));
  EXPECT_FALSE(catalog->Current()->Find(webhook.id)->disabled_at.has_value());
  Accept({webhook.id});
  Pass(absl::Minutes(1));
  EXPECT_TRUE(catalog->Current()->Find(webhook.id)->disabled_at.has_value());
  EXPECT_THAT(catalog->Current()->Find(webhook.id)->disabled_reason, HasSubstr("failed since"));
}

TEST_F(ShardTest, OneSuccessEndsTheRowOfFailures) {
  bool up = false;
  receiver = [&up](const HttpRequest&) { return HttpResult{.status = up ? 200 : 500}; };
  const WebhookRecord webhook = AddWebhook("http://10.0.0.1/");
  Accept({webhook.id});
  Pass(absl::Hours(24 * 3));
  up = true;
  Accept({webhook.id});
  Pass(absl::Minutes(1));
  up = false;
  Accept({webhook.id});
  Pass(absl::Hours(24 * 4));
  EXPECT_FALSE(catalog->Current()->Find(webhook.id)->disabled_at.has_value());
}

TEST_F(ShardTest, ATarPitDelaysNobodyElse) {
  receiver = [](const HttpRequest& request) -> std::optional<HttpResult> {
    if (request.url == "http://10.0.0.1/") return std::nullopt;
    return HttpResult{.status = 200};
  };
  const WebhookRecord tar_pit = AddWebhook("http://10.0.0.1/");
  const WebhookRecord healthy = AddWebhook("http://10.0.0.2/");
  for (int i = 0; i < 500; ++i) Accept({tar_pit.id});
  std::vector<int64_t> ids;
  for (int i = 0; i < 100; ++i) ids.push_back(Accept({healthy.id})[0]);
  Settle();
  for (const int64_t id : ids) EXPECT_EQ(State(id), DeliveryState::kDelivered);
  EXPECT_EQ(http().open.size(), 16);
}

TEST_F(ShardTest, AWebhooksOwnInFlightCapHolds) {
  receiver = [](const HttpRequest&) { return std::nullopt; };
  const WebhookRecord webhook = AddWebhook("http://10.0.0.1/", {.max_in_flight = 3});
  for (int i = 0; i < 10; ++i) Accept({webhook.id});
  Settle();
  EXPECT_EQ(http().open.size(), 3);
  http().Complete(0, {.status = 200});
  Settle();
  EXPECT_EQ(http().open.size(), 3);
  EXPECT_EQ(sent().size(), 4);
}

TEST_F(ShardTest, ACrowdOfSlowReceiversLeavesRoom) {
  options.max_in_flight = 20;
  receiver = [](const HttpRequest&) { return std::nullopt; };
  std::vector<WebhookRecord> webhooks;
  for (int i = 0; i < 5; ++i) webhooks.push_back(AddWebhook("http://10.0.0.1/"));
  for (int i = 0; i < 30; ++i) Accept({webhooks[0].id, webhooks[1].id});
  Settle();
  const size_t crowd = http().open.size();
  EXPECT_LT(crowd, 20);
  Accept({webhooks[2].id, webhooks[3].id, webhooks[4].id});
  Settle();
  EXPECT_EQ(http().open.size(), crowd + 3);
}

TEST_F(ShardTest, ARateLimitHolds) {
  const WebhookRecord webhook = AddWebhook("http://10.0.0.1/", {.max_requests_per_second = 2});
  std::vector<int64_t> ids;
  for (int i = 0; i < 20; ++i) ids.push_back(Accept({webhook.id})[0]);
  Settle();
  EXPECT_EQ(sent().size(), 2);
  Pass(absl::Seconds(5));
  EXPECT_GE(sent().size(), 11);
  EXPECT_LE(sent().size(), 12);
  Pass(absl::Seconds(5));
  for (const int64_t id : ids) EXPECT_EQ(State(id), DeliveryState::kDelivered);
}

TEST_F(ShardTest, AnOpenCircuitSparesADeadReceiver) {
  bool up = false;
  receiver = [&up](const HttpRequest&) {
    return up ? HttpResult{.status = 200} : HttpResult{.error = AttemptError::kConnect};
  };
  options.max_in_flight_per_webhook = 1;
  const WebhookRecord webhook = AddWebhook("http://10.0.0.1/");
  std::vector<int64_t> ids;
  for (int i = 0; i < 200; ++i) ids.push_back(Accept({webhook.id})[0]);
  Pass(absl::Seconds(60));
  EXPECT_LT(sent().size(), 20) << "10 to open the circuit, then probes after 1, 2, 4 … s";
  EXPECT_GE(sent().size(), 14);
  up = true;
  Pass(absl::Minutes(3));
  for (const int64_t id : ids) EXPECT_EQ(State(id), DeliveryState::kDelivered);
}

TEST_F(ShardTest, AStaleConnectionIsTriedAgainAtOnceAsAnAttemptOfItsOwn) {
  receiver = [](const HttpRequest& request) {
    if (request.fresh_connection) return HttpResult{.status = 200};
    return HttpResult{.error = AttemptError::kStaleConnection, .reused_connection = true};
  };
  const WebhookRecord webhook = AddWebhook("http://10.0.0.1/");
  const int64_t id = Accept({webhook.id})[0];
  Settle();
  const DeliveryDetails details = Details(id);
  EXPECT_EQ(details.delivery.state, DeliveryState::kDelivered);
  ASSERT_EQ(details.attempts.size(), 2);
  EXPECT_EQ(details.attempts[0].error_class, "stale_connection");
  EXPECT_EQ(details.attempts[1].number, 2);
  EXPECT_EQ(held(), 0);
}

TEST_F(ShardTest, AStaleConnectionTakesNoStepOfTheSchedule) {
  options.retry.schedule = {absl::ZeroDuration(), absl::Seconds(5)};
  receiver = [this](const HttpRequest& request) {
    if (!request.fresh_connection) return HttpResult{.error = AttemptError::kStaleConnection};
    return HttpResult{.status = sent().size() < 4 ? 500 : 200};
  };
  const WebhookRecord webhook = AddWebhook("http://10.0.0.1/");
  const int64_t id = Accept({webhook.id})[0];
  Pass(absl::Minutes(1));
  EXPECT_EQ(State(id), DeliveryState::kDelivered);
  EXPECT_EQ(Details(id).attempts.size(), 4);
}

TEST_F(ShardTest, ADeletedWebhookGetsNothingMore) {
  receiver = [](const HttpRequest&) { return std::nullopt; };
  const WebhookRecord webhook = AddWebhook("http://10.0.0.1/", {.max_in_flight = 1});
  const int64_t under_way = Accept({webhook.id})[0];
  const int64_t queued = Accept({webhook.id})[0];
  Settle();
  DeleteWebhook(webhook.id);
  http().Complete(0, {.status = 500});
  Pass(absl::Hours(1));
  EXPECT_EQ(sent().size(), 1);
  EXPECT_EQ(State(under_way), DeliveryState::kCanceled);
  EXPECT_EQ(State(queued), DeliveryState::kCanceled);
  EXPECT_EQ(held(), 0);
}

TEST_F(ShardTest, APatchMovesWhatWaits) {
  receiver = [](const HttpRequest& request) {
    return HttpResult{.status = request.url == "http://10.0.0.2/new" ? 200 : 500};
  };
  WebhookRecord webhook = AddWebhook("http://10.0.0.1/old");
  const int64_t id = Accept({webhook.id})[0];
  Settle();
  webhook.url = "http://10.0.0.2/new";
  ChangeWebhook(webhook);
  Pass(absl::Seconds(6));
  EXPECT_EQ(State(id), DeliveryState::kDelivered);
}

TEST_F(ShardTest, ANameThatResolvesToADeniedAddressGetsNoRequest) {
  resolver.names["rebound.example"] = {*IpAddress::Parse("127.0.0.1")};
  const WebhookRecord webhook = AddWebhook("http://rebound.example/");
  const int64_t id = Accept({webhook.id})[0];
  Settle();
  EXPECT_TRUE(sent().empty());
  ASSERT_EQ(Details(id).attempts.size(), 1);
  EXPECT_EQ(Details(id).attempts[0].error_class, "egress_denied");
  EXPECT_THAT(Details(id).attempts[0].error_message, HasSubstr("127.0.0.1"));
}

TEST_F(ShardTest, OfSeveralAddressesOnlyTheAllowedAreTried) {
  resolver.names["mixed.example"] = {*IpAddress::Parse("169.254.169.254"),
                                     *IpAddress::Parse("10.1.1.1"), *IpAddress::Parse("::1"),
                                     *IpAddress::Parse("10.1.1.2")};
  const WebhookRecord webhook = AddWebhook("http://mixed.example/");
  Accept({webhook.id});
  Settle();
  ASSERT_EQ(sent().size(), 1);
  EXPECT_THAT(sent()[0].addresses,
              ElementsAre(*IpAddress::Parse("10.1.1.1"), *IpAddress::Parse("10.1.1.2")));
}

TEST_F(ShardTest, AnUnknownNameIsADnsError) {
  const WebhookRecord webhook = AddWebhook("http://nowhere.example/");
  const int64_t id = Accept({webhook.id})[0];
  Settle();
  ASSERT_EQ(Details(id).attempts.size(), 1);
  EXPECT_EQ(Details(id).attempts[0].error_class, "dns");
}

TEST_F(ShardTest, WhatDoesNotFitInMemoryWaitsInTheStore) {
  options.max_ready_per_webhook = 20;
  receiver = [](const HttpRequest&) { return std::nullopt; };
  const WebhookRecord webhook = AddWebhook("http://10.0.0.1/", {.max_in_flight = 2});
  std::vector<int64_t> ids;
  for (int i = 0; i < 100; ++i) ids.push_back(Accept({webhook.id}, i % 2 == 0)[0]);
  Settle();
  std::map<std::string, int> seen;
  while (!http().open.empty()) {
    http().Complete(0, {.status = 200});
    Settle();
  }
  for (const HttpRequest& request : sent()) ++seen[Header(request, "webhook-id")];
  EXPECT_EQ(seen.size(), 100);
  for (const auto& [event, count] : seen) EXPECT_EQ(count, 1) << event;
  for (const int64_t id : ids) EXPECT_EQ(State(id), DeliveryState::kDelivered);
  EXPECT_EQ(held(), 0);
}

TEST_F(ShardTest, WhatWaitedInTheStoreAtTheStartIsDelivered) {
  const WebhookRecord webhook = AddWebhook("http://10.0.0.1/");
  std::vector<int64_t> ids;
  for (int i = 0; i < 1000; ++i) ids.push_back(Accept({webhook.id}, /*claimed=*/false)[0]);
  shard.reset();
  StartShard();
  const absl::StatusOr<std::vector<PendingEndpoint>> pending = store->PendingEndpoints();
  ASSERT_TRUE(pending.ok());
  ASSERT_EQ(pending->size(), 1);
  shard->NoteWaiting(*pending);
  Settle();
  EXPECT_EQ(sent().size(), 1000);
  for (const int64_t id : ids) EXPECT_EQ(State(id), DeliveryState::kDelivered);
}

TEST_F(ShardTest, ALeaseThatIsAboutToEndIsTakenAgain) {
  receiver = [](const HttpRequest&) { return std::nullopt; };
  const WebhookRecord webhook = AddWebhook("http://10.0.0.1/", {.max_in_flight = 1});
  Accept({webhook.id});
  const int64_t second = Accept({webhook.id})[0];
  Pass(options.lease() + absl::Minutes(1));
  http().Complete(0, {.status = 200});
  Settle();
  ASSERT_EQ(http().open.size(), 1);
  EXPECT_GE(*Details(second).delivery.lease_until, clock.Now() + options.longest_sending());
  http().Complete(0, {.status = 200});
  Settle();
  EXPECT_EQ(State(second), DeliveryState::kDelivered);
  EXPECT_EQ(sent().size(), 2);
}

TEST_F(ShardTest, AWallClockThatGoesBackwardsDelaysNoRetry) {
  receiver = [this](const HttpRequest&) {
    return HttpResult{.status = sent().size() < 2 ? 500 : 200};
  };
  const WebhookRecord webhook = AddWebhook("http://10.0.0.1/");
  const int64_t id = Accept({webhook.id})[0];
  Settle();
  clock.SetWall(clock.Now() - absl::Hours(24));
  Pass(absl::Seconds(6));
  EXPECT_EQ(State(id), DeliveryState::kDelivered);
}

TEST_F(ShardTest, AWallClockThatGoesForwardMakesNothingDue) {
  receiver = [this](const HttpRequest&) {
    return HttpResult{.status = sent().size() < 4 ? 500 : 200};
  };
  const WebhookRecord webhook = AddWebhook("http://10.0.0.1/");
  const int64_t id = Accept({webhook.id})[0];
  Settle();
  const absl::Time right = clock.Now();
  clock.SetWall(right + absl::Hours(24 * 3'650));
  Pass(absl::Seconds(4));
  EXPECT_EQ(sent().size(), 1);
  Pass(absl::Seconds(2));
  EXPECT_EQ(sent().size(), 2);
  // And back: what was recorded in between is not due in ten years.
  clock.SetWall(right + absl::Seconds(6));
  Pass(absl::Minutes(3));
  EXPECT_EQ(State(id), DeliveryState::kDelivered);
  EXPECT_FALSE(catalog->Current()->Find(webhook.id)->disabled_at.has_value());
}

TEST_F(ShardTest, WhatIsAcceptedWhileTheWallClockIsWrongIsDueAtOnce) {
  const WebhookRecord webhook = AddWebhook("http://10.0.0.1/");
  StartShard();
  for (const absl::Duration jump : {absl::Hours(24 * 3'650), -absl::Hours(24 * 7'300)}) {
    clock.SetWall(clock.Now() + jump);
    EXPECT_EQ(State(Accept({webhook.id}, /*claimed=*/false)[0]), DeliveryState::kPending);
    Settle();
  }
  EXPECT_EQ(sent().size(), 2);
}

TEST_F(ShardTest, ARestartWhileTheWallClockIsWrongForgetsAndDisablesNothing) {
  receiver = [this](const HttpRequest&) {
    return HttpResult{.status = sent().size() < 4 ? 500 : 200};
  };
  const WebhookRecord webhook = AddWebhook("http://10.0.0.1/");
  const int64_t id = Accept({webhook.id})[0];
  Settle();
  const absl::Time right = clock.Now();
  // What waits may come early, by one interval.
  RestartAt(right + absl::Hours(24 * 3'650));
  Pass(absl::Seconds(1));
  EXPECT_EQ(sent().size(), 1);  // of this life
  RestartAt(right + absl::Minutes(1));
  Pass(absl::Minutes(15));
  EXPECT_FALSE(catalog->Current()->Find(webhook.id)->disabled_at.has_value());
  EXPECT_EQ(Details(id).attempts.size(), 5);
  Pass(absl::Hours(1));
  EXPECT_EQ(State(id), DeliveryState::kDelivered);
}

TEST_F(ShardTest, AJumpOfTheWallClockDisablesNothing) {
  receiver = [](const HttpRequest&) { return HttpResult{.status = 500}; };
  const WebhookRecord webhook = AddWebhook("http://10.0.0.1/");
  Accept({webhook.id});
  Pass(absl::Hours(1));
  for (const absl::Duration jump : {absl::Hours(24 * 3'650), -absl::Hours(24 * 7'300)}) {
    clock.SetWall(clock.Now() + jump);
    Accept({webhook.id});
    Pass(absl::Hours(1));
    EXPECT_FALSE(catalog->Current()->Find(webhook.id)->disabled_at.has_value());
  }
  Pass(absl::Hours(24 * 5));
  Accept({webhook.id});
  Settle();
  EXPECT_TRUE(catalog->Current()->Find(webhook.id)->disabled_at.has_value());
}

TEST_F(ShardTest, WhatIsRedeliveredWhileItIsUnderWayIsSentAgain) {
  options.retry.schedule = {absl::ZeroDuration()};
  receiver = [](const HttpRequest&) { return std::nullopt; };
  const WebhookRecord webhook = AddWebhook("http://10.0.0.1/");
  const int64_t id = Accept({webhook.id})[0];
  Settle();
  store->Redeliver(id, clock.Now(), [](absl::StatusOr<DeliveryRecord> redelivered) {
    EXPECT_TRUE(redelivered.ok()) << redelivered.status();
  });
  shard->NoteWaiting({{webhook.id, absl::InfinitePast()}});
  Settle();
  ASSERT_EQ(http().open.size(), 1);
  http().Complete(0, {.status = 500});
  Settle();
  ASSERT_EQ(http().open.size(), 1) << "the redelivery is lost";
  http().Complete(0, {.status = 200});
  Settle();
  EXPECT_EQ(State(id), DeliveryState::kDelivered);
}

TEST_F(ShardTest, DrainingFinishesWhatIsUnderWayAndStartsNothing) {
  receiver = [](const HttpRequest&) { return std::nullopt; };
  const WebhookRecord webhook = AddWebhook("http://10.0.0.1/", {.max_in_flight = 1});
  const int64_t under_way = Accept({webhook.id})[0];
  const int64_t queued = Accept({webhook.id})[0];
  Settle();
  shard->BeginDrain();
  Settle();
  EXPECT_FALSE(shard->drained());
  http().Complete(0, {.status = 200});
  Settle();
  EXPECT_TRUE(shard->drained());
  EXPECT_EQ(State(under_way), DeliveryState::kDelivered);
  EXPECT_EQ(State(queued), DeliveryState::kPending);
  EXPECT_EQ(sent().size(), 1);
}

TEST_F(ShardTest, SendOnceAnswersWithItsAttemptAndRecordsNothing) {
  receiver = [](const HttpRequest&) { return HttpResult{.status = 404, .body_excerpt = "no"}; };
  const WebhookRecord webhook = AddWebhook("http://10.0.0.1/");
  StartShard();
  std::optional<AttemptRecord> attempt;
  shard->SendOnce(catalog->Current()->Find(webhook.id), "an id",
                  std::make_shared<const std::string>("{}"),
                  [&attempt](AttemptRecord record) { attempt = std::move(record); });
  Settle();
  ASSERT_TRUE(attempt.has_value());
  EXPECT_EQ(attempt->status, 404);
  EXPECT_EQ(attempt->error_class, "http_4xx");
  EXPECT_EQ(attempt->response_excerpt, "no");
  EXPECT_TRUE(store->ListDeliveries({.now = clock.Now()})->deliveries.empty());
}

TEST_F(ShardTest, SendOnceIsAnsweredEvenWhenTheShardEnds) {
  receiver = [](const HttpRequest&) { return std::nullopt; };
  const WebhookRecord webhook = AddWebhook("http://10.0.0.1/");
  StartShard();
  std::vector<std::string> classes;
  const auto answer = [&classes](AttemptRecord record) { classes.push_back(record.error_class); };
  const auto body = std::make_shared<const std::string>("{}");
  shard->SendOnce(catalog->Current()->Find(webhook.id), "under way", body, answer);
  Settle();
  shard->SendOnce(catalog->Current()->Find(webhook.id), "in the inbox", body, answer);
  shard.reset();
  EXPECT_THAT(classes, ElementsAre("canceled", "canceled"));
}

}  // namespace
}  // namespace webhookd
