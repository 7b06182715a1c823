#include <gmock/gmock.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "determined/api/v1/api.grpc.pb.h"
#include "tests/server/http/http_connection.h"
#include "tests/testing/receiver.h"
#include "tests/testing/rest_client.h"
#include "tests/testing/temp_dir.h"
#include "tests/testing/webhookd_process.h"
#include "webhookd/v1/ingest.grpc.pb.h"

// Batches of lines as Determined's log shipper sends them: a batch that is refused stops the
// training whose log it is.
namespace webhookd {
namespace {

namespace api = determined::api::v1;
using ::testing::HasSubstr;

constexpr int kShippedLines = 1'000;         // of a batch
constexpr size_t kShippedLineBytes = 8'191;  // the longest that the shipper makes
constexpr char kPassword[] = "correct horse";

// Every byte of the longest line needs an escape in JSON.
std::string LongestLine() { return std::string(kShippedLineBytes - 1, '"') + "\n"; }

api::PostTaskLogsRequest Batch(const std::string& task_id, int lines) {
  api::PostTaskLogsRequest batch;
  for (int i = 0; i < lines; ++i) {
    auto& log = *batch.add_logs();
    log.set_task_id(task_id);
    log.set_allocation_id(absl::StrCat(task_id, ".1"));
    log.set_agent_id("agent-7");
    log.set_container_id("0c9e5b7e-6f0b-4a55-9d5c-0a3c4f1f2b10");
    log.set_rank_id(0);
    log.mutable_timestamp()->set_seconds(1'665'689'991);
    log.set_stdtype("stdout");
    log.set_log(LongestLine());
  }
  batch.mutable_logs(lines - 1)->set_log("RuntimeError: CUDA out of memory\n");
  return batch;
}

std::string BatchJson(const std::string& task_id, int lines) {
  std::string json = "{\"logs\": [";
  const std::string longest = nlohmann::json(LongestLine()).dump();
  for (int i = 0; i < lines; ++i) {
    absl::StrAppend(&json, i == 0 ? "" : ", ", R"({"taskId": ")", task_id,
                    R"(", "agentId": "agent-7", "rankId": 0, "stdtype": "stdout", )",
                    R"("timestamp": "2022-10-13T19:39:51.000000+00:00", "log": )",
                    i + 1 == lines ? R"("RuntimeError: CUDA out of memory\n")" : longest, "}");
  }
  return json + "]}";
}

class TaskLogsTest : public ::testing::Test {
 protected:
  // Starts the program with its default settings, but for `more`.
  void Start(const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {
        "--config-file=",
        "--port=0",
        absl::StrCat("--storage-path=", folder_ / "webhookd.db"),
        "--egress-allow=127.0.0.0/8",
        absl::StrCat("--security-initial-user-password=", kPassword),
        "--log-level=warning"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    process_ = std::make_unique<WebhookdProcess>(arguments);
    address_ = process_->WaitUntilListening();
    ASSERT_NE(address_, "");
    const RestAnswer login = RestClient(address_).Post(
        "/api/v1/auth/login",
        absl::StrCat(R"({"username": "admin", "password": ")", kPassword, "\"}"));
    ASSERT_EQ(login.status, 200) << login.body;
    token_ = nlohmann::json::parse(login.body)["token"];
    const RestAnswer created = rest()->Post(
        "/api/v1/webhooks",
        absl::StrCat(R"({"name": "oom", "webhookType": "WEBHOOK_TYPE_DEFAULT", "url": ")",
                     receiver_.url(),
                     R"(", "triggers": [{"triggerType": "TRIGGER_TYPE_TASK_LOG",
                         "condition": {"regex": "CUDA out of memory"}}]})"));
    ASSERT_EQ(created.status, 200) << created.body;
  }

  std::unique_ptr<RestClient> rest() { return std::make_unique<RestClient>(address_, token_); }
  int port() const {
    int port = 0;
    EXPECT_TRUE(absl::SimpleAtoi(address_.substr(address_.rfind(':') + 1), &port)) << address_;
    return port;
  }

  grpc::Status Post(const api::PostTaskLogsRequest& batch) {
    const auto stub =
        api::Determined::NewStub(grpc::CreateChannel(address_, grpc::InsecureChannelCredentials()));
    grpc::ClientContext context;
    context.AddMetadata("authorization", "Bearer " + token_);
    api::PostTaskLogsResponse response;
    return stub->PostTaskLogs(&context, batch, &response);
  }
  grpc::Status Report(const v1::ReportTaskLogsRequest& batch) {
    const auto stub = v1::EventService::NewStub(
        grpc::CreateChannel(address_, grpc::InsecureChannelCredentials()));
    grpc::ClientContext context;
    context.AddMetadata("authorization", "Bearer " + token_);
    v1::ReportTaskLogsResponse response;
    return stub->ReportTaskLogs(&context, batch, &response);
  }

  TempDir folder_;
  Receiver receiver_;
  std::unique_ptr<WebhookdProcess> process_;
  std::string address_;
  std::string token_;
};

