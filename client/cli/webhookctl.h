#ifndef WEBHOOKD_CLIENT_CLI_WEBHOOKCTL_H_
#define WEBHOOKD_CLIENT_CLI_WEBHOOKCTL_H_

#include <string>
#include <vector>

#include "client/cli/session.h"
#include "client/cli/terminal.h"

namespace webhookd {

// Runs webhookctl with the arguments behind its name. Throws nothing.
ExitCode RunWebhookctl(const std::vector<std::string>& arguments, Terminal& terminal);

}  // namespace webhookd

#endif  // WEBHOOKD_CLIENT_CLI_WEBHOOKCTL_H_
