#include "server/delivery/dispatcher.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/executor.h"
#include "base/mutex.h"
#include "server/delivery/curl_http_client.h"
#include "storage/sqlite/sqlite_store.h"
#include "tests/testing/blocking_store.h"
#include "tests/testing/last_resort.h"
#include "tests/testing/receiver.h"
#include "tests/testing/seeded_random.h"
#include "tests/testing/temp_dir.h"

namespace webhookd {
namespace {

constexpr absl::Duration kPatience = kLastResort;

// The real thing: threads, sockets and a database.
class DispatcherTest : public ::testing::Test {
 protected:
  DispatcherTest()
      : store_(*SqliteStore::Create(
            {.path = directory_ / "webhookd.db", .writer = writer_, .clock = RealClock()})),
        catalog_(store_->catalog()),
        resolver_({.threads = 2}, RealClock()),
        egress_({.allow = {*IpRange::Parse("127.0.0.0/8")}}) {}

  ~DispatcherTest() override {
    dispatcher_.reset();
    store_->Stop();
    writer_.Stop();
  }

  Dispatcher& MakeDispatcher(Dispatcher::Options options) {
    absl::StatusOr<std::unique_ptr<Dispatcher>> created = Dispatcher::Create(
        std::move(options),
        {.store = *store_,
         .catalog = catalog_,
         .signer = signer_,
         .egress = egress_,
         .resolver = resolver_,
         .clock = RealClock(),
         .random = random_,
         .new_http_client = [this] {
           return absl::StatusOr<std::unique_ptr<HttpClient>>(*CurlHttpClient::Create({}, egress_));
         }});
    EXPECT_TRUE(created.ok()) << created.status();
    dispatcher_ = *std::move(created);
    return *dispatcher_;
  }

  // Waits for an answer of the store.
  template <typename T, typename Call>
  absl::StatusOr<T> Await(Call call) {
    Mutex mutex;
    CondVar answered;
    std::optional<absl::StatusOr<T>> answer;
    call([&](absl::StatusOr<T> result) {
      MutexLock lock(mutex);
      answer = std::move(result);
      answered.NotifyAll();
    });
    MutexLock lock(mutex);
    while (!answer.has_value()) answered.Wait(mutex);
    return *std::move(answer);
  }

  std::shared_ptr<const WebhookRecord> AddWebhook(std::string url) {
    WebhookRecord webhook = {.name = absl::StrCat("webhook ", catalog_.Current()->version()),
                             .url = std::move(url),
                             .created_at = absl::Now()};
    webhook.triggers = {{.condition_json = R"({"state":"COMPLETED"})"}};
    const absl::StatusOr<WebhookChange> change =
        Await<WebhookChange>([&](Done<WebhookChange> done) {
          store_->CreateWebhook(webhook, std::nullopt, std::move(done));
        });
    EXPECT_TRUE(change.ok()) << change.status();
    return catalog_.Current()->Find(change->webhook.id);
  }

  // One event with a delivery to each webhook, `claimed` or not.
  WakeUp Accept(const std::vector<std::shared_ptr<const WebhookRecord>>& webhooks, bool claimed) {
    AcceptEventRequest request = {.event_id = absl::StrCat("event-", ++events_),
                                  .event_type = "EXPERIMENT_STATE_CHANGE",
                                  .occurred_at = absl::Now(),
                                  .accepted_at = absl::Now(),
                                  .first_attempt_at = store_->due_clock().Now(),
                                  .lease_until = store_->due_clock().Now() + absl::Minutes(5)};
    const auto body = std::make_shared<const std::string>("{}");
    request.bodies = {body};
    for (const auto& webhook : webhooks) {
      request.deliveries.push_back(
          {.webhook_id = webhook->id, .trigger_id = webhook->triggers[0].id, .claimed = claimed});
    }
    const absl::Time lease_until = request.lease_until;
    const absl::StatusOr<AcceptedEvent> accepted =
        Await<AcceptedEvent>([&](Done<AcceptedEvent> done) {
          AcceptEvent(*store_, std::move(request), std::move(done));
        });
    EXPECT_TRUE(accepted.ok()) << accepted.status();
    WakeUp wake_up;
    for (const AcceptedDelivery& delivery : accepted->deliveries) {
      if (claimed) {
        wake_up.claimed.push_back({.id = delivery.delivery_id,
                                   .webhook_id = delivery.webhook_id,
                                   .event_id = accepted->event_id,
                                   .body = body,
                                   .lease_until = lease_until});
      } else {
        wake_up.waiting.push_back(delivery.webhook_id);
      }
    }
    return wake_up;
  }

