#include "client/cli/report_stream.h"

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/mutex.h"
#include "base/status_macros.h"
#include "client/cli/display_width.h"
#include "client/cli/values.h"
#include "client/cpp/event_client.h"

namespace webhookd {
namespace {

// Prints what becomes of each line. Thread-safe.
class Reporter {
 public:
  explicit Reporter(Session& session) : session_(session) {}

  void Succeed(uint64_t sequence, v1::StreamEventsResponse response) {
    MutexLock lock(mutex_);
    ++succeeded_;
    response.set_sequence(sequence);
    if (session_.json) {
      session_.out() << ToJson(response, JsonSpacing::kOneLine) << std::flush;
      return;
    }
    session_.out() << "line " << sequence << ": ";
    if (response.has_experiment_state()) {
      const v1::ReportExperimentStateResponse& result = response.experiment_state();
      session_.out() << "event " << result.event_id() << ", deliveries: " << result.delivery_count()
                     << (result.duplicate() ? " (reported before)" : "");
    } else {
      session_.out() << "accepted";
    }
    session_.out() << std::endl;
  }

  void Fail(uint64_t sequence, const absl::Status& status) {
    MutexLock lock(mutex_);
    ++failed_;
    if (session_.json) {
      v1::StreamEventsResponse response;
      response.set_sequence(sequence);
      response.mutable_error()->set_code(static_cast<int>(status.code()));
      response.mutable_error()->set_message(std::string(status.message()));
      session_.out() << ToJson(response, JsonSpacing::kOneLine) << std::flush;
    } else {
      session_.terminal.err << "webhookctl: line " << sequence << ": "
                            << absl::StatusCodeToString(status.code()) << ": "
                            << Printable(status.message()) << std::endl;
    }
  }

  ExitCode Finish() {
    MutexLock lock(mutex_);
    if (failed_ == 0) return ExitCode::kDone;
    session_.terminal.err << "webhookctl: reports accepted: " << succeeded_
                          << ", failed: " << failed_ << '\n';
    return ExitCode::kFailed;
  }

 private:
  Mutex mutex_;
  Session& session_ ABSL_GUARDED_BY(mutex_);
  int64_t succeeded_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t failed_ ABSL_GUARDED_BY(mutex_) = 0;
};

// Whether the parser stumbled over a field that only a StreamEventsRequest has.
bool MeansStreamRequest(absl::string_view error) {
  for (const char* const field :
       {"experimentState", "experiment_state", "taskLogs", "task_logs", "metrics", "sequence"}) {
    if (absl::StrContains(error, field)) return true;
  }
  return false;
}

}  // namespace

absl::StatusOr<v1::StreamEventsRequest> ParseReportLine(absl::string_view line) {
  v1::StreamEventsRequest request;
  const absl::Status as_report = ParseJson(line, *request.mutable_experiment_state());
  if (as_report.ok()) return request;
  request.Clear();
  const absl::Status as_stream = ParseJson(line, request);
  if (as_stream.ok()) return request;
  return MeansStreamRequest(as_report.message()) ? as_stream : as_report;
}

absl::StatusOr<ExitCode> ReportLines(Session& session, std::istream& input) {
  RETURN_IF_ERROR(session.connection().Check());
  ASSIGN_OR_RETURN(const std::unique_ptr<EventClient> client,
                   EventClient::Create(session.ClientOptions()));

  Reporter reporter(session);
  const std::unique_ptr<EventStream> stream = client->OpenStream();
  std::string line;
  for (uint64_t number = 1; std::getline(input, line); ++number) {
    const absl::string_view text = absl::StripAsciiWhitespace(line);
    if (text.empty()) continue;
    absl::StatusOr<v1::StreamEventsRequest> request = ParseReportLine(text);
    if (!request.ok()) {
      reporter.Fail(number, request.status());
      continue;
    }
    const uint64_t sequence = request->sequence() == 0 ? number : request->sequence();
    const absl::Status taken =
        stream->Report(*std::move(request),
                       [&reporter, sequence](absl::StatusOr<v1::StreamEventsResponse> result) {
                         if (result.ok()) {
                           reporter.Succeed(sequence, *std::move(result));
                         } else {
                           reporter.Fail(sequence, result.status());
                         }
                       });
    if (!taken.ok()) reporter.Fail(sequence, taken);
  }
  // Every report ends by its own deadline.
  RETURN_IF_ERROR(stream->Flush(absl::InfiniteDuration()));
  stream->Close();
  return reporter.Finish();
}

}  // namespace webhookd
