#include <fcntl.h>
#include <gmock/gmock.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/testing/receiver.h"
#include "tests/testing/temp_dir.h"
#include "tests/testing/test_server.h"
#include "tests/testing/webhookd_process.h"

// The program when nobody reads what it says, or nobody can any more.
namespace webhookd {
namespace {

class Pipe {
 public:
  Pipe() {
    if (pipe2(ends_.data(), O_CLOEXEC) != 0) std::abort();
  }
  ~Pipe() {
    CloseReader();
    close(ends_[1]);
  }
  int writer() const { return ends_[1]; }

  void CloseReader() {
    if (ends_[0] >= 0) close(ends_[0]);
    ends_[0] = -1;
  }

  void Fill() {
    fcntl(ends_[1], F_SETFL, O_NONBLOCK);
    const std::string bytes(4096, 'x');
    while (write(ends_[1], bytes.data(), bytes.size()) > 0) {
    }
    fcntl(ends_[1], F_SETFL, 0);
  }

 private:
  std::array<int, 2> ends_ = {-1, -1};
};

class OutputTest : public ::testing::Test {
 protected:
  std::vector<std::string> Arguments() {
    return {"--config-file=",
            "--port=0",
            absl::StrCat("--storage-path=", folder_ / "webhookd.db"),
            "--egress-allow=127.0.0.0/8",
            "--security-authn-type=none",
            "--delivery-drain-timeout=5s",
            "--log-level=trace"};
  }

  // Reports more than a pipe has room for, and ends the server.
  static void UseAndEnd(WebhookdProcess& process) {
    const std::string address = process.WaitUntilListening();
    ASSERT_NE(address, "");
    Receiver receiver;
    const auto channel = grpc::CreateChannel(address, grpc::InsecureChannelCredentials());
    {
      grpc::ClientContext context;
      determined::api::v1::PostWebhookRequest request;
      *request.mutable_webhook() = NewWebhookFor(receiver.url());
      determined::api::v1::PostWebhookResponse response;
      ASSERT_TRUE(determined::api::v1::Determined::NewStub(channel)
                      ->PostWebhook(&context, request, &response)
                      .ok());
    }
    const auto events = v1::EventService::NewStub(channel);
    for (int i = 1; i <= 1'000; ++i) {
      grpc::ClientContext context;
      context.set_deadline(std::chrono::system_clock::now() + std::chrono::minutes(2));
      v1::ReportExperimentStateResponse response;
      const grpc::Status status =
          events->ReportExperimentState(&context, CompletedReport(i), &response);
      ASSERT_TRUE(status.ok()) << i << ": " << status.error_message();
    }
    EXPECT_TRUE(receiver.WaitForRequests(1'000, absl::Minutes(2)));
    process.Signal(SIGTERM);
    EXPECT_EQ(process.WaitForEnd(), 0);
  }

  TempDir folder_;
};

TEST_F(OutputTest, NobodyReadsTheLog) {
  Pipe errors;
  WebhookdProcess process(Arguments(), {}, {.output = -1, .errors = errors.writer()});
  UseAndEnd(process);
}

TEST_F(OutputTest, TheReaderOfTheLogIsGone) {
  Pipe errors;
  errors.CloseReader();
  WebhookdProcess process(Arguments(), {}, {.output = -1, .errors = errors.writer()});
  UseAndEnd(process);
}

TEST_F(OutputTest, TheDiskOfTheLogIsFull) {
  const int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
  WebhookdProcess process(Arguments(), {}, {.output = -1, .errors = full});
  UseAndEnd(process);
  close(full);
}

TEST_F(OutputTest, NobodyReadsTheFirstLine) {
  Pipe output;
  output.Fill();
  WebhookdProcess process(Arguments(), {}, {.output = output.writer(), .errors = -1});
  while (!absl::StrContains(process.errors(), "\"listening\"")) {
  }
  process.Signal(SIGTERM);
  EXPECT_EQ(process.WaitForEnd(), 0);
  EXPECT_THAT(process.errors(), ::testing::HasSubstr("shut down"));
}

TEST_F(OutputTest, NobodyReadsWhyItDoesNotStart) {
  Pipe errors;
  errors.Fill();
  WebhookdProcess process({"--prot=80"}, {}, {.output = -1, .errors = errors.writer()});
  EXPECT_EQ(process.WaitForEnd(), 2);
}

TEST_F(OutputTest, AnAnswerThatCannotBeWrittenIsAFailure) {
  const int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
  WebhookdProcess process({"--help"}, {}, {.output = full, .errors = -1});
  EXPECT_EQ(process.WaitForEnd(), 1);
  EXPECT_THAT(process.errors(), ::testing::HasSubstr("standard output"));
  close(full);
}

}  // namespace
}  // namespace webhookd
