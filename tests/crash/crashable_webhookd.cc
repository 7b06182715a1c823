#include "tests/crash/crashable_webhookd.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <new>

#include "absl/strings/str_cat.h"

namespace webhookd {

CrashableWebhookd::CrashableWebhookd(const std::string& folder,
                                     const std::vector<uint16_t>& receiver_ports)
    : database_(std::filesystem::canonical(folder) / "webhookd.db") {
  control_path_ = (std::filesystem::temp_directory_path() / "webhookd-crash-XXXXXX").string();
  const int file = mkostemp(control_path_.data(), O_CLOEXEC);
  if (file < 0 || ftruncate(file, sizeof(CrashControl)) != 0) std::abort();
  void* const memory =
      mmap(nullptr, sizeof(CrashControl), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (memory == MAP_FAILED) std::abort();
  close(file);
  control_ = new (memory) CrashControl();
  if (database_.size() >= sizeof(control_->database) ||
      receiver_ports.size() > CrashControl::kMaxReceivers) {
    std::abort();
  }
  database_.copy(control_->database, database_.size());
  std::copy(receiver_ports.begin(), receiver_ports.end(), control_->receiver_ports);
  FreeDisk();
}

CrashableWebhookd::~CrashableWebhookd() {
  process_.reset();
  munmap(control_, sizeof(CrashControl));
  unlink(control_path_.c_str());
}

std::string CrashableWebhookd::Start(const std::vector<std::string>& arguments) {
  process_.reset();
  control_->file_changes = 0;
  // Fifty attempts, so that a receiver that fails half of the time does not use them up.
  std::string schedule = "0";
  for (int i = 1; i < 50; ++i) absl::StrAppend(&schedule, ",", 10 * std::min(i, 10), "ms");
  std::vector<std::string> all = {"--config-file=",
                                  "--port=0",
                                  absl::StrCat("--storage-path=", database_),
                                  absl::StrCat("--webhooks-signing-key=", kSigningKey),
                                  "--egress-allow=127.0.0.0/8",
                                  "--security-authn-type=none",
                                  absl::StrCat("--delivery-retry-schedule=", schedule),
                                  "--delivery-timeout=60s",
                                  "--delivery-drain-timeout=20s",
                                  "--log-level=error"};
  all.insert(all.end(), arguments.begin(), arguments.end());
  process_ = std::make_unique<WebhookdProcess>(
      all, std::vector<std::string>{absl::StrCat("LD_PRELOAD=", WEBHOOKD_CRASH_SHIM),
                                    absl::StrCat(CrashControl::kVariable, "=", control_path_)});
  return process_->WaitUntilListening();
}

void CrashableWebhookd::KillAt(KillPoint point, int passes) {
  control_->point = KillPoint::kNone;
  control_->fired = false;
  control_->event_id[0] = '\0';
  control_->port = 0;
  control_->passes = passes;
  control_->point = point;
}

KillPlace CrashableWebhookd::kill_place() const {
  return {.event_id = control_->event_id, .receiver_port = control_->port};
}

}  // namespace webhookd
