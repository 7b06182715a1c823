#include "server/config/setting_field.h"

#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/quoted.h"

namespace webhookd {
namespace {

absl::Status IsNot(absl::string_view text, absl::string_view expected) {
  return absl::InvalidArgumentError(absl::StrCat(Quoted(text), " is not ", expected));
}

absl::StatusOr<std::string> Trimmed(const GivenText& given) {
  ASSIGN_OR_RETURN(const std::string text, ParseText(given));
  return std::string(absl::StripAsciiWhitespace(text));
}

}  // namespace

absl::StatusOr<std::string> ParseText(const GivenText& given) {
  if (const auto* text = std::get_if<std::string>(&given)) return *text;
  return absl::InvalidArgumentError("a list was given, but a single value is expected");
}

absl::StatusOr<int64_t> ParseInteger(const GivenText& given, int64_t min, int64_t max) {
  ASSIGN_OR_RETURN(const std::string text, Trimmed(given));
  int64_t number = 0;
  if (!absl::SimpleAtoi(text, &number) || number < min || number > max) {
    return IsNot(text, absl::StrCat("a ", DescribeRange("whole number", absl::StrCat(min),
                                                        absl::StrCat(max))));
  }
  return number;
}

absl::StatusOr<double> ParseNumber(const GivenText& given, double min, double max) {
  ASSIGN_OR_RETURN(const std::string text, Trimmed(given));
  double number = 0;
  if (!absl::SimpleAtod(text, &number) || !std::isfinite(number) || number < min || number > max) {
    return IsNot(text,
                 absl::StrCat("a ", DescribeRange("number", absl::StrCat(min), absl::StrCat(max))));
  }
  return number;
}

absl::StatusOr<bool> ParseSwitch(const GivenText& given) {
  ASSIGN_OR_RETURN(const std::string text, Trimmed(given));
  const std::string lower = absl::AsciiStrToLower(text);
  if (lower == "true" || lower == "yes" || lower == "on" || lower == "1") return true;
  if (lower == "false" || lower == "no" || lower == "off" || lower == "0") return false;
  return IsNot(text, "true or false");
}

absl::StatusOr<absl::Duration> ParseDurationFrom(const GivenText& given, absl::Duration min,
                                                 absl::Duration max) {
  ASSIGN_OR_RETURN(const std::string text, Trimmed(given));
  absl::Duration duration;
  double number = 0;
  if (!absl::ParseDuration(text, &duration)) {
    const bool has_no_unit = absl::SimpleAtod(text, &number) && std::isfinite(number);
    return IsNot(text, has_no_unit ? absl::StrCat("a duration; add a unit, such as ", text, "s or ",
                                                  text, "m")
                                   : "a duration such as 500ms, 15s, 2m, 1h30m or 24h");
  }
  if (duration < min || duration > max) {
    return IsNot(text, absl::StrCat("a ", DescribeRange("duration", absl::FormatDuration(min),
                                                        absl::FormatDuration(max))));
  }
  return duration;
}

absl::StatusOr<std::vector<std::string>> ParseList(const GivenText& given) {
  std::vector<std::string> entries;
  if (const auto* list = std::get_if<std::vector<std::string>>(&given)) {
    entries = *list;
  } else if (const std::string& text = std::get<std::string>(given);
             !absl::StripAsciiWhitespace(text).empty()) {
    entries = absl::StrSplit(text, ',');
  }
  for (std::string& entry : entries) {
    absl::StripAsciiWhitespace(&entry);
    if (entry.empty()) return absl::InvalidArgumentError("the list has an empty entry");
  }
  return entries;
}

absl::StatusOr<std::vector<absl::Duration>> ParseSchedule(const GivenText& given,
                                                          size_t max_entries, absl::Duration max) {
  ASSIGN_OR_RETURN(const std::vector<std::string> entries, ParseList(given));
  if (entries.empty() || entries.size() > max_entries) {
    return absl::InvalidArgumentError(
        absl::StrCat("the list has ", entries.size(), " entries; it can have 1 to ", max_entries));
  }
  std::vector<absl::Duration> schedule;
  for (const std::string& entry : entries) {
    ASSIGN_OR_RETURN(const absl::Duration wait,
                     ParseDurationFrom(entry, absl::ZeroDuration(), max));
    schedule.push_back(wait);
  }
  return schedule;
}

std::string DescribeRange(absl::string_view type, absl::string_view min, absl::string_view max) {
  return absl::StrCat(type, " from ", min, " to ", max);
}

}  // namespace webhookd
