#include <unistd.h>

#include <iostream>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/clock.h"
#include "base/random.h"
#include "server/config/config_loader.h"
#include "server/config/version.h"
#include "server/process.h"
#include "server/server.h"
#include "server/telemetry/line_writer.h"
#include "server/telemetry/log.h"

// Read by jemalloc where it is linked: free memory goes back to the system in the background.
extern "C" {
extern const char* malloc_conf;
const char* malloc_conf = "background_thread:true";
}

namespace {

int Fail(const absl::Status& status, int exit_code) {
  webhookd::LogText(absl::StrCat("webhookd: ", status.message()));
  webhookd::FlushLogs();
  return exit_code;
}

// Prints what was asked for, to whoever waits for it.
int Answer(absl::string_view text) {
  std::cout << text << std::flush;
  if (std::cout.good()) return 0;
  return Fail(absl::UnavailableError("standard output cannot be written: ask again"), 1);
}

}  // namespace

int main(int argc, char** argv) {
  webhookd::PrepareProcess();
  auto loaded = webhookd::LoadConfig(std::vector<std::string>(argv + 1, argv + argc),
                                     webhookd::ProcessEnvironment());
  if (!loaded.ok()) return Fail(loaded.status(), 2);
  if (const auto* answer = std::get_if<webhookd::Answer>(&*loaded)) {
    return Answer(answer->text);
  }
  const webhookd::Config& config = std::get<webhookd::LoadedConfig>(*loaded).config;
  const absl::Status logging = webhookd::InitLogging(config.log.level, config.log.format);
  if (!logging.ok()) return Fail(logging, 2);

  const std::string& username = std::get<webhookd::LoadedConfig>(*loaded).reset_password;
  if (!username.empty()) {
    const auto generated = webhookd::Server::ResetPassword(config, webhookd::RealClock(),
                                                           webhookd::SecureRandom(), username);
    if (!generated.ok()) return Fail(generated.status(), 1);
    return Answer(webhookd::PasswordNotice({*generated}));
  }

  auto server = webhookd::Server::Create(config, webhookd::RealClock(), webhookd::SecureRandom());
  if (!server.ok()) return Fail(server.status(), 1);
  // Nobody needs to read what a server says.
  webhookd::LineWriter output({.file = STDOUT_FILENO, .dropped_line = [](int64_t count) {
                                 return absl::StrCat(count, " lines were dropped");
                               }});
  output.Write(absl::StrCat("webhookd ", webhookd::Version(), " listening on ",
                            (*server)->address(), ", database ", config.storage.path));
  if (!(*server)->generated_passwords().empty()) {
    webhookd::LogText(
        absl::StripSuffix(webhookd::PasswordNotice((*server)->generated_passwords()), "\n"));
  }

  while (webhookd::WaitForSignal() == webhookd::ProcessSignal::kReload) {
    (*server)->ReloadCertificates();
  }
  (*server)->Shutdown();
  output.Flush(absl::Seconds(1));
  return 0;
}
