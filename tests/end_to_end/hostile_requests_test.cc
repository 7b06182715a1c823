#include <gmock/gmock.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "determined/api/v1/api.grpc.pb.h"
#include "tests/testing/temp_dir.h"
#include "tests/testing/webhookd_process.h"
#include "webhookd/v1/ingest.grpc.pb.h"

// What strangers can send the program without a token, over gRPC: it must cost it next to nothing.
namespace webhookd {
namespace {

namespace api = determined::api::v1;
using ::testing::HasSubstr;

constexpr size_t kMegabyte = 1024 * 1024;

class HostileRequestsTest : public ::testing::Test {
 protected:
  HostileRequestsTest()
      : process_({"--config-file=", "--port=0",
                  absl::StrCat("--storage-path=", folder_ / "webhookd.db"),
                  "--security-initial-user-password=correct horse", "--log-level=warning"}),
        address_(process_.WaitUntilListening()),
        channel_(grpc::CreateChannel(address_, grpc::InsecureChannelCredentials())) {}

  // Whether the program still serves.
  grpc::Status GetMaster() {
    grpc::ClientContext context;
    api::GetMasterResponse response;
    return api::Determined::NewStub(channel_)->GetMaster(&context, {}, &response);
  }

  TempDir folder_;
  WebhookdProcess process_;
  const std::string address_;
  const std::shared_ptr<grpc::Channel> channel_;
};

TEST_F(HostileRequestsTest, CompressedMessagesAreRefusedBeforeTheyAreUnpacked) {
  const size_t before = process_.PeakResidentBytes();
  for (const grpc_compression_algorithm algorithm : {GRPC_COMPRESS_GZIP, GRPC_COMPRESS_DEFLATE}) {
    grpc::ClientContext context;
    context.set_compression_algorithm(algorithm);
    api::LoginRequest request;
    request.set_username(std::string(64 * kMegabyte, 'u'));
    api::LoginResponse response;
    const grpc::Status status =
        api::Determined::NewStub(channel_)->Login(&context, request, &response);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::UNIMPLEMENTED) << status.error_message();
    EXPECT_THAT(status.error_message(), HasSubstr("ompress"));
  }
  if (kMemoryIsTelling) {
    EXPECT_LT(process_.PeakResidentBytes(), before + 32 * kMegabyte);
  }
  const grpc::Status status = GetMaster();
  EXPECT_TRUE(status.ok()) << status.error_message();
}

TEST_F(HostileRequestsTest, ManyEmptyMessagesAreNotBuilt) {
  const size_t before = process_.PeakResidentBytes();
  api::PostTaskLogsRequest request;
  for (int i = 0; i < 2'000'000; ++i) request.add_logs();
  grpc::ClientContext context;
  api::PostTaskLogsResponse response;
  const grpc::Status status =
      api::Determined::NewStub(channel_)->PostTaskLogs(&context, request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAUTHENTICATED) << status.error_message();
  if (kMemoryIsTelling) {
    EXPECT_LT(process_.PeakResidentBytes(), before + 32 * kMegabyte);
  }
}

// A stream that stays open.
class OpenReflection final : public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  explicit OpenReflection(const std::shared_ptr<grpc::Channel>& channel) : stub_(channel) {
    // list_services
    const grpc::Slice list(std::string("\x3a\x00", 2));
    request_ = grpc::ByteBuffer(&list, 1);
    stub_.PrepareBidiStreamingCall(&context_,
                                   "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
                                   grpc::StubOptions(), this);
    StartWrite(&request_);
    StartRead(&response_);
    StartCall();
  }
  // Until it is served or ended.
  void WaitForAnswer() { answered_.get_future().get(); }
  void End() {
    context_.TryCancel();
    done_.get_future().get();
  }

 private:
  void OnReadDone(bool) override { answered_.set_value(); }
  void OnDone(const grpc::Status&) override { done_.set_value(); }

  grpc::GenericStub stub_;
  grpc::ClientContext context_;
  grpc::ByteBuffer request_;
  grpc::ByteBuffer response_;
  std::promise<void> answered_;
  std::promise<void> done_;
};

TEST_F(HostileRequestsTest, ReflectionDoesNotTakeAThreadForEveryStream) {
  const int before = process_.Threads();
  std::vector<std::unique_ptr<OpenReflection>> streams;
  constexpr int kStreams = 300;
  for (int i = 0; i < kStreams; ++i) streams.push_back(std::make_unique<OpenReflection>(channel_));
  streams.front()->WaitForAnswer();
  // Others are served meanwhile.
  int most = 0;
  for (int i = 0; i < 200; ++i) {
    const grpc::Status status = GetMaster();
    ASSERT_TRUE(status.ok()) << status.error_message();
    most = std::max(most, process_.Threads());
  }
  EXPECT_LE(most, before + 64);
  for (const auto& stream : streams) stream->End();
}

}  // namespace
}  // namespace webhookd
