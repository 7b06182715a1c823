#ifndef WEBHOOKD_SERVER_EVENTS_LOG_SCANNER_H_
#define WEBHOOKD_SERVER_EVENTS_LOG_SCANNER_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <thread>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/mutex.h"

namespace webhookd {

// Scans the lines of logs on threads of its own, so that patterns that take long hold up nobody who
// serves. The threads' time is shared evenly among the owners that have scans, however long their
// steps take, and the scans of one owner take turns, a step each. Thread-safe.
class LogScanner {
 public:
  // One report.
  class Scan {
   public:
    virtual ~Scan() = default;
    virtual int64_t bytes() const = 0;
    // Whose scan it is: the number of a workspace.
    virtual int32_t owner() const = 0;
    // Does a part of the work, on one thread at a time. True when nothing is left to do.
    virtual bool Step() = 0;
    // Called in place of the rest when the scanner stops, and for whoever adds it when it is not
    // taken.
    virtual void Refuse(const absl::Status& status) = 0;
  };

  struct Options {
    int threads = 1;
    int64_t max_bytes = int64_t{256} << 20;  // of lines that wait or are being scanned
  };

  // `clock` must outlive it.
  LogScanner(Options options, Clock& clock);
  // Stops first.
  ~LogScanner();

  // Takes `scan`, unless: RESOURCE_EXHAUSTED, too much waits; UNAVAILABLE, after Stop.
  absl::Status Add(std::unique_ptr<Scan>& scan);

  // Ends the steps under way and abandons what is left. Blocks; idempotent.
  void Stop();

 private:
  // The scans of one owner, as long as there are some.
  struct Queue {
    std::deque<std::unique_ptr<Scan>> waiting;
    int running = 0;
    // Of the threads' time. One that was not there starts with what the least of the others used.
    absl::Duration used = absl::ZeroDuration();
  };
  using Queues = absl::btree_map<int32_t, Queue>;

  // The one with scans that wait which used the least time; the end if none wait.
  Queues::iterator Next() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Run();

  const Options options_;
  Clock& clock_;
  Mutex mutex_;
  CondVar wake_;
  Queues queues_ ABSL_GUARDED_BY(mutex_);
  int64_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_EVENTS_LOG_SCANNER_H_
