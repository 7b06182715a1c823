#include "server/config/command_line.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/quoted.h"
#include "base/status_macros.h"
#include "server/config/nearest_name.h"

namespace webhookd {
namespace {

using Action = CommandLine::Action;

struct ActionFlag {
  absl::string_view name;
  Action action;
};

constexpr ActionFlag kActionFlags[] = {
    {"--help", Action::kHelp},
    {"-h", Action::kHelp},
    {"--version", Action::kVersion},
    {"--help-markdown", Action::kHelpMarkdown},
};

constexpr char kResetPassword[] = "--reset-password";

struct Argument {
  std::string name;  // with two dashes
  std::optional<std::string> value;
};

Argument Split(absl::string_view text) {
  if (absl::StartsWith(text, "---")) text.remove_prefix(1);
  const size_t equals = text.find('=');
  Argument argument;
  argument.name.assign(text.data(), std::min(equals, text.size()));
  if (equals != absl::string_view::npos) argument.value.emplace(text.substr(equals + 1));
  return argument;
}

std::optional<Action> ActionOf(absl::string_view name) {
  for (const ActionFlag& flag : kActionFlags) {
    if (flag.name == name) return flag.action;
  }
  return std::nullopt;
}

const Setting* SettingOf(const std::string& flag) {
  for (const Setting& setting : Settings()) {
    const std::vector<std::string> flags = setting.Flags();
    if (std::find(flags.begin(), flags.end(), flag) != flags.end()) return &setting;
  }
  return nullptr;
}

absl::Status UnknownFlag(const std::string& name) {
  std::vector<std::string> known = {kResetPassword};
  for (const ActionFlag& flag : kActionFlags) known.emplace_back(flag.name);
  for (const Setting& setting : Settings()) {
    for (std::string& flag : setting.Flags()) known.push_back(std::move(flag));
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "unknown flag ", Quoted(name), DidYouMean(name, known), " (--help lists all flags)"));
}

bool IsSwitchText(const std::string& text) { return ParseSwitch(text).ok(); }

}  // namespace

absl::StatusOr<CommandLine> ParseCommandLine(const std::vector<std::string>& arguments) {
  CommandLine command_line;
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (!absl::StartsWith(arguments[i], "-")) {
      return absl::InvalidArgumentError(absl::StrCat("unexpected argument ", Quoted(arguments[i]),
                                                     "; settings are given as --flag value"));
    }
    auto [name, value] = Split(arguments[i]);
    if (const std::optional<Action> action = ActionOf(name); action.has_value() && !value) {
      command_line.action = *action;
      return command_line;
    }
    if (name == kResetPassword) {
      if (!value && i + 1 < arguments.size()) value = arguments[++i];
      if (!value || value->empty()) {
        return absl::InvalidArgumentError(
            absl::StrCat(name, " needs a value: ", name, "=NAME, such as ", name, "=admin"));
      }
      command_line.reset_password = *std::move(value);
      continue;
    }
    const Setting* setting = SettingOf(name);
    if (setting == nullptr) return UnknownFlag(name);
    const bool is_switch = setting->field.placeholder.empty();
    const std::string* next = i + 1 < arguments.size() ? &arguments[i + 1] : nullptr;
    if (!value && is_switch) {
      value = "true";
      if (next != nullptr && IsSwitchText(*next)) value = arguments[++i];
    } else if (!value) {
      if (next == nullptr) {
        return absl::InvalidArgumentError(
            absl::StrCat(name, " needs a value: ", name, "=", setting->field.placeholder));
      }
      // A value that was forgotten, rather than one that looks like a flag.
      if (absl::StartsWith(*next, "--") && SettingOf(Split(*next).name) != nullptr) {
        return absl::InvalidArgumentError(absl::StrCat(name, " needs a value, but ", Quoted(*next),
                                                       " follows; write ", name,
                                                       "=VALUE if that is its value"));
      }
      value = arguments[++i];
    }
    command_line.values.push_back(
        {.setting = setting, .text = *std::move(value), .name = name, .source = name});
  }
  return command_line;
}

}  // namespace webhookd
