#ifndef WEBHOOKD_SERVER_EVENTS_EVENT_ROUTER_H_
#define WEBHOOKD_SERVER_EVENTS_EVENT_ROUTER_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/random.h"
#include "server/events/trigger_matcher.h"
#include "storage/store.h"
#include "storage/wake.h"
#include "storage/webhook_catalog.h"
#include "webhookd/v1/ingest.pb.h"

namespace webhookd {

// Turns a reported event into deliveries: validates, matches, renders, stores, wakes the
// dispatcher. Thread-safe.
class EventRouter {
 public:
  struct Options {
    std::string base_url;  // of the page, for links; without trailing slash; may be empty
    absl::Duration lease = absl::Minutes(5);
    absl::Duration first_wait;  // before a delivery's first attempt
  };

  // What the router borrows; all must outlive it and the callbacks it was given.
  struct Dependencies {
    Store& store;
    WebhookCatalog& catalog;
    Clock& clock;
    RandomBits& random;
    Wake wake;
    Reserve reserve;
  };

  EventRouter(Options options, Dependencies dependencies);

  // Calls `done` once the event is durable, or with the reason why nothing was stored: at once for
  // a request that is wrong, else on the store's writer. INVALID_ARGUMENT names the field and the
  // value. Errors of Store::AcceptEvent.
  void ReportExperimentState(v1::ReportExperimentStateRequest request,
                             Done<v1::ReportExperimentStateResponse> done);

 private:
  struct Report;

  // Matches the report and hands it to the store.
  void Try(std::unique_ptr<Report> report);
  // Finds the report's deliveries and bodies, and reserves room for them with the dispatcher.
  void FindDeliveries(Report& report);
  // The index in the report's bodies of the one for webhooks of this type.
  size_t BodyIndex(Report& report, WebhookType type) const;
  // Takes the store's answer.
  void Finish(std::unique_ptr<Report> report, absl::StatusOr<AcceptedEvent> accepted);
  // Sees to it that another try meets newer webhooks, or says why there is none.
  absl::Status CatchUp(const Report& report);
  void WakeDispatcher(const Report& report, const AcceptedEvent& accepted);

  const Options options_;
  const Dependencies dependencies_;
  TriggerMatcher matcher_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_EVENTS_EVENT_ROUTER_H_
