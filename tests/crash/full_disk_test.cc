#include <gmock/gmock.h>
#include <grpcpp/client_context.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "determined/api/v1/api.grpc.pb.h"
#include "tests/crash/crashable_webhookd.h"
#include "tests/crash/reporter.h"
#include "tests/crash/stored_events.h"
#include "tests/testing/last_resort.h"
#include "tests/testing/receiver.h"
#include "tests/testing/temp_dir.h"
#include "tests/testing/test_server.h"
#include "webhookd/v1/delivery.grpc.pb.h"

// What the real program does while the disk of its database is full. The disk is one that the shim
// pretends to be full; and a real one, if WEBHOOKD_SMALL_DISK names a folder on a small file
// system, such as one made by `mount -t tmpfs -o size=32m tmpfs FOLDER`.
namespace webhookd {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr absl::Duration kPatience = kLastResort;

class FullDisk : public ::testing::Test {
 protected:
  explicit FullDisk(const std::string& parent = "")
      : parent_(parent.empty() ? folder_.path() : parent),
        webhookd_(
            (std::filesystem::create_directories(parent_ + "/database"), parent_ + "/database"),
            {receiver_.port()}) {}
  ~FullDisk() override { std::filesystem::remove_all(parent_ + "/database"); }

  void Start(std::vector<std::string> arguments = {}) {
    arguments.emplace_back("--log-level=warning");
    const std::string address = webhookd_.Start(arguments);
    ASSERT_NE(address, "") << webhookd_.process().errors();
    channel_ = ConnectTo(address);
    events_ = v1::EventService::NewStub(channel_);
  }

  void CreateWebhook() {
    grpc::ClientContext context;
    determined::api::v1::PostWebhookRequest request;
    *request.mutable_webhook() = NewWebhookFor(receiver_.url());
    determined::api::v1::PostWebhookResponse response;
    const grpc::Status status = determined::api::v1::Determined::NewStub(channel_)->PostWebhook(
        &context, request, &response);
    ASSERT_TRUE(status.ok()) << status.error_message();
  }

  // Reports experiment `number`, under a key of its own.
  grpc::Status Report(int32_t number) {
    v1::ReportExperimentStateRequest report = CompletedReport(number);
    report.set_idempotency_key(absl::StrCat("report ", number));
    grpc::ClientContext context;
    v1::ReportExperimentStateResponse response;
    grpc::Status status = events_->ReportExperimentState(&context, report, &response);
    if (status.ok()) {
      // Where it was refused before, nothing of it was left behind.
      EXPECT_FALSE(response.duplicate());
      acknowledged_.insert(response.event_id());
    }
    return status;
  }

  void ReportAll(int count) {
    for (int i = 0; i < count; ++i) {
      const grpc::Status status = Report(next_number_++);
      ASSERT_TRUE(status.ok()) << status.error_message();
    }
  }

  // Gives the number of the first report that was refused. It is not counted as made.
  void ReportUntilRefused() {
    constexpr int kMost = 20'000;
    for (int i = 0; i < kMost; ++i) {
      const grpc::Status status = Report(next_number_);
      if (status.ok()) {
        ++next_number_;
        continue;
      }
      EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
      EXPECT_THAT(status.error_message(), HasSubstr("no space left"));
      return;
    }
    ADD_FAILURE() << kMost << " reports found room on a full disk";
  }

  // Waits until the server says that nothing waits.
  void WaitUntilAllRecorded() {
    const auto deliveries = v1::DeliveryService::NewStub(channel_);
    const absl::Duration deadline = RealClock().Steady() + kPatience;
    while (RealClock().Steady() < deadline) {
      int waiting = 0;
      for (const v1::DeliveryState state :
           {v1::DELIVERY_STATE_PENDING, v1::DELIVERY_STATE_IN_FLIGHT}) {
        grpc::ClientContext context;
        v1::ListDeliveriesRequest request;
        request.set_state(state);
        v1::ListDeliveriesResponse response;
        const grpc::Status status = deliveries->ListDeliveries(&context, request, &response);
        ASSERT_TRUE(status.ok()) << status.error_message();
        waiting += response.deliveries_size();
      }
      if (waiting == 0) return;
    }
    FAIL() << "deliveries wait for ever";
  }

  // Ends the server well; everything acknowledged must be recorded as delivered, and nothing else.
  void EndAndCheck() {
    channel_.reset();
    events_.reset();
    webhookd_.process().Signal(SIGTERM);
    EXPECT_EQ(webhookd_.process().WaitForEnd(kPatience), 0) << webhookd_.process().errors();
    const absl::StatusOr<std::vector<StoredEvent>> stored = ReadStoredEvents(webhookd_.database());
    ASSERT_TRUE(stored.ok()) << stored.status();
    std::set<std::string> delivered;
    for (const StoredEvent& event : *stored) {
      ASSERT_EQ(event.deliveries.size(), 1u);
      if (event.deliveries[0].delivered) delivered.insert(event.event_id);
    }
    EXPECT_EQ(delivered, acknowledged_);
    EXPECT_EQ(stored->size(), acknowledged_.size());
  }

  TempDir folder_;
  const std::string parent_;
  Receiver receiver_;
  CrashableWebhookd webhookd_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::EventService::Stub> events_;
  std::set<std::string> acknowledged_;
  int32_t next_number_ = 1;
};

// "": the shim's disk; else a folder on a real one.
class FullDiskOfBothKinds : public FullDisk, public ::testing::WithParamInterface<std::string> {
 protected:
  FullDiskOfBothKinds() : FullDisk(GetParam()) {}

