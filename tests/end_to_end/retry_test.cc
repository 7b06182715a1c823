#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <string>
#include <vector>

#include "tests/testing/last_resort.h"
#include "tests/testing/receiver.h"
#include "tests/testing/test_server.h"

// What becomes of a delivery that is not confirmed at once.
namespace webhookd {
namespace {

namespace api = determined::api::v1;
namespace pb = determined::webhook::v1;
using ::testing::HasSubstr;

int64_t ReportOne(TestServer& server, int32_t experiment = 41) {
  return server.Report(CompletedReport(experiment)).deliveries(0).delivery_id();
}

void ExpectOneEvent(const std::vector<ReceivedRequest>& requests) {
  for (const ReceivedRequest& request : requests) {
    EXPECT_EQ(request.Header("webhook-id"), requests[0].Header("webhook-id"));
    EXPECT_EQ(request.body, requests[0].body);
    EXPECT_EQ(
        request.Header("X-Determined-AI-Signature"),
        DeterminedSignature(TestServer::kSigningKey,
                            request.Header("X-Determined-AI-Signature-Timestamp"), request.body));
  }
}

TEST(Retries, GoOnUntilTheReceiverConfirms) {
  Receiver receiver;
  CannedResponse not_now = CannedResponse::ConnectionClose(500);
  not_now.body = "not now";
  receiver.Enqueue(not_now);
  receiver.Enqueue(CannedResponse::Reset());  // on a new connection: one that was kept is stale
  receiver.Enqueue(CannedResponse::Status(302, "", {{"Location", receiver.url("/elsewhere")}}));
  receiver.Enqueue(CannedResponse::Status(404));
  TestServer server;
  server.Create(NewWebhookFor(receiver.url()));
  const v1::GetDeliveryResponse shown =
      server.WaitForDelivery(ReportOne(server), v1::DELIVERY_STATE_DELIVERED);
  ASSERT_EQ(shown.attempts_size(), 5);
  EXPECT_EQ(shown.attempts(0).error_class(), "http_5xx");
  EXPECT_EQ(shown.attempts(0).response_excerpt(), "not now");
  EXPECT_EQ(shown.attempts(1).error_class(), "reset");
  EXPECT_EQ(shown.attempts(2).error_class(), "http_3xx");
  EXPECT_EQ(shown.attempts(3).error_class(), "http_4xx");
  EXPECT_EQ(shown.attempts(4).error_class(), "");
  EXPECT_EQ(receiver.request_count(), 5);
  ExpectOneEvent(receiver.requests());
}

TEST(Retries, EndAfterTheScheduleAndCanBeReplayed) {
  std::atomic<bool> broken = true;
  Receiver receiver(
      [&](const ReceivedRequest&) { return CannedResponse::Status(broken ? 503 : 200); });
  TestServer server([](Config& config) { config.delivery.retry_schedule.resize(3); });
  const int32_t webhook_id = server.Create(NewWebhookFor(receiver.url())).id();
  const int64_t id = ReportOne(server);
  EXPECT_EQ(server.WaitForDelivery(id, v1::DELIVERY_STATE_FAILED).attempts_size(), 3);

  broken = false;
  grpc::ClientContext context;
  v1::ReplayDeliveriesRequest request;
  request.set_webhook_id(webhook_id);
  v1::ReplayDeliveriesResponse response;
  ASSERT_TRUE(server.deliveries().ReplayDeliveries(&context, request, &response).ok());
  EXPECT_EQ(response.replayed_count(), 1);
  EXPECT_EQ(server.WaitForDelivery(id, v1::DELIVERY_STATE_DELIVERED).attempts_size(), 4);
  ExpectOneEvent(receiver.requests());
}

TEST(Retries, WaitAsLongAsTheReceiverAsks) {
  Receiver receiver;
  receiver.Enqueue(CannedResponse::Status(503, "", {{"Retry-After", "1"}}));
  TestServer server([](Config& config) {
    config.delivery.retry_schedule = {absl::ZeroDuration(), absl::Milliseconds(10),
                                      absl::Seconds(5)};
  });
  server.Create(NewWebhookFor(receiver.url()));
  server.WaitForDelivery(ReportOne(server), v1::DELIVERY_STATE_DELIVERED);
  const std::vector<ReceivedRequest> requests = receiver.requests();
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_GE(requests[1].arrived - requests[0].arrived, absl::Milliseconds(990));
}

TEST(Retries, GoneDisablesTheWebhook) {
  Receiver receiver([](const ReceivedRequest&) { return CannedResponse::Status(410); });
  TestServer server;
  const int32_t webhook_id = server.Create(NewWebhookFor(receiver.url())).id();
  const int64_t id = ReportOne(server);
  ASSERT_TRUE(receiver.WaitForRequests(1));
  const absl::Duration deadline = RealClock().Steady() + kLastResort;
  pb::Webhook webhook = server.GetWebhook(webhook_id);
  while (!webhook.disabled() && RealClock().Steady() < deadline) {
    webhook = server.GetWebhook(webhook_id);
  }
  EXPECT_TRUE(webhook.disabled());
  EXPECT_THAT(webhook.disabled_reason(), HasSubstr("410"));
  EXPECT_TRUE(server.Report(CompletedReport(42)).deliveries(0).skipped());
  EXPECT_EQ(server.GetDelivery(id).attempts(0).error_class(), "gone");
  EXPECT_EQ(receiver.request_count(), 1);
}

TEST(Retries, ComeGentlyToAReceiverThatTakesOneASecond) {
  std::atomic<int> taken = 0;
  std::atomic<int> refused = 0;
  std::atomic<int64_t> free_at = 0;  // milliseconds of the steady clock
  Receiver receiver([&](const ReceivedRequest&) {
    const int64_t now = absl::ToInt64Milliseconds(RealClock().Steady());
    int64_t before = free_at;
    if (now >= before && free_at.compare_exchange_strong(before, now + 1'000)) {
      ++taken;
      return CannedResponse::Status(200);
    }
    ++refused;
    return CannedResponse::Status(429, "", {{"Retry-After", "1"}});
  });
  TestServer server([](Config& config) {
    config.delivery.retry_schedule = std::vector<absl::Duration>(50, absl::Milliseconds(100));
  });
  server.Create(NewWebhookFor(receiver.url()));
  std::vector<int64_t> ids;
  for (int32_t i = 0; i < 30; ++i) ids.push_back(ReportOne(server, 100 + i));
  while (taken < 8) ASSERT_TRUE(receiver.WaitForRequests(receiver.request_count() + 1));
  // 15 of the first 16, and few after the pause. Before there was one: some 13 a second.
  EXPECT_LE(refused, 25);
}

TEST(Retries, AreCanceledWithTheirWebhook) {
  Receiver receiver([](const ReceivedRequest&) { return CannedResponse::Status(500); });
  TestServer server([](Config& config) {
    config.delivery.retry_schedule = {absl::ZeroDuration(), absl::Hours(1)};
  });
  const int32_t webhook_id = server.Create(NewWebhookFor(receiver.url())).id();
  const int64_t id = ReportOne(server);
  server.WaitForDelivery(id, v1::DELIVERY_STATE_PENDING);
  ASSERT_TRUE(receiver.WaitForRequests(1));

  grpc::ClientContext context;
  api::DeleteWebhookRequest request;
  request.set_id(webhook_id);
  api::DeleteWebhookResponse response;
  ASSERT_TRUE(server.determined().DeleteWebhook(&context, request, &response).ok());
  EXPECT_EQ(response.canceled_deliveries(), 1);
  EXPECT_EQ(server.WaitForDelivery(id, v1::DELIVERY_STATE_CANCELED).delivery().state(),
            v1::DELIVERY_STATE_CANCELED);
  EXPECT_EQ(server.Report(CompletedReport(42)).delivery_count(), 0);
}

TEST(Retries, GoToTheNewUrlAfterAPatch) {
  Receiver wrong([](const ReceivedRequest&) { return CannedResponse::Status(500); });
  Receiver right;
  TestServer server([](Config& config) {
    config.delivery.retry_schedule = std::vector<absl::Duration>(50, absl::Milliseconds(100));
  });
  const int32_t webhook_id = server.Create(NewWebhookFor(wrong.url())).id();
  const int64_t id = ReportOne(server);
  ASSERT_TRUE(wrong.WaitForRequests(1));
  pb::PatchWebhook patch;
  patch.set_url(right.url("/new"));
  server.Patch(webhook_id, patch);
  ASSERT_TRUE(right.WaitForRequests(1));
  EXPECT_EQ(right.requests()[0].path, "/new");
  EXPECT_EQ(right.requests()[0].body, wrong.requests()[0].body);
  const v1::GetDeliveryResponse shown = server.WaitForDelivery(id, v1::DELIVERY_STATE_DELIVERED);
  EXPECT_EQ(shown.attempts(shown.attempts_size() - 1).url(), right.url("/new"));
}

TEST(Retries, ResumeAfterARestart) {
  std::atomic<bool> broken = true;
  Receiver receiver(
      [&](const ReceivedRequest&) { return CannedResponse::Status(broken ? 500 : 200); });
  TestServer server([](Config& config) {
    config.delivery.retry_schedule = std::vector<absl::Duration>(100, absl::Milliseconds(200));
  });
  server.Create(NewWebhookFor(receiver.url()));
  const int64_t id = ReportOne(server);
  ASSERT_TRUE(receiver.WaitForRequests(2));
  server.Restart();
  const int before = server.GetDelivery(id).delivery().attempt_count();
  EXPECT_GE(before, 2);
  ASSERT_TRUE(receiver.WaitForRequests(before + 1));
  server.Restart();
  broken = false;
  const v1::GetDeliveryResponse shown = server.WaitForDelivery(id, v1::DELIVERY_STATE_DELIVERED);
  // Each attempt is there, in one row of numbers.
  EXPECT_EQ(shown.delivery().attempt_count(), receiver.request_count());
  for (int i = 0; i < shown.attempts_size(); ++i) EXPECT_EQ(shown.attempts(i).number(), i + 1);
  ExpectOneEvent(receiver.requests());
}

TEST(Retries, DeliveriesOfAStoppedServerWaitForTheNext) {
  Receiver receiver([](const ReceivedRequest&) { return CannedResponse::Never(); });
  TestServer server([](Config& config) { config.delivery.drain_timeout = absl::Milliseconds(50); });
  server.Create(NewWebhookFor(receiver.url()));
  std::set<std::string> events;
  for (int i = 1; i <= 100; ++i) events.insert(server.Report(CompletedReport(i)).event_id());
  ASSERT_TRUE(receiver.WaitForRequests(1));
  server.Stop();
  Receiver::Handler confirm = [](const ReceivedRequest&) { return CannedResponse::Status(200); };
  const int before = receiver.request_count();
  receiver.SetHandler(confirm);
  server.Start();
  ASSERT_TRUE(receiver.WaitForRequests(before + 100));
  std::set<std::string> received;
  const std::vector<ReceivedRequest> requests = receiver.requests();
  for (size_t i = before; i < requests.size(); ++i) {
    received.insert(requests[i].Header("webhook-id"));
  }
  EXPECT_EQ(received, events);
}

}  // namespace
}  // namespace webhookd
