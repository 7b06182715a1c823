#ifndef WEBHOOKD_TESTS_CLIENT_CLI_CLI_FIXTURE_H_
#define WEBHOOKD_TESTS_CLIENT_CLI_CLI_FIXTURE_H_

#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "client/cli/webhookctl.h"
#include "gtest/gtest.h"
#include "tests/client/cli/fake_master.h"
#include "tests/client/fake_event_service.h"

namespace webhookd::testing {

// What a run of webhookctl left.
struct CliResult {
  int code = -1;
  std::string out;
  std::string err;
};

// The world of a run.
struct CliWorld {
  std::string input;
  bool in_is_terminal = false;
  bool out_is_terminal = false;
  std::map<std::string, std::string> environment;
};

// Runs webhookctl in this process.
inline CliResult RunCli(const std::vector<std::string>& arguments, const CliWorld& world = {}) {
  std::istringstream in(world.input);
  std::ostringstream out;
  std::ostringstream err;
  Terminal terminal = {.in = in,
                       .out = out,
                       .err = err,
                       .in_is_terminal = world.in_is_terminal,
                       .out_is_terminal = world.out_is_terminal,
                       .environment = [&world](const char* name) -> const char* {
                         const auto it = world.environment.find(name);
                         return it == world.environment.end() ? nullptr : it->second.c_str();
                       }};
  const ExitCode code = RunWebhookctl(arguments, terminal);
  return {static_cast<int>(code), out.str(), err.str()};
}

// A server with the three services, and webhookctl pointed at it.
class CliTest : public ::testing::Test {
 protected:
  CliResult Run(std::vector<std::string> arguments, CliWorld world = {}) {
    world.environment["WEBHOOKCTL_SERVER"] = server_.address();
    return RunCli(arguments, world);
  }

  FakeDetermined determined_;
  FakeDeliveries deliveries_;
  FakeEventService events_;
  FakeServer server_{{&determined_, &deliveries_, &events_}};
};

}  // namespace webhookd::testing

#endif  // WEBHOOKD_TESTS_CLIENT_CLI_CLI_FIXTURE_H_
