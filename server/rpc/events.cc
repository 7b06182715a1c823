#include "server/rpc/events.h"

#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace webhookd {
namespace {

// Ends a unary call with a router's result.
template <typename Response>
Done<Response> Into(Response& response, DoneStatus done) {
  return [&response, done = std::move(done)](absl::StatusOr<Response> result) mutable {
    if (!result.ok()) return std::move(done)(result.status());
    response = *std::move(result);
    std::move(done)(absl::OkStatus());
  };
}

// Answers a report of a stream with a router's result, which `set` puts into its place.
template <typename Response, typename Set>
Done<Response> IntoStream(uint64_t sequence, StreamEventsCall::AnswerReport answer, Set set) {
  return [sequence, answer = std::move(answer), set](absl::StatusOr<Response> result) mutable {
    if (!result.ok()) return std::move(answer)(ReportFailed(sequence, result.status()));
    v1::StreamEventsResponse response;
    *set(response) = *std::move(result);
    std::move(answer)(std::move(response));
  };
}

}  // namespace

void Events::AddTo(Api& api) {
  api.AddUnary("webhookd.v1.EventService.ReportExperimentState", this,
               &Events::ReportExperimentState);
  api.AddUnary("webhookd.v1.EventService.ReportTaskLogs", this, &Events::ReportTaskLogs);
  api.AddUnary("webhookd.v1.EventService.ReportMetrics", this, &Events::ReportMetrics);
  api.AddUnary("webhookd.v1.EventService.PutExperiment", this, &Events::PutExperiment);
  api.AddUnary("determined.api.v1.Determined.PostTaskLogs", this, &Events::PostTaskLogs);
  api.AddUnary("determined.api.v1.Determined.PostWebhookEventData", this, &Events::PostEventData);
  api.AddStream<v1::StreamEventsRequest, v1::StreamEventsResponse>(
      "webhookd.v1.EventService.StreamEvents",
      [this](const Caller& caller, const Api::Message& request, Api::Answer answer) {
        const auto& report = static_cast<const v1::StreamEventsRequest&>(request);
        if (report.more_size() > 0) {
          return std::move(answer)(ReportFailed(
              report.sequence(),
              absl::InvalidArgumentError("more is for gRPC: send a message for each report")));
        }
        Take(caller, report,
             [sequence = report.sequence(),
              answer = std::move(answer)](v1::StreamEventsResponse response) mutable {
               response.set_sequence(sequence);
               std::move(answer)(response);
             });
      });
}

void Events::ReportExperimentState(const Caller& caller,
                                   const v1::ReportExperimentStateRequest& request,
                                   v1::ReportExperimentStateResponse& response, DoneStatus done) {
  router_.ReportExperimentState(caller.identity, request, Into(response, std::move(done)));
}

void Events::ReportTaskLogs(const Caller& caller, const v1::ReportTaskLogsRequest& request,
                            v1::ReportTaskLogsResponse& response, DoneStatus done) {
  router_.ReportTaskLogs(caller.identity, request, Into(response, std::move(done)));
}

void Events::ReportMetrics(const Caller& caller, const v1::ReportMetricsRequest& request,
                           v1::ReportMetricsResponse& response, DoneStatus done) {
  router_.ReportMetrics(caller.identity, request, Into(response, std::move(done)));
}

void Events::PutExperiment(const Caller&, const v1::PutExperimentRequest& request,
                           v1::PutExperimentResponse&, DoneStatus done) {
  router_.PutExperiment(request, std::move(done));
}

void Events::PostTaskLogs(const Caller& caller,
                          const determined::api::v1::PostTaskLogsRequest& request,
                          determined::api::v1::PostTaskLogsResponse&, DoneStatus done) {
  v1::ReportTaskLogsRequest report;
  *report.mutable_logs() = request.logs();
  router_.ReportTaskLogs(
      caller.identity, std::move(report),
      [done = std::move(done)](const absl::StatusOr<v1::ReportTaskLogsResponse>& result) mutable {
        std::move(done)(result.status());
      });
}

