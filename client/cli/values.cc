#include "client/cli/values.h"

#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "determined/experiment/v1/experiment.pb.h"
#include "google/protobuf/util/json_util.h"
#include "server/gateway/protojson_reader.h"

namespace webhookd {
namespace {

bool IsNumber(absl::string_view text) {
  for (const char c : text) {
    if (!absl::ascii_isdigit(c) && c != '.') return false;
  }
  return !text.empty();
}

std::string ToUpperName(absl::string_view text) {
  return absl::StrReplaceAll(absl::AsciiStrToUpper(text), {{"-", "_"}});
}

}  // namespace

absl::StatusOr<absl::Time> ParseTime(absl::string_view text, absl::Time now) {
  absl::string_view rest = text;
  const bool from_now = absl::ConsumePrefix(&rest, "now");
  if (from_now && rest.empty()) return now;
  if (absl::StartsWith(rest, "-") || absl::StartsWith(rest, "+")) {
    absl::Duration offset;
    if (absl::ParseDuration(rest, &offset) && offset < absl::InfiniteDuration() &&
        offset > -absl::InfiniteDuration()) {
      return now + offset;
    }
  } else if (!from_now && IsNumber(text)) {
    // A double has no room for nanoseconds.
    const std::pair<absl::string_view, absl::string_view> parts =
        absl::StrSplit(text, absl::MaxSplits('.', 1));
    int64_t seconds = 0;
    double fraction = 0;
    // Above that, RFC 3339 and protobuf have no more years.
    if (absl::SimpleAtoi(parts.first, &seconds) && seconds < 253'402'300'800 &&
        (parts.second.empty() || absl::SimpleAtod(absl::StrCat("0.", parts.second), &fraction))) {
      return absl::FromUnixSeconds(seconds) + absl::Nanoseconds(std::llround(fraction * 1e9));
    }
  } else if (!from_now) {
    absl::Time time;
    std::string error;
    if (absl::ParseTime(absl::RFC3339_full, text, &time, &error) && time < absl::InfiniteFuture() &&
        time > absl::InfinitePast()) {
      return time;
    }
  }
  return absl::InvalidArgumentError(
      absl::StrCat("\"", text,
                   "\" is not a time; write RFC 3339 (2022-10-13T19:39:51Z), Unix seconds, now, or "
                   "an offset from now (-41s)"));
}

absl::StatusOr<absl::Duration> ParseTimeSpan(absl::string_view text) {
  absl::Duration duration;
  double seconds = 0;
  if (IsNumber(text) && absl::SimpleAtod(text, &seconds)) {
    duration = absl::Seconds(seconds);
  } else if (!absl::ParseDuration(text, &duration)) {
    duration = -absl::InfiniteDuration();
  }
  if (duration < absl::ZeroDuration() || duration == absl::InfiniteDuration()) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", text, "\" is not a duration; write 30s, 2m or 1h30m"));
  }
  return duration;
}

std::string ShowTime(const google::protobuf::Timestamp& time, bool is_set) {
  if (!is_set) return "-";
  return absl::FormatTime("%Y-%m-%d %H:%M:%SZ", absl::FromUnixSeconds(time.seconds()),
                          absl::UTCTimeZone());
}

std::string ShowDuration(const google::protobuf::Duration& duration) {
  const absl::Duration value =
      absl::Seconds(duration.seconds()) + absl::Nanoseconds(duration.nanos());
  return absl::FormatDuration(absl::Trunc(
      value, value < absl::Milliseconds(1) ? absl::Microseconds(1) : absl::Milliseconds(1)));
}

google::protobuf::Timestamp ToTimestamp(absl::Time time) {
  google::protobuf::Timestamp timestamp;
  timestamp.set_seconds(absl::ToUnixSeconds(time));
  timestamp.set_nanos(static_cast<int32_t>(
      absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(timestamp.seconds()))));
  return timestamp;
}

std::vector<std::string> EnumNames(const google::protobuf::EnumDescriptor& type,
                                   absl::string_view prefix) {
  std::vector<std::string> names;
  for (int i = 0; i < type.value_count(); ++i) {
    if (type.value(i)->number() == 0) continue;
    names.emplace_back(absl::StripPrefix(type.value(i)->name(), prefix));
  }
  return names;
}

std::string EnumName(const google::protobuf::EnumDescriptor& type, absl::string_view prefix,
                     int value) {
  const auto* const found = type.FindValueByNumber(value);
  return found == nullptr ? absl::StrCat(value)
                          : std::string(absl::StripPrefix(found->name(), prefix));
}

absl::StatusOr<int> ParseEnum(const google::protobuf::EnumDescriptor& type,
                              absl::string_view prefix, absl::string_view text) {
  const std::string name = ToUpperName(text);
  const auto* found = type.FindValueByName(absl::StrCat(prefix, absl::StripPrefix(name, prefix)));
  if (found == nullptr || found->number() == 0) {
    return absl::InvalidArgumentError(absl::StrCat("\"", text, "\" is not one of ",
                                                   absl::StrJoin(EnumNames(type, prefix), ", ")));
  }
  return found->number();
}

absl::StatusOr<std::string> ParseExperimentState(absl::string_view text) {
  const google::protobuf::EnumDescriptor& type = *determined::experiment::v1::State_descriptor();
  const bool errored = ToUpperName(text) == "ERRORED";
  const absl::StatusOr<int> state = ParseEnum(type, "STATE_", errored ? "ERROR" : text);
  if (!state.ok()) return state.status();
  return EnumName(type, "STATE_", *state);
}

absl::Status ParseJson(absl::string_view json, google::protobuf::Message& message) {
  const auto status =
      google::protobuf::util::JsonStringToMessage({json.data(), json.size()}, &message);
  // Numbers that would be stored as others are refused as the server refuses them over REST.
  if (status.ok()) return ReadProtoJson(json, message);
  // The parser may add the text around the mistake and a line that points at it.
  const std::vector<absl::string_view> lines =
      absl::StrSplit(absl::string_view(status.message().data(), status.message().size()), '\n');
  if (lines.size() < 2) return absl::InvalidArgumentError(lines[0]);
  return absl::InvalidArgumentError(absl::StrCat(lines[0], " Near: ", lines[1]));
}

}  // namespace webhookd
