#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/server/events/python.h"
#include "tests/testing/last_resort.h"
#include "tests/testing/receiver.h"
#include "tests/testing/test_server.h"

// From a master's report to a signed request at a receiver, through everything that is real.
namespace webhookd {
namespace {

namespace pb = determined::webhook::v1;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;

// The seed's receiver, "Signed Payload", with its missing line filled in. Reads requests as JSON
// and prints the paths of those that it takes for genuine.
constexpr char kSeedsReceiver[] = R"(
import hashlib, hmac, json, sys

def authenticate_webhook_request(request_body, request_headers, webhook_signing_key):
   timestamp = request_headers["X-Determined-AI-Signature-Timestamp"]
   signed_payload = request_headers["X-Determined-AI-Signature"]
   request_body = json.dumps(separators=(",",":"), obj=json.loads(request_body))
   calculated_signed_payload = hmac.new(
      webhook_signing_key.encode(), f"{timestamp},{request_body}".encode(), hashlib.sha256
   ).hexdigest()
   return calculated_signed_payload == signed_payload

lines = sys.stdin.read().split("\n")
for timestamp, signature, body in zip(lines[0::3], lines[1::3], lines[2::3]):
   headers = {"X-Determined-AI-Signature-Timestamp": timestamp, "X-Determined-AI-Signature": signature}
   print(authenticate_webhook_request(body, headers, "testsigningkey"))
)";

// What the seed's receiver says of each request.
std::vector<std::string> Authenticate(const std::vector<ReceivedRequest>& requests) {
  std::vector<std::string> lines;
  for (const ReceivedRequest& request : requests) {
    lines.push_back(request.Header("X-Determined-AI-Signature-Timestamp"));
    lines.push_back(request.Header("X-Determined-AI-Signature"));
    lines.push_back(request.body);
  }
  return RunPython(kSeedsReceiver, lines);
}

class EndToEndTest : public ::testing::Test {
 protected:
  int64_t ReportOne(const v1::ReportExperimentStateRequest& report) {
    const v1::ReportExperimentStateResponse response = server_.Report(report);
    EXPECT_EQ(response.delivery_count(), 1);
    return response.deliveries_size() == 0 ? 0 : response.deliveries(0).delivery_id();
  }

  Receiver receiver_;
  // No attempt is over before a test is.
  TestServer server_{[](Config& config) { config.delivery.timeout = absl::Minutes(4); }};
};

TEST_F(EndToEndTest, AReportBecomesASignedRequest) {
  server_.Create(NewWebhookFor(receiver_.url("/hook?a=b")));
  const v1::ReportExperimentStateResponse response = server_.Report(CompletedReport(41));
  ASSERT_TRUE(receiver_.WaitForRequests(1));
  const ReceivedRequest request = receiver_.requests()[0];
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.path, "/hook?a=b");
  EXPECT_EQ(request.Header("Content-Type"), "application/json; charset=UTF-8");
  EXPECT_EQ(request.Header("webhook-id"), response.event_id());
  // The seed's example, "Event Payload".
  EXPECT_EQ(
      request.body,
      absl::StrCat(R"({"event_id":")", response.event_id(),
                   R"(","event_type":"EXPERIMENT_STATE_CHANGE","timestamp":1665689991,)",
                   R"("condition":{"state":"COMPLETED"},"event_data":{"experiment":{"id":41,)",
                   R"("state":"COMPLETED","name":"cifar10_pytorch_const",)",
                   R"("slots_per_trial":2,"duration":41,"resource_pool":"default",)",
                   R"("workspace":"test workspace","project":"test project"}}})"));
  EXPECT_THAT(Authenticate({request}), ElementsAre("True"));
  const v1::GetDeliveryResponse delivery =
      server_.WaitForDelivery(response.deliveries(0).delivery_id(), v1::DELIVERY_STATE_DELIVERED);
  EXPECT_EQ(delivery.request_body(), request.body);
}

