#ifndef WEBHOOKD_SERVER_EVENTS_REPORTS_H_
#define WEBHOOKD_SERVER_EVENTS_REPORTS_H_

#include <memory>
#include <string>

#include "absl/time/time.h"
#include "base/random.h"
#include "determined/api/v1/webhook.pb.h"
#include "server/events/event_intake.h"
#include "server/events/firing_memory.h"
#include "storage/store.h"
#include "webhookd/v1/ingest.pb.h"

// The kinds of reports. Requests were validated.
namespace webhookd {

// What reports are made with. Outlives them.
struct ReportContext {
  const std::string& base_url;
  RandomBits& random;
  FiringMemory& memory;
  Store& store;
  absl::Time now;
};

using KnownExperimentPtr = std::shared_ptr<const v1::Experiment>;

std::unique_ptr<EventReport> MakeStateReport(const ReportContext& context,
                                             v1::ReportExperimentStateRequest request,
                                             Done<v1::ReportExperimentStateResponse> done);

// `experiment` is null when nobody told what the task belongs to.
std::unique_ptr<EventReport> MakeTaskLogReport(const ReportContext& context,
                                               v1::ReportTaskLogsRequest request,
                                               KnownExperimentPtr experiment,
                                               Done<v1::ReportTaskLogsResponse> done);

// `experiment` has a trial_id. `ticket` is of memory.reports, and empty without an idempotency key.
std::unique_ptr<EventReport> MakeMetricReport(const ReportContext& context,
                                              v1::ReportMetricsRequest request,
                                              RecentReports::Ticket ticket,
                                              KnownExperimentPtr experiment,
                                              Done<v1::ReportMetricsResponse> done);

// `experiment` has a trial_id if the alert has one.
std::unique_ptr<EventReport> MakeCustomReport(
    const ReportContext& context, determined::api::v1::PostWebhookEventDataRequest request,
    KnownExperimentPtr experiment, DoneStatus done);

// Lists the deliveries of what was accepted, at most the first 1,000, without those that were
// dropped.
void ListDeliveries(const AcceptedEvent& event,
                    google::protobuf::RepeatedPtrField<v1::MatchedDelivery>& deliveries);

// A delivery to the webhook of a match, without its body.
NewDelivery DeliveryOf(const Match& match);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_EVENTS_REPORTS_H_
