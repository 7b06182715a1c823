// Whether those who serve a call learn that its caller does not wait any more.

#include <google/protobuf/descriptor.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/mutex.h"
#include "base/stop_signal.h"
#include "server/gateway/transcoder.h"
#include "server/grpc_server.h"
#include "server/rest.h"
#include "server/rpc/api.h"
#include "server/rpc/grpc_service.h"
#include "tests/testing/last_resort.h"
#include "webhookd/v1/delivery.grpc.pb.h"

namespace webhookd {
namespace {

// Keeps the one call that it serves until it is told to answer.
class HeldCall {
 public:
  void Get(const Caller& caller, const v1::GetDeliveryRequest&, v1::GetDeliveryResponse&,
           DoneStatus done) {
    done_ = std::move(done);
    stop_.set_value(caller.stop);
  }

  std::shared_ptr<const StopSignal> TakeStop() { return stop_.get_future().get(); }
  void Answer() { std::move(done_)(absl::OkStatus()); }

 private:
  std::promise<std::shared_ptr<const StopSignal>> stop_;
  DoneStatus done_;
};

const google::protobuf::ServiceDescriptor& Service() {
  return *google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(
      "webhookd.v1.DeliveryService");
}

class CallStopTest : public testing::Test {
 protected:
  CallStopTest() {
    api_.AddUnary("webhookd.v1.DeliveryService.GetDelivery", &held_, &HeldCall::Get);
  }

  // What the signal says once it is not OK.
  static absl::Status Await(const StopSignal& stop) {
    const absl::Time deadline = absl::Now() + kLastResort;
    while (stop.status().ok() && absl::Now() < deadline) std::this_thread::yield();
    return stop.status();
  }

  HeldCall held_;
  Api api_{[](const google::protobuf::MethodDescriptor&, const Credentials&) { return Caller(); }};
};

class GrpcCallStopTest : public CallStopTest {
 protected:
  GrpcCallStopTest() : service_(api_, Service(), RequestLimits()) {
    absl::StatusOr<ListeningServer> server = StartGrpcServer(
        {.address = "127.0.0.1", .port = 0}, {{"webhookd.v1.DeliveryService", &service_}});
    EXPECT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    stub_ = v1::DeliveryService::NewStub(grpc::CreateChannel(
        absl::StrCat("127.0.0.1:", server_.port), grpc::InsecureChannelCredentials()));
  }
  ~GrpcCallStopTest() override { ShutdownGrpcServer(server_, absl::ZeroDuration()); }

  std::future<grpc::Status> Call() {
    return std::async(std::launch::async, [this] {
      v1::GetDeliveryResponse response;
      return stub_->GetDelivery(&context_, {}, &response);
    });
  }

  GrpcService service_;
  ListeningServer server_;
  std::unique_ptr<v1::DeliveryService::Stub> stub_;
  grpc::ClientContext context_;
};

TEST_F(GrpcCallStopTest, ACallThatIsCanceledIsNotWaitedFor) {
  std::future<grpc::Status> call = Call();
  const std::shared_ptr<const StopSignal> stop = held_.TakeStop();
  EXPECT_TRUE(stop->status().ok()) << stop->status();
  context_.TryCancel();
  EXPECT_TRUE(absl::IsCancelled(Await(*stop))) << stop->status();
  held_.Answer();
  EXPECT_EQ(call.get().error_code(), grpc::StatusCode::CANCELLED);
}

TEST_F(GrpcCallStopTest, ACallIsWaitedForUntilItsDeadline) {
  context_.set_deadline(absl::ToChronoTime(absl::Now() + absl::Milliseconds(200)));
  std::future<grpc::Status> call = Call();
  const std::shared_ptr<const StopSignal> stop = held_.TakeStop();
  EXPECT_FALSE(Await(*stop).ok());
  // The clocks of both sides need not agree to the microsecond.
  EXPECT_EQ(call.get().error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  while (absl::IsCancelled(stop->status())) std::this_thread::yield();
  EXPECT_TRUE(absl::IsDeadlineExceeded(stop->status())) << stop->status();
  held_.Answer();
}

// Answers a test.
class FakeResponder final : public WebResponder {
 public:
  struct State {
    std::atomic<bool> gone = false;
    std::promise<int> status;
  };

  explicit FakeResponder(State& state) : state_(state) {}

  void Send(WebResponse response) override { state_.status.set_value(response.status); }
  void Start(WebResponse) override {}
  bool Write(std::string) override { return false; }
  void End() override {}
  bool IsGone() override { return state_.gone; }

 private:
  State& state_;
};

class RestCallStopTest : public CallStopTest {
 protected:
  void Call(WebHeaders headers = {}) {
    rest_.Handle({.method = "GET", .path = "/api/v1/deliveries/1", .headers = std::move(headers)},
                 std::make_unique<FakeResponder>(responder_));
  }
  int Status() { return responder_.status.get_future().get(); }

  FakeResponder::State responder_;
  const std::unique_ptr<Transcoder> transcoder_ =
      *Transcoder::Create({&Service()}, GatewayProfile::kDetermined);
  Rest rest_{Rest::Options(), *transcoder_, api_};
};

TEST_F(RestCallStopTest, AClientThatIsGoneIsNotWaitedFor) {
  Call();
  const std::shared_ptr<const StopSignal> stop = held_.TakeStop();
  EXPECT_TRUE(stop->status().ok()) << stop->status();
  responder_.gone = true;
  EXPECT_TRUE(absl::IsCancelled(stop->status())) << stop->status();
  responder_.gone = false;
  held_.Answer();
  EXPECT_EQ(Status(), 200);
  EXPECT_TRUE(absl::IsCancelled(stop->status())) << stop->status();
}

TEST_F(RestCallStopTest, ACallIsWaitedForAsLongAsItsTimeoutSays) {
  Call({{"Grpc-Timeout", "1n"}});
  const std::shared_ptr<const StopSignal> stop = held_.TakeStop();
  EXPECT_TRUE(absl::IsDeadlineExceeded(Await(*stop))) << stop->status();
  EXPECT_EQ(Status(), 504);
  held_.Answer();
}

}  // namespace
}  // namespace webhookd