TEST_F(EndToEndTest, NamesInEveryScriptAreSignedAsTheSeedsReceiverChecks) {
  server_.Create(NewWebhookFor(receiver_.url()));
  pb::Webhook slack = NewWebhookFor(receiver_.url("/slack"));
  slack.set_webhook_type(pb::WEBHOOK_TYPE_SLACK);
  slack.set_name("slack");
  server_.Create(slack);
  const std::vector<std::string> names = {
      "実験",   "эксперимент", "تجربة", "प्रयोग", "🎉 party 👩‍🔬", "\"quotes\" \\ /",
      "a<b>&c", "\x7f\x01\t",  "ünï",   ""};
  for (size_t i = 0; i < names.size(); ++i) {
    v1::ReportExperimentStateRequest report = CompletedReport(static_cast<int32_t>(i) + 1);
    report.mutable_experiment()->set_name(names[i]);
    EXPECT_EQ(server_.Report(report).delivery_count(), 2);
  }
  const int count = static_cast<int>(2 * names.size());
  ASSERT_TRUE(receiver_.WaitForRequests(count));
  EXPECT_THAT(Authenticate(receiver_.requests()),
              ElementsAreArray(std::vector<std::string>(count, "True")));
  // And it is not that it takes everything.
  std::vector<ReceivedRequest> altered = receiver_.requests();
  for (ReceivedRequest& request : altered) request.body.insert(1, R"("more":1,)");
  EXPECT_THAT(Authenticate(altered), ElementsAreArray(std::vector<std::string>(count, "False")));
}

TEST_F(EndToEndTest, AFailedExperimentReachesASlackWebhook) {
  pb::Webhook slack = NewWebhookFor(receiver_.url(), {"ERROR"});
  slack.set_webhook_type(pb::WEBHOOK_TYPE_SLACK);
  server_.Create(slack);
  v1::ReportExperimentStateRequest report = CompletedReport(41);
  report.mutable_experiment()->set_state(determined::experiment::v1::STATE_ERROR);
  ReportOne(report);
  ASSERT_TRUE(receiver_.WaitForRequests(1));
  const ReceivedRequest request = receiver_.requests()[0];
  EXPECT_THAT(request.body, AllOf(HasSubstr("\"blocks\""), HasSubstr("#DD5040"),
                                  HasSubstr("cifar10_pytorch_const"), HasSubstr("Errored")));
  EXPECT_THAT(Authenticate({request}), ElementsAre("True"));
}

TEST_F(EndToEndTest, ARepeatedReportCausesNothingNew) {
  server_.Create(NewWebhookFor(receiver_.url()));
  v1::ReportExperimentStateRequest report = CompletedReport(41);
  report.set_idempotency_key("41 completed");
  const int64_t id = ReportOne(report);
  server_.WaitForDelivery(id, v1::DELIVERY_STATE_DELIVERED);
  EXPECT_TRUE(server_.Report(report).duplicate());
  server_.Restart();
  EXPECT_TRUE(server_.Report(report).duplicate());
  // What comes after it has arrived, so what it would have caused would have, too.
  ReportOne(CompletedReport(42));
  ASSERT_TRUE(receiver_.WaitForRequests(2));
  EXPECT_THAT(receiver_.requests()[1].body, HasSubstr("\"id\":42"));
}

TEST_F(EndToEndTest, TheSameReportWithoutAKeyIsANewEvent) {
  server_.Create(NewWebhookFor(receiver_.url()));
  ReportOne(CompletedReport(41));
  ReportOne(CompletedReport(41));
  ASSERT_TRUE(receiver_.WaitForRequests(2));
  EXPECT_NE(receiver_.requests()[0].Header("webhook-id"),
            receiver_.requests()[1].Header("webhook-id"));
}

TEST_F(EndToEndTest, OtherStatesAndWorkspacesDoNotMatch) {
  pb::Webhook webhook = NewWebhookFor(receiver_.url());
  webhook.set_workspace_id(99);
  server_.Create(webhook);
  EXPECT_EQ(server_.Report(CompletedReport(41)).delivery_count(), 0);  // of workspace 3
  v1::ReportExperimentStateRequest report = CompletedReport(41);
  report.mutable_experiment()->set_workspace_id(99);
  ReportOne(report);
  report.mutable_experiment()->set_state(determined::experiment::v1::STATE_CANCELED);
  EXPECT_EQ(server_.Report(report).delivery_count(), 0);
}

TEST_F(EndToEndTest, ExcludeSilencesEveryWebhook) {
  server_.Create(NewWebhookFor(receiver_.url()));
  v1::ReportExperimentStateRequest report = CompletedReport(41);
  report.mutable_experiment()->mutable_webhooks()->set_exclude(true);
  EXPECT_EQ(server_.Report(report).delivery_count(), 0);
}

