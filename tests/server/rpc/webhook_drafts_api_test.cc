#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/testing/receiver.h"
#include "tests/testing/rest_client.h"
#include "tests/testing/test_server.h"

namespace webhookd {
namespace {

namespace pb = determined::webhook::v1;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr char kUrl[] = "http://127.0.0.1:9/hook";

google::protobuf::Value Text(const std::string& text) {
  google::protobuf::Value value;
  value.set_string_value(text);
  return value;
}

google::protobuf::Value Number(double number) {
  google::protobuf::Value value;
  value.set_number_value(number);
  return value;
}

pb::Trigger& AddTrigger(pb::Webhook& webhook, pb::TriggerType type) {
  pb::Trigger& trigger = *webhook.add_triggers();
  trigger.set_trigger_type(type);
  return trigger;
}

// A webhook with a trigger of each type.
pb::Webhook OfEveryTrigger() {
  pb::Webhook webhook = NewWebhookFor(kUrl, {"ERROR"});
  webhook.set_mode(pb::WEBHOOK_MODE_SPECIFIC);
  auto& log = *AddTrigger(webhook, pb::TRIGGER_TYPE_TASK_LOG).mutable_condition();
  (*log.mutable_fields())["regex"] = Text("out of memory");
  auto& metric =
      *AddTrigger(webhook, pb::TRIGGER_TYPE_METRIC_THRESHOLD_EXCEEDED).mutable_condition();
  (*metric.mutable_fields())["metric"] = Text("loss");
  (*metric.mutable_fields())["operator"] = Text("<");
  (*metric.mutable_fields())["threshold"] = Number(0.5);
  AddTrigger(webhook, pb::TRIGGER_TYPE_CUSTOM);
  return webhook;
}

class WebhookDraftsApiTest : public ::testing::Test {
 protected:
  grpc::Status Preview(const pb::Webhook& webhook, v1::PreviewWebhookResponse* response) {
    grpc::ClientContext context;
    v1::PreviewWebhookRequest request;
    *request.mutable_webhook() = webhook;
    return server_.deliveries().PreviewWebhook(&context, request, response);
  }

  grpc::Status Try(const pb::Webhook& webhook, v1::TryWebhookResponse* response) {
    grpc::ClientContext context;
    v1::TryWebhookRequest request;
    *request.mutable_webhook() = webhook;
    return server_.deliveries().TryWebhook(&context, request, response);
  }

  void ExpectNothingStored() {
    grpc::ClientContext context;
    determined::api::v1::GetWebhooksResponse response;
    ASSERT_TRUE(server_.determined().GetWebhooks(&context, {}, &response).ok());
    EXPECT_EQ(response.webhooks_size(), 0);
  }

  TestServer server_;
};

TEST_F(WebhookDraftsApiTest, PreviewShowsABodyForEachTrigger) {
  v1::PreviewWebhookResponse response;
  const grpc::Status status = Preview(OfEveryTrigger(), &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  ASSERT_EQ(response.bodies_size(), 4);
  EXPECT_EQ(response.bodies(0).event_type(), "EXPERIMENT_STATE_CHANGE");
  EXPECT_THAT(response.bodies(0).body(), HasSubstr(R"("condition":{"state":"ERRORED"})"));
  EXPECT_EQ(response.bodies(1).event_type(), "TASK_LOG");
  EXPECT_THAT(response.bodies(1).body(), AllOf(HasSubstr(R"("regex":"out of memory")"),
                                               HasSubstr("a line that matches out of memory")));
  EXPECT_EQ(response.bodies(2).event_type(), "METRIC_THRESHOLD_EXCEEDED");
  EXPECT_THAT(response.bodies(2).body(), HasSubstr(R"("name":"loss")"));
  EXPECT_EQ(response.bodies(3).event_type(), "CUSTOM");
  EXPECT_THAT(response.bodies(3).body(), HasSubstr("Sample title"));
  ExpectNothingStored();
}

TEST_F(WebhookDraftsApiTest, PreviewOfASlackWebhookShowsItsMessages) {
  pb::Webhook webhook = OfEveryTrigger();
  webhook.set_webhook_type(pb::WEBHOOK_TYPE_SLACK);
  v1::PreviewWebhookResponse response;
  ASSERT_TRUE(Preview(webhook, &response).ok());
  ASSERT_EQ(response.bodies_size(), 4);
  for (const v1::PreviewedBody& previewed : response.bodies()) {
    EXPECT_THAT(previewed.body(), HasSubstr("\"blocks\"")) << previewed.event_type();
  }
}

TEST_F(WebhookDraftsApiTest, PreviewRefusesWhatCannotBeCreated) {
  v1::PreviewWebhookResponse response;
  pb::Webhook webhook = OfEveryTrigger();
  (*webhook.mutable_triggers(1)->mutable_condition()->mutable_fields())["regex"] = Text("(");
  grpc::Status status = Preview(webhook, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), StartsWith("triggers[1].condition.regex"));

  webhook = OfEveryTrigger();
  webhook.set_url("ftp://example.com");
  status = Preview(webhook, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), StartsWith("url"));

