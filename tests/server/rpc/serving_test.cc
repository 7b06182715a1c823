#include <gmock/gmock.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/support/byte_buffer.h>
#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/random.h"
#include "server/grpc_server.h"
#include "tests/testing/receiver.h"
#include "tests/testing/test_server.h"

// What the server offers beside its own services, and what happens when it cannot serve. Health
// checks, reflection and channelz are called by their bytes: Debian ships no headers for them.
namespace webhookd {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

grpc::ByteBuffer Buffer(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return grpc::ByteBuffer(&slice, 1);
}

std::string Bytes(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string bytes;
  if (!buffer.Dump(&slices).ok()) return bytes;
  for (const grpc::Slice& slice : slices) {
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return bytes;
}

// A field of type string or message; number and length below 16 and 128.
std::string Field(int number, const std::string& value) {
  return std::string{static_cast<char>(number << 3 | 2), static_cast<char>(value.size())} + value;
}

grpc::Status Call(TestServer& server, const std::string& method, const std::string& request,
                  std::string* response) {
  grpc::GenericStub stub(server.channel());
  grpc::ClientContext context;
  const grpc::ByteBuffer request_bytes = Buffer(request);
  grpc::ByteBuffer response_bytes;
  std::promise<grpc::Status> done;
  stub.UnaryCall(&context, method, grpc::StubOptions(), &request_bytes, &response_bytes,
                 [&](grpc::Status status) { done.set_value(std::move(status)); });
  grpc::Status status = done.get_future().get();
  if (status.ok()) *response = Bytes(response_bytes);
  return status;
}

// One request and one response of a reflection stream.
class Reflection final : public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  static std::string Ask(TestServer& server, const std::string& request) {
    grpc::GenericStub stub(server.channel());
    Reflection call(request);
    stub.PrepareBidiStreamingCall(&call.context_,
                                  "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
                                  grpc::StubOptions(), &call);
    call.StartWriteLast(&call.request_, grpc::WriteOptions());
    call.StartRead(&call.response_);
    call.StartCall();
    const grpc::Status status = call.done_.get_future().get();
    EXPECT_TRUE(status.ok()) << status.error_message();
    return call.answer_;
  }

 private:
  explicit Reflection(const std::string& request) : request_(Buffer(request)) {}

  void OnReadDone(bool ok) override {
    if (!ok) return;
    answer_ = Bytes(response_);
    StartRead(&response_);
  }
  void OnDone(const grpc::Status& status) override { done_.set_value(status); }

  grpc::ClientContext context_;
  const grpc::ByteBuffer request_;
  grpc::ByteBuffer response_;
  std::string answer_;
  std::promise<grpc::Status> done_;
};

TEST(Serving, ReportsEachServiceAsHealthy) {
  TestServer server;
  for (const std::string service : {"", "determined.api.v1.Determined", "webhookd.v1.EventService",
                                    "webhookd.v1.DeliveryService"}) {
    std::string response;
    const grpc::Status status =
        Call(server, "/grpc.health.v1.Health/Check", Field(1, service), &response);
    EXPECT_TRUE(status.ok()) << service << ": " << status.error_message();
    EXPECT_EQ(response, "\x08\x01") << service;  // status: SERVING
  }
  std::string response;
  EXPECT_EQ(Call(server, "/grpc.health.v1.Health/Check", Field(1, "no.such.Service"), &response)
                .error_code(),
            grpc::StatusCode::NOT_FOUND);
}

TEST(Serving, ReflectionListsServicesAndTheirFiles) {
  TestServer server;
  const std::string services = Reflection::Ask(server, Field(7, ""));  // list_services
  EXPECT_THAT(
      services,
      AllOf(HasSubstr("determined.api.v1.Determined"), HasSubstr("webhookd.v1.EventService"),
            HasSubstr("webhookd.v1.DeliveryService"), HasSubstr("grpc.health.v1.Health")));
  const std::string file =
      Reflection::Ask(server, Field(4, "webhookd.v1.EventService"));  // file_containing_symbol
  EXPECT_THAT(file, AllOf(HasSubstr("webhookd/v1/ingest.proto"), HasSubstr("StreamEvents")));
  EXPECT_THAT(Reflection::Ask(server, Field(4, "determined.api.v1.Determined")),
              AllOf(HasSubstr("determined/api/v1/api.proto"), HasSubstr("PostWebhook")));
  EXPECT_THAT(Reflection::Ask(server, Field(4, "webhookd.v1.DeliveryService")),
              AllOf(HasSubstr("webhookd/v1/delivery.proto"), HasSubstr("GetDelivery")));
}

TEST(Serving, RefusesBytesThatAreNoMessage) {
  TestServer server;
  std::string response;
  const grpc::Status status =
      Call(server, "/webhookd.v1.DeliveryService/GetDelivery", "\x0a\xff", &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("webhookd.v1.GetDeliveryRequest"));
}

TEST(Serving, ChannelzTellsStrangersNothing) {
  TestServer server;
  std::string response;
  EXPECT_EQ(Call(server, "/grpc.channelz.v1.Channelz/GetServers", "", &response).error_code(),
            grpc::StatusCode::UNIMPLEMENTED);
}

TEST(Serving, RefusesMessagesOverTheBound) {
  TestServer server([](Config& config) { config.grpc.max_message_bytes = 10'000; });
  v1::ReportExperimentStateRequest report = CompletedReport(1);
  report.mutable_experiment()->set_name(std::string(20'000, 'n'));
  grpc::ClientContext context;
  v1::ReportExperimentStateResponse response;
  EXPECT_EQ(server.events().ReportExperimentState(&context, report, &response).error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(server.Report(CompletedReport(1)).delivery_count(), 0);
}

TEST(Serving, UnknownMethodsAreUnimplemented) {
  TestServer server;
  std::string response;
  EXPECT_EQ(Call(server, "/webhookd.v1.EventService/Nothing", "", &response).error_code(),
            grpc::StatusCode::UNIMPLEMENTED);
}

absl::Status StartAnother(const Config& config) {
  return Server::Create(config, RealClock(), SecureRandom()).status();
}

TEST(Serving, ATakenPortIsNamed) {
  TestServer server;
  TempDir folder;
  Config config = TestConfig(folder / "other.db");
  const std::string address = server.address();
  config.port = std::stoi(address.substr(address.rfind(':') + 1));
  const absl::Status status = StartAnother(config);
  EXPECT_EQ(status.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr(address), HasSubstr("taken"), HasSubstr("--port")));
}

TEST(Serving, AServerThatCannotServeSendsNothing) {
  Receiver receiver([](const ReceivedRequest&) { return CannedResponse::Never(); });
  TestServer server([](Config& config) { config.delivery.drain_timeout = absl::ZeroDuration(); });
  server.Create(NewWebhookFor(receiver.url()));
  server.Report(CompletedReport(1));
  ASSERT_TRUE(receiver.WaitForRequests(1));
  server.Stop();  // the delivery is due at the next start

  TestServer other;
  Config config = server.config();
  const std::string address = other.address();
  config.port = std::stoi(address.substr(address.rfind(':') + 1));
  EXPECT_EQ(StartAnother(config).code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(receiver.request_count(), 1);
  server.Start();
  EXPECT_TRUE(receiver.WaitForRequests(2));
}

TEST(Serving, AnAddressOfAnotherMachineIsNamed) {
  TempDir folder;
  Config config = TestConfig(folder / "other.db");
  config.listen_address = "192.0.2.1";
  const absl::Status status = StartAnother(config);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("192.0.2.1"), HasSubstr("--listen-address")));
}

TEST(Serving, AHostNameThatDoesNotExistIsNamed) {
  TempDir folder;
  Config config = TestConfig(folder / "other.db");
  config.listen_address = "no-such-host.invalid";
  const absl::Status status = StartAnother(config);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("no-such-host.invalid"));
}

TEST(Serving, WritesAddressesOfIpVersion6InBrackets) {
  EXPECT_EQ(HostAndPort("::1", 8080), "[::1]:8080");
  EXPECT_EQ(HostAndPort("127.0.0.1", 8080), "127.0.0.1:8080");
  EXPECT_EQ(HostAndPort("localhost", 8080), "localhost:8080");
}

TEST(Serving, ADatabaseInUseIsNamed) {
  TestServer server;
  const absl::Status status = StartAnother(server.config());
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr(server.config().storage.path));
}

TEST(Serving, AFolderThatDoesNotExistIsNamed) {
  const absl::Status status = StartAnother(TestConfig("/nowhere/webhookd.db"));
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(std::string(status.message()), HasSubstr("/nowhere"));
}

TEST(Serving, AFileThatIsNoDatabaseIsNamed) {
  TempDir folder;
  const std::string path = folder / "notes.txt";
  FILE* file = fopen(path.c_str(), "w");
  ASSERT_NE(file, nullptr);
  for (int i = 0; i < 1'000; ++i) fputs("not a database\n", file);
  fclose(file);
  const absl::Status status = StartAnother(TestConfig(path));
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(std::string(status.message()), HasSubstr(path));
}

TEST(Serving, ShutdownIsIdempotentAndFreesThePort) {
  TempDir folder;
  const auto server = Server::Create(TestConfig(folder / "one.db"), RealClock(), SecureRandom());
  ASSERT_TRUE(server.ok()) << server.status();
  const std::string address = (*server)->address();
  (*server)->Shutdown();
  (*server)->Shutdown();
  Config again = TestConfig(folder / "two.db");
  again.port = std::stoi(address.substr(address.rfind(':') + 1));
  EXPECT_TRUE(StartAnother(again).ok());
}

}  // namespace
}  // namespace webhookd
