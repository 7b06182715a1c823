#ifndef WEBHOOKD_TESTS_TESTING_FAULT_VFS_H_
#define WEBHOOKD_TESTS_TESTING_FAULT_VFS_H_

#include <sqlite3.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"

namespace webhookd {

// A SQLite VFS over another one whose calls fail when a test says so. Thread-safe.
//
// Syncs are counted, and may fail, but over the default VFS nothing is synced: the machine does not
// crash in a test, and the test is quick. For that, nobody sleeps either.
class FaultVfs {
 public:
  enum class Call {
    kOpen,
    kAccess,
    kDelete,
    kRead,
    kWrite,
    kTruncate,
    kSync,
    kFileSize,
    kLock,
    kUnlock,
    kSharedMemory,
    kSharedMemoryLock,
    kClose,
  };
  static constexpr Call kCalls[] = {Call::kOpen,   Call::kAccess,       Call::kDelete,
                                    Call::kRead,   Call::kWrite,        Call::kTruncate,
                                    Call::kSync,   Call::kFileSize,     Call::kLock,
                                    Call::kUnlock, Call::kSharedMemory, Call::kSharedMemoryLock,
                                    Call::kClose};

  struct Fault {
    int code;
    bool lasting;  // every later call of the kind fails as well
  };
  // What a call of the kind can be made to answer, once and lasting: the errors that SQLite's own
  // VFS gives, and each of SQLite's other errors. Without SQLITE_EMPTY, by which SQLite says to
  // itself that a table is empty. Under sanitizers, which make it slow, only the first.
  static std::vector<Fault> FaultsOf(Call call);
  static std::string_view NameOf(Call call);
  // Gives `round` each fault with each number of a call, from 1 on, until it returns that no call
  // failed. Returns the number of rounds: that of the faults if there was no call at all.
  template <typename Round>
  static size_t ForEveryCall(const std::vector<Fault>& faults, Round round) {
    size_t rounds = 0;
    for (const Fault fault : faults) {
      bool failed = true;
      for (int64_t nth = 1; failed; ++nth, ++rounds) failed = round(fault, nth);
    }
    return rounds;
  }

  // Registers itself under a name of its own, over the VFS called `base` (empty: the default one),
  // which must outlive it.
  explicit FaultVfs(const std::string& base = "");
  FaultVfs(const FaultVfs&) = delete;
  FaultVfs& operator=(const FaultVfs&) = delete;
  // No file may be open.
  ~FaultVfs();

  const std::string& name() const { return name_; }

  // Makes the `nth` call of a kind from now on (1: the next) fail with a SQLite result code, and if
  // `lasting` every one after it. Replaces what was asked for before.
  void Fail(Call call, int64_t nth, int code, bool lasting = false);
  // The errno that a failed call of a file leaves behind, for SQLite to ask for. 0: none.
  void SetErrno(int system_errno);
  // Nothing fails any more.
  void Heal();
  // How many calls failed since Fail.
  int64_t faults() const;

  // Calls since the start that were let through.
  int64_t calls(Call call) const;
  // Syncs of write-ahead logs: one a transaction.
  int64_t log_syncs() const;

 private:
  struct File;
  struct Methods;

  // SQLITE_OK, or what the call is to fail with.
  int Check(Call call);

  const std::string name_;
  sqlite3_vfs* const real_;
  const bool syncs_;
  sqlite3_vfs vfs_;

  mutable Mutex mutex_;
  Call failing_ ABSL_GUARDED_BY(mutex_) = Call::kOpen;
  int64_t countdown_ ABSL_GUARDED_BY(mutex_) = 0;  // 0: nothing is to fail
  int code_ ABSL_GUARDED_BY(mutex_) = SQLITE_OK;
  bool lasting_ ABSL_GUARDED_BY(mutex_) = false;
  int errno_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t faults_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t log_syncs_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<Call, int64_t> calls_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace webhookd

#endif  // WEBHOOKD_TESTS_TESTING_FAULT_VFS_H_
