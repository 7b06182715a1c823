#include <gmock/gmock.h>
#include <google/protobuf/any.pb.h>
#include <google/protobuf/empty.pb.h>
#include <google/protobuf/unknown_field_set.h>
#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/testing/last_resort.h"
#include "tests/testing/receiver.h"
#include "tests/testing/test_server.h"

namespace webhookd {
namespace {

namespace api = determined::api::v1;
namespace pb = determined::webhook::v1;
using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr char kUrl[] = "http://127.0.0.1:9/hook";

class WebhooksApiTest : public ::testing::Test {
 protected:
  grpc::Status Post(const pb::Webhook& webhook) {
    grpc::ClientContext context;
    api::PostWebhookRequest request;
    *request.mutable_webhook() = webhook;
    api::PostWebhookResponse response;
    return server_.determined().PostWebhook(&context, request, &response);
  }

  grpc::Status Get(int32_t id) {
    grpc::ClientContext context;
    api::GetWebhookRequest request;
    request.set_webhook_id(id);
    api::GetWebhookResponse response;
    return server_.determined().GetWebhook(&context, request, &response);
  }

  grpc::Status Patch(const api::PatchWebhookRequest& request) {
    grpc::ClientContext context;
    api::PatchWebhookResponse response;
    return server_.determined().PatchWebhook(&context, request, &response);
  }

  grpc::Status Delete(int32_t id, api::DeleteWebhookResponse* response = nullptr) {
    grpc::ClientContext context;
    api::DeleteWebhookRequest request;
    request.set_id(id);
    api::DeleteWebhookResponse ignored;
    return server_.determined().DeleteWebhook(&context, request,
                                              response == nullptr ? &ignored : response);
  }

  std::vector<std::string> Names() {
    grpc::ClientContext context;
    api::GetWebhooksResponse response;
    EXPECT_TRUE(server_.determined().GetWebhooks(&context, {}, &response).ok());
    std::vector<std::string> names;
    for (const pb::Webhook& webhook : response.webhooks()) names.push_back(webhook.name());
    return names;
  }

  grpc::Status Test(int32_t id, api::TestWebhookResponse* response) {
    grpc::ClientContext context;
    api::TestWebhookRequest request;
    request.set_id(id);
    return server_.determined().TestWebhook(&context, request, response);
  }

