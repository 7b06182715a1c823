#ifndef WEBHOOKD_SERVER_EVENTS_REPORT_VALIDATION_H_
#define WEBHOOKD_SERVER_EVENTS_REPORT_VALIDATION_H_

#include "absl/status/status.h"

namespace determined::api::v1 {
class PostWebhookEventDataRequest;
}  // namespace determined::api::v1
namespace webhookd::v1 {
class PutExperimentRequest;
class ReportExperimentStateRequest;
class ReportMetricsRequest;
class ReportTaskLogsRequest;
}  // namespace webhookd::v1

namespace webhookd {

// Checks a report against the bounds that webhookd/v1/ingest.proto states. INVALID_ARGUMENT names
// the field by its path (such as "logs[3].task_id"), its value and what it must be. Only what
// decides something is checked: see report_correction.h for the rest.
absl::Status ValidateReport(const v1::ReportExperimentStateRequest& report);
// As Determined has it, the lines are of one task and have no id.
absl::Status ValidateReport(const v1::ReportTaskLogsRequest& report);
absl::Status ValidateReport(const v1::ReportMetricsRequest& report);
absl::Status ValidatePut(const v1::PutExperimentRequest& request);
absl::Status ValidateCustomEvent(const determined::api::v1::PostWebhookEventDataRequest& request);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_EVENTS_REPORT_VALIDATION_H_