  void Fill() {
    if (GetParam().empty()) return webhookd_.LimitDisk(0);
    std::ofstream filler(Filler(), std::ios::binary);
    const std::string bytes(4096, 'x');
    while (filler.write(bytes.data(), static_cast<std::streamsize>(bytes.size())).flush()) {
    }
  }

  void Free() {
    webhookd_.FreeDisk();
    std::filesystem::remove(Filler());
  }

 private:
  std::string Filler() const { return parent_ + "/filler"; }
};

TEST_P(FullDiskOfBothKinds, RefusesReportsAndDeliversWhatItHas) {
  receiver_.SetHandler([](const ReceivedRequest&) { return CannedResponse::Held(); });
  Start();
  CreateWebhook();
  ReportAll(40);
  ASSERT_TRUE(receiver_.WaitForRequests(16));  // as many as may be under way

  Fill();
  ReportUntilRefused();
  receiver_.Release();
  const int acknowledged = static_cast<int>(acknowledged_.size());
  EXPECT_TRUE(receiver_.WaitForRequests(acknowledged, kPatience));
  ReportUntilRefused();

  Free();
  ReportAll(10);
  WaitUntilAllRecorded();
  EXPECT_EQ(receiver_.request_count(), acknowledged + 10);
  EndAndCheck();
}

TEST_P(FullDiskOfBothKinds, LetsItStartReadAndSignIn) {
  Start({"--security-authn-type=tokens", "--security-initial-user-password=correct horse"});
  webhookd_.process().Signal(SIGTERM);
  ASSERT_EQ(webhookd_.process().WaitForEnd(kPatience), 0) << webhookd_.process().errors();
  Start();
  CreateWebhook();
  ReportAll(5);
  WaitUntilAllRecorded();
  // After a stop, SQLite needs files that it removed; after a kill, more is left of them.
  for (const int signal : {SIGTERM, SIGKILL}) {
    webhookd_.process().Signal(signal);
    webhookd_.process().WaitForEnd(kPatience);
    Fill();
    Start({"--security-authn-type=tokens"});
    {
      grpc::ClientContext context;
      determined::api::v1::LoginRequest request;
      request.set_username("admin");
      request.set_password("correct horse");
      determined::api::v1::LoginResponse response;
      const auto determined = determined::api::v1::Determined::NewStub(channel_);
      const grpc::Status status = determined->Login(&context, request, &response);
      ASSERT_TRUE(status.ok()) << status.error_message();
      grpc::ClientContext with_token;
      with_token.AddMetadata("authorization", absl::StrCat("Bearer ", response.token()));
      v1::ListDeliveriesResponse deliveries;
      const grpc::Status listed = v1::DeliveryService::NewStub(channel_)->ListDeliveries(
          &with_token, v1::ListDeliveriesRequest(), &deliveries);
      EXPECT_TRUE(listed.ok()) << listed.error_message();
      EXPECT_EQ(deliveries.deliveries_size(), static_cast<int>(acknowledged_.size()));
    }
    webhookd_.process().Signal(SIGTERM);
    EXPECT_EQ(webhookd_.process().WaitForEnd(kPatience), 0) << webhookd_.process().errors();

    Start();
    ReportUntilRefused();
    Free();
    ReportAll(5);  // without a restart
    WaitUntilAllRecorded();
  }
  EndAndCheck();
}

std::vector<std::string> Disks() {
  std::vector<std::string> disks = {""};
  if (const char* const folder = std::getenv("WEBHOOKD_SMALL_DISK"); folder != nullptr) {
    disks.emplace_back(folder);
  }
  return disks;
}

INSTANTIATE_TEST_SUITE_P(Disks, FullDiskOfBothKinds, ::testing::ValuesIn(Disks()),
                         [](const ::testing::TestParamInfo<std::string>& disk) {
                           return disk.param.empty() ? "Pretended" : "Real";
                         });

TEST_F(FullDisk, CanBeFullInTheMiddleOfAnyWrite) {
  Start();
  CreateWebhook();
  for (const int64_t room : {0, 1, 23, 24, 25, 4119, 4120, 4121, 10'000, 30'000, 100'000}) {
    const int64_t denied = webhookd_.disk_denied();
    webhookd_.LimitDisk(room);
    ReportUntilRefused();
    EXPECT_GT(webhookd_.disk_denied(), denied);
    webhookd_.FreeDisk();
    ReportAll(3);
  }
  WaitUntilAllRecorded();
  EXPECT_EQ(receiver_.request_count(), static_cast<int>(acknowledged_.size()));
  EndAndCheck();
}

TEST_F(FullDisk, LosesNothingWhenKilled) {
  Start();
  CreateWebhook();
  for (const int64_t room : {0, 1, 4121, 10'000}) {
    ReportAll(5);
    webhookd_.LimitDisk(room);
    ReportUntilRefused();
    webhookd_.process().Signal(SIGKILL);
    EXPECT_EQ(webhookd_.process().WaitForEnd(kPatience), -SIGKILL);
    webhookd_.FreeDisk();
    Start();
    ReportAll(5);
  }
  WaitUntilAllRecorded();
  EndAndCheck();
}

TEST_F(FullDisk, LeavesNoRoomForANewDatabase) {
  webhookd_.LimitDisk(0);
  EXPECT_EQ(webhookd_.Start(), "");
  EXPECT_EQ(webhookd_.process().WaitForEnd(kPatience), 1);
  EXPECT_THAT(webhookd_.process().errors(),
              AllOf(HasSubstr("no space left"), HasSubstr("start again")));
  webhookd_.FreeDisk();
  Start();
  CreateWebhook();
  ReportAll(5);
  WaitUntilAllRecorded();
  EndAndCheck();
}

}  // namespace
}  // namespace webhookd
