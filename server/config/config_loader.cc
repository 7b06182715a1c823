#include "server/config/config_loader.h"

#include <cstdlib>
#include <map>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "server/config/command_line.h"
#include "server/config/file_settings.h"
#include "server/config/given_value.h"
#include "server/config/help.h"
#include "server/config/setting.h"
#include "server/config/version.h"
#include "server/config/yaml_file.h"

namespace webhookd {
namespace {

// Holds what is known so far; each value that is applied replaces an earlier one of its setting.
class Builder {
 public:
  explicit Builder(const std::string& default_config_file) {
    config_.config_file = default_config_file;
  }

  absl::Status Apply(const std::vector<GivenValue>& values) {
    for (const GivenValue& value : values) {
      const absl::Status status = value.setting->field.set(value.text, config_);
      if (!status.ok()) {
        const std::string place =
            value.source == value.name ? value.name : absl::StrCat(value.source, ": ", value.name);
        return absl::Status(status.code(), absl::StrCat(place, ": ", status.message()));
      }
      sources_[value.setting] = value.source;
    }
    return absl::OkStatus();
  }

  // Where the value of `setting` comes from; empty for a default.
  std::string SourceOf(const Setting& setting) const {
    const auto source = sources_.find(&setting);
    return source == sources_.end() ? "" : source->second;
  }

  Config& config() { return config_; }

 private:
  Config config_;
  std::map<const Setting*, std::string> sources_;
};

absl::StatusOr<std::vector<GivenValue>> EnvironmentSettings(const Environment& environment) {
  std::vector<GivenValue> values;
  for (const Setting& setting : Settings()) {
    const GivenValue* first = nullptr;
    for (const std::string& name : setting.Variables()) {
      std::optional<std::string> text = environment(name);
      if (!text.has_value() || text->empty()) continue;
      if (first == nullptr) {
        values.push_back(
            {.setting = &setting, .text = *std::move(text), .name = name, .source = name});
        first = &values.back();
      } else if (first->text != GivenText(*text)) {
        return absl::InvalidArgumentError(
            absl::StrCat(name, " and ", first->name,
                         " are the same setting, but have different values; unset one of them"));
      }
    }
  }
  return values;
}

absl::StatusOr<std::vector<GivenValue>> ReadFile(const std::string& path, bool is_default) {
  if (path.empty()) return std::vector<GivenValue>();
  absl::StatusOr<YamlNode> document = ReadYamlFile(path);
  absl::StatusOr<std::vector<GivenValue>> values =
      document.ok() ? FileSettings(*document, path)
                    : absl::StatusOr<std::vector<GivenValue>>(document.status());
  if (!values.ok() && is_default && !absl::IsNotFound(values.status())) {
    return absl::Status(values.status().code(),
                        absl::StrCat(values.status().message(),
                                     " (this file is read by default; --config-file=FILE names "
                                     "another, --config-file= none)"));
  }
  return values;
}

absl::Status CheckTogether(const Config& config) {
  const Config::Egress& egress = config.egress;
  if (egress.client_cert.empty() != egress.client_key.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("egress.client_cert and egress.client_key belong together, but only ",
                     egress.client_cert.empty() ? "the key" : "the certificate", " is set"));
  }
  if (config.tls.cert.empty() != config.tls.key.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("security.tls.cert and security.tls.key belong together, but only ",
                     config.tls.cert.empty() ? "the key" : "the certificate", " is set"));
  }
  if (config.tls.cert.empty() && !config.tls.client_ca.empty()) {
    return absl::InvalidArgumentError(
        "security.tls.client_ca is set, but clients can only show certificates over TLS: set "
        "security.tls.cert and security.tls.key too");
  }
  const Config::Delivery& delivery = config.delivery;
  if (delivery.disable_after <= delivery.timeout) {
    return absl::InvalidArgumentError(absl::StrCat(
        "delivery.disable_after is ", absl::FormatDuration(delivery.disable_after),
        ", but one attempt may take ", absl::FormatDuration(delivery.timeout),
        " (delivery.timeout), so that a single slow one could disable a webhook: raise "
        "delivery.disable_after or lower delivery.timeout"));
  }
  if (config.security.authn_type == "none" && !ListensOnLoopback(config)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "security.authn.type is none, which makes everybody who reaches ", config.listen_address,
        " an administrator: set it to tokens, or listen_address to a loopback address"));
  }
  return absl::OkStatus();
}

