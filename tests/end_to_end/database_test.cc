#include <gmock/gmock.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/testing/receiver.h"
#include "tests/testing/rest_client.h"
#include "tests/testing/temp_dir.h"
#include "tests/testing/test_server.h"
#include "tests/testing/webhookd_process.h"

// The program while somebody or something works against its database's files.
namespace webhookd {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

namespace fs = std::filesystem;

class DatabaseTest : public ::testing::Test {
 protected:
  std::vector<std::string> Arguments(const std::string& database) {
    return {"--config-file=",
            "--port=0",
            absl::StrCat("--storage-path=", database),
            "--security-authn-type=none",
            "--delivery-drain-timeout=5s",
            "--log-level=info"};
  }

  static grpc::Status Report(v1::EventService::Stub& events, int32_t experiment) {
    grpc::ClientContext context;
    v1::ReportExperimentStateResponse response;
    return events.ReportExperimentState(&context, CompletedReport(experiment), &response);
  }

  // Asks until the answer is so; ctest's limit is the only one.
  static std::string WaitForHealth(const std::string& address, int status) {
    while (true) {
      RestClient client(address);
      const RestAnswer answer = client.Get("/healthz");
      if (answer.status == status) return answer.body;
    }
  }

  TempDir folder_;
  const std::string database_ = folder_ / "webhookd.db";
};

TEST_F(DatabaseTest, OneThatIsMovedAwayIsNoticedAndSoIsItsReturn) {
  WebhookdProcess process(Arguments(database_));
  const std::string address = process.WaitUntilListening();
  ASSERT_NE(address, "");
  const auto events =
      v1::EventService::NewStub(grpc::CreateChannel(address, grpc::InsecureChannelCredentials()));
  EXPECT_TRUE(Report(*events, 1).ok());

  fs::rename(database_, folder_ / "aside");
  // At once, whatever the health says yet.
  const grpc::Status refused = Report(*events, 2);
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_THAT(refused.error_message(), HasSubstr("removed or moved"));
  EXPECT_THAT(WaitForHealth(address, 503), HasSubstr("moved"));

  fs::rename(folder_ / "aside", database_);
  EXPECT_TRUE(Report(*events, 3).ok());
  WaitForHealth(address, 200);
  process.Signal(SIGTERM);
  EXPECT_EQ(process.WaitForEnd(), 0);
  EXPECT_THAT(process.errors(), AllOf(HasSubstr("not serving"), HasSubstr("serving again")));
}

TEST_F(DatabaseTest, ASecondProcessIsRefusedUnderAnyName) {
  WebhookdProcess process(Arguments(database_));
  ASSERT_NE(process.WaitUntilListening(), "");
  const std::string other = folder_ / "other.db";
  const auto expect_refusal = [&](const std::string& path) {
    WebhookdProcess second(Arguments(path));
    EXPECT_EQ(second.WaitForEnd(), 1) << path;
    EXPECT_THAT(second.errors(), HasSubstr(path));
  };
  fs::remove(database_ + "-lock");
  expect_refusal(database_);
  fs::create_hard_link(database_, other);
  expect_refusal(other);
  fs::remove(database_);  // so that it has one name, which nobody locked
  expect_refusal(other);
}

TEST_F(DatabaseTest, DamageIsToldAndNothingMoreIsAcknowledged) {
  {
    WebhookdProcess process(Arguments(database_));
    const std::string address = process.WaitUntilListening();
    const auto events =
        v1::EventService::NewStub(grpc::CreateChannel(address, grpc::InsecureChannelCredentials()));
    for (int i = 1; i <= 200; ++i) ASSERT_TRUE(Report(*events, i).ok());
    process.Signal(SIGTERM);
    ASSERT_EQ(process.WaitForEnd(), 0);
  }
  WebhookdProcess process(Arguments(database_));
  const std::string address = process.WaitUntilListening();
  ASSERT_NE(address, "") << process.errors();
  const auto channel = grpc::CreateChannel(address, grpc::InsecureChannelCredentials());
  const auto events = v1::EventService::NewStub(channel);
  {
    // Every page with events in it: the reports name their experiments.
    std::fstream file(database_, std::ios::binary | std::ios::in | std::ios::out);
    std::string page(4096, '\0');
    for (int64_t at = 4096; at < static_cast<int64_t>(fs::file_size(database_)); at += 4096) {
      file.seekg(at);
      file.read(page.data(), 4096);
      if (!absl::StrContains(page, "EXPERIMENT_STATE_CHANGE")) continue;
      file.seekp(at);
      file.write(std::string(64, '\xff').data(), 64);
    }
    ASSERT_TRUE(file.flush());
  }
  const grpc::Status refused = Report(*events, 1'000);
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::DATA_LOSS);
  EXPECT_THAT(refused.error_message(), AllOf(HasSubstr("damaged"), HasSubstr("restore")));
  EXPECT_THAT(WaitForHealth(address, 503), HasSubstr("damaged"));
  process.Signal(SIGTERM);
  EXPECT_EQ(process.WaitForEnd(), 0);
  EXPECT_THAT(process.errors(), AllOf(HasSubstr("not serving"), HasSubstr("table events")));
}

}  // namespace
}  // namespace webhookd
