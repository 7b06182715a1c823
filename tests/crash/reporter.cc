#include "tests/crash/reporter.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <chrono>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"

namespace webhookd {
namespace {

// What a server may answer that ends, or whose disk is full: it then stored nothing.
bool IsTemporary(int code) {
  return code == grpc::StatusCode::UNAVAILABLE || code == grpc::StatusCode::CANCELLED ||
         code == grpc::StatusCode::RESOURCE_EXHAUSTED;
}

}  // namespace

std::shared_ptr<grpc::Channel> ConnectTo(const std::string& address) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
}

Reporter::Reporter(const std::string& address, Ledger& ledger)
    : ledger_(ledger),
      channel_(ConnectTo(address)),
      stub_(v1::EventService::NewStub(channel_)),
      stream_(stub_->StreamEvents(&context_)),
      stream_writer_([this] { WriteStream(); }),
      stream_reader_([this] { ReadStream(); }),
      caller_([this] { Call(); }),
      watcher_([this] { WatchConnection(); }) {}

Reporter::~Reporter() { Finish(); }

void Reporter::Finish() {
  if (!caller_.joinable()) return;
  stream_writer_.join();
  stream_reader_.join();
  caller_.join();
  finishing_ = true;
  watcher_.join();
  stream_->Finish();
}

void Reporter::WriteStream() {
  while (std::optional<v1::ReportExperimentStateRequest> report = ledger_.NextReport()) {
    v1::StreamEventsRequest request;
    request.set_sequence(static_cast<uint64_t>(report->experiment().id()));
    *request.mutable_experiment_state() = *std::move(report);
    if (!stream_->Write(request)) return;
  }
  stream_->WritesDone();
}

void Reporter::ReadStream() {
  v1::StreamEventsResponse response;
  while (stream_->Read(&response)) {
    const auto number = static_cast<int32_t>(response.sequence());
    if (response.has_experiment_state()) {
      ledger_.Acknowledge(number, response.experiment_state());
    } else if (!IsTemporary(response.error().code())) {
      ledger_.Fault(absl::StrCat("report ", number, " was refused: ", response.error().message()));
    }
  }
}

void Reporter::Call() {
  while (const std::optional<v1::ReportExperimentStateRequest> report = ledger_.NextReport()) {
    grpc::ClientContext context;
    v1::ReportExperimentStateResponse response;
    const grpc::Status status = stub_->ReportExperimentState(&context, *report, &response);
    if (status.ok()) {
      ledger_.Acknowledge(report->experiment().id(), response);
    } else if (!IsTemporary(status.error_code())) {
      ledger_.Fault(absl::StrCat("report ", report->experiment().id(),
                                 " was refused: ", status.error_message()));
    } else {
      return;  // the server is gone
    }
  }
}

// A channel without calls looks at its connection every five seconds only, and a server that ends
// waits for its callers to hang up.
void Reporter::WatchConnection() {
  while (!finishing_) {
    channel_->WaitForStateChange(channel_->GetState(/*try_to_connect=*/false),
                                 std::chrono::system_clock::now() + std::chrono::milliseconds(20));
  }
}

}  // namespace webhookd