TEST_F(TaskLogsTest, TakesTheLongestBatchOfTheShipper) {
  Start();
  const std::string json = BatchJson("task-rest", kShippedLines);
  EXPECT_GT(json.size(), 16'000'000u);
  const RestAnswer posted = rest()->Post("/api/v1/task/logs", json);
  EXPECT_EQ(posted.status, 200) << posted.body << posted.error;
  EXPECT_TRUE(receiver_.WaitForRequests(1));
  const RestAnswer reported =
      rest()->Post("/api/v1/events/task-logs", BatchJson("task-rest-2", kShippedLines));
  EXPECT_EQ(reported.status, 200) << reported.body << reported.error;
  EXPECT_TRUE(receiver_.WaitForRequests(2));

  const grpc::Status grpc_posted = Post(Batch("task-grpc", kShippedLines));
  EXPECT_TRUE(grpc_posted.ok()) << grpc_posted.error_message();
  EXPECT_TRUE(receiver_.WaitForRequests(3));
  v1::ReportTaskLogsRequest report;
  *report.mutable_logs() = Batch("task-grpc-2", kShippedLines).logs();
  const grpc::Status grpc_reported = Report(report);
  EXPECT_TRUE(grpc_reported.ok()) << grpc_reported.error_message();
  ASSERT_TRUE(receiver_.WaitForRequests(4));
  EXPECT_THAT(receiver_.requests().back().body, HasSubstr("RuntimeError: CUDA out of memory"));
}

TEST_F(TaskLogsTest, OtherRequestsKeepTheirLimits) {
  Start();
  const std::string long_name(5'000'000, 'n');
  EXPECT_EQ(rest()->Post("/api/v1/webhooks", "{\"name\": \"" + long_name + "\"}").status, 413);
  EXPECT_EQ(rest()->Post("/api/v1/auth/login", "{\"username\": \"" + long_name + "\"}").status,
            413);
  const auto stub =
      api::Determined::NewStub(grpc::CreateChannel(address_, grpc::InsecureChannelCredentials()));
  {
    grpc::ClientContext context;
    context.AddMetadata("authorization", "Bearer " + token_);
    api::PostWebhookRequest request;
    request.mutable_webhook()->set_name(long_name);
    api::PostWebhookResponse response;
    const grpc::Status status = stub->PostWebhook(&context, request, &response);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
    EXPECT_THAT(status.error_message(), HasSubstr("4194304"));
  }
  grpc::ClientContext context;
  api::LoginRequest request;
  request.set_username("admin");
  request.set_password(std::string(100'000, 'p'));
  api::LoginResponse response;
  const grpc::Status status = stub->Login(&context, request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_THAT(status.error_message(), HasSubstr("65536"));
}

TEST_F(TaskLogsTest, TheShortestLimitThatCanBeSet) {
  Start({"--task-logs-max-batch-bytes=65536"});
  EXPECT_EQ(rest()->Post("/api/v1/task/logs", BatchJson("task", 5)).status, 413);
  EXPECT_EQ(Post(Batch("task", 10)).error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(rest()->Post("/api/v1/task/logs", BatchJson("task", 2)).status, 200);
  const grpc::Status posted = Post(Batch("task-2", 2));
  EXPECT_TRUE(posted.ok()) << posted.error_message();
  EXPECT_TRUE(receiver_.WaitForRequests(2));
}

TEST_F(TaskLogsTest, TheLongestLimitThatCanBeSet) {
  Start({"--task-logs-max-batch-bytes=1073741824"});
  constexpr int kLines = 5'000;  // 41 MB, and 82 MB of JSON
  const RestAnswer posted = rest()->Post("/api/v1/task/logs", BatchJson("task", kLines));
  EXPECT_EQ(posted.status, 200) << posted.body << posted.error;
  const grpc::Status grpc_posted = Post(Batch("task-2", kLines));
  EXPECT_TRUE(grpc_posted.ok()) << grpc_posted.error_message();
  EXPECT_TRUE(receiver_.WaitForRequests(2));
}

TEST_F(TaskLogsTest, WhoMayNotReportIsToldBeforeTheBody) {
  Start();
  HttpConnection connection(port());
  const auto answer = connection.Ask(
      "POST /api/v1/task/logs HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
      "Content-Length: 16000000\r\n\r\n");
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->status, 401) << answer->body;
  EXPECT_THAT(answer->body, HasSubstr("token missing"));
  EXPECT_EQ(answer->Header("connection"), "close");
}

TEST_F(TaskLogsTest, HalfSentBodiesNeitherTakeTheMemoryNorThePlaceOfOthers) {
  Start();
  constexpr int kHalfSent = 120;
  const std::string head =
      absl::StrCat("POST /api/v1/task/logs HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ", token_,
                   "\r\nContent-Length: 4000000\r\n\r\n");
  const std::string most_of_it(3'999'000, ' ');
  std::vector<std::unique_ptr<HttpConnection>> half_sent;
  for (int i = 0; i < kHalfSent; ++i) {
    half_sent.push_back(std::make_unique<HttpConnection>(port()));
    half_sent.back()->Send(head + most_of_it);
  }
  const RestAnswer posted =
      rest()->Post("/api/v1/task/logs", BatchJson("task-rest", kShippedLines));
  EXPECT_EQ(posted.status, 200) << posted.body << posted.error;
  EXPECT_TRUE(receiver_.WaitForRequests(1));
  if (kMemoryIsTelling) {
    EXPECT_LT(process_->PeakResidentBytes(), size_t{300} << 20);
  }
  // Who came first gave way, and is told when to try again.
  const auto answer = half_sent.front()->Receive();
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->status, 503) << answer->body;
  EXPECT_EQ(answer->Header("retry-after"), "1");
}

}  // namespace
}  // namespace webhookd
