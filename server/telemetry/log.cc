#include "server/telemetry/log.h"

#include <unistd.h>

#include <atomic>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <string>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/json_string.h"
#include "server/telemetry/line_writer.h"

namespace webhookd {
namespace {

// Nobody may be reading, and the process must end all the same.
constexpr absl::Duration kFlushPatience = absl::Seconds(2);

enum class LineFormat { kJson, kText, kColoredText };

struct LevelName {
  LogLevel level;
  absl::string_view name;
  absl::string_view column;  // of a line of text, all of one width
  absl::string_view color;   // SGR parameters
};

constexpr LevelName kLevels[] = {
    {LogLevel::kTrace, "trace", "TRACE", "2"},    {LogLevel::kDebug, "debug", "DEBUG", "36"},
    {LogLevel::kInfo, "info", "INFO ", "32"},     {LogLevel::kWarning, "warning", "WARN ", "33;1"},
    {LogLevel::kError, "error", "ERROR", "31;1"},
};

const LevelName& NameOf(LogLevel level) { return kLevels[static_cast<int>(level)]; }

bool WantsColor() {
  const char* no_color = std::getenv("NO_COLOR");  // see no-color.org
  const char* terminal = std::getenv("TERM");
  return (no_color == nullptr || *no_color == '\0') &&
         (terminal == nullptr || absl::string_view(terminal) != "dumb");
}

LineFormat TextFormat() {
  return isatty(STDERR_FILENO) != 0 && WantsColor() ? LineFormat::kColoredText : LineFormat::kText;
}

LineFormat AutoFormat() { return isatty(STDERR_FILENO) != 0 ? TextFormat() : LineFormat::kJson; }

std::atomic<LogLevel> minimum_level = LogLevel::kInfo;

std::atomic<LineFormat>& Format() {
  static std::atomic<LineFormat> format = AutoFormat();
  return format;
}

std::string Now() {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ", absl::Now(), absl::UTCTimeZone());
}

// The shortest text that reads back as `value`.
std::string NumberText(double value) {
  char buffer[32];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof(buffer), value);
  return std::string(buffer, end);
}

struct JsonValue {
  std::string& line;

  void operator()(absl::string_view value) const {
    line += '"';
    AppendJsonEscaped(value, JsonEscapes::kUnprintable, line);
    line += '"';
  }
  void operator()(int64_t value) const { absl::StrAppend(&line, value); }
  void operator()(double value) const { line += std::isfinite(value) ? NumberText(value) : "null"; }
  void operator()(bool value) const { line += value ? "true" : "false"; }
};

struct TextValue {
  std::string& line;

  void operator()(absl::string_view value) const {
    const bool bare = !value.empty() && value.find_first_of(" =\"\\") == absl::string_view::npos;
    if (!bare) line += '"';
    AppendJsonEscaped(value, JsonEscapes::kUnprintable, line);
    if (!bare) line += '"';
  }
  void operator()(int64_t value) const { absl::StrAppend(&line, value); }
  void operator()(double value) const { line += NumberText(value); }
  void operator()(bool value) const { line += value ? "true" : "false"; }
};

void AppendJson(LogLevel level, absl::string_view message, std::initializer_list<LogField> fields,
                std::string& line) {
  const JsonValue append{line};
  absl::StrAppend(&line, "{\"time\":\"", Now(), "\",\"level\":\"", NameOf(level).name,
                  "\",\"message\":");
  append(message);
  for (const LogField& field : fields) {
    line += ',';
    append(field.name);
    line += ':';
    std::visit(append, field.value);
  }
  line += '}';
}

void AppendText(LogLevel level, absl::string_view message, std::initializer_list<LogField> fields,
                bool colored, std::string& line) {
  const auto paint = [&](absl::string_view parameters) {
    if (colored) absl::StrAppend(&line, "\x1b[", parameters, "m");
  };
  absl::StrAppend(&line, Now(), " ");
  paint(NameOf(level).color);
  absl::StrAppend(&line, NameOf(level).column);
  paint("0");
  line += ' ';
  AppendJsonEscaped(message, JsonEscapes::kUnprintable, line);
  const TextValue append{line};
  for (const LogField& field : fields) {
    line += ' ';
    paint("2");
    AppendJsonEscaped(field.name, JsonEscapes::kUnprintable, line);
    line += '=';
    paint("0");
    std::visit(append, field.value);
  }
}

// A line in the format in force.
std::string Line(LogLevel level, absl::string_view message,
                 std::initializer_list<LogField> fields) {
  std::string line;
  line.reserve(256);
  const LineFormat format = Format().load(std::memory_order_relaxed);
  if (format == LineFormat::kJson) {
    AppendJson(level, message, fields, line);
  } else {
    AppendText(level, message, fields, format == LineFormat::kColoredText, line);
  }
  return line;
}

std::string DroppedLine(int64_t count) {
  return Line(LogLevel::kWarning,
              "log lines were dropped: standard error was not read, or could not be written",
              {{"dropped_lines", count}});
}

// Never destroyed: threads may still log while the process ends.
LineWriter& Errors() {
  static LineWriter& writer =
      *new LineWriter({.file = STDERR_FILENO, .dropped_line = &DroppedLine});
  return writer;
}

}  // namespace

absl::Status InitLogging(absl::string_view level, absl::string_view format) {
  const LevelName* chosen = nullptr;
  for (const LevelName& candidate : kLevels) {
    if (candidate.name == level) chosen = &candidate;
  }
  if (chosen == nullptr) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "log level \"%s\" is not known; use trace, debug, info, warning or error", level));
  }
  if (format == "json") {
    Format() = LineFormat::kJson;
  } else if (format == "text") {
    Format() = TextFormat();
  } else if (format == "auto") {
    Format() = AutoFormat();
  } else {
    return absl::InvalidArgumentError(
        absl::StrFormat("log format \"%s\" is not known; use auto, json or text", format));
  }
  minimum_level = chosen->level;
  return absl::OkStatus();
}

bool LogEnabled(LogLevel level) { return level >= minimum_level.load(std::memory_order_relaxed); }

void Log(LogLevel level, absl::string_view message, std::initializer_list<LogField> fields) {
  if (LogEnabled(level)) Errors().Write(Line(level, message, fields));
}

void LogText(absl::string_view text) { Errors().Write(text); }

void FlushLogs() { Errors().Flush(kFlushPatience); }

}  // namespace webhookd
