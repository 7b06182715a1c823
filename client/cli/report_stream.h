#ifndef WEBHOOKD_CLIENT_CLI_REPORT_STREAM_H_
#define WEBHOOKD_CLIENT_CLI_REPORT_STREAM_H_

#include <istream>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client/cli/session.h"
#include "webhookd/v1/ingest.pb.h"

namespace webhookd {

// Reads a report from one line of JSON: a ReportExperimentStateRequest, or a StreamEventsRequest
// that holds any report.
absl::StatusOr<v1::StreamEventsRequest> ParseReportLine(absl::string_view line);

// Reports every line of `input` over one stream and prints a line for each as it is answered, under
// the sequence that the line gave or else its number. A line that cannot be read or is refused does
// not keep the others from being reported; kFailed then.
absl::StatusOr<ExitCode> ReportLines(Session& session, std::istream& input);

}  // namespace webhookd

#endif  // WEBHOOKD_CLIENT_CLI_REPORT_STREAM_H_
