#include "server/rpc/unary_call.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "webhookd/v1/delivery.grpc.pb.h"

namespace webhookd {
namespace {

// What becomes of the function that ends a call.
class FakeService final : public v1::DeliveryService::CallbackService {
 public:
  // Dropped unused.
  grpc::ServerUnaryReactor* GetDelivery(grpc::CallbackServerContext* context,
                                        const v1::GetDeliveryRequest*,
                                        v1::GetDeliveryResponse*) override {
    return Serve(context, [](const DoneStatus&) {});
  }
  // Called later, on another thread.
  grpc::ServerUnaryReactor* CancelDelivery(grpc::CallbackServerContext* context,
                                           const v1::CancelDeliveryRequest* request,
                                           v1::CancelDeliveryResponse* response) override {
    return Serve(context, [&](DoneStatus done) {
      worker_.emplace([request, response, done = std::move(done)]() mutable {
        response->mutable_delivery()->set_id(request->delivery_id());
        std::move(done)(absl::OkStatus());
      });
    });
  }
  // Moved, then called with an error.
  grpc::ServerUnaryReactor* RedeliverDelivery(grpc::CallbackServerContext* context,
                                              const v1::RedeliverDeliveryRequest*,
                                              v1::RedeliverDeliveryResponse*) override {
    return Serve(context, [](DoneStatus done) {
      DoneStatus moved = std::move(done);
      std::move(moved)(absl::NotFoundError("nothing there"));
    });
  }

  std::optional<std::thread> worker_;
};

class UnaryCallTest : public ::testing::Test {
 protected:
  UnaryCallTest() {
    int port = 0;
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
    stub_ = v1::DeliveryService::NewStub(
        grpc::CreateChannel(absl::StrCat("127.0.0.1:", port), grpc::InsecureChannelCredentials()));
  }

  FakeService service_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<v1::DeliveryService::Stub> stub_;
  grpc::ClientContext context_;
};

TEST_F(UnaryCallTest, EndsAsUnavailableWhenItsWorkIsDropped) {
  v1::GetDeliveryResponse response;
  const grpc::Status status = stub_->GetDelivery(&context_, {}, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_NE(status.error_message().find("shutting down"), std::string::npos);
}

TEST_F(UnaryCallTest, EndsLaterOnAnotherThread) {
  v1::CancelDeliveryRequest request;
  request.set_delivery_id(5);
  v1::CancelDeliveryResponse response;
  const grpc::Status status = stub_->CancelDelivery(&context_, request, &response);
  service_.worker_->join();
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response.delivery().id(), 5);
}

TEST_F(UnaryCallTest, EndsOnceWhenMoved) {
  v1::RedeliverDeliveryResponse response;
  const grpc::Status status = stub_->RedeliverDelivery(&context_, {}, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(status.error_message(), "nothing there");
}

}  // namespace
}  // namespace webhookd
