// How a shard follows what receivers take, and when it starts anew.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <vector>

#include "tests/server/delivery/shard_fixture.h"

namespace webhookd {
namespace {

using ShardHealthTest = ShardTest;

// Takes one request a second and refuses the others, as a rate-limited API does.
class OneASecond {
 public:
  explicit OneASecond(Clock& clock) : clock_(clock) {}

  HttpResult operator()(const HttpRequest&) {
    if (clock_.Steady() < free_at_) {
      ++refused;
      return {.status = 429, .retry_after = "1"};
    }
    free_at_ = clock_.Steady() + absl::Seconds(1);
    ++taken;
    return {.status = 200};
  }

  int taken = 0;
  int refused = 0;

 private:
  Clock& clock_;
  absl::Duration free_at_;
};

TEST_F(ShardHealthTest, RetryAfterPausesTheWholeWebhook) {
  receiver = [this](const HttpRequest&) {
    if (sent().size() > 1) return HttpResult{.status = 200};
    return HttpResult{.status = 429, .retry_after = "90"};
  };
  const WebhookRecord webhook = AddWebhook("http://10.0.0.1/", {.max_in_flight = 1});
  const WebhookRecord other = AddWebhook("http://10.0.0.2/");
  std::vector<int64_t> ids;
  for (int i = 0; i < 20; ++i) ids.push_back(Accept({webhook.id})[0]);
  Settle();
  Pass(absl::Seconds(89));
  EXPECT_EQ(sent().size(), 1);
  EXPECT_EQ(State(Accept({other.id})[0]), DeliveryState::kPending);
  Settle();
  EXPECT_EQ(sent().size(), 2) << "others go on";
  Pass(absl::Seconds(3));
  EXPECT_GE(sent().size(), 3);
  EXPECT_LE(sent().size(), 6) << "no burst after the pause";
  Pass(absl::Minutes(1));
  for (const int64_t id : ids) EXPECT_EQ(State(id), DeliveryState::kDelivered);
}

TEST_F(ShardHealthTest, AReceiverThatTakesOneASecondRefusesFew) {
  OneASecond limited(clock);
  receiver = [&limited](const HttpRequest& request) { return limited(request); };
  const WebhookRecord webhook = AddWebhook("http://10.0.0.1/");
  for (int i = 0; i < 300; ++i) Accept({webhook.id});
  Pass(absl::Minutes(1));
  EXPECT_LE(limited.refused, 25) << "15 of the first 16 at once, then few";
  EXPECT_GE(limited.taken, 30);
  const int before = limited.refused;
  Pass(absl::Minutes(10));
  EXPECT_LE(limited.refused - before, 60);
  EXPECT_GE(limited.taken, 290);
}

TEST_F(ShardHealthTest, APauseIsBoundedByTheSchedule) {
  options.retry.schedule = {absl::ZeroDuration(), absl::Minutes(10)};
  receiver = [this](const HttpRequest&) {
    if (sent().size() > 1) return HttpResult{.status = 200};
    return HttpResult{.status = 503, .retry_after = "999999999999"};
  };
  const WebhookRecord webhook = AddWebhook("http://10.0.0.1/", {.max_in_flight = 1});
  Accept({webhook.id});
  const int64_t second = Accept({webhook.id})[0];
  Pass(absl::Minutes(9));
  EXPECT_EQ(State(second), DeliveryState::kPending);
  Pass(absl::Minutes(2));
  EXPECT_EQ(State(second), DeliveryState::kDelivered);
}

TEST_F(ShardHealthTest, Status429WithoutRetryAfterSlowsToo) {
  receiver = [](const HttpRequest&) { return HttpResult{.status = 429}; };
  const WebhookRecord webhook = AddWebhook("http://10.0.0.1/", {.max_in_flight = 1});
  for (int i = 0; i < 100; ++i) Accept({webhook.id});
  Settle();
  EXPECT_EQ(sent().size(), 1);
  Pass(absl::Minutes(1));
  EXPECT_LE(sent().size(), 7) << "after 1, 2, 4 … s";
}

TEST_F(ShardHealthTest, SlackGetsOneASecondAfterASmallBurst) {
  const WebhookRecord slack = AddWebhook("http://10.0.0.1/", {.type = WebhookType::kSlack});
  for (int i = 0; i < 30; ++i) Accept({slack.id});
  Settle();
  EXPECT_EQ(sent().size(), 3);
  Pass(absl::Seconds(10));
  EXPECT_GE(sent().size(), 12);
  EXPECT_LE(sent().size(), 14);
}

TEST_F(ShardHealthTest, AWebhooksOwnRateWinsOverThatOfSlack) {
  const WebhookRecord slack =
      AddWebhook("http://10.0.0.1/", {.type = WebhookType::kSlack, .max_requests_per_second = 20});
  for (int i = 0; i < 20; ++i) Accept({slack.id});
  Settle();
  EXPECT_EQ(sent().size(), 20);
}

// ---- Anew

TEST_F(ShardHealthTest, ANewUrlIsNotDisabledForWhatTheOldOneDid) {
  receiver = [](const HttpRequest&) { return HttpResult{.status = 500}; };
  WebhookRecord webhook = AddWebhook("http://10.0.0.1/old");
  Accept({webhook.id});
  Pass(absl::Hours(24 * 5));
  ASSERT_TRUE(store->LoadWebhooks()->webhooks[0].failing_since.has_value());
  webhook.url = "http://10.0.0.1/new";
  ChangeWebhook(webhook);
  EXPECT_EQ(store->LoadWebhooks()->webhooks[0].failing_since, std::nullopt);
  Accept({webhook.id});
  Pass(absl::Hours(24 * 4));
  EXPECT_FALSE(catalog->Current()->Find(webhook.id)->disabled_at.has_value());
  Accept({webhook.id});
  Pass(absl::Hours(24 * 2));
  EXPECT_TRUE(catalog->Current()->Find(webhook.id)->disabled_at.has_value());
}

TEST_F(ShardHealthTest, AConfirmedTestBeginsAnew) {
  bool up = false;
  receiver = [&up](const HttpRequest&) { return HttpResult{.status = up ? 200 : 500}; };
  const WebhookRecord webhook = AddWebhook("http://10.0.0.1/", {.max_in_flight = 1});
  for (int i = 0; i < 20; ++i) Accept({webhook.id});
  Pass(absl::Hours(24));
  int64_t waiting = 0;
  for (int i = 0; i < 5; ++i) waiting = Accept({webhook.id})[0];
  Settle();
  ASSERT_TRUE(Details(waiting).attempts.empty()) << "the circuit is closed";
  ASSERT_TRUE(store->LoadWebhooks()->webhooks[0].failing_since.has_value());
  up = true;
  std::optional<AttemptRecord> attempt;
  shard->SendOnce(catalog->Current()->Find(webhook.id), "a test",
                  std::make_shared<const std::string>("{}"),
                  [&attempt](AttemptRecord record) { attempt = std::move(record); });
  Settle();
  ASSERT_TRUE(attempt.has_value());
  EXPECT_EQ(State(waiting), DeliveryState::kDelivered) << "the circuit is still open";
  EXPECT_EQ(store->LoadWebhooks()->webhooks[0].failing_since, std::nullopt);
}

TEST_F(ShardHealthTest, ATestThatFailsChangesNothing) {
  receiver = [](const HttpRequest&) { return HttpResult{.status = 500}; };
  const WebhookRecord webhook = AddWebhook("http://10.0.0.1/");
  Accept({webhook.id});
  Settle();
  const std::optional<absl::Time> since = store->LoadWebhooks()->webhooks[0].failing_since;
  ASSERT_TRUE(since.has_value());
  Pass(absl::Seconds(1));
  shard->SendOnce(catalog->Current()->Find(webhook.id), "a test",
                  std::make_shared<const std::string>("{}"), [](const AttemptRecord&) {});
  Settle();
  EXPECT_EQ(store->LoadWebhooks()->webhooks[0].failing_since, since);
}

TEST_F(ShardHealthTest, AChangeOfTheCatalogResetsNoCircuit) {
  receiver = [](const HttpRequest&) { return HttpResult{.error = AttemptError::kConnect}; };
  const WebhookRecord webhook = AddWebhook("http://10.0.0.1/", {.max_in_flight = 1});
  for (int i = 0; i < 100; ++i) Accept({webhook.id});
  Settle();
  ASSERT_EQ(sent().size(), CircuitBreaker::kFailuresToOpen);
  for (int i = 0; i < 20; ++i) {
    AddWebhook("http://10.0.0.2/");
    shard->NoteWaiting({{webhook.id, absl::InfinitePast()}});
    Settle();
  }
  EXPECT_EQ(sent().size(), CircuitBreaker::kFailuresToOpen);
}

TEST_F(ShardHealthTest, AnotherNameResetsNoCircuit) {
  receiver = [](const HttpRequest&) { return HttpResult{.error = AttemptError::kConnect}; };
  WebhookRecord webhook = AddWebhook("http://10.0.0.1/", {.max_in_flight = 1});
  for (int i = 0; i < 100; ++i) Accept({webhook.id});
  Settle();
  webhook.name = "another";
  ChangeWebhook(webhook);
  shard->NoteWaiting({{webhook.id, absl::InfinitePast()}});
  Settle();
  EXPECT_EQ(sent().size(), CircuitBreaker::kFailuresToOpen);
}

TEST_F(ShardHealthTest, AnAnswerOfTheOldUrlSaysNothingAboutTheNewOne) {
  receiver = [](const HttpRequest& request) -> std::optional<HttpResult> {
    if (request.url == "http://10.0.0.1/old") return std::nullopt;
    return HttpResult{.status = 200};
  };
  WebhookRecord webhook = AddWebhook("http://10.0.0.1/old");
  const int64_t id = Accept({webhook.id})[0];
  Settle();
  webhook.url = "http://10.0.0.1/new";
  ChangeWebhook(webhook);
  http().Complete(0, {.status = 410});
  Pass(absl::Minutes(1));
  EXPECT_FALSE(catalog->Current()->Find(webhook.id)->disabled_at.has_value());
  EXPECT_EQ(State(id), DeliveryState::kDelivered);
}

TEST_F(ShardHealthTest, AUrlThatChangesBeforeItsReceiverIsWrittenDownAsGoneStaysEnabled) {
  receiver = [](const HttpRequest&) { return std::nullopt; };
  WebhookRecord webhook = AddWebhook("http://10.0.0.1/old");
  Accept({webhook.id});
  Settle();
  webhook.url = "http://10.0.0.1/new";
  store->UpdateWebhook(
      webhook.id, [webhook](const WebhookRecord&) { return webhook; }, std::nullopt,
      [](const absl::StatusOr<WebhookChange>&) {});
  http().Complete(0, {.status = 410});
  shard->Poll(absl::ZeroDuration());
  shard->Step();  // the webhook still has its old URL here: the writer has yet to run
  Settle();
  EXPECT_EQ(catalog->Current()->Find(webhook.id)->url, webhook.url);
  EXPECT_EQ(catalog->Current()->Find(webhook.id)->disabled_reason, "");
}

// ---- Leases

TEST_F(ShardHealthTest, AnAttemptMayTakeLongerThanDeliveriesWaitInMemory) {
  options.timeout = absl::Hours(1);
  receiver = [](const HttpRequest&) { return std::nullopt; };
  const WebhookRecord webhook = AddWebhook("http://10.0.0.1/");
  Accept({webhook.id, webhook.id});
  size_t writes = 0;
  for (int i = 0; i < 50; ++i) {
    shard->Step();
    shard->Poll(absl::ZeroDuration());
    writes += writer.RunAll();
  }
  EXPECT_EQ(sent().size(), 2);
  EXPECT_LE(writes, 2) << "the writer spins";
}

}  // namespace
}  // namespace webhookd
