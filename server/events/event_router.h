#ifndef WEBHOOKD_SERVER_EVENTS_EVENT_ROUTER_H_
#define WEBHOOKD_SERVER_EVENTS_EVENT_ROUTER_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/random.h"
#include "determined/api/v1/webhook.pb.h"
#include "server/events/event_intake.h"
#include "server/events/firing_memory.h"
#include "server/events/known_experiments.h"
#include "server/events/log_scanner.h"
#include "server/events/reports.h"
#include "storage/store.h"
#include "storage/wake.h"
#include "storage/webhook_catalog.h"
#include "webhookd/v1/ingest.pb.h"

namespace webhookd {

// Turns reports into events and deliveries: validates, fills in what is known of the experiment,
// matches, renders, stores, wakes the dispatcher. Thread-safe.
//
// Each Report… calls `done` once: with INVALID_ARGUMENT, which names the field and the value, for
// a request that is wrong; else with what came of it once that is durable, or with an error of
// Store::AcceptEvents, and then nothing was stored. At once when there is nothing to store, else on
// a thread of the store.
class EventRouter {
 public:
  struct Options {
    std::string base_url;  // of the page, for links; without trailing slash; may be empty
    ErrorStateName error_state = ErrorStateName::kErrored;  // for webhooks that do not say
    absl::Duration lease = absl::Minutes(5);
    absl::Duration first_wait;  // before a delivery's first attempt
    KnownExperiments::Options known_experiments = {};
    size_t max_metric_states = 100'000;  // pairs of a metric trigger and a trial
  };

  // What the router borrows; all must outlive it and the callbacks it was given.
  struct Dependencies {
    Store& store;
    WebhookCatalog& catalog;
    Clock& clock;
    RandomBits& random;
    Wake wake;
    Reserve reserve;
    // Where lines of logs are scanned; null: on the thread that reports them.
    LogScanner* scanner = nullptr;
  };

  EventRouter(Options options, Dependencies dependencies);

  // Reads what earlier processes learned. Call it once, first.
  absl::Status Load();

  void ReportExperimentState(v1::ReportExperimentStateRequest request,
                             Done<v1::ReportExperimentStateResponse> done);

  // Lines that fire nothing cost no write. RESOURCE_EXHAUSTED: too many lines wait to be matched.
  void ReportTaskLogs(v1::ReportTaskLogsRequest request, Done<v1::ReportTaskLogsResponse> done);

  // Metrics that fire nothing cost no write, but for a trigger that comes to be armed again.
  void ReportMetrics(v1::ReportMetricsRequest request, Done<v1::ReportMetricsResponse> done);

  // An alert of an experiment's own code. NOT_FOUND: nobody told of the experiment.
  void PostCustomEvent(determined::api::v1::PostWebhookEventDataRequest request, DoneStatus done);

  void PutExperiment(v1::PutExperimentRequest request, DoneStatus done);

  // What is known of an experiment; null if nothing is.
  std::shared_ptr<const v1::Experiment> FindExperiment(int32_t experiment_id) {
    return known_.Find(experiment_id);
  }
  // Workspaces that reports named.
  std::vector<KnownExperiments::Workspace> Workspaces() { return known_.Workspaces(); }
  std::optional<KnownExperiments::Workspace> FindWorkspace(int32_t workspace_id) {
    return known_.FindWorkspace(workspace_id);
  }

 private:
  ReportContext Context();

  const Options options_;
  const Dependencies dependencies_;
  KnownExperiments known_;
  FiringMemory memory_;
  EventIntake intake_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_EVENTS_EVENT_ROUTER_H_
