#include "server/events/event_router.h"

#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "server/events/content_digest.h"
#include "server/events/report_validation.h"
#include "server/events/reports.h"

namespace webhookd {
namespace {

absl::Status ExperimentNotKnown(int32_t experiment_id) {
  return absl::NotFoundError(absl::StrCat(
      "experiment ", experiment_id,
      " is not known here: report its state, or tell of it by PutExperiment, before its alerts"));
}

absl::Status TrialNotKnown(int32_t experiment_id, int32_t trial_id) {
  return absl::NotFoundError(absl::StrCat(
      "trial ", trial_id, " of experiment ", experiment_id,
      " is not known here: tell of it by PutExperiment or with a report before its alerts"));
}

}  // namespace

EventRouter::EventRouter(Options options, Dependencies dependencies)
    : options_(std::move(options)),
      dependencies_(std::move(dependencies)),
      known_(options_.known_experiments, dependencies_.store, dependencies_.clock),
      memory_(options_.max_metric_states),
      intake_({.lease = options_.lease, .first_wait = options_.first_wait},
              {.store = dependencies_.store,
               .clock = dependencies_.clock,
               .wake = dependencies_.wake,
               .reserve = dependencies_.reserve}) {}

absl::Status EventRouter::Load() {
  RETURN_IF_ERROR(known_.Load());
  ASSIGN_OR_RETURN(
      const std::vector<MetricState> states,
      dependencies_.store.LoadMetricStates(static_cast<int64_t>(options_.max_metric_states)));
  memory_.metrics.Load(states);
  return absl::OkStatus();
}

ReportContext EventRouter::Context() {
  return {.base_url = options_.base_url,
          .random = dependencies_.random,
          .memory = memory_,
          .store = dependencies_.store,
          .now = dependencies_.clock.Now()};
}

void EventRouter::ReportExperimentState(const std::string& caller,
                                        v1::ReportExperimentStateRequest request,
                                        Done<v1::ReportExperimentStateResponse> done) {
  const absl::Status valid = ValidateReport(request);
  if (!valid.ok()) return std::move(done)(valid);
  known_.Learn(request.experiment(), KnownExperiments::Durability::kWithEvent);
  intake_.Take(caller, MakeStateReport(Context(), std::move(request), std::move(done)));
}

void EventRouter::ReportTaskLogs(const std::string& caller, v1::ReportTaskLogsRequest request,
                                 Done<v1::ReportTaskLogsResponse> done) {
  const absl::Status valid = ValidateReport(request);
  if (!valid.ok()) return std::move(done)(valid);
  const std::string& task_id = request.logs(0).task_id();
  KnownExperimentPtr experiment;
  if (request.has_experiment()) {
    known_.Learn(request.experiment(), KnownExperiments::Durability::kLater);
    known_.LearnTask(task_id, request.experiment().id(), request.experiment().trial_id());
  }
  experiment = known_.FindByTask(task_id);
  intake_.Take(caller, MakeTaskLogReport(Context(), std::move(request), std::move(experiment),
                                         std::move(done)));
}

void EventRouter::ReportMetrics(const std::string& caller, v1::ReportMetricsRequest request,
                                Done<v1::ReportMetricsResponse> done) {
  const absl::Status valid = ValidateReport(request);
  if (!valid.ok()) return std::move(done)(valid);
  RecentReports::Ticket ticket;
  if (!request.idempotency_key().empty()) {
    ticket = {.key = {caller, request.idempotency_key()}, .digest = ContentDigest(request)};
    absl::StatusOr<std::optional<v1::ReportMetricsResponse>> known = memory_.reports.Begin(ticket);
    if (!known.ok()) return std::move(done)(known.status());
    if (known->has_value()) {
      (*known)->set_duplicate(true);
      return std::move(done)(**std::move(known));
    }
  }
  KnownExperimentPtr experiment =
      known_.Learn(request.experiment(), KnownExperiments::Durability::kLater);
  intake_.Take(caller, MakeMetricReport(Context(), std::move(request), std::move(ticket),
                                        std::move(experiment), std::move(done)));
}

void EventRouter::PostCustomEvent(determined::api::v1::PostWebhookEventDataRequest request,
                                  DoneStatus done) {
  const absl::Status valid = ValidateCustomEvent(request);
  if (!valid.ok()) return std::move(done)(valid);
  KnownExperimentPtr experiment = known_.Find(request.experiment_id());
  if (experiment == nullptr) return std::move(done)(ExperimentNotKnown(request.experiment_id()));
  if (request.has_trial_id()) {
    if (!known_.HasTrial(request.experiment_id(), request.trial_id())) {
      return std::move(done)(TrialNotKnown(request.experiment_id(), request.trial_id()));
    }
    v1::Experiment with_trial = *experiment;
    with_trial.set_trial_id(request.trial_id());
    experiment = std::make_shared<const v1::Experiment>(std::move(with_trial));
  }
  intake_.Take(
      /*caller=*/"",
      MakeCustomReport(Context(), std::move(request), std::move(experiment), std::move(done)));
}

void EventRouter::PutExperiment(const v1::PutExperimentRequest& request, DoneStatus done) {
  const absl::Status valid = ValidatePut(request);
  if (!valid.ok()) return std::move(done)(valid);
  known_.Put(request, std::move(done));
}

}  // namespace webhookd
