#ifndef WEBHOOKD_TESTS_CRASH_CRASH_CONTROL_H_
#define WEBHOOKD_TESTS_CRASH_CRASH_CONTROL_H_

#include <atomic>
#include <cstdint>

namespace webhookd {

// Where in its work webhookd is killed. The shim finds each place by the system call made there and
// by what goes through it, so that the program needs no switch for it.
enum class KillPoint : int32_t {
  kNone,
  kBeforeAcknowledgement,  // an event is committed, its acknowledgement is about to be written
  kAfterAcknowledgement,   // an acknowledgement is written, no request of its event yet
  kRequestWritten,         // a request is written to its end
  kAnswerReceived,         // a confirming answer is read
  kFinishCommitted,        // the commit that records a confirming answer is synced
  kLogTorn,                // half of a page is written to the write-ahead log
  kLogUnsynced,            // a commit is in the log and about to be synced
  kCheckpoint,             // half of a page of the log is copied into the database
  kFileChange,             // a write, sync, truncation or removal of any file of the database
};

// Memory that a test shares with the shim in webhookd. Files of the database are those whose path
// begins with its path.
struct CrashControl {
  static constexpr char kVariable[] = "WEBHOOKD_CRASH_CONTROL";  // path of the file that is mapped
  static constexpr int kMaxReceivers = 8;
  static constexpr int kEventIdSize = 36;

  // ---- Set before the start.
  char database[512];
  uint16_t receiver_ports[kMaxReceivers];  // 0: none

  // ---- Set at any time.
  std::atomic<int32_t> passes;       // how often the point is still passed by
  std::atomic<KillPoint> point;      // set it after `passes`
  std::atomic<int64_t> disk_room;    // bytes by which the files may grow; negative: any
  std::atomic<int64_t> disk_denied;  // how often there was no room

  // ---- What the shim tells.
  std::atomic<int64_t> file_changes;  // since the start
  std::atomic<bool> fired;
  char event_id[kEventIdSize + 1];  // what it was killed at: an event, if the point has one,
  uint16_t port;                    // and a receiver
};

}  // namespace webhookd

#endif  // WEBHOOKD_TESTS_CRASH_CRASH_CONTROL_H_
