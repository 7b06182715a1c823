#include "server/rpc/events.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace webhookd {
namespace {

absl::Status NotServedYet(absl::string_view what) {
  return absl::UnimplementedError(
      absl::StrCat(what, " are not served yet; report experiment states"));
}

}  // namespace

void Events::AddTo(Api& api) {
  api.AddUnary("webhookd.v1.EventService.ReportExperimentState", this,
               &Events::ReportExperimentState);
  api.AddUnary("webhookd.v1.EventService.ReportTaskLogs", this, &Events::ReportTaskLogs);
  api.AddUnary("webhookd.v1.EventService.ReportMetrics", this, &Events::ReportMetrics);
  api.AddStream<v1::StreamEventsRequest, v1::StreamEventsResponse>(
      "webhookd.v1.EventService.StreamEvents",
      [this](const Caller&, const Api::Message& request, Api::Answer answer) {
        const auto& report = static_cast<const v1::StreamEventsRequest&>(request);
        Take(report, [sequence = report.sequence(),
                      answer = std::move(answer)](v1::StreamEventsResponse response) mutable {
          response.set_sequence(sequence);
          std::move(answer)(response);
        });
      });
}

void Events::ReportExperimentState(const Caller&, const v1::ReportExperimentStateRequest& request,
                                   v1::ReportExperimentStateResponse& response, DoneStatus done) {
  router_.ReportExperimentState(
      request, [&response, done = std::move(done)](
                   absl::StatusOr<v1::ReportExperimentStateResponse> result) mutable {
        if (!result.ok()) return std::move(done)(result.status());
        response = *std::move(result);
        std::move(done)(absl::OkStatus());
      });
}

absl::Status Events::ReportTaskLogs(const Caller&, const v1::ReportTaskLogsRequest&,
                                    v1::ReportTaskLogsResponse&) const {
  return NotServedYet("task logs");
}

absl::Status Events::ReportMetrics(const Caller&, const v1::ReportMetricsRequest&,
                                   v1::ReportMetricsResponse&) const {
  return NotServedYet("metrics");
}

EventStream* Events::OpenStream() {
  auto stream = std::make_shared<EventStream>(EventStream::Options{
      .max_unanswered = options_.max_unanswered_reports,
      .take = [this](
                  v1::StreamEventsRequest report,
                  EventStream::AnswerReport answer) { Take(std::move(report), std::move(answer)); },
      .on_done =
          [this](EventStream& done) {
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
  std::vector<std::shared_ptr<EventStream>> streams;
  {
    MutexLock lock(mutex_);
    draining_ = true;
    streams.assign(streams_.begin(), streams_.end());
  }
  for (const std::shared_ptr<EventStream>& stream : streams) stream->Drain();
}

void Events::Take(v1::StreamEventsRequest report, EventStream::AnswerReport answer) {
  const uint64_t sequence = report.sequence();
  switch (report.report_case()) {
    case v1::StreamEventsRequest::kExperimentState:
      return router_.ReportExperimentState(
          std::move(*report.mutable_experiment_state()),
          [sequence, answer = std::move(answer)](
              absl::StatusOr<v1::ReportExperimentStateResponse> result) mutable {
            if (!result.ok()) return std::move(answer)(ReportFailed(sequence, result.status()));
            v1::StreamEventsResponse response;
            *response.mutable_experiment_state() = *std::move(result);
            std::move(answer)(std::move(response));
          });
    case v1::StreamEventsRequest::kTaskLogs:
      return std::move(answer)(ReportFailed(sequence, NotServedYet("task logs")));
    case v1::StreamEventsRequest::kMetrics:
      return std::move(answer)(ReportFailed(sequence, NotServedYet("metrics")));
    case v1::StreamEventsRequest::REPORT_NOT_SET:
      return std::move(answer)(ReportFailed(
          sequence, absl::InvalidArgumentError(
                        "report is missing: set experiment_state in every request of the stream")));
  }
}

}  // namespace webhookd
