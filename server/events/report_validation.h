#ifndef WEBHOOKD_SERVER_EVENTS_REPORT_VALIDATION_H_
#define WEBHOOKD_SERVER_EVENTS_REPORT_VALIDATION_H_

#include "absl/status/status.h"

namespace webhookd::v1 {
class ReportExperimentStateRequest;
}  // namespace webhookd::v1

namespace webhookd {

// Checks a report against the bounds that webhookd/v1/ingest.proto states. INVALID_ARGUMENT names
// the field by its path (such as "experiment.webhooks.webhook_id[3]"), its value and what it must
// be.
absl::Status ValidateReport(const v1::ReportExperimentStateRequest& report);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_EVENTS_REPORT_VALIDATION_H_
