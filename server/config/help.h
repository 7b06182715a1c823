#ifndef WEBHOOKD_SERVER_CONFIG_HELP_H_
#define WEBHOOKD_SERVER_CONFIG_HELP_H_

#include <string>

namespace webhookd {

// What --help prints: every flag with what it does, its variable and its default.
std::string HelpText();

// The table of docs/configuration.md.
std::string SettingsMarkdown();

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_CONFIG_HELP_H_
