#ifndef WEBHOOKD_CLIENT_CLI_COMMANDS_H_
#define WEBHOOKD_CLIENT_CLI_COMMANDS_H_

#include <string>
#include <utility>

#include "CLI/CLI.hpp"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client/cli/session.h"

namespace webhookd {

// Each adds a group of commands to webhookctl. A command that is parsed stores itself in
// session.command. The session outlives the app.
void AddWebhookCommands(CLI::App& app, Session& session);
void AddReportCommands(CLI::App& app, Session& session);
// To the group of AddReportCommands, which comes first.
void AddMoreReportCommands(CLI::App& app, Session& session);
void AddEventCommands(CLI::App& app, Session& session);
void AddDeliveryCommands(CLI::App& app, Session& session);
void AddSignInCommands(CLI::App& app, Session& session);
void AddUserCommands(CLI::App& app, Session& session);
void AddTokenCommands(CLI::App& app, Session& session);
void AddWorkspaceCommands(CLI::App& app, Session& session);
void AddRoleCommands(CLI::App& app, Session& session);
void AddAuditCommands(CLI::App& app, Session& session);
void AddVerifyCommand(CLI::App& app, Session& session);
void AddServerCommands(CLI::App& app, Session& session);
void AddCompletionCommand(CLI::App& app, Session& session);

// Adds an option whose text `parse` turns into `target`; `parse` takes a std::string and returns an
// absl::StatusOr. `type` stands for the value in --help.
template <typename T, typename Parse>
CLI::Option* AddParsedOption(CLI::App* app, const std::string& name, T& target, Parse parse,
                             const std::string& type, const std::string& description) {
  return app
      ->add_option_function<std::string>(
          name,
          [&target, parse = std::move(parse), name](const std::string& text) {
            auto value = parse(text);
            if (!value.ok())
              throw CLI::ValidationError(name, std::string(value.status().message()));
            target = *std::move(value);
          },
          description)
      ->type_name(type);
}

}  // namespace webhookd

#endif  // WEBHOOKD_CLIENT_CLI_COMMANDS_H_
