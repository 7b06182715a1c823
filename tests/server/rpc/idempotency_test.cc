// Whose an idempotency key is, and what it stands for, as callers of the real server see it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/substitute.h"
#include "tests/testing/rest_client.h"
#include "tests/testing/test_server.h"

namespace webhookd {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using Json = nlohmann::json;

constexpr char kPassword[] = "correct horse";

// $0 is the key, $1 the experiment.
constexpr char kState[] = R"({"idempotencyKey":"$0","experiment":{"id":$1,"name":"n",)"
                          R"("state":"STATE_COMPLETED"}})";
constexpr char kLogs[] = R"({"idempotencyKey":"$0","logs":[{"taskId":"t.$1","log":"boom"}]})";
constexpr char kMetrics[] = R"({"idempotencyKey":"$0","experiment":{"id":$1,"trialId":$1},)"
                            R"("group":"training","metrics":[{"name":"loss","value":0.01}]})";
constexpr char kQuietMetrics[] = R"({"idempotencyKey":"$0","experiment":{"id":$1,"trialId":$1},)"
                                 R"("group":"training","metrics":[{"name":"loss","value":9}]})";

struct Kind {
  std::string name;
  std::string path;
  std::string report;
};

class IdempotencyTest : public ::testing::Test {
 protected:
  void SetUp() override {
    server_ = std::make_unique<TestServer>([](Config& config) {
      config.security.authn_type = "tokens";
      config.security.initial_user_password = kPassword;
    });
    admin_ = SignIn("admin");
    const RestAnswer made = admin_->Post("/api/v1/webhooks", R"({
        "name": "all", "url": "http://127.0.0.1:9/", "webhookType": "WEBHOOK_TYPE_DEFAULT",
        "mode": "WEBHOOK_MODE_WORKSPACE", "triggers": [
          {"triggerType": "TRIGGER_TYPE_EXPERIMENT_STATE_CHANGE",
           "condition": {"state": "COMPLETED"}},
          {"triggerType": "TRIGGER_TYPE_TASK_LOG", "condition": {"regex": "boom"}},
          {"triggerType": "TRIGGER_TYPE_METRIC_THRESHOLD_EXCEEDED",
           "condition": {"metric": "loss", "operator": "<", "threshold": 0.1}}]})");
    ASSERT_EQ(made.status, 200) << made.body;
  }

  std::unique_ptr<RestClient> SignIn(const std::string& name) {
    const RestAnswer answer =
        RestClient(server_->address())
            .Post("/api/v1/auth/login",
                  absl::Substitute(R"({"username":"$0","password":"$1"})", name, kPassword));
    EXPECT_EQ(answer.status, 200) << answer.body;
    return std::make_unique<RestClient>(server_->address(), Json::parse(answer.body)["token"]);
  }

  // A master with a new service token.
  std::unique_ptr<RestClient> Master(const std::string& description) {
    const RestAnswer answer = admin_->Post(
        "/api/v1/admin/tokens",
        absl::Substitute(R"({"scope":"TOKEN_SCOPE_INGEST","description":"$0"})", description));
    EXPECT_EQ(answer.status, 200) << answer.body;
    const Json token = Json::parse(answer.body);
    token_ids_.push_back(token["token"]["id"]);
    return std::make_unique<RestClient>(server_->address(), token["secret"]);
  }

  // Whether the report was taken for a repetition.
  static bool IsDuplicate(const RestAnswer& answer) {
    EXPECT_EQ(answer.status, 200) << answer.body;
    return answer.status == 200 && Json::parse(answer.body).value("duplicate", false);
  }

  std::unique_ptr<TestServer> server_;
  std::unique_ptr<RestClient> admin_;
  std::vector<int> token_ids_;
};

