#ifndef WEBHOOKD_SERVER_CONFIG_SETTING_H_
#define WEBHOOKD_SERVER_CONFIG_SETTING_H_

#include <string>
#include <vector>

#include "server/config/setting_field.h"

namespace webhookd {

// One thing that can be configured: its names, its type and what it does. Flags and environment
// variables are named after the keys: "log.level" is also --log-level and DET_LOG_LEVEL.
struct Setting {
  std::string key;                        // in the file, sections separated by dots
  std::vector<std::string> aliases;       // further keys, with their flags and variables
  std::vector<std::string> file_aliases;  // further keys that only the file knows
  bool in_file = true;                    // false: flag and variable only
  SettingField field;
  std::string help;
  std::string when_empty;        // what an empty default means; empty when the default says it all
  bool secret = false;           // shown as asterisks, and never part of an error message
  bool has_credentials = false;  // a URL, of which user name and password are not shown

  std::vector<std::string> FileKeys() const;
  std::vector<std::string> Flags() const;  // with their two dashes
  std::vector<std::string> Variables() const;

  // The value in `config` as it may be shown to people.
  SettingValue ShownValue(const Config& config) const;
};

// Everything that can be configured, in the order in which it is documented. The one table that
// flags, variables, the file, the help and the documentation are made of.
const std::vector<Setting>& Settings();

// Text of a value as it would be written in a flag.
std::string SettingText(const SettingValue& value);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_CONFIG_SETTING_H_
