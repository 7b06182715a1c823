#include "server/telemetry/log.h"

#include <gmock/gmock.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <limits>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tests/server/telemetry/captured_stderr.h"

namespace webhookd {
namespace {

using ::google::protobuf::Struct;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::Not;

constexpr char kTimePattern[] = "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{6}Z";

Struct ParseJson(const std::string& line) {
  Struct parsed;
  const auto status = google::protobuf::util::JsonStringToMessage(line, &parsed);
  EXPECT_TRUE(status.ok()) << status.ToString() << " in " << line;
  return parsed;
}

// What Log writes, without its line break.
std::string Logged(absl::string_view format, absl::string_view message,
                   std::initializer_list<LogField> fields = {}) {
  EXPECT_TRUE(InitLogging("info", format).ok());
  const CapturedStderr captured;
  Log(LogLevel::kInfo, message, fields);
  FlushLogs();
  std::string text = captured.Text();
  EXPECT_THAT(text, EndsWith("\n"));
  text.pop_back();
  EXPECT_THAT(text, Not(HasSubstr("\n")));
  return text;
}

TEST(Log, JsonLineHasTimeLevelMessageAndFieldsInOrder) {
  const int64_t count = -7;
  EXPECT_THAT(Logged("json", "attempt made",
                     {{"url", "http://a/b"}, {"status", count}, {"seconds", 0.25}, {"ok", true}}),
              MatchesRegex(absl::StrCat("\\{\"time\":\"", kTimePattern,
                                        "\",\"level\":\"info\",\"message\":\"attempt made\","
                                        "\"url\":\"http://a/b\",\"status\":-7,\"seconds\":0.25,"
                                        "\"ok\":true\\}")));
}

TEST(Log, TimeIsNowInUtc) {
  const absl::Time before = absl::Now();
  const std::string text = ParseJson(Logged("json", "m")).fields().at("time").string_value();
  const absl::Time after = absl::Now();
  absl::Time time;
  std::string error;
  ASSERT_TRUE(absl::ParseTime(absl::RFC3339_full, text, &time, &error)) << error;
  EXPECT_GE(time, before - absl::Microseconds(1));
  EXPECT_LE(time, after);
}

TEST(Log, JsonSurvivesEveryByte) {
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte) bytes.push_back(static_cast<char>(byte));
  const std::string line = Logged("json", bytes, {{"value", bytes}});
  for (const char c : line) EXPECT_GE(static_cast<uint8_t>(c), 0x20);
  const Struct parsed = ParseJson(line);
  const std::string& value = parsed.fields().at("value").string_value();
  EXPECT_EQ(value.substr(0, 128), bytes.substr(0, 128));
  EXPECT_THAT(value, EndsWith("\xef\xbf\xbd"));
  EXPECT_EQ(parsed.fields().at("message").string_value(), value);
}

TEST(Log, KeepsTextOfEveryScript) {
  const std::string text = "Ünïcödé 实验 эксперимент 🎉";
  EXPECT_THAT(Logged("json", text), HasSubstr(absl::StrCat("\"", text, "\"")));
  EXPECT_THAT(Logged("text", text), EndsWith(text));
}

TEST(Log, EscapesWhatMovesOrReordersTextOnATerminal) {
  // CSI as a C1 character, right-to-left override, line separator.
  EXPECT_THAT(Logged("text",
                     "a\xc2\x9b"
                     "31m\xe2\x80\xae\xe2\x80\xa8\x1b[2J\rb\tc"),
              EndsWith(" a\\u009b31m\\u202e\\u2028\\u001b[2J\\rb\\tc"));
}

TEST(Log, JsonNumbersAreValid) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  EXPECT_THAT(Logged("json", "m",
                     {{"a", kInfinity},
                      {"b", -kInfinity},
                      {"c", std::numeric_limits<double>::quiet_NaN()},
                      {"d", 1e300},
                      {"e", -0.0},
                      {"f", 0.1},
                      {"g", std::numeric_limits<int64_t>::min()}}),
              EndsWith("\"a\":null,\"b\":null,\"c\":null,\"d\":1e+300,\"e\":-0,\"f\":0.1,"
                       "\"g\":-9223372036854775808}"));
}

TEST(Log, TextQuotesValuesThatNeedIt) {
  EXPECT_THAT(Logged("text", "message here",
                     {{"a", "plain"}, {"b", "two words"}, {"c", ""}, {"d", "x=\"y\""}, {"e", 1.5}}),
              MatchesRegex(absl::StrCat(kTimePattern,
                                        " INFO  message here a=plain b=\"two words\" c=\"\" "
                                        "d=\"x=\\\\\"y\\\\\"\" e=1.5")));
}

