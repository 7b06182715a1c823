#ifndef WEBHOOKD_SERVER_EVENTS_REPORT_CORRECTION_H_
#define WEBHOOKD_SERVER_EVENTS_REPORT_CORRECTION_H_

#include <string>
#include <vector>

namespace determined::api::v1 {
class PostWebhookEventDataRequest;
}  // namespace determined::api::v1
namespace determined::task::v1 {
class TaskLog;
}  // namespace determined::task::v1
namespace webhookd::v1 {
class PutExperimentRequest;
class ReportExperimentStateRequest;
class ReportMetricsRequest;
class ReportTaskLogsRequest;
}  // namespace webhookd::v1

// What only decorates an event never costs it: before a report is validated, fields that nothing is
// decided by and that hold no sensible value are cut, set to 0 or left out. Each function says in
// words what it found wrong, for EventInput.corrections; nothing for a report that is as it should
// be.
namespace webhookd {

using Corrections = std::vector<std::string>;

Corrections CorrectReport(v1::ReportExperimentStateRequest& report);
// Of the report but for its lines: see CorrectLine.
Corrections CorrectReport(v1::ReportTaskLogsRequest& report);
Corrections CorrectReport(v1::ReportMetricsRequest& report);
Corrections CorrectPut(v1::PutExperimentRequest& request);
Corrections CorrectAlert(determined::api::v1::PostWebhookEventDataRequest& alert);
// Lines are many, and few become events: call it for those.
Corrections CorrectLine(determined::task::v1::TaskLog& log);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_EVENTS_REPORT_CORRECTION_H_