  grpc::ClientContext context;
  status = server_.deliveries().PreviewWebhook(&context, {}, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), StartsWith("webhook is missing"));
}

TEST_F(WebhookDraftsApiTest, TrySendsATestAndStoresNothing) {
  Receiver receiver([](const ReceivedRequest&) { return CannedResponse::Status(201, "thanks"); });
  v1::TryWebhookResponse response;
  const grpc::Status status = Try(NewWebhookFor(receiver.url("/hook")), &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_TRUE(response.completed());
  EXPECT_EQ(response.attempt().status(), 201);
  EXPECT_EQ(response.attempt().response_excerpt(), "thanks");
  ASSERT_TRUE(receiver.WaitForRequests(1));
  const ReceivedRequest request = receiver.requests()[0];
  EXPECT_EQ(request.body, response.request_body());
  EXPECT_THAT(request.body, AllOf(HasSubstr(R"("data":"test")"), HasSubstr(response.event_id())));
  EXPECT_EQ(
      request.Header("X-Determined-AI-Signature"),
      DeterminedSignature(TestServer::kSigningKey,
                          request.Header("X-Determined-AI-Signature-Timestamp"), request.body));
  EXPECT_EQ(response.attempt().request_headers_size(), 6);
  for (const v1::HttpHeader& header : response.attempt().request_headers()) {
    EXPECT_EQ(request.Header(header.name()), header.value()) << header.name();
  }
  EXPECT_EQ(response.signing_key_source(), "--webhooks-signing-key");
  ExpectNothingStored();
}

TEST_F(WebhookDraftsApiTest, TryTellsWhyItFailed) {
  Receiver receiver([](const ReceivedRequest&) { return CannedResponse::Status(404, "no hook"); });
  v1::TryWebhookResponse response;
  ASSERT_TRUE(Try(NewWebhookFor(receiver.url()), &response).ok());
  EXPECT_FALSE(response.completed());
  EXPECT_EQ(response.attempt().error_class(), "http_4xx");
  EXPECT_EQ(response.attempt().response_excerpt(), "no hook");
}

TEST_F(WebhookDraftsApiTest, HavePathsOfTheirOwn) {
  RestClient client(server_.address());
  const std::string body =
      R"({"webhook":{"name":"n","url":"http://127.0.0.1:9/","webhookType":"WEBHOOK_TYPE_DEFAULT",)"
      R"("triggers":[{"triggerType":"TRIGGER_TYPE_TASK_LOG","condition":{"regex":"x"}}]}})";
  const RestAnswer previewed = client.Post("/api/v1/webhooks/preview", body);
  EXPECT_EQ(previewed.status, 200) << previewed.body;
  EXPECT_THAT(previewed.body, StartsWith(R"({"bodies":[{"eventType":"TASK_LOG","body":)"));
  const RestAnswer tried = client.Post("/api/v1/webhooks/try", body);
  EXPECT_EQ(tried.status, 200) << tried.body;
  EXPECT_THAT(tried.body, StartsWith(R"({"completed":false,)"));
}

TEST_F(WebhookDraftsApiTest, TriesAWebhookThatExistsAndTellsHowItWent) {
  Receiver receiver([](const ReceivedRequest&) { return CannedResponse::Status(500, "oops"); });
  pb::Webhook webhook = NewWebhookFor(receiver.url());
  webhook.set_disabled(true);
  const int32_t id = server_.Create(webhook).id();
  const auto test = [this](const v1::TryWebhookRequest& request, v1::TryWebhookResponse* response) {
    grpc::ClientContext context;
    return server_.deliveries().TryWebhook(&context, request, response);
  };
  v1::TryWebhookRequest request;
  request.set_webhook_id(id);
  v1::TryWebhookResponse response;
  ASSERT_TRUE(test(request, &response).ok());
  EXPECT_FALSE(response.completed());
  EXPECT_EQ(response.attempt().status(), 500);
  EXPECT_EQ(response.attempt().response_excerpt(), "oops");
  EXPECT_GT(response.attempt().request_headers_size(), 0);
  receiver.SetHandler([](const ReceivedRequest&) { return CannedResponse::Status(200); });
  ASSERT_TRUE(test(request, &response).ok());
  EXPECT_TRUE(response.completed());

  *request.mutable_webhook() = webhook;
  EXPECT_EQ(test(request, &response).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  request.clear_webhook();
  request.set_webhook_id(id + 1);
  EXPECT_EQ(test(request, &response).error_code(), grpc::StatusCode::NOT_FOUND);
  request.set_webhook_id(-1);
  EXPECT_EQ(test(request, &response).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

}  // namespace
}  // namespace webhookd
