#include "server/config/setting.h"

#include <type_traits>
#include <variant>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"

namespace webhookd {
namespace {

constexpr absl::string_view kMask = "********";

std::vector<std::string> WithAliases(const Setting& setting) {
  std::vector<std::string> keys = {setting.key};
  keys.insert(keys.end(), setting.aliases.begin(), setting.aliases.end());
  return keys;
}

// Of "scheme://user:password@host".
std::string WithoutCredentials(const std::string& url) {
  const size_t at = url.rfind('@');
  if (at == std::string::npos) return url;
  const absl::string_view scheme = absl::string_view(url).substr(0, url.find("://"));
  return absl::StrCat(scheme, "://", kMask, url.substr(at));
}

}  // namespace

std::vector<std::string> Setting::FileKeys() const {
  if (!in_file) return {};
  std::vector<std::string> keys = WithAliases(*this);
  keys.insert(keys.end(), file_aliases.begin(), file_aliases.end());
  return keys;
}

std::vector<std::string> Setting::Flags() const {
  std::vector<std::string> flags = WithAliases(*this);
  for (std::string& flag : flags) {
    flag = absl::StrCat("--", absl::StrReplaceAll(flag, {{".", "-"}, {"_", "-"}}));
  }
  return flags;
}

std::vector<std::string> Setting::Variables() const {
  std::vector<std::string> variables = WithAliases(*this);
  for (std::string& variable : variables) {
    variable =
        absl::StrCat("DET_", absl::AsciiStrToUpper(absl::StrReplaceAll(variable, {{".", "_"}})));
  }
  return variables;
}

SettingValue Setting::ShownValue(const Config& config) const {
  SettingValue value = field.get(config);
  if (auto* text = std::get_if<std::string>(&value); text != nullptr && !text->empty()) {
    if (secret) *text = std::string(kMask);
    if (has_credentials) *text = WithoutCredentials(*text);
  }
  return value;
}

std::string SettingText(const SettingValue& value) {
  return std::visit(
      [](const auto& alternative) -> std::string {
        using Value = std::decay_t<decltype(alternative)>;
        if constexpr (std::is_same_v<Value, bool>) {
          return alternative ? "true" : "false";
        } else if constexpr (std::is_same_v<Value, std::vector<std::string>>) {
          return absl::StrJoin(alternative, ",");
        } else {
          return absl::StrCat(alternative);
        }
      },
      value);
}

}  // namespace webhookd
