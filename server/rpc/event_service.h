#ifndef WEBHOOKD_SERVER_RPC_EVENT_SERVICE_H_
#define WEBHOOKD_SERVER_RPC_EVENT_SERVICE_H_

#include <memory>

#include "absl/container/flat_hash_set.h"
#include "base/mutex.h"
#include "server/events/event_router.h"
#include "server/rpc/event_stream.h"
#include "webhookd/v1/ingest.grpc.pb.h"

namespace webhookd {

// webhookd.v1.EventService. Thread-safe.
class EventService final : public v1::EventService::CallbackService {
 public:
  struct Options {
    int max_unanswered_reports = 1'024;  // a stream
  };

  // `router` must outlive the service and its calls.
  EventService(Options options, EventRouter& router) : options_(options), router_(router) {}

  grpc::ServerUnaryReactor* ReportExperimentState(
      grpc::CallbackServerContext* context, const v1::ReportExperimentStateRequest* request,
      v1::ReportExperimentStateResponse* response) override;
  // UNIMPLEMENTED.
  grpc::ServerUnaryReactor* ReportTaskLogs(grpc::CallbackServerContext* context,
                                           const v1::ReportTaskLogsRequest* request,
                                           v1::ReportTaskLogsResponse* response) override;
  // UNIMPLEMENTED.
  grpc::ServerUnaryReactor* ReportMetrics(grpc::CallbackServerContext* context,
                                          const v1::ReportMetricsRequest* request,
                                          v1::ReportMetricsResponse* response) override;
  grpc::ServerBidiReactor<v1::StreamEventsRequest, v1::StreamEventsResponse>* StreamEvents(
      grpc::CallbackServerContext* context) override;

  // Ends every stream as soon as what it has read is answered, and new ones at once. Returns
  // without waiting.
  void Drain();

 private:
  void Take(v1::StreamEventsRequest report, EventStream::AnswerReport answer);

  const Options options_;
  EventRouter& router_;

  Mutex mutex_;
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
  absl::flat_hash_set<std::shared_ptr<EventStream>> streams_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_RPC_EVENT_SERVICE_H_
