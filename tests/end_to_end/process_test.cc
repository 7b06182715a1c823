#include <gmock/gmock.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <fstream>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/mutex.h"
#include "server/config/version.h"
#include "tests/testing/last_resort.h"
#include "tests/testing/receiver.h"
#include "tests/testing/temp_dir.h"
#include "tests/testing/test_server.h"
#include "tests/testing/webhookd_process.h"

// The program itself: how it starts, refuses to start and ends, and that no acknowledged event is
// lost however it ends.
namespace webhookd {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class ProcessTest : public ::testing::Test {
 protected:
  std::vector<std::string> Arguments(const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {
        "--config-file=",
        "--port=0",
        absl::StrCat("--storage-path=", folder_ / "webhookd.db"),
        "--egress-allow=127.0.0.0/8",
        "--security-authn-type=none",
        "--delivery-retry-schedule=0,50ms,50ms,100ms,200ms,500ms,1s,1s,1s,1s",
        "--delivery-drain-timeout=5s",
        "--log-level=warning"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }

  TempDir folder_;
};

TEST_F(ProcessTest, AnyTimeoutThatIsTakenDelivers) {
  Receiver receiver;
  for (const char* timeout : {"10ms", "6m", "1h"}) {
    TempDir folder;
    WebhookdProcess process(Arguments({absl::StrCat("--storage-path=", folder / "webhookd.db"),
                                       absl::StrCat("--delivery-timeout=", timeout)}));
    const std::string address = process.WaitUntilListening();
    ASSERT_NE(address, "") << process.errors();
    const auto channel = grpc::CreateChannel(address, grpc::InsecureChannelCredentials());
    determined::api::v1::PostWebhookRequest create;
    *create.mutable_webhook() = NewWebhookFor(receiver.url());
    determined::api::v1::PostWebhookResponse created;
    grpc::ClientContext creating;
    const auto determined = determined::api::v1::Determined::NewStub(channel);
    ASSERT_TRUE(determined->PostWebhook(&creating, create, &created).ok());
    const int before = receiver.request_count();
    v1::ReportExperimentStateResponse reported;
    grpc::ClientContext reporting;
    const auto events = v1::EventService::NewStub(channel);
    ASSERT_TRUE(events->ReportExperimentState(&reporting, CompletedReport(41), &reported).ok());
    EXPECT_TRUE(receiver.WaitForRequests(before + 1)) << "with " << timeout;
    process.Signal(SIGTERM);
    EXPECT_EQ(process.WaitForEnd(), 0);
  }
}

// Tells which events a receiver has confirmed.
class ConfirmedEvents {
 public:
  CannedResponse Confirm(const ReceivedRequest& request) {
    MutexLock lock(mutex_);
    ++requests_;
    events_.insert(request.Header("webhook-id"));
    changed_.NotifyAll();
    return CannedResponse::Status(200);
  }

  // Waits until all of `events` are there; gives those that did not come.
  std::set<std::string> WaitFor(std::set<std::string> events) {
    MutexLock lock(mutex_);
    while (true) {
      std::erase_if(events, [this](const std::string& event)
                                ABSL_NO_THREAD_SAFETY_ANALYSIS { return events_.contains(event); });
      if (events.empty() || !changed_.WaitFor(mutex_, kLastResort)) return events;
    }
  }

  int requests() {
    MutexLock lock(mutex_);
    return requests_;
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  std::set<std::string> events_ ABSL_GUARDED_BY(mutex_);
  int requests_ ABSL_GUARDED_BY(mutex_) = 0;
};

// Streams reports until the server goes away, and gathers the events that were acknowledged.
class Master {
 public:
  Master(const std::string& address, int32_t first_experiment)
      : stub_(v1::EventService::NewStub(
            grpc::CreateChannel(address, grpc::InsecureChannelCredentials()))),
        stream_(stub_->StreamEvents(&context_)),
        writer_([this, first_experiment] { Write(first_experiment); }),
        reader_([this] { Read(); }) {}

  bool WaitForAcknowledgements(size_t count) {
    MutexLock lock(mutex_);
    while (acknowledged_.size() < count) {
      if (!changed_.WaitFor(mutex_, kLastResort)) return false;
    }
    return true;
  }

  // Waits until the server has ended the stream.
  std::set<std::string> Finish() {
    writer_.join();
    reader_.join();
    status_ = stream_->Finish();
    MutexLock lock(mutex_);
    return acknowledged_;
  }

  const grpc::Status& status() const { return status_; }

 private:
  void Write(int32_t experiment) {
    for (uint64_t sequence = 1;; ++sequence, ++experiment) {
      v1::StreamEventsRequest request;
      request.set_sequence(sequence);
      *request.mutable_experiment_state() = CompletedReport(experiment);
      if (!stream_->Write(request)) return;
    }
  }

  void Read() {
    v1::StreamEventsResponse response;
    while (stream_->Read(&response)) {
      if (response.has_error()) {
        // The server may say so while it ends; it then stored nothing.
        EXPECT_TRUE(response.error().retryable()) << response.ShortDebugString();
        continue;
      }
      MutexLock lock(mutex_);
      acknowledged_.insert(response.experiment_state().event_id());
      changed_.NotifyAll();
    }
  }