void Events::PostEventData(const Caller& caller,
                           const determined::api::v1::PostWebhookEventDataRequest& request,
                           determined::api::v1::PostWebhookEventDataResponse&, DoneStatus done) {
  const auto experiment = router_.FindExperiment(request.experiment_id());
  const std::optional<int32_t> workspace_id =
      experiment == nullptr ? std::nullopt : std::optional<int32_t>(experiment->workspace_id());
  // The same for an experiment that the caller may not see and for one that nobody told of.
  if (!dependencies_.authorizer.CanRaiseAlerts(caller, workspace_id)) {
    return std::move(done)(absl::PermissionDeniedError(
        absl::StrCat("you may not raise alerts for experiment ", request.experiment_id(),
                     ": it is not known here, or you may not see webhooks of its workspace; ask an "
                     "administrator "
                     "or an owner of the workspace")));
  }
  router_.PostCustomEvent(request, std::move(done));
}

StreamEventsCall* Events::OpenStream(const Caller& caller) {
  auto stream = std::make_shared<StreamEventsCall>(StreamEventsCall::Options{
      .max_unanswered = options_.max_unanswered_reports,
      .take =
          [this, caller](v1::StreamEventsRequest report, StreamEventsCall::AnswerReport answer) {
            Take(caller, std::move(report), std::move(answer));
          },
      .on_done =
          [this](StreamEventsCall& done) {
            MutexLock lock(mutex_);
            streams_.erase(done.shared_from_this());
          }});
  bool draining = false;
  {
    MutexLock lock(mutex_);
    streams_.insert(stream);
    draining = draining_;
  }
  if (draining) {
    stream->Drain();
  } else {
    stream->Start();
  }
  return stream.get();
}

void Events::Drain() {
  std::vector<std::shared_ptr<StreamEventsCall>> streams;
  {
    MutexLock lock(mutex_);
    draining_ = true;
    streams.assign(streams_.begin(), streams_.end());
  }
  for (const std::shared_ptr<StreamEventsCall>& stream : streams) stream->Drain();
}

void Events::Take(const Caller& caller, v1::StreamEventsRequest report,
                  StreamEventsCall::AnswerReport answer) {
  const uint64_t sequence = report.sequence();
  if (!dependencies_.is_still_valid(caller)) {
    return std::move(answer)(
        ReportFailed(sequence, absl::UnauthenticatedError("invalid credentials")));
  }
  switch (report.report_case()) {
    case v1::StreamEventsRequest::kExperimentState:
      return router_.ReportExperimentState(
          caller.identity, std::move(*report.mutable_experiment_state()),
          IntoStream<v1::ReportExperimentStateResponse>(
              sequence, std::move(answer), [](v1::StreamEventsResponse& response) {
                return response.mutable_experiment_state();
              }));
    case v1::StreamEventsRequest::kTaskLogs:
      return router_.ReportTaskLogs(
          caller.identity, std::move(*report.mutable_task_logs()),
          IntoStream<v1::ReportTaskLogsResponse>(
              sequence, std::move(answer),
              [](v1::StreamEventsResponse& response) { return response.mutable_task_logs(); }));
    case v1::StreamEventsRequest::kMetrics:
      return router_.ReportMetrics(
          caller.identity, std::move(*report.mutable_metrics()),
          IntoStream<v1::ReportMetricsResponse>(
              sequence, std::move(answer),
              [](v1::StreamEventsResponse& response) { return response.mutable_metrics(); }));
    case v1::StreamEventsRequest::REPORT_NOT_SET:
      return std::move(answer)(ReportFailed(
          sequence, absl::InvalidArgumentError(
                        "report is missing: set experiment_state, task_logs or metrics in every "
                        "request of the stream")));
  }
}

}  // namespace webhookd
