#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/clock.h"
#include "base/executor.h"
#include "storage/sqlite/sqlite_store.h"
#include "tests/testing/blocking_store.h"
#include "tests/testing/receiver.h"
#include "tests/testing/rest_client.h"
#include "tests/testing/test_server.h"

namespace webhookd {
namespace {

namespace pb = determined::webhook::v1;
using ::testing::HasSubstr;

class DeliveriesApiTest : public ::testing::Test {
 protected:
  v1::ListDeliveriesResponse List(const v1::ListDeliveriesRequest& request) {
    grpc::ClientContext context;
    v1::ListDeliveriesResponse response;
    const grpc::Status status = server_.deliveries().ListDeliveries(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }

  grpc::Status Redeliver(int64_t id, v1::Delivery* delivery = nullptr) {
    grpc::ClientContext context;
    v1::RedeliverDeliveryRequest request;
    request.set_delivery_id(id);
    v1::RedeliverDeliveryResponse response;
    grpc::Status status = server_.deliveries().RedeliverDelivery(&context, request, &response);
    if (delivery != nullptr) *delivery = response.delivery();
    return status;
  }

  grpc::Status Replay(const v1::ReplayDeliveriesRequest& request, int64_t* count) {
    grpc::ClientContext context;
    v1::ReplayDeliveriesResponse response;
    grpc::Status status = server_.deliveries().ReplayDeliveries(&context, request, &response);
    *count = response.replayed_count();
    return status;
  }

  grpc::Status Cancel(int64_t id, v1::CancelDeliveryResponse* answer = nullptr) {
    grpc::ClientContext context;
    v1::CancelDeliveryRequest request;
    request.set_delivery_id(id);
    v1::CancelDeliveryResponse response;
    grpc::Status status = server_.deliveries().CancelDelivery(&context, request, &response);
    if (answer != nullptr) *answer = response;
    return status;
  }

  int64_t ReportOne(int32_t experiment) {
    return server_.Report(CompletedReport(experiment)).deliveries(0).delivery_id();
  }

  TestServer server_{[](Config& config) {
    // Two attempts, and for what waits for its second a wait that no test sees the end of.
    config.delivery.retry_schedule = {absl::ZeroDuration(), absl::Hours(1)};
  }};
  Receiver receiver_;
};

TEST_F(DeliveriesApiTest, ShowsADeliveryWithItsAttempts) {
  receiver_.Enqueue(CannedResponse::Status(200, "thanks"));
  const pb::Webhook webhook = server_.Create(NewWebhookFor(receiver_.url()));
  const v1::GetDeliveryResponse shown =
      server_.WaitForDelivery(ReportOne(41), v1::DELIVERY_STATE_DELIVERED);
  EXPECT_EQ(shown.delivery().webhook_id(), webhook.id());
  EXPECT_EQ(shown.delivery().webhook_name(), webhook.name());
  EXPECT_EQ(shown.delivery().trigger_id(), webhook.triggers(0).id());
  EXPECT_EQ(shown.delivery().event_type(), "EXPERIMENT_STATE_CHANGE");
  EXPECT_EQ(shown.delivery().attempt_count(), 1);
  EXPECT_EQ(shown.delivery().last_status(), 200);
  EXPECT_TRUE(shown.delivery().has_finished_at());
  ASSERT_EQ(shown.attempts_size(), 1);
  EXPECT_EQ(shown.attempts(0).response_excerpt(), "thanks");
  const ReceivedRequest received = receiver_.requests()[0];
  EXPECT_EQ(shown.request_body(), received.body);
  EXPECT_EQ(shown.attempts(0).request_headers_size(), 6);
  for (const v1::HttpHeader& header : shown.attempts(0).request_headers()) {
    EXPECT_EQ(received.Header(header.name()), header.value()) << header.name();
  }
}

TEST_F(DeliveriesApiTest, UnknownDeliveriesAreNotFound) {
  grpc::ClientContext context;
  v1::GetDeliveryRequest request;
  request.set_delivery_id(77);
  v1::GetDeliveryResponse response;
  for (const grpc::Status& status : {server_.deliveries().GetDelivery(&context, request, &response),
                                     Redeliver(77), Cancel(77)}) {
    EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
    EXPECT_THAT(status.error_message(), HasSubstr("delivery 77"));
  }
}

TEST_F(DeliveriesApiTest, NumbersBelowOneAreRefused) {
  grpc::ClientContext context;
  v1::GetDeliveryResponse response;
  for (const grpc::Status& status :
       {server_.deliveries().GetDelivery(&context, {}, &response), Redeliver(-3), Cancel(0)}) {
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
    EXPECT_THAT(status.error_message(), HasSubstr("delivery_id"));
  }
}

TEST_F(DeliveriesApiTest, ListsPagesNewestFirst) {
  server_.Create(NewWebhookFor(receiver_.url()));
  std::vector<int64_t> ids;
  for (int i = 1; i <= 7; ++i) ids.insert(ids.begin(), ReportOne(i));
  v1::ListDeliveriesRequest request;
  request.set_page_size(3);
  std::vector<int64_t> listed;
  int pages = 0;
  do {
    const v1::ListDeliveriesResponse page = List(request);
    EXPECT_LE(page.deliveries_size(), 3);
    for (const v1::Delivery& delivery : page.deliveries()) listed.push_back(delivery.id());
    request.set_page_token(page.next_page_token());
    ++pages;
  } while (!request.page_token().empty());
  EXPECT_EQ(listed, ids);
  EXPECT_EQ(pages, 3);
}

TEST_F(DeliveriesApiTest, AFullLastPageHasNoNext) {
  server_.Create(NewWebhookFor(receiver_.url()));
  for (int i = 1; i <= 3; ++i) ReportOne(i);
  v1::ListDeliveriesRequest request;
  request.set_page_size(3);
  EXPECT_EQ(List(request).next_page_token(), "");
}

// A call looks at so many deliveries and no more, over gRPC and over REST.
TEST_F(DeliveriesApiTest, APageMayBeEmptyAndOthersFollow) {
  const pb::Webhook webhook = server_.Create(NewWebhookFor(receiver_.url()));
  const int64_t id = ReportOne(1);
  server_.WaitForDelivery(id, v1::DELIVERY_STATE_DELIVERED);
  server_.Stop();
  {
    ThreadExecutor writer;
    const auto store = SqliteStore::Create(
        {.path = server_.config().storage.path, .writer = writer, .clock = RealClock()});
    ASSERT_TRUE(store.ok()) << store.status();
    AcceptEventRequest event = {.event_id = "event",
                                .event_type = "CUSTOM",
                                .accepted_at = absl::Now(),
                                .bodies = {std::make_shared<const std::string>("{}")}};
    event.deliveries.assign(kMaxExamined + 1, {.webhook_id = webhook.id(), .skipped = true});
    ASSERT_TRUE(BlockingStore(**store).AcceptEvent(event).ok());
  }
  server_.Start();

  v1::ListDeliveriesRequest request;
  request.set_webhook_id(webhook.id());
  request.set_state(v1::DELIVERY_STATE_DELIVERED);
  const v1::ListDeliveriesResponse first = List(request);
  EXPECT_EQ(first.deliveries_size(), 0);
  EXPECT_EQ(first.next_page_token(), absl::StrCat(id + 2));
  request.set_page_token(first.next_page_token());
  const v1::ListDeliveriesResponse second = List(request);
  ASSERT_EQ(second.deliveries_size(), 1);
  EXPECT_EQ(second.deliveries(0).id(), id);
  EXPECT_EQ(second.next_page_token(), "");

  RestClient client(server_.address());
  EXPECT_EQ(client.Get("/api/v1/deliveries?state=DELIVERY_STATE_DELIVERED").body,
            absl::StrCat(R"({"deliveries":[],"nextPageToken":")", id + 2, R"("})"));
}

TEST_F(DeliveriesApiTest, FiltersByEventWebhookAndState) {
  server_.Create(NewWebhookFor(receiver_.url()));
  Receiver failing([](const ReceivedRequest&) { return CannedResponse::Status(500); });
  pb::Webhook other = NewWebhookFor(failing.url());
  other.set_name("failing");
  const int32_t other_id = server_.Create(other).id();
  const v1::ReportExperimentStateResponse first = server_.Report(CompletedReport(1));
  const v1::ReportExperimentStateResponse second = server_.Report(CompletedReport(2));
  for (const auto& report : {first, second}) {
    server_.WaitForDelivery(report.deliveries(0).delivery_id(), v1::DELIVERY_STATE_DELIVERED);
    server_.WaitForDelivery(report.deliveries(1).delivery_id(), v1::DELIVERY_STATE_PENDING);
  }

  v1::ListDeliveriesRequest by_event;
  by_event.set_event_id(first.event_id());
  EXPECT_EQ(List(by_event).deliveries_size(), 2);
  by_event.set_event_id(first.event_id().substr(0, 4));  // both: their ids begin with the time
  EXPECT_EQ(List(by_event).deliveries_size(), 4);
  by_event.set_event_id("seven");
  EXPECT_EQ(List(by_event).deliveries_size(), 0);
  v1::ListDeliveriesRequest by_webhook;
  by_webhook.set_webhook_id(other_id);
  EXPECT_EQ(List(by_webhook).deliveries_size(), 2);
  v1::ListDeliveriesRequest by_state;
  by_state.set_state(v1::DELIVERY_STATE_DELIVERED);
  EXPECT_EQ(List(by_state).deliveries_size(), 2);
  by_state.set_state(v1::DELIVERY_STATE_FAILED);
  EXPECT_EQ(List(by_state).deliveries_size(), 0);
  v1::ListDeliveriesRequest by_time;
  by_time.mutable_created_from()->set_seconds(4'000'000'000);
  EXPECT_EQ(List(by_time).deliveries_size(), 0);
}

TEST_F(DeliveriesApiTest, RedeliversWithTheSameEventAndBody) {
  server_.Create(NewWebhookFor(receiver_.url()));
  const int64_t id = ReportOne(41);
  server_.WaitForDelivery(id, v1::DELIVERY_STATE_DELIVERED);
  v1::Delivery delivery;
  const grpc::Status status = Redeliver(id, &delivery);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(delivery.id(), id);
  EXPECT_EQ(delivery.state(), v1::DELIVERY_STATE_PENDING);
  ASSERT_TRUE(receiver_.WaitForRequests(2));
  const v1::GetDeliveryResponse again = server_.WaitForDelivery(id, v1::DELIVERY_STATE_DELIVERED);
  EXPECT_EQ(again.delivery().attempt_count(), 2);
  EXPECT_EQ(receiver_.requests()[1].body, receiver_.requests()[0].body);
}

TEST_F(DeliveriesApiTest, RedeliveryOfADeletedWebhookIsRefused) {
  const int32_t webhook_id = server_.Create(NewWebhookFor(receiver_.url())).id();
  const int64_t id = ReportOne(41);
  server_.WaitForDelivery(id, v1::DELIVERY_STATE_DELIVERED);
  grpc::ClientContext context;
  determined::api::v1::DeleteWebhookRequest request;
  request.set_id(webhook_id);
  determined::api::v1::DeleteWebhookResponse response;
  ASSERT_TRUE(server_.determined().DeleteWebhook(&context, request, &response).ok());
  EXPECT_EQ(Redeliver(id).error_code(), grpc::StatusCode::FAILED_PRECONDITION);
}

TEST_F(DeliveriesApiTest, ReplaysSkippedDeliveriesWhenAsked) {
  pb::Webhook webhook = NewWebhookFor(receiver_.url());
  webhook.set_disabled(true);
  const int32_t webhook_id = server_.Create(webhook).id();
  const int64_t id = ReportOne(41);
  EXPECT_EQ(server_.GetDelivery(id).delivery().state(), v1::DELIVERY_STATE_SKIPPED);
  pb::PatchWebhook enable;
  enable.set_disabled(false);
  server_.Patch(webhook_id, enable);

  v1::ReplayDeliveriesRequest request;
  request.set_webhook_id(webhook_id);
  int64_t count = -1;
  ASSERT_TRUE(Replay(request, &count).ok());
  EXPECT_EQ(count, 0);
  request.set_include_skipped(true);
  ASSERT_TRUE(Replay(request, &count).ok());
  EXPECT_EQ(count, 1);
  server_.WaitForDelivery(id, v1::DELIVERY_STATE_DELIVERED);
}

TEST_F(DeliveriesApiTest, ReplayNeedsAWebhookThatExists) {
  v1::ReplayDeliveriesRequest request;
  int64_t count = 0;
  EXPECT_EQ(Replay(request, &count).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  request.set_webhook_id(9);
  const grpc::Status status = Replay(request, &count);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_THAT(status.error_message(), HasSubstr("webhook 9"));
}

TEST_F(DeliveriesApiTest, CancelsWhatWaits) {
  receiver_.Enqueue(CannedResponse::Status(500));
  server_.Create(NewWebhookFor(receiver_.url()));
  const int64_t id = ReportOne(41);
  ASSERT_TRUE(receiver_.WaitForRequests(1));
  server_.WaitForDelivery(id, v1::DELIVERY_STATE_PENDING);
  v1::CancelDeliveryResponse canceled;
  const grpc::Status status = Cancel(id, &canceled);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(canceled.delivery().state(), v1::DELIVERY_STATE_CANCELED);
  EXPECT_TRUE(canceled.delivery().has_finished_at());
  EXPECT_FALSE(canceled.attempt_in_flight());
  EXPECT_EQ(Cancel(id).error_code(), grpc::StatusCode::FAILED_PRECONDITION);
}

TEST_F(DeliveriesApiTest, WhatWaitsInMemoryIsNotSentOnceItIsCanceled) {
  pb::Webhook webhook = NewWebhookFor(receiver_.url());
  webhook.set_max_in_flight(1);
  receiver_.Enqueue(CannedResponse::Held());
  server_.Create(webhook);
  const int64_t under_way = ReportOne(1);
  ASSERT_TRUE(receiver_.WaitForRequests(1));
  std::vector<int64_t> queued;
  for (int32_t i = 2; i < 12; ++i) queued.push_back(ReportOne(i));
  v1::CancelDeliveryResponse canceled;
  ASSERT_TRUE(Cancel(under_way, &canceled).ok());
  EXPECT_TRUE(canceled.attempt_in_flight());
  for (const int64_t id : queued) {
    ASSERT_TRUE(Cancel(id, &canceled).ok());
    EXPECT_FALSE(canceled.attempt_in_flight());
  }
  receiver_.Release();
  server_.WaitForDelivery(ReportOne(99), v1::DELIVERY_STATE_DELIVERED);
  EXPECT_EQ(receiver_.request_count(), 2);
  for (const int64_t id : queued) {
    EXPECT_EQ(server_.GetDelivery(id).delivery().state(), v1::DELIVERY_STATE_CANCELED);
  }
}

TEST_F(DeliveriesApiTest, AnAttemptShowsWhatWasSentThoughTheKeyIsAnother) {
  server_.Create(NewWebhookFor(receiver_.url()));
  const int64_t id = ReportOne(41);
  server_.WaitForDelivery(id, v1::DELIVERY_STATE_DELIVERED);
  const ReceivedRequest received = receiver_.requests()[0];
  server_.Restart([](Config& config) { config.webhooks.signing_key = "another key"; });
  const v1::GetDeliveryResponse shown = server_.GetDelivery(id);
  EXPECT_EQ(shown.attempts(0).request_headers_size(), 6);
  EXPECT_FALSE(shown.attempts(0).request_headers_not_kept());
  for (const v1::HttpHeader& header : shown.attempts(0).request_headers()) {
    EXPECT_EQ(received.Header(header.name()), header.value()) << header.name();
  }
}

TEST_F(DeliveriesApiTest, TheListOfWebhooksTellsTheNewestDeliveryOfEach) {
  const pb::Webhook called = server_.Create(NewWebhookFor(receiver_.url()));
  pb::Webhook idle = NewWebhookFor(receiver_.url(), {"CANCELED"});
  idle.set_name("idle");
  server_.Create(idle);
  ReportOne(1);
  const int64_t newest = ReportOne(2);
  server_.WaitForDelivery(newest, v1::DELIVERY_STATE_DELIVERED);

  determined::api::v1::GetWebhooksRequest request;
  determined::api::v1::GetWebhooksResponse response;
  grpc::ClientContext without;
  ASSERT_TRUE(server_.determined().GetWebhooks(&without, request, &response).ok());
  EXPECT_FALSE(response.has_last_deliveries());

  request.set_with_last_deliveries(true);
  grpc::ClientContext with;
  ASSERT_TRUE(server_.determined().GetWebhooks(&with, request, &response).ok());
  ASSERT_EQ(response.last_deliveries().deliveries_size(), 1);
  EXPECT_EQ(response.last_deliveries().deliveries(0).id(), newest);
  EXPECT_EQ(response.last_deliveries().deliveries(0).webhook_id(), called.id());
  EXPECT_EQ(response.last_deliveries().deliveries(0).state(), v1::DELIVERY_STATE_DELIVERED);
}

TEST_F(DeliveriesApiTest, AWebhookTellsHowManyDeliveriesWait) {
  receiver_.Enqueue(CannedResponse::Status(500, "oops"));
  const pb::Webhook webhook = server_.Create(NewWebhookFor(receiver_.url()));
  const int64_t waits = ReportOne(1);
  ASSERT_TRUE(receiver_.WaitForRequests(1));
  server_.WaitForDelivery(ReportOne(2), v1::DELIVERY_STATE_DELIVERED);

  determined::api::v1::GetWebhookRequest request;
  request.set_webhook_id(webhook.id());
  determined::api::v1::GetWebhookResponse response;
  grpc::ClientContext without;
  ASSERT_TRUE(server_.determined().GetWebhook(&without, request, &response).ok());
  EXPECT_FALSE(response.has_waiting_deliveries());

  request.set_with_waiting_deliveries(true);
  grpc::ClientContext with;
  ASSERT_TRUE(server_.determined().GetWebhook(&with, request, &response).ok());
  EXPECT_EQ(response.waiting_deliveries(), 1);
  ASSERT_TRUE(Cancel(waits).ok());
  grpc::ClientContext after;
  ASSERT_TRUE(server_.determined().GetWebhook(&after, request, &response).ok());
  EXPECT_EQ(response.waiting_deliveries(), 0);
}

}  // namespace
}  // namespace webhookd