  int Count(DeliveryState state) {
    return static_cast<int>(
        store_->ListDeliveries({.state = state, .limit = 1'000, .now = absl::Now()})
            ->deliveries.size());
  }

  TempDir directory_;
  ThreadExecutor writer_;
  std::unique_ptr<SqliteStore> store_;
  const WebhookCatalog& catalog_;
  SystemResolver resolver_;
  const EgressPolicy egress_;
  const Signer signer_{"a key"};
  SeededRandom random_;
  Receiver receiver_;
  std::unique_ptr<Dispatcher> dispatcher_;
  int events_ = 0;
};

TEST_F(DispatcherTest, DeliversToTheWebhooksOfAllShards) {
  std::vector<std::shared_ptr<const WebhookRecord>> webhooks;
  for (int i = 0; i < 7; ++i) webhooks.push_back(AddWebhook(receiver_.url(absl::StrCat("/", i))));
  Dispatcher& dispatcher = MakeDispatcher({.shards = 3});
  ASSERT_TRUE(dispatcher.Start().ok());
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(dispatcher.Reserve(7));
    dispatcher.Wake(Accept(webhooks, /*claimed=*/true));
  }
  ASSERT_TRUE(receiver_.WaitForRequests(140, kPatience));
  dispatcher.Stop(kPatience);
  EXPECT_EQ(Count(DeliveryState::kDelivered), 140);
  std::map<std::string, int> paths;
  for (const ReceivedRequest& request : receiver_.requests()) ++paths[request.path];
  for (const auto& [path, count] : paths) EXPECT_EQ(count, 20) << path;
}

TEST_F(DispatcherTest, SendsAtTheStartWhatWaitedInTheStore) {
  const auto webhook = AddWebhook(receiver_.url());
  for (int i = 0; i < 50; ++i) Accept({webhook}, /*claimed=*/false);
  Dispatcher& dispatcher = MakeDispatcher({});
  ASSERT_TRUE(dispatcher.Start().ok());
  ASSERT_TRUE(receiver_.WaitForRequests(50, kPatience));
  dispatcher.Stop(kPatience);
  EXPECT_EQ(Count(DeliveryState::kDelivered), 50);
  EXPECT_EQ(receiver_.request_count(), 50);
}

TEST_F(DispatcherTest, StopLetsWhatIsUnderWayEndAndRecordsIt) {
  receiver_.SetHandler([](const ReceivedRequest&) { return CannedResponse::Held(); });
  const auto webhook = AddWebhook(receiver_.url());
  Dispatcher& dispatcher = MakeDispatcher({});
  ASSERT_TRUE(dispatcher.Start().ok());
  ASSERT_TRUE(dispatcher.Reserve(1));
  dispatcher.Wake(Accept({webhook}, /*claimed=*/true));
  ASSERT_TRUE(receiver_.WaitForRequests(1, kPatience));
  std::thread stopper([&] { dispatcher.Stop(kPatience); });
  receiver_.Release();
  stopper.join();
  EXPECT_EQ(Count(DeliveryState::kDelivered), 1);
  dispatcher.Stop(kPatience);
}

TEST_F(DispatcherTest, StopWaitsNoLongerThanItMay) {
  receiver_.SetHandler([](const ReceivedRequest&) { return CannedResponse::Never(); });
  const auto webhook = AddWebhook(receiver_.url());
  Dispatcher& dispatcher = MakeDispatcher({.timeout = absl::Minutes(4)});
  ASSERT_TRUE(dispatcher.Start().ok());
  ASSERT_TRUE(dispatcher.Reserve(1));
  dispatcher.Wake(Accept({webhook}, /*claimed=*/true));
  ASSERT_TRUE(receiver_.WaitForRequests(1, kPatience));
  const absl::Duration start = RealClock().Steady();
  dispatcher.Stop(absl::Milliseconds(100));
  EXPECT_LT(RealClock().Steady() - start, absl::Minutes(2)) << "less than the attempt's time-out";
  EXPECT_EQ(Count(DeliveryState::kPending), 1);
}

TEST_F(DispatcherTest, ReservesNoMoreThanFits) {
  Dispatcher& dispatcher = MakeDispatcher({.max_ready = 10});
  EXPECT_TRUE(dispatcher.Reserve(7));
  EXPECT_FALSE(dispatcher.Reserve(4));
  EXPECT_TRUE(dispatcher.Reserve(3));
  EXPECT_FALSE(dispatcher.Reserve(1));
  EXPECT_TRUE(dispatcher.Reserve(-5));
  EXPECT_TRUE(dispatcher.Reserve(5));
}

TEST_F(DispatcherTest, SendOnceTellsWhatCameBack) {
  receiver_.SetHandler([](const ReceivedRequest&) { return CannedResponse::Status(418, "tea"); });
  const auto webhook = AddWebhook(receiver_.url());
  Dispatcher& dispatcher = MakeDispatcher({});
  ASSERT_TRUE(dispatcher.Start().ok());
  const absl::StatusOr<AttemptRecord> attempt =
      Await<AttemptRecord>([&](absl::AnyInvocable<void(absl::StatusOr<AttemptRecord>) &&> done) {
        dispatcher.SendOnce(webhook, "an id", std::make_shared<const std::string>("{}"),
                            [done = std::move(done)](AttemptRecord record) mutable {
                              std::move(done)(std::move(record));
                            });
      });
  EXPECT_EQ(attempt->status, 418);
  EXPECT_EQ(attempt->response_excerpt, "tea");
  EXPECT_EQ(attempt->error_class, "http_4xx");
  EXPECT_EQ(attempt->remote_address, absl::StrCat("127.0.0.1:", receiver_.port()));
}

}  // namespace
}  // namespace webhookd