  Mutex mutex_;
  CondVar changed_;
  std::set<std::string> acknowledged_ ABSL_GUARDED_BY(mutex_);
  grpc::Status status_;
  grpc::ClientContext context_;
  const std::unique_ptr<v1::EventService::Stub> stub_;
  const std::unique_ptr<grpc::ClientReaderWriter<v1::StreamEventsRequest, v1::StreamEventsResponse>>
      stream_;
  std::thread writer_;
  std::thread reader_;
};

void CreateWebhook(const std::string& address, const std::string& url) {
  const auto stub = determined::api::v1::Determined::NewStub(
      grpc::CreateChannel(address, grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  determined::api::v1::PostWebhookRequest request;
  *request.mutable_webhook() = NewWebhookFor(url);
  determined::api::v1::PostWebhookResponse response;
  const grpc::Status status = stub->PostWebhook(&context, request, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
}

TEST_F(ProcessTest, SaysWhereItListensAndEndsWell) {
  for (const int signal : {SIGTERM, SIGINT}) {
    WebhookdProcess process(Arguments(
        {"--security-authn-type=tokens", "--security-initial-user-password=correct horse"}));
    const std::string address = process.WaitUntilListening();
    EXPECT_THAT(address, ::testing::StartsWith("127.0.0.1:"));
    EXPECT_THAT(process.output(), AllOf(HasSubstr(absl::StrCat("webhookd ", Version())),
                                        HasSubstr(folder_ / "webhookd.db")));
    process.Signal(signal);
    EXPECT_EQ(process.WaitForEnd(), 0);
    EXPECT_EQ(process.errors(), "");
  }
}

TEST_F(ProcessTest, AnswersHelpAndVersion) {
  WebhookdProcess version({"--version"});
  EXPECT_EQ(version.WaitForEnd(), 0);
  EXPECT_THAT(version.output(), HasSubstr(std::string(Version())));
  WebhookdProcess help({"--help"});
  EXPECT_EQ(help.WaitForEnd(), 0);
  EXPECT_THAT(help.output(), AllOf(HasSubstr("--port"), HasSubstr("DET_WEBHOOKS_SIGNING_KEY")));
  EXPECT_EQ(help.errors(), "");
}

TEST_F(ProcessTest, WrongUseEndsWithTwo) {
  WebhookdProcess flag({"--prot=80"});
  EXPECT_EQ(flag.WaitForEnd(), 2);
  EXPECT_THAT(flag.errors(), AllOf(HasSubstr("webhookd: "), HasSubstr("--prot")));
  EXPECT_EQ(flag.output(), "");

  const std::string path = folder_ / "master.yaml";
  std::ofstream(path) << "port: 8080\nwebhooks:\n  signing_kee: x\n";
  WebhookdProcess key({absl::StrCat("--config-file=", path)});
  EXPECT_EQ(key.WaitForEnd(), 2);
  EXPECT_THAT(key.errors(), AllOf(HasSubstr(absl::StrCat(path, ":3")), HasSubstr("signing_kee")));

  std::ofstream(path) << "port: [\n";
  WebhookdProcess malformed({absl::StrCat("--config-file=", path)});
  EXPECT_EQ(malformed.WaitForEnd(), 2);
  EXPECT_THAT(malformed.errors(), HasSubstr(path));
}

TEST_F(ProcessTest, ASecondProcessOnTheDatabaseIsRefused) {
  WebhookdProcess first(Arguments());
  ASSERT_NE(first.WaitUntilListening(), "");
  WebhookdProcess second(Arguments());
  EXPECT_EQ(second.WaitForEnd(), 1);
  EXPECT_THAT(second.errors(), AllOf(HasSubstr("webhookd: "), HasSubstr(folder_ / "webhookd.db")));
  EXPECT_EQ(second.output(), "");
}

TEST_F(ProcessTest, ATakenPortIsRefused) {
  WebhookdProcess first(Arguments());
  const std::string address = first.WaitUntilListening();
  const std::string port = address.substr(address.rfind(':') + 1);
  WebhookdProcess second(Arguments(
      {absl::StrCat("--port=", port), absl::StrCat("--storage-path=", folder_ / "other.db")}));
  EXPECT_EQ(second.WaitForEnd(), 1);
  EXPECT_THAT(second.errors(), AllOf(HasSubstr(port), HasSubstr("taken")));
}

TEST_F(ProcessTest, ServesNoOtherMachineWithoutAskingWhoCalls) {
  WebhookdProcess open(Arguments({"--listen-address=0.0.0.0"}));
  EXPECT_EQ(open.WaitForEnd(), 2);
  EXPECT_THAT(open.errors(), AllOf(HasSubstr("security.authn.type"), HasSubstr("0.0.0.0")));

  WebhookdProcess asking(Arguments({"--listen-address=0.0.0.0", "--security-authn-type=tokens"}));
  EXPECT_NE(asking.WaitUntilListening(), "");
  asking.Signal(SIGTERM);
  EXPECT_EQ(asking.WaitForEnd(), 0);
}

TEST_F(ProcessTest, ShowsThePasswordsThatItMadeUpOnce) {
  for (const bool first : {true, false}) {
    WebhookdProcess process(Arguments({"--security-authn-type=tokens"}));
    ASSERT_NE(process.WaitUntilListening(), "");
    process.Signal(SIGTERM);
    EXPECT_EQ(process.WaitForEnd(), 0);
    const auto shown = AllOf(HasSubstr("  admin: "), HasSubstr("  determined: "));
    if (first) {
      EXPECT_THAT(process.errors(), shown);
    } else {
      EXPECT_EQ(process.errors(), "");
    }
  }
}

TEST_F(ProcessTest, GivesANewPasswordToWhoeverHasTheMachine) {
  const std::vector<std::string> tokens = {"--security-authn-type=tokens",
                                           "--security-initial-user-password=correct horse"};
  {
    WebhookdProcess process(Arguments(tokens));
    ASSERT_NE(process.WaitUntilListening(), "");
    // One at a time has the database open.
    WebhookdProcess second(Arguments({"--reset-password=admin"}));
    EXPECT_EQ(second.WaitForEnd(), 1);
    process.Signal(SIGTERM);
    EXPECT_EQ(process.WaitForEnd(), 0);
  }
  WebhookdProcess unknown(Arguments({"--reset-password", "nobody"}));
  EXPECT_EQ(unknown.WaitForEnd(), 1);
  EXPECT_THAT(unknown.errors(), HasSubstr("nobody"));

  WebhookdProcess reset(Arguments({"--reset-password=Admin"}));
  EXPECT_EQ(reset.WaitForEnd(), 0) << reset.errors();
  const size_t begin = reset.output().find("  admin: ");
  ASSERT_NE(begin, std::string::npos) << reset.output();
  const std::string password = reset.output().substr(begin + 9, 29);

  WebhookdProcess process(Arguments(tokens));
  const auto stub = determined::api::v1::Determined::NewStub(
      grpc::CreateChannel(process.WaitUntilListening(), grpc::InsecureChannelCredentials()));
  for (const auto& [tried, works] :
       std::vector<std::pair<std::string, bool>>{{"correct horse", false}, {password, true}}) {
    grpc::ClientContext context;
    determined::api::v1::LoginRequest request;
    request.set_username("admin");
    request.set_password(tried);
    determined::api::v1::LoginResponse response;
    EXPECT_EQ(stub->Login(&context, request, &response).ok(), works) << tried;
  }
}

TEST_F(ProcessTest, LosesNothingBySigtermUnderLoad) {
  ConfirmedEvents confirmed;
  Receiver receiver([&](const ReceivedRequest& request) { return confirmed.Confirm(request); });
  std::set<std::string> acknowledged;
  {
    WebhookdProcess process(Arguments());
    const std::string address = process.WaitUntilListening();
    CreateWebhook(address, receiver.url());
    Master master(address, 1);
    EXPECT_TRUE(master.WaitForAcknowledgements(500));
    process.Signal(SIGTERM);
    acknowledged = master.Finish();
    EXPECT_EQ(master.status().error_code(), grpc::StatusCode::UNAVAILABLE);
    EXPECT_EQ(process.WaitForEnd(kLastResort), 0) << process.errors();
  }
  WebhookdProcess process(Arguments());
  ASSERT_NE(process.WaitUntilListening(), "");
  EXPECT_THAT(confirmed.WaitFor(acknowledged), ::testing::IsEmpty());
}

TEST_F(ProcessTest, LosesNothingByKill) {
  ConfirmedEvents confirmed;
  Receiver receiver([&](const ReceivedRequest& request) { return confirmed.Confirm(request); });
  std::set<std::string> acknowledged;
  constexpr int kRounds = 5;
  for (int round = 0; round < kRounds; ++round) {
    WebhookdProcess process(Arguments());
    const std::string address = process.WaitUntilListening();
    ASSERT_NE(address, "") << process.errors();
    if (round == 0) CreateWebhook(address, receiver.url());
    Master master(address, 1'000'000 * (round + 1));
    EXPECT_TRUE(master.WaitForAcknowledgements(100 * (round + 1)));
    process.Signal(SIGKILL);
    acknowledged.merge(master.Finish());
    EXPECT_EQ(process.WaitForEnd(), -SIGKILL);
  }
  WebhookdProcess process(Arguments());
  ASSERT_NE(process.WaitUntilListening(), "");
  EXPECT_THAT(confirmed.WaitFor(acknowledged), ::testing::IsEmpty());
  std::cout << acknowledged.size() << " events acknowledged, " << confirmed.requests()
            << " requests received" << std::endl;
  process.Signal(SIGTERM);
  EXPECT_EQ(process.WaitForEnd(), 0);
}

}  // namespace
}  // namespace webhookd