TEST_F(IdempotencyTest, AKeyWithAnotherContentIsRefusedForEveryKindOfReport) {
  const auto master = Master("master");
  const Kind kinds[] = {{"state", "/api/v1/events/experiment-state", kState},
                        {"logs", "/api/v1/events/task-logs", kLogs},
                        {"metrics", "/api/v1/events/metrics", kMetrics},
                        {"metrics that fire nothing", "/api/v1/events/metrics", kQuietMetrics}};
  for (const Kind& kind : kinds) {
    SCOPED_TRACE(kind.name);
    const std::string first = absl::Substitute(kind.report, kind.name, 1);
    EXPECT_FALSE(IsDuplicate(master->Post(kind.path, first)));
    EXPECT_TRUE(IsDuplicate(master->Post(kind.path, first)));
    const RestAnswer refused = master->Post(kind.path, absl::Substitute(kind.report, kind.name, 2));
    EXPECT_EQ(refused.status, 409) << refused.body;
    const Json error = Json::parse(refused.body)["error"];
    EXPECT_EQ(error.value("reason", ""), "AlreadyExists") << refused.body;
    EXPECT_THAT(refused.body,
                AllOf(HasSubstr(kind.name), HasSubstr("came before"), HasSubstr("key of its own")));
  }
  // What was refused is taken under a key of its own.
  EXPECT_FALSE(IsDuplicate(master->Post(kinds[0].path, absl::Substitute(kState, "state of 2", 2))));
}

TEST_F(IdempotencyTest, TheTimeOfARepeatedReportIsNoContent) {
  const auto master = Master("master");
  const std::string report = absl::Substitute(kState, "key", 1);
  const auto at = [&](const std::string& time) {
    return absl::StrCat(report.substr(0, report.size() - 1), R"(,"occurredAt":")", time, R"("})");
  };
  const std::string path = "/api/v1/events/experiment-state";
  EXPECT_FALSE(IsDuplicate(master->Post(path, at("2026-01-01T00:00:00Z"))));
  EXPECT_TRUE(IsDuplicate(master->Post(path, at("2026-01-01T00:00:05Z"))));
  EXPECT_TRUE(IsDuplicate(master->Post(path, report)));
}

TEST_F(IdempotencyTest, KeysOfTwoCallersAreTwoKeys) {
  const std::string path = "/api/v1/events/experiment-state";
  const auto one = Master("master one");
  const auto two = Master("master two");
  EXPECT_FALSE(IsDuplicate(one->Post(path, absl::Substitute(kState, "key", 1))));
  EXPECT_FALSE(IsDuplicate(two->Post(path, absl::Substitute(kState, "key", 2))));
  EXPECT_FALSE(IsDuplicate(admin_->Post(path, absl::Substitute(kState, "key", 3))));
  EXPECT_TRUE(IsDuplicate(one->Post(path, absl::Substitute(kState, "key", 1))));
  EXPECT_TRUE(IsDuplicate(two->Post(path, absl::Substitute(kState, "key", 2))));
  EXPECT_TRUE(IsDuplicate(SignIn("admin")->Post(path, absl::Substitute(kState, "key", 3))));
}

TEST_F(IdempotencyTest, AMasterWithANewTokenIsStillTheSame) {
  const std::string path = "/api/v1/events/experiment-state";
  const std::string report = absl::Substitute(kState, "key", 1);
  const auto before = Master("master");
  EXPECT_FALSE(IsDuplicate(before->Post(path, report)));
  const auto after = Master("master");
  const RestAnswer revoked =
      admin_->Request("DELETE", absl::StrCat("/api/v1/admin/tokens/", token_ids_.front()), "");
  ASSERT_EQ(revoked.status, 200) << revoked.body;
  EXPECT_EQ(before->Post(path, report).status, 401);
  EXPECT_TRUE(IsDuplicate(after->Post(path, report)));
}

TEST(IdempotencyOfStreams, AKeyWithAnotherContentIsRefusedAndNeverRetryable) {
  TestServer server;
  grpc::ClientContext context;
  const auto stream = server.events().StreamEvents(&context);
  for (int i = 1; i <= 2; ++i) {
    v1::StreamEventsRequest request;
    request.set_sequence(i);
    *request.mutable_experiment_state() = CompletedReport(i);
    request.mutable_experiment_state()->set_idempotency_key("key");
    ASSERT_TRUE(stream->Write(request));
    v1::StreamEventsResponse response;
    ASSERT_TRUE(stream->Read(&response));
    if (i == 1) {
      EXPECT_TRUE(response.has_experiment_state()) << response.ShortDebugString();
      continue;
    }
    EXPECT_EQ(response.error().code(), grpc::StatusCode::ALREADY_EXISTS);
    EXPECT_FALSE(response.error().retryable());
    EXPECT_THAT(response.error().message(), HasSubstr("\"key\""));
  }
  stream->WritesDone();
  EXPECT_TRUE(stream->Finish().ok());
}

}  // namespace
}  // namespace webhookd
