#ifndef WEBHOOKD_SERVER_RPC_EVENT_HISTORY_H_
#define WEBHOOKD_SERVER_RPC_EVENT_HISTORY_H_

#include "base/clock.h"
#include "server/auth/authorizer.h"
#include "server/rpc/api.h"
#include "server/rpc/read_call.h"
#include "storage/store.h"
#include "storage/webhook_catalog.h"
#include "webhookd/v1/delivery.pb.h"

namespace webhookd {

// The RPCs of webhookd.v1.DeliveryService that look back at events: what was accepted, and why a
// trigger fired for it, did not, or would have. Thread-safe.
//
// Callers see the events of experiments in workspaces that they may see, and nothing tells them
// that there are others; of an event, what the webhooks made of it that they may see.
class EventHistory {
 public:
  // All must outlive this and the calls under way.
  struct Dependencies {
    Store& store;
    const WebhookCatalog& catalog;
    const Authorizer& authorizer;
    Clock& clock;
    ReadThreads threads;
  };

  explicit EventHistory(Dependencies dependencies) : dependencies_(dependencies) {}

  void AddTo(Api& api);

 private:
  void List(const Caller& caller, const v1::ListEventsRequest& request,
            v1::ListEventsResponse& response, DoneStatus done);
  void Get(const Caller& caller, const v1::GetEventRequest& request, v1::GetEventResponse& response,
           DoneStatus done);
  void DryRun(const Caller& caller, const v1::DryRunTriggerRequest& request,
              v1::DryRunTriggerResponse& response, DoneStatus done);
  void TestPattern(const Caller& caller, const v1::TestPatternRequest& request,
                   v1::TestPatternResponse& response, DoneStatus done);

  bool CanView(const Caller& caller, const v1::RecordedEvent& event) const;
  absl::Status ReadList(const Caller& caller, const v1::ListEventsRequest& request,
                        v1::ListEventsResponse& response);
  absl::Status Explain(const Caller& caller, const v1::GetEventRequest& request,
                       v1::GetEventResponse& response);
  absl::Status TryTrigger(const Caller& caller, const v1::DryRunTriggerRequest& request,
                          v1::DryRunTriggerResponse& response);

  const Dependencies dependencies_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_RPC_EVENT_HISTORY_H_
