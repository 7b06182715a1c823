#include <iostream>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/random.h"
#include "server/config/config_loader.h"
#include "server/config/version.h"
#include "server/process.h"
#include "server/server.h"
#include "server/telemetry/log.h"

// Read by jemalloc where it is linked: free memory goes back to the system in the background.
extern "C" {
extern const char* malloc_conf;
const char* malloc_conf = "background_thread:true";
}

namespace {

int Fail(const absl::Status& status, int exit_code) {
  std::cerr << "webhookd: " << status.message() << std::endl;
  return exit_code;
}

}  // namespace

int main(int argc, char** argv) {
  webhookd::PrepareProcess();
  auto loaded = webhookd::LoadConfig(std::vector<std::string>(argv + 1, argv + argc),
                                     webhookd::ProcessEnvironment());
  if (!loaded.ok()) return Fail(loaded.status(), 2);
  if (const auto* answer = std::get_if<webhookd::Answer>(&*loaded)) {
    std::cout << answer->text << std::flush;
    return 0;
  }
  const webhookd::Config& config = std::get<webhookd::LoadedConfig>(*loaded).config;
  const absl::Status logging = webhookd::InitLogging(config.log.level, config.log.format);
  if (!logging.ok()) return Fail(logging, 2);

  const std::string& username = std::get<webhookd::LoadedConfig>(*loaded).reset_password;
  if (!username.empty()) {
    const auto generated = webhookd::Server::ResetPassword(config, webhookd::RealClock(),
                                                           webhookd::SecureRandom(), username);
    if (!generated.ok()) return Fail(generated.status(), 1);
    std::cout << webhookd::PasswordNotice({*generated}) << std::flush;
    return 0;
  }

  auto server = webhookd::Server::Create(config, webhookd::RealClock(), webhookd::SecureRandom());
  if (!server.ok()) return Fail(server.status(), 1);
  std::cout << "webhookd " << webhookd::Version() << " listening on " << (*server)->address()
            << ", database " << config.storage.path << std::endl;
  if (!(*server)->generated_passwords().empty()) {
    std::cerr << webhookd::PasswordNotice((*server)->generated_passwords()) << std::flush;
  }

  while (webhookd::WaitForSignal() == webhookd::ProcessSignal::kReload) {
    (*server)->ReloadCertificates();
  }
  (*server)->Shutdown();
  return 0;
}
