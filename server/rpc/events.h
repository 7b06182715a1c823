#ifndef WEBHOOKD_SERVER_RPC_EVENTS_H_
#define WEBHOOKD_SERVER_RPC_EVENTS_H_

#include <memory>

#include "absl/container/flat_hash_set.h"
#include "base/mutex.h"
#include "server/events/event_router.h"
#include "server/rpc/api.h"
#include "server/rpc/event_stream.h"
#include "webhookd/v1/ingest.pb.h"

namespace webhookd {

// The RPCs of webhookd.v1.EventService. Thread-safe.
class Events {
 public:
  struct Options {
    int max_unanswered_reports = 1'024;  // a stream
  };

  // `router` must outlive this and the calls under way.
  Events(Options options, EventRouter& router) : options_(options), router_(router) {}

  void AddTo(Api& api);

  // A StreamEvents call over gRPC. The stream ends with its call.
  EventStream* OpenStream();

  // Ends every stream as soon as what it has read is answered, and new ones at once. Returns
  // without waiting.
  void Drain();

 private:
  void ReportExperimentState(const Caller& caller, const v1::ReportExperimentStateRequest& request,
                             v1::ReportExperimentStateResponse& response, DoneStatus done);
  // UNIMPLEMENTED.
  absl::Status ReportTaskLogs(const Caller& caller, const v1::ReportTaskLogsRequest& request,
                              v1::ReportTaskLogsResponse& response) const;
  // UNIMPLEMENTED.
  absl::Status ReportMetrics(const Caller& caller, const v1::ReportMetricsRequest& request,
                             v1::ReportMetricsResponse& response) const;
  // One report of a stream.
  void Take(v1::StreamEventsRequest report, EventStream::AnswerReport answer);

  const Options options_;
  EventRouter& router_;

  Mutex mutex_;
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
  absl::flat_hash_set<std::shared_ptr<EventStream>> streams_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_RPC_EVENTS_H_