  TestServer server_{[](Config& config) {
    config.delivery.drain_timeout = absl::Seconds(1);
    config.delivery.timeout = absl::Minutes(4);
  }};
};

pb::Webhook Named(const std::string& name) {
  pb::Webhook webhook = NewWebhookFor(kUrl);
  webhook.set_name(name);
  return webhook;
}

TEST_F(WebhooksApiTest, CreatesGetsAndLists) {
  const pb::Webhook created = server_.Create(Named("one"));
  EXPECT_GT(created.id(), 0);
  ASSERT_EQ(created.triggers_size(), 1);
  EXPECT_GT(created.triggers(0).id(), 0);
  EXPECT_EQ(created.triggers(0).webhook_id(), created.id());
  EXPECT_EQ(created.url(), kUrl);
  EXPECT_EQ(created.mode(), pb::WEBHOOK_MODE_WORKSPACE);
  EXPECT_EQ(created.workspace_id(), 0);
  EXPECT_GT(created.created_at().seconds(), 1'600'000'000);
  EXPECT_EQ(server_.GetWebhook(created.id()).SerializeAsString(), created.SerializeAsString());

  server_.Create(Named("two"));
  EXPECT_THAT(Names(), ::testing::ElementsAre("one", "two"));
}

TEST_F(WebhooksApiTest, KeepsWebhooksOverARestart) {
  pb::Webhook webhook = Named("kept 🎉");
  webhook.set_workspace_id(5);
  webhook.set_mode(pb::WEBHOOK_MODE_SPECIFIC);
  webhook.set_max_in_flight(3);
  webhook.set_max_requests_per_second(1.5);
  const pb::Webhook created = server_.Create(webhook);
  server_.Restart();
  EXPECT_EQ(server_.GetWebhook(created.id()).DebugString(), created.DebugString());
}

TEST_F(WebhooksApiTest, RefusesATakenNameInItsScope) {
  server_.Create(Named("taken"));
  const grpc::Status global = Post(Named("taken"));
  EXPECT_EQ(global.error_code(), grpc::StatusCode::ALREADY_EXISTS);
  EXPECT_THAT(global.error_message(), AllOf(HasSubstr("\"taken\""), HasSubstr("global")));

  pb::Webhook scoped = Named("taken");
  scoped.set_workspace_id(4);
  server_.Create(scoped);
  const grpc::Status again = Post(scoped);
  EXPECT_EQ(again.error_code(), grpc::StatusCode::ALREADY_EXISTS);
  EXPECT_THAT(again.error_message(), AllOf(HasSubstr("\"taken\""), HasSubstr("workspace 4")));
}

TEST_F(WebhooksApiTest, RefusesBadWebhooksAndChangesNothing) {
  pb::Webhook huge = Named(std::string(2 << 20, 'n'));
  EXPECT_EQ(Post(huge).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  pb::Webhook denied = Named("denied");
  denied.set_url("http://169.254.169.254/latest");
  const grpc::Status status = Post(denied);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), AllOf(HasSubstr("url"), HasSubstr("169.254.169.254")));

  grpc::ClientContext context;
  api::PostWebhookResponse response;
  const grpc::Status empty = server_.determined().PostWebhook(&context, {}, &response);
  EXPECT_EQ(empty.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << empty.error_message();
  EXPECT_THAT(Names(), ::testing::IsEmpty());
}

TEST_F(WebhooksApiTest, UnknownWebhooksAreNotFound) {
  api::PatchWebhookRequest patch;
  patch.set_id(7);
  patch.mutable_webhook()->set_url(kUrl);
  api::TestWebhookResponse test;
  for (const grpc::Status& status : {Get(7), Patch(patch), Delete(7), Test(7, &test)}) {
    EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
    EXPECT_THAT(status.error_message(), HasSubstr("webhook 7"));
  }
}

TEST_F(WebhooksApiTest, NumbersBelowOneAreRefused) {
  api::PatchWebhookRequest patch;
  patch.set_id(-1);
  patch.mutable_webhook()->set_url(kUrl);
  api::TestWebhookResponse test;
  for (const grpc::Status& status : {Get(-1), Patch(patch), Delete(-1), Test(-1, &test)}) {
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
    EXPECT_THAT(status.error_message(), AllOf(HasSubstr("id"), HasSubstr("-1")));
  }
}

TEST_F(WebhooksApiTest, PatchesAndKeepsTheNumbersOfEqualTriggers) {
  const pb::Webhook created = server_.Create(NewWebhookFor(kUrl, {"COMPLETED", "CANCELED"}));
  pb::PatchWebhook patch;
  patch.set_url("http://127.0.0.1:9/other");
  *patch.mutable_triggers() = NewWebhookFor(kUrl, {"CANCELED", "ERROR"}).triggers();
  const pb::Webhook patched = server_.Patch(created.id(), patch);
  EXPECT_EQ(patched.url(), "http://127.0.0.1:9/other");
  EXPECT_EQ(patched.name(), created.name());
  ASSERT_EQ(patched.triggers_size(), 2);
  EXPECT_EQ(patched.triggers(0).id(), created.triggers(1).id());
  EXPECT_GT(patched.triggers(1).id(), created.triggers(1).id());
  EXPECT_EQ(server_.GetWebhook(created.id()).DebugString(), patched.DebugString());
}

TEST_F(WebhooksApiTest, PatchRefusesATakenName) {
  server_.Create(Named("one"));
  const pb::Webhook two = server_.Create(Named("two"));
  api::PatchWebhookRequest request;
  request.set_id(two.id());
  request.mutable_webhook()->set_name("one");
  const grpc::Status status = Patch(request);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::ALREADY_EXISTS);
  EXPECT_THAT(status.error_message(), HasSubstr("\"one\""));
  EXPECT_THAT(Names(), ::testing::ElementsAre("one", "two"));
}

TEST_F(WebhooksApiTest, ChangesAtTheSameTimeAreAllMade) {
  constexpr int kCallers = 4;
  constexpr int kRounds = 20;
  std::vector<int32_t> ids;
  for (int i = 0; i < kCallers; ++i) ids.push_back(server_.Create(Named(absl::StrCat(i))).id());
  std::vector<std::thread> callers;
  callers.reserve(kCallers);
  for (const int32_t id : ids) {
    callers.emplace_back([this, id] {
      for (int round = 0; round < kRounds; ++round) {
        api::PatchWebhookRequest request;
        request.set_id(id);
        request.mutable_webhook()->set_max_in_flight(round + 1);
        const grpc::Status status = Patch(request);
        EXPECT_TRUE(status.ok()) << status.error_message();
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  for (const int32_t id : ids) EXPECT_EQ(server_.GetWebhook(id).max_in_flight(), kRounds);
}

TEST_F(WebhooksApiTest, ChangesOfOneWebhookAtTheSameTimeLoseNothing) {
  const int32_t id = server_.Create(Named("one")).id();
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 3; ++caller) {
    callers.emplace_back([this, id, caller] {
      for (int round = 1; round <= 20; ++round) {
        api::PatchWebhookRequest request;
        request.set_id(id);
        pb::PatchWebhook& patch = *request.mutable_webhook();
        if (caller == 0) patch.set_name(absl::StrCat("name ", round));
        if (caller == 1) patch.set_max_in_flight(round);
        if (caller == 2) patch.set_max_requests_per_second(round);
        const grpc::Status status = Patch(request);
        EXPECT_TRUE(status.ok()) << status.error_message();
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  const pb::Webhook patched = server_.GetWebhook(id);
  EXPECT_EQ(patched.name(), "name 20");
  EXPECT_EQ(patched.max_in_flight(), 20);
  EXPECT_EQ(patched.max_requests_per_second(), 20);
}

// The set of webhooks never stands still, and each report is accepted all the same.
TEST_F(WebhooksApiTest, ReportsAreTakenWhileSomebodyPatchesWithoutAPause) {
  const auto create = [&](const std::string& name, const std::string& state) {
    pb::Webhook webhook = NewWebhookFor(kUrl, {state});
    webhook.set_name(name);
    return server_.Create(webhook).id();
  };
  std::vector<int32_t> patched;
  for (int i = 0; i < 300; ++i) patched.push_back(create(absl::StrCat(i), "CANCELED"));
  std::atomic<bool> stop = false;
  std::atomic<int> patches = 0;
  std::thread patcher([&] {
    for (size_t i = 0; !stop; ++i) {
      api::PatchWebhookRequest request;
      request.set_id(patched[i % patched.size()]);
      request.mutable_webhook()->set_max_in_flight(static_cast<int32_t>(1 + i % 5));
      const grpc::Status status = Patch(request);
      EXPECT_TRUE(status.ok()) << status.error_message();
      ++patches;
    }
  });
  // A change that was answered counts for every later report.
  for (int i = 1; i <= 100; ++i) {
    const int32_t id = create("listens", "COMPLETED");
    EXPECT_EQ(server_.Report(CompletedReport(i)).delivery_count(), 1);
    ASSERT_TRUE(Delete(id).ok());
    EXPECT_EQ(server_.Report(CompletedReport(i)).delivery_count(), 0);
  }
  while (patches < 10) std::this_thread::yield();
  stop = true;
  patcher.join();
}

TEST_F(WebhooksApiTest, DisablesAndEnables) {
  const pb::Webhook created = server_.Create(Named("one"));
  pb::PatchWebhook patch;
  patch.set_disabled(true);
  const pb::Webhook disabled = server_.Patch(created.id(), patch);
  EXPECT_TRUE(disabled.disabled());
  EXPECT_EQ(disabled.disabled_reason(), "disabled by request");
  EXPECT_TRUE(disabled.has_disabled_at());
  patch.set_disabled(false);
  const pb::Webhook enabled = server_.Patch(created.id(), patch);
  EXPECT_FALSE(enabled.disabled());
  EXPECT_FALSE(enabled.has_disabled_reason());
  EXPECT_FALSE(enabled.has_disabled_at());
}

TEST_F(WebhooksApiTest, DeletesAndNeverUsesANumberAgain) {
  const pb::Webhook first = server_.Create(Named("one"));
  api::DeleteWebhookResponse response;
  ASSERT_TRUE(Delete(first.id(), &response).ok());
  EXPECT_EQ(response.canceled_deliveries(), 0);
  EXPECT_EQ(Get(first.id()).error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(Delete(first.id()).error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_THAT(Names(), ::testing::IsEmpty());
  const pb::Webhook second = server_.Create(Named("one"));
  EXPECT_GT(second.id(), first.id());
  EXPECT_GT(second.triggers(0).id(), first.triggers(0).id());
}

TEST_F(WebhooksApiTest, TestSendsAMockEventAndTellsWhatCameBack) {
  Receiver receiver([](const ReceivedRequest&) { return CannedResponse::Status(201, "thanks"); });
  const pb::Webhook webhook = server_.Create(NewWebhookFor(receiver.url("/hook")));
  api::TestWebhookResponse response;
  const grpc::Status status = Test(webhook.id(), &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_TRUE(response.completed());
  EXPECT_EQ(response.attempt().number(), 1);
  EXPECT_EQ(response.attempt().status(), 201);
  EXPECT_EQ(response.attempt().error_class(), "");
  EXPECT_EQ(response.attempt().response_excerpt(), "thanks");
  EXPECT_EQ(response.attempt().url(), receiver.url("/hook"));
  EXPECT_EQ(response.attempt().remote_address(), absl::StrCat("127.0.0.1:", receiver.port()));

  ASSERT_TRUE(receiver.WaitForRequests(1));
  const ReceivedRequest request = receiver.requests()[0];
  EXPECT_EQ(request.body, response.request_body());
  EXPECT_THAT(request.body, HasSubstr(R"("event_data":{"data":"test"})"));
  EXPECT_THAT(request.body, HasSubstr(response.event_id()));
  EXPECT_EQ(
      request.Header("X-Determined-AI-Signature"),
      DeterminedSignature(TestServer::kSigningKey,
                          request.Header("X-Determined-AI-Signature-Timestamp"), request.body));
}

TEST_F(WebhooksApiTest, TestOfASlackWebhookSendsASlackMessage) {
  Receiver receiver;
  pb::Webhook webhook = NewWebhookFor(receiver.url());
  webhook.set_webhook_type(pb::WEBHOOK_TYPE_SLACK);
  api::TestWebhookResponse response;
  ASSERT_TRUE(Test(server_.Create(webhook).id(), &response).ok());
  EXPECT_TRUE(response.completed());
  ASSERT_TRUE(receiver.WaitForRequests(1));
  EXPECT_THAT(receiver.requests()[0].body, HasSubstr("\"blocks\""));
}

// google.rpc.Status, whose .proto file is none of ours, holds its details in field 3.
v1::Attempt AttemptIn(const grpc::Status& status) {
  google::protobuf::Empty fields;
  EXPECT_TRUE(fields.ParseFromString(status.error_details()));
  const google::protobuf::UnknownFieldSet& unknown =
      fields.GetReflection()->GetUnknownFields(fields);
  v1::Attempt attempt;
  for (int i = 0; i < unknown.field_count(); ++i) {
    if (unknown.field(i).number() != 3) continue;
    google::protobuf::Any detail;
    EXPECT_TRUE(detail.ParseFromString(unknown.field(i).length_delimited()));
    EXPECT_TRUE(detail.UnpackTo(&attempt)) << detail.type_url();
  }
  return attempt;
}

// As at a master: scripts take an answer for success.
TEST_F(WebhooksApiTest, TestFailsWhenTheReceiverDoesNotConfirm) {
  // A body that would not fit into a trailer.
  const std::string body = "oops" + std::string(20'000, '!');
  Receiver receiver;
  const pb::Webhook webhook = server_.Create(NewWebhookFor(receiver.url()));
  for (const int code : {500, 404, 302}) {
    receiver.SetHandler([&](const ReceivedRequest&) { return CannedResponse::Status(code, body); });
    api::TestWebhookResponse response;
    const grpc::Status status = Test(webhook.id(), &response);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
    EXPECT_THAT(status.error_message(), AllOf(HasSubstr("received error from webhook server"),
                                              EndsWith(absl::StrCat("error: ", code))));
    EXPECT_EQ(AttemptIn(status).status(), code);
    EXPECT_THAT(AttemptIn(status).response_excerpt(), StartsWith("oops!"));
    EXPECT_EQ(AttemptIn(status).url(), receiver.url());
  }

  receiver.Stop();
  api::TestWebhookResponse response;
  const grpc::Status status = Test(webhook.id(), &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("connect: "));
  EXPECT_EQ(AttemptIn(status).error_class(), "connect");
}

TEST_F(WebhooksApiTest, AWebhookWithoutANameGetsOneThatTellsWhatItIs) {
  const auto create = [this](const std::string& url, const std::vector<std::string>& states,
                             int workspace_id) {
    pb::Webhook webhook = NewWebhookFor(url, states);
    webhook.clear_name();
    if (workspace_id != 0) webhook.set_workspace_id(workspace_id);
    return server_.Create(webhook).name();
  };
  // Only the host: the rest of a URL is a secret of some receivers.
  EXPECT_EQ(create("http://127.0.0.1:9/services/secret", {"COMPLETED"}, 0), "127.0.0.1: COMPLETED");
  EXPECT_EQ(create("http://127.0.0.1:9/services/secret", {"COMPLETED"}, 0),
            "127.0.0.1: COMPLETED (2)");
  EXPECT_EQ(create("http://127.0.0.1:9/other", {"COMPLETED"}, 0), "127.0.0.1: COMPLETED (3)");
  EXPECT_EQ(create("http://127.0.0.1:9/other", {"COMPLETED"}, 7), "127.0.0.1: COMPLETED");
  EXPECT_EQ(create("http://127.0.0.1:9/", {"ERROR", "CANCELED", "PAUSED", "ACTIVE"}, 0),
            "127.0.0.1: ERRORED, CANCELED, PAUSED, …");
}

TEST_F(WebhooksApiTest, WebhooksWithoutANameThatAreCreatedAtOnceGetDifferentOnes) {
  constexpr int kThreads = 8;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([this] {
      pb::Webhook webhook = NewWebhookFor(kUrl);
      webhook.clear_name();
      const grpc::Status status = Post(webhook);
      EXPECT_TRUE(status.ok()) << status.error_message();
    });
  }
  for (std::thread& thread : threads) thread.join();
  const std::vector<std::string> names = Names();
  EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), size_t{kThreads});
}

TEST_F(WebhooksApiTest, WarnsOfAWorkspaceThatNobodyToldOf) {
  const auto warnings = [this](const std::string& name, int workspace_id) {
    grpc::ClientContext context;
    api::PostWebhookRequest request;
    *request.mutable_webhook() = Named(name);
    if (workspace_id != 0) request.mutable_webhook()->set_workspace_id(workspace_id);
    api::PostWebhookResponse response;
    const grpc::Status status = server_.determined().PostWebhook(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return std::vector<std::string>(response.warnings().begin(), response.warnings().end());
  };
  EXPECT_THAT(warnings("unknown", 77),
              ::testing::ElementsAre(HasSubstr("workspace 77 is not known here")));
  EXPECT_THAT(warnings("global", 0), ::testing::IsEmpty());
  v1::ReportExperimentStateRequest report = CompletedReport(1);
  report.mutable_experiment()->set_workspace_id(77);
  server_.Report(report);
  EXPECT_THAT(warnings("reported", 77), ::testing::IsEmpty());
}

TEST_F(WebhooksApiTest, TestWorksWhileDisabled) {
  Receiver receiver;
  pb::Webhook webhook = NewWebhookFor(receiver.url());
  webhook.set_disabled(true);
  api::TestWebhookResponse response;
  ASSERT_TRUE(Test(server_.Create(webhook).id(), &response).ok());
  EXPECT_TRUE(response.completed());
}

TEST_F(WebhooksApiTest, ATestUnderWayDoesNotHoldUpTheEnd) {
  Receiver receiver([](const ReceivedRequest&) { return CannedResponse::Never(); });
  const pb::Webhook webhook = server_.Create(NewWebhookFor(receiver.url()));
  std::thread caller([&] {
    api::TestWebhookResponse response;
    const grpc::Status status = Test(webhook.id(), &response);
    if (status.ok()) {
      EXPECT_FALSE(response.completed());
    }
  });
  EXPECT_TRUE(receiver.WaitForRequests(1));
  const absl::Duration before = RealClock().Steady();
  server_.Stop();
  EXPECT_LT(RealClock().Steady() - before, absl::Minutes(2)) << "less than the attempt's time-out";
  caller.join();
}

TEST_F(WebhooksApiTest, ACustomEventNamesItsExperiment) {
  grpc::ClientContext context;
  api::PostWebhookEventDataResponse response;
  const grpc::Status status = server_.determined().PostWebhookEventData(&context, {}, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("experiment_id is 0"));
}

}  // namespace
}  // namespace webhookd
