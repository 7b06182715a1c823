#ifndef WEBHOOKD_SERVER_TELEMETRY_LOG_H_
#define WEBHOOKD_SERVER_TELEMETRY_LOG_H_

#include <cstdint>
#include <initializer_list>
#include <string>
#include <variant>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace webhookd {

enum class LogLevel { kTrace, kDebug, kInfo, kWarning, kError };

// One name and value of a log line. Values are never secrets: keys, tokens and passwords do not go
// in.
struct LogField {
  absl::string_view name;  // snake_case
  std::variant<absl::string_view, int64_t, double, bool> value;
};

// Sets level ("trace" … "error") and format ("json", "text", "auto") of all log lines, which go to
// standard error. INVALID_ARGUMENT for another level or format. Before it is called: info, auto.
absl::Status InitLogging(absl::string_view level, absl::string_view format);

bool LogEnabled(LogLevel level);

// Writes one line: time, level, message and fields. As JSON:
// {"time":…,"level":…,"message":…,fields…}. Thread-safe. Line breaks and control characters in
// values are escaped. Never waits: lines that nobody reads are dropped, and a line then says how
// many (see LineWriter).
void Log(LogLevel level, absl::string_view message, std::initializer_list<LogField> fields = {});

// Writes `text`, which is for people, as it is among the log lines. A line break is added.
void LogText(absl::string_view text);

// Waits until what was logged is written, but no longer than two seconds.
void FlushLogs();

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_TELEMETRY_LOG_H_
