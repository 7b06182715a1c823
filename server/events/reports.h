#ifndef WEBHOOKD_SERVER_EVENTS_REPORTS_H_
#define WEBHOOKD_SERVER_EVENTS_REPORTS_H_

#include <memory>
#include <string>

#include "absl/time/time.h"
#include "base/random.h"
#include "determined/api/v1/webhook.pb.h"
#include "server/events/event_intake.h"
#include "server/events/firing_memory.h"
#include "server/events/report_correction.h"
#include "storage/store.h"
#include "webhookd/v1/ingest.pb.h"

// The kinds of reports. Requests were corrected, as `corrections` say, and validated.
namespace webhookd {

// What reports are made with. Outlives them.
struct ReportContext {
  const std::string& base_url;
  ErrorStateName error_name;  // for webhooks that do not say
  RandomBits& random;
  FiringMemory& memory;
  Store& store;
  absl::Time now;
};

// Notes in the input of an event what was wrong with its report.
void AddCorrections(const Corrections& corrections, v1::EventInput& input);

using KnownExperimentPtr = std::shared_ptr<const v1::Experiment>;

std::unique_ptr<EventReport> MakeStateReport(const ReportContext& context,
                                             v1::ReportExperimentStateRequest request,
                                             Corrections corrections,
                                             Done<v1::ReportExperimentStateResponse> done);

// A report whose matching may take long: it can be done beforehand, in steps. Match does what is
// left of it, and all of it anew for another index.
class ScannedReport : public EventReport {
 public:
  virtual int64_t bytes() const = 0;
  // Whose lines they are; 0 when nobody told.
  virtual int32_t workspace_id() const = 0;
  // True when nothing is left to do.
  virtual bool ScanStep(const std::shared_ptr<const TriggerIndex>& index) = 0;
};

// `experiment` is null when nobody told what the task belongs to.
std::unique_ptr<ScannedReport> MakeTaskLogReport(const ReportContext& context,
                                                 v1::ReportTaskLogsRequest request,
                                                 KnownExperimentPtr experiment,
                                                 Corrections corrections,
                                                 Done<v1::ReportTaskLogsResponse> done);

// `experiment` has a trial_id. `ticket` is of memory.reports, and empty without an idempotency key.
std::unique_ptr<EventReport> MakeMetricReport(
    const ReportContext& context, v1::ReportMetricsRequest request, RecentReports::Ticket ticket,
    KnownExperimentPtr experiment, Corrections corrections, Done<v1::ReportMetricsResponse> done);

// `experiment` has a trial_id if the alert has one.
std::unique_ptr<EventReport> MakeCustomReport(
    const ReportContext& context, determined::api::v1::PostWebhookEventDataRequest request,
    KnownExperimentPtr experiment, Corrections corrections, DoneStatus done);

// Lists the deliveries of what was accepted, at most the first 1,000, without those that were
// dropped.
void ListDeliveries(const AcceptedEvent& event,
                    google::protobuf::RepeatedPtrField<v1::MatchedDelivery>& deliveries);

// The word for STATE_ERROR in the body of a match, and the key of that body among those of an event
// that differ in nothing else: "slack", "ERRORED" or "ERROR".
ErrorStateName ErrorNameFor(const Match& match, const ReportContext& context);
absl::string_view BodyKey(const Match& match, const ReportContext& context);

// A delivery to the webhook of a match, without its body.
NewDelivery DeliveryOf(const Match& match);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_EVENTS_REPORTS_H_