TEST_F(EndToEndTest, SpecificWebhooksFireForExperimentsThatNameThem) {
  pb::Webhook webhook = NewWebhookFor(receiver_.url());
  webhook.set_mode(pb::WEBHOOK_MODE_SPECIFIC);
  webhook.set_name("mine");
  const int32_t id = server_.Create(webhook).id();
  EXPECT_EQ(server_.Report(CompletedReport(1)).delivery_count(), 0);
  v1::ReportExperimentStateRequest by_name = CompletedReport(2);
  by_name.mutable_experiment()->mutable_webhooks()->add_webhook_name("mine");
  ReportOne(by_name);
  v1::ReportExperimentStateRequest by_id = CompletedReport(3);
  by_id.mutable_experiment()->mutable_webhooks()->add_webhook_id(id);
  ReportOne(by_id);
  ASSERT_TRUE(receiver_.WaitForRequests(2));
}

TEST_F(EndToEndTest, TwoTriggersThatMatchCauseTwoDeliveries) {
  pb::Webhook webhook = NewWebhookFor(receiver_.url(), {"COMPLETED", "CANCELED"});
  server_.Create(webhook);
  pb::Webhook other = NewWebhookFor(receiver_.url("/other"));
  other.set_name("other");
  server_.Create(other);
  const v1::ReportExperimentStateResponse response = server_.Report(CompletedReport(41));
  ASSERT_EQ(response.delivery_count(), 2);
  ASSERT_TRUE(receiver_.WaitForRequests(2));
  // One event, whoever receives it.
  for (const ReceivedRequest& request : receiver_.requests()) {
    EXPECT_EQ(request.Header("webhook-id"), response.event_id());
  }
}

TEST_F(EndToEndTest, ADisabledWebhookSkipsAndGoesOnWhenEnabled) {
  pb::Webhook webhook = NewWebhookFor(receiver_.url());
  webhook.set_disabled(true);
  const int32_t webhook_id = server_.Create(webhook).id();
  const v1::ReportExperimentStateResponse response = server_.Report(CompletedReport(41));
  ASSERT_EQ(response.deliveries_size(), 1);
  EXPECT_TRUE(response.deliveries(0).skipped());
  EXPECT_EQ(server_.GetDelivery(response.deliveries(0).delivery_id()).delivery().state(),
            v1::DELIVERY_STATE_SKIPPED);
  pb::PatchWebhook enable;
  enable.set_disabled(false);
  server_.Patch(webhook_id, enable);
  ReportOne(CompletedReport(42));
  ASSERT_TRUE(receiver_.WaitForRequests(1));
  EXPECT_THAT(receiver_.requests()[0].body, HasSubstr("\"id\":42"));
}

TEST_F(EndToEndTest, AWebhookCreatedAfterAnEventDoesNotSeeIt) {
  EXPECT_EQ(server_.Report(CompletedReport(1)).delivery_count(), 0);
  server_.Create(NewWebhookFor(receiver_.url()));
  ReportOne(CompletedReport(2));
  ASSERT_TRUE(receiver_.WaitForRequests(1));
  EXPECT_THAT(receiver_.requests()[0].body, HasSubstr("\"id\":2"));
}

TEST_F(EndToEndTest, NothingIsSentToADeniedAddress) {
  // Allowed when the webhook was created, denied when the server starts again.
  server_.Create(NewWebhookFor(receiver_.url()));
  TestServer strict([this](Config& config) {
    config.egress.allow.clear();
    config.storage.path = server_.config().storage.path;
    server_.Stop();
  });
  const int64_t id = strict.Report(CompletedReport(41)).deliveries(0).delivery_id();
  v1::GetDeliveryResponse shown = strict.WaitForDelivery(id, v1::DELIVERY_STATE_FAILED);
  EXPECT_EQ(shown.delivery().last_error_class(), "egress_denied");
  EXPECT_THAT(shown.attempts(0).error_message(), HasSubstr("loopback"));
  EXPECT_EQ(receiver_.accepted_connections(), 0);
}

TEST_F(EndToEndTest, ASlowReceiverDelaysNobodyElse) {
  Receiver slow([](const ReceivedRequest&) { return CannedResponse::Never(); });
  server_.Create(NewWebhookFor(slow.url()));
  pb::Webhook quick = NewWebhookFor(receiver_.url());
  quick.set_name("quick");
  server_.Create(quick);
  for (int i = 1; i <= 200; ++i) {
    EXPECT_EQ(server_.Report(CompletedReport(i)).delivery_count(), 2);
  }
  EXPECT_TRUE(receiver_.WaitForRequests(200));
}

}  // namespace
}  // namespace webhookd
