#include "tests/client/fake_event_service.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "grpcpp/server_builder.h"
#include "gtest/gtest.h"
#include "tests/testing/last_resort.h"

namespace webhookd::testing {

void FakeEventService::SetAnswer(std::function<Answer(const v1::StreamEventsRequest&)> answer) {
  MutexLock lock(mutex_);
  answer_ = std::move(answer);
}

void FakeEventService::FailNext(std::vector<grpc::Status> statuses) {
  MutexLock lock(mutex_);
  failures_.assign(statuses.begin(), statuses.end());
}

void FakeEventService::FallSilent() {
  MutexLock lock(mutex_);
  silent_ = true;
}

void FakeEventService::TakeMore() {
  MutexLock lock(mutex_);
  takes_more_ = true;
}

void FakeEventService::ReleaseHeld() {
  MutexLock lock(mutex_);
  if (stream_ == nullptr) return;
  for (; !held_.empty(); held_.pop_back()) stream_->Write(held_.back());
}

void FakeEventService::ReleaseHeldTogether() {
  MutexLock lock(mutex_);
  if (stream_ == nullptr || held_.empty()) return;
  v1::StreamEventsResponse response = held_.front();
  for (size_t i = 1; i < held_.size(); ++i) *response.add_more() = held_[i];
  held_.clear();
  stream_->Write(response);
}

bool FakeEventService::WaitForReports(size_t count) {
  MutexLock lock(mutex_);
  const absl::Duration end = RealClock().Steady() + kLastResort;
  while (received_.size() < count) {
    const absl::Duration remaining = end - RealClock().Steady();
    if (remaining <= absl::ZeroDuration()) return false;
    changed_.WaitFor(mutex_, remaining);
  }
  return true;
}

std::vector<v1::StreamEventsRequest> FakeEventService::received() const {
  MutexLock lock(mutex_);
  return received_;
}

size_t FakeEventService::message_count() const {
  MutexLock lock(mutex_);
  return messages_;
}

size_t FakeEventService::stored_count() const {
  MutexLock lock(mutex_);
  return stored_.size();
}

grpc::Status FakeEventService::ReportExperimentState(
    grpc::ServerContext* context, const v1::ReportExperimentStateRequest* request,
    v1::ReportExperimentStateResponse* response) {
  MutexLock lock(mutex_);
  *received_.emplace_back().mutable_experiment_state() = *request;
  changed_.NotifyAll();
  if (!failures_.empty()) {
    grpc::Status status = failures_.front();
    failures_.pop_front();
    return status;
  }
  *response = Store(*request);
  while (silent_ && !context->IsCancelled()) changed_.WaitFor(mutex_, absl::Milliseconds(5));
  return grpc::Status::OK;
}

grpc::Status FakeEventService::StreamEvents(grpc::ServerContext* /*context*/, Stream* stream) {
  grpc::Status status;
  bool open = true;
  v1::StreamEventsRequest request;
  while (open && stream->Read(&request)) {
    MutexLock lock(mutex_);
    ++messages_;
    google::protobuf::RepeatedPtrField<v1::StreamEventsRequest> more;
    more.Swap(request.mutable_more());
    open = Take(stream, request, status);
    for (const v1::StreamEventsRequest& report : more) open = open && Take(stream, report, status);
  }
  MutexLock lock(mutex_);
  if (stream_ == stream) {
    stream_ = nullptr;
    held_.clear();
  }
  return status;
}

bool FakeEventService::Take(Stream* stream, const v1::StreamEventsRequest& report,
                            grpc::Status& status) {
  received_.push_back(report);
  changed_.NotifyAll();
  const Answer answer = answer_ ? answer_(report) : Answer{};
  if (answer.when == Answer::When::kEnd) {
    status = answer.status;
    return false;
  }
  v1::StreamEventsResponse response;
  response.set_sequence(report.sequence());
  response.set_takes_more(takes_more_);
  if (answer.error.code() != 0) {
    *response.mutable_error() = answer.error;
  } else {
    *response.mutable_experiment_state() = Store(report.experiment_state());
  }
  if (answer.when == Answer::When::kNow) {
    stream->Write(response);
  } else if (answer.when == Answer::When::kHeld) {
    if (stream_ != stream) held_.clear();
    stream_ = stream;
    held_.push_back(response);
  }
  return true;
}

v1::ReportExperimentStateResponse FakeEventService::Store(
    const v1::ReportExperimentStateRequest& report) {
  v1::ReportExperimentStateResponse response;
  response.set_event_id(absl::StrCat("event-", stored_.size() + 1));
  response.set_delivery_count(1);
  v1::MatchedDelivery& delivery = *response.add_deliveries();
  delivery.set_delivery_id(static_cast<int64_t>(stored_.size()) + 1);
  delivery.set_webhook_id(1);
  delivery.set_trigger_id(1);
  const auto [it, inserted] = stored_.emplace(report.idempotency_key(), response);
  if (!inserted) {
    response = it->second;
    response.set_duplicate(true);
  }
  return response;
}

FakeServer::FakeServer(std::vector<grpc::Service*> services,
                       std::shared_ptr<grpc::ServerCredentials> credentials)
    : services_(std::move(services)), credentials_(std::move(credentials)) {
  Start();
}

FakeServer::~FakeServer() { Stop(); }

std::string FakeServer::address() const { return absl::StrCat("127.0.0.1:", port_); }

void FakeServer::Stop() {
  if (server_ == nullptr) return;
  server_->Shutdown(std::chrono::system_clock::now());
  server_->Wait();
  server_ = nullptr;
}

void FakeServer::Start() {
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort(address(), credentials_, &port);
  for (grpc::Service* service : services_) builder.RegisterService(service);
  server_ = builder.BuildAndStart();
  ASSERT_NE(server_, nullptr) << "cannot listen on " << address();
  port_ = port;
}

}  // namespace webhookd::testing
