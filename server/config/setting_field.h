#ifndef WEBHOOKD_SERVER_CONFIG_SETTING_FIELD_H_
#define WEBHOOKD_SERVER_CONFIG_SETTING_FIELD_H_

#include <cstdint>
#include <functional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/status_macros.h"
#include "server/config/config.h"

namespace webhookd {

// What was given: the text of a flag, a variable or a scalar of the file, or a list of the file.
using GivenText = std::variant<std::string, std::vector<std::string>>;

// A value for people and programs to read. Durations are text such as "1m30s".
using SettingValue = std::variant<std::string, int64_t, double, bool, std::vector<std::string>>;

// The type of a setting and where its value lives in a Config.
struct SettingField {
  std::string placeholder;  // such as "N"; empty for a switch, whose flag needs no value
  std::string description;  // such as "whole number from 0 to 65535"
  bool is_list = false;     // a list in the file, separated by commas elsewhere

  // Checks and stores a value. INVALID_ARGUMENT says what is wrong with it and what is expected.
  std::function<absl::Status(const GivenText&, Config&)> set;
  std::function<SettingValue(const Config&)> get;
};

// What a text must be beyond its type; INVALID_ARGUMENT says why it is not. May tidy it up.
using TextCheck = std::function<absl::StatusOr<std::string>(absl::string_view)>;

absl::StatusOr<std::string> ParseText(const GivenText& given);
absl::StatusOr<int64_t> ParseInteger(const GivenText& given, int64_t min, int64_t max);
absl::StatusOr<double> ParseNumber(const GivenText& given, double min, double max);
absl::StatusOr<bool> ParseSwitch(const GivenText& given);
absl::StatusOr<absl::Duration> ParseDurationFrom(const GivenText& given, absl::Duration min,
                                                 absl::Duration max);
absl::StatusOr<std::vector<std::string>> ParseList(const GivenText& given);
absl::StatusOr<std::vector<absl::Duration>> ParseSchedule(const GivenText& given,
                                                          size_t max_entries, absl::Duration max);

std::string DescribeRange(absl::string_view type, absl::string_view min, absl::string_view max);

// In all of these `member` is a function that returns the member of the Config it is given:
// [](auto& config) -> auto& { return config.port; }

template <typename Member>
SettingField TextField(Member member, const std::string& placeholder,
                       const std::string& description, const TextCheck& check) {
  return {.placeholder = placeholder,
          .description = description,
          .set = [member, check](const GivenText& given, Config& config) -> absl::Status {
            ASSIGN_OR_RETURN(const std::string text, ParseText(given));
            ASSIGN_OR_RETURN(member(config), check(text));
            return absl::OkStatus();
          },
          .get = [member](const Config& config) -> SettingValue { return member(config); }};
}

template <typename Member>
SettingField IntegerField(Member member, int64_t min, int64_t max) {
  return {
      .placeholder = "N",
      .description = DescribeRange("whole number", std::to_string(min), std::to_string(max)),
      .set = [=](const GivenText& given, Config& config) -> absl::Status {
        ASSIGN_OR_RETURN(const int64_t number, ParseInteger(given, min, max));
        member(config) = static_cast<std::decay_t<decltype(member(config))>>(number);
        return absl::OkStatus();
      },
      .get = [member](const Config& config) -> SettingValue { return int64_t{member(config)}; }};
}

template <typename Member>
SettingField NumberField(Member member, int min, int max) {
  return {.placeholder = "X",
          .description = DescribeRange("number", std::to_string(min), std::to_string(max)),
          .set = [=](const GivenText& given, Config& config) -> absl::Status {
            ASSIGN_OR_RETURN(member(config), ParseNumber(given, min, max));
            return absl::OkStatus();
          },
          .get = [member](const Config& config) -> SettingValue { return member(config); }};
}

template <typename Member>
SettingField SwitchField(Member member) {
  return {.description = "true or false",
          .set = [member](const GivenText& given, Config& config) -> absl::Status {
            ASSIGN_OR_RETURN(member(config), ParseSwitch(given));
            return absl::OkStatus();
          },
          .get = [member](const Config& config) -> SettingValue { return member(config); }};
}

template <typename Member>
SettingField DurationField(Member member, absl::Duration min, absl::Duration max) {
  return {.placeholder = "DURATION",
          .description =
              DescribeRange("duration", absl::FormatDuration(min), absl::FormatDuration(max)),
          .set = [=](const GivenText& given, Config& config) -> absl::Status {
            ASSIGN_OR_RETURN(member(config), ParseDurationFrom(given, min, max));
            return absl::OkStatus();
          },
          .get = [member](const Config& config) -> SettingValue {
            return absl::FormatDuration(member(config));
          }};
}

// `check` sees each entry.
template <typename Member>
SettingField ListField(Member member, const std::string& description, const TextCheck& check) {
  return {.placeholder = "LIST",
          .description = description,
          .is_list = true,
          .set = [member, check](const GivenText& given, Config& config) -> absl::Status {
            ASSIGN_OR_RETURN(std::vector<std::string> entries, ParseList(given));
            for (std::string& entry : entries) {
              ASSIGN_OR_RETURN(entry, check(entry));
            }
            member(config) = std::move(entries);
            return absl::OkStatus();
          },
          .get = [member](const Config& config) -> SettingValue { return member(config); }};
}

// A list of waits, of which there must be one.
template <typename Member>
SettingField ScheduleField(Member member, size_t max_entries, absl::Duration max) {
  return {.placeholder = "LIST",
          .description = DescribeRange("list of 1 to " + std::to_string(max_entries) + " durations",
                                       "0", absl::FormatDuration(max)),
          .is_list = true,
          .set = [=](const GivenText& given, Config& config) -> absl::Status {
            ASSIGN_OR_RETURN(member(config), ParseSchedule(given, max_entries, max));
            return absl::OkStatus();
          },
          .get = [member](const Config& config) -> SettingValue {
            std::vector<std::string> waits;
            for (const absl::Duration wait : member(config))
              waits.push_back(absl::FormatDuration(wait));
            return waits;
          }};
}

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_CONFIG_SETTING_FIELD_H_
