#include "server/events/event_router.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "server/events/content_digest.h"
#include "server/events/report_correction.h"
#include "server/events/report_validation.h"
#include "server/events/reports.h"

namespace webhookd {
namespace {

absl::Status ExperimentNotKnown(int32_t experiment_id) {
  return absl::NotFoundError(absl::StrCat(
      "experiment ", experiment_id,
      " is not known here: report its state, or tell of it by PutExperiment, before its alerts"));
}

// The scan of a report of lines, which then goes to the store.
class ReportScan final : public LogScanner::Scan {
 public:
  ReportScan(EventIntake& intake, std::string caller, std::unique_ptr<ScannedReport> report)
      : intake_(intake),
        caller_(std::move(caller)),
        bytes_(report->bytes()),
        owner_(report->workspace_id()),
        report_(std::move(report)) {}

  int64_t bytes() const override { return bytes_; }
  int32_t owner() const override { return owner_; }

  bool Step() override {
    if (index_ == nullptr) index_ = intake_.CurrentIndex();
    if (!report_->ScanStep(index_)) return false;
    intake_.Take(std::move(caller_), std::move(report_));
    return true;
  }

  void Refuse(const absl::Status& status) override { report_->Finish(status); }

 private:
  EventIntake& intake_;
  std::string caller_;
  const int64_t bytes_;
  const int32_t owner_;
  std::unique_ptr<ScannedReport> report_;
  std::shared_ptr<const TriggerIndex> index_;
};

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
          .error_name = options_.error_state,
          .random = dependencies_.random,
          .memory = memory_,
          .store = dependencies_.store,
          .now = dependencies_.clock.Now()};
}

void EventRouter::ReportExperimentState(const std::string& caller,
                                        v1::ReportExperimentStateRequest request,
                                        Done<v1::ReportExperimentStateResponse> done) {
  Corrections corrections = CorrectReport(request);
  const absl::Status valid = ValidateReport(request);
  if (!valid.ok()) return std::move(done)(valid);
  known_.Learn(request.experiment(), KnownExperiments::Durability::kWithEvent);
  intake_.Take(caller, MakeStateReport(Context(), std::move(request), std::move(corrections),
                                       std::move(done)));
}

void EventRouter::ReportTaskLogs(const std::string& caller, v1::ReportTaskLogsRequest request,
                                 Done<v1::ReportTaskLogsResponse> done) {
  Corrections corrections = CorrectReport(request);
  const absl::Status valid = ValidateReport(request);
  if (!valid.ok()) return std::move(done)(valid);
  const std::string& task_id = request.logs(0).task_id();
  KnownExperimentPtr experiment;
  if (request.has_experiment()) {
    known_.Learn(request.experiment(), KnownExperiments::Durability::kLater);
    known_.LearnTask(task_id, request.experiment().id(), request.experiment().trial_id());
  }
  experiment = known_.FindByTask(task_id);
  std::unique_ptr<ScannedReport> report =
      MakeTaskLogReport(Context(), std::move(request), std::move(experiment),
                        std::move(corrections), std::move(done));
  if (dependencies_.scanner == nullptr) return intake_.Take(caller, std::move(report));
  std::unique_ptr<LogScanner::Scan> scan =
      std::make_unique<ReportScan>(intake_, caller, std::move(report));
  const absl::Status status = dependencies_.scanner->Add(scan);
  if (!status.ok()) scan->Refuse(status);
}

void EventRouter::ReportMetrics(const std::string& caller, v1::ReportMetricsRequest request,
                                Done<v1::ReportMetricsResponse> done) {
  Corrections corrections = CorrectReport(request);
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
  intake_.Take(caller,
               MakeMetricReport(Context(), std::move(request), std::move(ticket),
                                std::move(experiment), std::move(corrections), std::move(done)));
}

void EventRouter::PostCustomEvent(determined::api::v1::PostWebhookEventDataRequest request,
                                  DoneStatus done) {
  Corrections corrections = CorrectAlert(request);
  const absl::Status valid = ValidateCustomEvent(request);
  if (!valid.ok()) return std::move(done)(valid);
  KnownExperimentPtr experiment = known_.Find(request.experiment_id());
  if (experiment == nullptr) return std::move(done)(ExperimentNotKnown(request.experiment_id()));
  if (request.has_trial_id()) {
    // The trial is only told: one that nobody told of yet must not cost the alert.
    if (!known_.HasTrial(request.experiment_id(), request.trial_id())) {
      corrections.push_back(absl::StrCat("trial ", request.trial_id(), " of experiment ",
                                         request.experiment_id(),
                                         " was not known here: it is given as the alert has it"));
    }
    v1::Experiment with_trial = *experiment;
    with_trial.set_trial_id(request.trial_id());
    experiment = std::make_shared<const v1::Experiment>(std::move(with_trial));
  }
  intake_.Take(/*caller=*/"", MakeCustomReport(Context(), std::move(request), std::move(experiment),
                                               std::move(corrections), std::move(done)));
}

void EventRouter::PutExperiment(v1::PutExperimentRequest request, DoneStatus done) {
  CorrectPut(request);
  const absl::Status valid = ValidatePut(request);
  if (!valid.ok()) return std::move(done)(valid);
  known_.Put(request, std::move(done));
}

}  // namespace webhookd
