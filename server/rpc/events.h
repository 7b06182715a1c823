#ifndef WEBHOOKD_SERVER_RPC_EVENTS_H_
#define WEBHOOKD_SERVER_RPC_EVENTS_H_

#include <functional>
#include <memory>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "base/mutex.h"
#include "determined/api/v1/task.pb.h"
#include "determined/api/v1/webhook.pb.h"
#include "server/auth/authorizer.h"
#include "server/events/event_router.h"
#include "server/rpc/api.h"
#include "server/rpc/stream_events_call.h"
#include "webhookd/v1/ingest.pb.h"

namespace webhookd {

// The RPCs of webhookd.v1.EventService, and those of determined.api.v1.Determined that report
// events. Thread-safe.
class Events {
 public:
  struct Options {
    int max_unanswered_reports = 1'024;  // a stream
  };

  // All must outlive this and the calls under way.
  struct Dependencies {
    EventRouter& router;
    const Authorizer& authorizer;
    // Whether what the caller showed is still good: a stream outlives tokens.
    std::function<bool(const Caller&)> is_still_valid;
  };

  Events(Options options, Dependencies dependencies)
      : options_(options), dependencies_(std::move(dependencies)), router_(dependencies_.router) {}

  void AddTo(Api& api);

  // A StreamEvents call over gRPC, of a caller who was admitted. The stream ends with its call.
  StreamEventsCall* OpenStream(const Caller& caller);

  // Ends every stream as soon as what it has read is answered, and new ones at once. Returns
  // without waiting.
  void Drain();

 private:
  void ReportExperimentState(const Caller& caller, const v1::ReportExperimentStateRequest& request,
                             v1::ReportExperimentStateResponse& response, DoneStatus done);
  void ReportTaskLogs(const Caller& caller, const v1::ReportTaskLogsRequest& request,
                      v1::ReportTaskLogsResponse& response, DoneStatus done);
  void ReportMetrics(const Caller& caller, const v1::ReportMetricsRequest& request,
                     v1::ReportMetricsResponse& response, DoneStatus done);
  void PutExperiment(const Caller& caller, const v1::PutExperimentRequest& request,
                     v1::PutExperimentResponse& response, DoneStatus done);
  // As ReportTaskLogs, in the form that Determined gives it.
  void PostTaskLogs(const Caller& caller, const determined::api::v1::PostTaskLogsRequest& request,
                    determined::api::v1::PostTaskLogsResponse& response, DoneStatus done);
  // PERMISSION_DENIED: the caller may not see webhooks of the experiment's workspace. NOT_FOUND:
  // the experiment is not known.
  void PostEventData(const Caller& caller,
                     const determined::api::v1::PostWebhookEventDataRequest& request,
                     determined::api::v1::PostWebhookEventDataResponse& response, DoneStatus done);
  // One report of a stream.
  void Take(const Caller& caller, v1::StreamEventsRequest report,
            StreamEventsCall::AnswerReport answer);

  const Options options_;
  const Dependencies dependencies_;
  EventRouter& router_;

  Mutex mutex_;
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
  absl::flat_hash_set<std::shared_ptr<StreamEventsCall>> streams_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_RPC_EVENTS_H_
