#include "tests/bench/event_load.h"

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <iostream>
#include <thread>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "determined/api/v1/api.grpc.pb.h"

namespace webhookd {
namespace {

void CheckOk(const grpc::Status& status) {
  if (status.ok()) return;
  std::cerr << "a call failed: " << status.error_message() << "\n";
  std::abort();
}

void CheckAnswer(const v1::StreamEventsResponse& answer) {
  if (!answer.has_error()) return;
  std::cerr << "a report failed: " << answer.error().message() << "\n";
  std::abort();
}

void SetReport(int64_t number, v1::StreamEventsRequest& request) {
  request.set_sequence(static_cast<uint64_t>(number) + 1);
  *request.mutable_experiment_state() = CompletedReport(number, 1);
}

// Runs `call(number)` for 0 … count - 1 on several threads.
template <typename Call>
void InParallel(int64_t count, int callers, Call call) {
  std::atomic<int64_t> next{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < callers; ++i) {
    threads.emplace_back([&] {
      for (int64_t number; (number = next.fetch_add(1)) < count;) call(number);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace

v1::ReportExperimentStateRequest CompletedReport(int64_t number, int32_t workspace_id) {
  v1::ReportExperimentStateRequest report;
  report.set_idempotency_key(absl::StrCat("bench-", absl::ToUnixNanos(absl::Now()), "-", number));
  v1::Experiment& experiment = *report.mutable_experiment();
  experiment.set_id(static_cast<int32_t>(number % 1'000'000) + 1);
  experiment.set_name("cifar10_pytorch_const");
  experiment.set_state(determined::experiment::v1::STATE_COMPLETED);
  experiment.mutable_start_time()->set_seconds(1'665'689'950);
  experiment.mutable_end_time()->set_seconds(1'665'689'991);
  experiment.set_slots_per_trial(2);
  experiment.set_resource_pool("default");
  experiment.set_workspace_id(workspace_id);
  experiment.set_workspace_name("test workspace");
  experiment.set_project_id(1);
  experiment.set_project_name("test project");
  return report;
}

void StreamReports(const std::shared_ptr<grpc::Channel>& channel, int64_t count, int window,
                   int together) {
  const auto stub = v1::EventService::NewStub(channel);
  grpc::ClientContext context;
  const auto stream = stub->StreamEvents(&context);
  Mutex mutex;
  CondVar answered;
  int64_t answers = 0;
  std::thread reader([&] {
    v1::StreamEventsResponse response;
    while (stream->Read(&response)) {
      CheckAnswer(response);
      for (const v1::StreamEventsResponse& another : response.more()) CheckAnswer(another);
      MutexLock lock(mutex);
      answers += 1 + response.more_size();
      answered.NotifyOne();
    }
  });
  for (int64_t number = 0; number < count;) {
    int64_t room = 0;
    {
      MutexLock lock(mutex);
      while (number - answers >= window) answered.Wait(mutex);
      room = std::min(window - (number - answers), count - number);
    }
    v1::StreamEventsRequest request;
    request.set_gather_answers(true);
    const int64_t end = number + std::min<int64_t>(room, together);
    SetReport(number++, request);
    while (number < end) SetReport(number++, *request.add_more());
    if (!stream->Write(request)) break;
  }
  stream->WritesDone();
  reader.join();
  CheckOk(stream->Finish());
}

void UnaryReports(const std::shared_ptr<grpc::Channel>& channel, int64_t count, int callers) {
  const auto stub = v1::EventService::NewStub(channel);
  InParallel(count, callers, [&stub](int64_t number) {
    grpc::ClientContext context;
    v1::ReportExperimentStateResponse response;
    CheckOk(stub->ReportExperimentState(&context, CompletedReport(number, 2), &response));
  });
}

void EmptyCalls(const std::shared_ptr<grpc::Channel>& channel, int64_t count, int callers) {
  const auto stub = determined::api::v1::Determined::NewStub(channel);
  InParallel(count, callers, [&stub](int64_t) {
    grpc::ClientContext context;
    determined::api::v1::GetTelemetryResponse response;
    CheckOk(stub->GetTelemetry(&context, {}, &response));
  });
}

void ListWebhooks(const std::shared_ptr<grpc::Channel>& channel, int64_t count, int callers) {
  const auto stub = determined::api::v1::Determined::NewStub(channel);
  InParallel(count, callers, [&stub](int64_t) {
    grpc::ClientContext context;
    determined::api::v1::GetWebhooksResponse response;
    CheckOk(stub->GetWebhooks(&context, {}, &response));
  });
}

void OneReport(const std::shared_ptr<grpc::Channel>& channel, int64_t number) {
  const auto stub = v1::EventService::NewStub(channel);
  grpc::ClientContext context;
  v1::ReportExperimentStateResponse response;
  CheckOk(stub->ReportExperimentState(&context, CompletedReport(number, 1), &response));
}

void EmptyCall(const std::shared_ptr<grpc::Channel>& channel) {
  const auto stub = determined::api::v1::Determined::NewStub(channel);
  grpc::ClientContext context;
  determined::api::v1::GetTelemetryResponse response;
  CheckOk(stub->GetTelemetry(&context, {}, &response));
}

void CreateWebhook(const std::shared_ptr<grpc::Channel>& channel, const std::string& url,
                   int32_t workspace_id) {
  const auto stub = determined::api::v1::Determined::NewStub(channel);
  determined::api::v1::PostWebhookRequest request;
  determined::webhook::v1::Webhook& webhook = *request.mutable_webhook();
  webhook.set_name(absl::StrCat("bench ", absl::ToUnixNanos(absl::Now())));
  webhook.set_url(url);
  webhook.set_webhook_type(determined::webhook::v1::WEBHOOK_TYPE_DEFAULT);
  webhook.set_workspace_id(workspace_id);
  webhook.set_max_in_flight(64);
  determined::webhook::v1::Trigger& trigger = *webhook.add_triggers();
  trigger.set_trigger_type(determined::webhook::v1::TRIGGER_TYPE_EXPERIMENT_STATE_CHANGE);
  (*trigger.mutable_condition()->mutable_fields())["state"].set_string_value("COMPLETED");
  grpc::ClientContext context;
  determined::api::v1::PostWebhookResponse response;
  CheckOk(stub->PostWebhook(&context, request, &response));
}

}  // namespace webhookd