TEST(Log, FiltersByLevel) {
  const std::vector<std::string> levels = {"trace", "debug", "info", "warning", "error"};
  for (size_t minimum = 0; minimum < levels.size(); ++minimum) {
    ASSERT_TRUE(InitLogging(levels[minimum], "json").ok());
    const CapturedStderr captured;
    std::vector<std::string> expected;
    for (size_t i = 0; i < levels.size(); ++i) {
      const LogLevel level = static_cast<LogLevel>(i);
      EXPECT_EQ(LogEnabled(level), i >= minimum);
      Log(level, "m");
      if (i >= minimum) expected.push_back(levels[i]);
    }
    FlushLogs();
    std::vector<std::string> written;
    for (const std::string& line : captured.Lines()) {
      written.push_back(ParseJson(line).fields().at("level").string_value());
    }
    EXPECT_EQ(written, expected);
  }
}

TEST(Log, AutoIsJsonWhenNobodyLooks) {
  const CapturedStderr captured;
  ASSERT_TRUE(InitLogging("info", "auto").ok());
  Log(LogLevel::kInfo, "m");
  FlushLogs();
  EXPECT_THAT(captured.Text(), HasSubstr("\"message\":\"m\"}"));
}

TEST(Log, AutoIsColoredTextOnATerminal) {
  int terminal = -1;
  int program = -1;
  ASSERT_EQ(openpty(&terminal, &program, nullptr, nullptr, nullptr), 0);
  setenv("TERM", "xterm", 1);
  unsetenv("NO_COLOR");
  const int saved = dup(STDERR_FILENO);
  dup2(program, STDERR_FILENO);
  const absl::Status status = InitLogging("info", "auto");
  Log(LogLevel::kError, "went wrong", {{"code", int64_t{5}}});
  setenv("NO_COLOR", "1", 1);
  const absl::Status plain_status = InitLogging("info", "auto");
  Log(LogLevel::kError, "again");
  FlushLogs();
  unsetenv("NO_COLOR");
  dup2(saved, STDERR_FILENO);
  close(saved);
  ASSERT_TRUE(status.ok() && plain_status.ok());

  std::string text;
  while (!absl::EndsWith(text, "again\r\n")) {
    char buffer[1024];
    const ssize_t length = read(terminal, buffer, sizeof(buffer));
    ASSERT_GT(length, 0);
    text.append(buffer, static_cast<size_t>(length));
  }
  close(program);
  close(terminal);
  EXPECT_THAT(text, HasSubstr(" \x1b[31;1mERROR\x1b[0m went wrong \x1b[2mcode=\x1b[0m5\r\n"));
  EXPECT_THAT(text, HasSubstr("Z ERROR again\r\n"));
}

TEST(Log, LinesOfManyThreadsStayWhole) {
  constexpr int kThreads = 8;
  constexpr int kLines = 250;
  ASSERT_TRUE(InitLogging("info", "json").ok());
  const CapturedStderr captured;
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([thread] {
      for (int64_t i = 0; i < kLines; ++i) {
        Log(LogLevel::kInfo, std::string(100, 'x'), {{"id", i * kThreads + thread}});
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  FlushLogs();
  std::set<int> ids;
  for (const std::string& line : captured.Lines()) {
    ids.insert(static_cast<int>(ParseJson(line).fields().at("id").number_value()));
  }
  EXPECT_EQ(ids.size(), kThreads * kLines);
  EXPECT_EQ(*ids.rbegin(), kThreads * kLines - 1);
}

TEST(InitLogging, NamesWhatIsWrongAndChangesNothing) {
  ASSERT_TRUE(InitLogging("warning", "json").ok());
  const absl::Status level = InitLogging("loud", "json");
  EXPECT_EQ(level.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(level.message()), HasSubstr("\"loud\""));
  const absl::Status format = InitLogging("trace", "xml");
  EXPECT_EQ(format.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(format.message()), HasSubstr("\"xml\""));
  EXPECT_FALSE(LogEnabled(LogLevel::kInfo));
  const CapturedStderr captured;
  Log(LogLevel::kInfo, "m");
  FlushLogs();
  EXPECT_THAT(captured.Lines(), IsEmpty());
}

}  // namespace
}  // namespace webhookd