// Connecting is a part of an attempt.
absl::Status FitConnectTimeout(bool given, Config::Delivery& delivery) {
  if (delivery.connect_timeout <= delivery.timeout) return absl::OkStatus();
  if (given) {
    return absl::InvalidArgumentError(absl::StrCat(
        "delivery.connect_timeout is ", absl::FormatDuration(delivery.connect_timeout),
        ", but a whole attempt, connecting included, has ", absl::FormatDuration(delivery.timeout),
        " (delivery.timeout): lower the one or raise the other"));
  }
  delivery.connect_timeout = delivery.timeout;
  return absl::OkStatus();
}

constexpr int kDefaultTlsPort = 8'443;

const Setting& SettingWithKey(absl::string_view key) {
  for (const Setting& setting : Settings()) {
    if (setting.key == key) return setting;
  }
  std::abort();  // only for a key that this file misspells
}

}  // namespace

bool ListensOnLoopback(const Config& config) {
  const absl::string_view address = config.listen_address;
  return address == "localhost" || address == "::1" || absl::StartsWith(address, "127.");
}

Environment ProcessEnvironment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
    return value;
  };
}

absl::StatusOr<std::variant<LoadedConfig, Answer>> LoadConfig(
    const std::vector<std::string>& arguments, const Environment& environment,
    const std::string& default_config_file) {
  ASSIGN_OR_RETURN(const CommandLine command_line, ParseCommandLine(arguments));
  switch (command_line.action) {
    case CommandLine::Action::kHelp:
      return Answer{HelpText()};
    case CommandLine::Action::kHelpMarkdown:
      return Answer{SettingsMarkdown()};
    case CommandLine::Action::kVersion:
      return Answer{absl::StrCat("webhookd ", Version(), "\n")};
    case CommandLine::Action::kRun:
      break;
  }

  ASSIGN_OR_RETURN(const std::vector<GivenValue> variables, EnvironmentSettings(environment));
  // The file is the weakest of the three, yet only they tell which it is: they are applied twice.
  Builder naming_file(default_config_file);
  RETURN_IF_ERROR(naming_file.Apply(variables));
  RETURN_IF_ERROR(naming_file.Apply(command_line.values));
  const std::string path = naming_file.config().config_file;
  const bool is_default = naming_file.SourceOf(SettingWithKey("config_file")).empty();
  absl::StatusOr<std::vector<GivenValue>> file_values = ReadFile(path, is_default);
  const bool has_file = !(is_default && absl::IsNotFound(file_values.status()));
  if (!has_file) file_values = std::vector<GivenValue>();
  RETURN_IF_ERROR(file_values.status());

  Builder builder(default_config_file);
  RETURN_IF_ERROR(builder.Apply(*file_values));
  RETURN_IF_ERROR(builder.Apply(variables));
  RETURN_IF_ERROR(builder.Apply(command_line.values));
  Config& config = builder.config();
  RETURN_IF_ERROR(CheckTogether(config));
  const bool connect_timeout_given =
      !builder.SourceOf(SettingWithKey("delivery.connect_timeout")).empty();
  RETURN_IF_ERROR(FitConnectTimeout(connect_timeout_given, config.delivery));
  if (!has_file) config.config_file.clear();
  const bool default_port = builder.SourceOf(SettingWithKey("port")).empty();
  if (default_port && !config.tls.cert.empty()) config.port = kDefaultTlsPort;
  config.webhooks.signing_key_source = builder.SourceOf(SettingWithKey("webhooks.signing_key"));

  LoadedConfig loaded;
  for (const Setting& setting : Settings()) {
    const std::string source = builder.SourceOf(setting);
    loaded.effective.push_back({.key = setting.key,
                                .value = setting.ShownValue(config),
                                .source = source.empty() ? "default" : source});
  }
  loaded.config = std::move(config);
  loaded.reset_password = command_line.reset_password;
  return loaded;
}

}  // namespace webhookd
