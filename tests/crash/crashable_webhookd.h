#ifndef WEBHOOKD_TESTS_CRASH_CRASHABLE_WEBHOOKD_H_
#define WEBHOOKD_TESTS_CRASH_CRASHABLE_WEBHOOKD_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tests/crash/crash_control.h"
#include "tests/testing/webhookd_process.h"

namespace webhookd {

// What it was killed at, as far as the point has it.
struct KillPlace {
  std::string event_id;
  uint16_t receiver_port = 0;
};

// The real program on a database of its own, with the shim in it (see crash_control.h). It can be
// started again after its end.
class CrashableWebhookd {
 public:
  static constexpr char kSigningKey[] = "testsigningkey";

  // The database is webhookd.db in `folder`, which must exist and not be a link. Requests count as
  // such when they go to `receiver_ports` on 127.0.0.1.
  CrashableWebhookd(const std::string& folder, const std::vector<uint16_t>& receiver_ports);
  CrashableWebhookd(const CrashableWebhookd&) = delete;
  CrashableWebhookd& operator=(const CrashableWebhookd&) = delete;
  ~CrashableWebhookd();

  const std::string& database() const { return database_; }

  // Starts it and gives its address; "" when it ended before it listened. Kills one that runs.
  std::string Start(const std::vector<std::string>& arguments = {});
  // Of the last start.
  WebhookdProcess& process() { return *process_; }

  // Has it killed when it comes to `point` for the (passes + 1)th time, counted from now, or from
  // the next start if that comes later.
  void KillAt(KillPoint point, int passes);
  void KillNowhere() { KillAt(KillPoint::kNone, 0); }
  // Whether it was killed at the point that was asked for last, and at what.
  bool killed_at_point() const { return control_->fired.load(); }
  KillPlace kill_place() const;

  // Lets the database's files grow by `bytes` from now on.
  void LimitDisk(int64_t bytes) { control_->disk_room = bytes; }
  void FreeDisk() { control_->disk_room = -1; }
  // How often a write found too little room.
  int64_t disk_denied() const { return control_->disk_denied; }

  // Changes to the database's files since the start.
  int64_t file_changes() const { return control_->file_changes; }

 private:
  const std::string database_;
  std::string control_path_;
  CrashControl* control_ = nullptr;
  std::unique_ptr<WebhookdProcess> process_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_TESTS_CRASH_CRASHABLE_WEBHOOKD_H_
