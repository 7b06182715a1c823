#ifndef WEBHOOKD_STORAGE_SQLITE_WRITE_QUEUE_H_
#define WEBHOOKD_STORAGE_SQLITE_WRITE_QUEUE_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "base/executor.h"
#include "base/mutex.h"
#include "storage/sqlite/group_commit.h"
#include "storage/sqlite/write.h"

namespace webhookd::sqlite {

// Gathers writes while one batch commits, and commits them as the next. Thread-safe.
//
// A write that finds the queue empty is committed at once: nothing waits for company. Writes are
// finished one after another in the order of their commits, while the next batch may be under way.
class WriteQueue final : public std::enable_shared_from_this<WriteQueue> {
 public:
  struct Options {
    int64_t max_waiting = 100'000;  // to be committed, or committed and to be finished
    int max_batch = 1'000;          // writes in one transaction
    // What Push refuses a write with, if not OK.
    std::function<absl::Status()> refusal = [] { return absl::OkStatus(); };
  };

  // Where batches are committed and where writes are finished; may be the same. Both must outlive
  // the queue.
  struct Executors {
    Executor& commits;
    Executor& finishes;
  };

  static std::shared_ptr<WriteQueue> Create(Executors executors,
                                            std::unique_ptr<GroupCommit> group_commit,
                                            Options options);
  ~WriteQueue();

  // Takes a write and finishes it later, in a task: with UNAVAILABLE after Stop, with
  // RESOURCE_EXHAUSTED when it is full, with `Options::refusal`.
  void Push(std::unique_ptr<Write> write);
  // As Push, but never refused while it runs: for writes that somebody else bounds.
  void PushUnbounded(std::unique_ptr<Write> write);

  // Commits and finishes on this thread what waits, and closes the connection. Not from a write's
  // Finish. Idempotent.
  void Stop();

 private:
  // Writes and what each is to be finished with.
  struct Decided {
    std::vector<std::unique_ptr<Write>> writes;
    std::vector<absl::Status> results;
  };

  WriteQueue(Executors executors, std::unique_ptr<GroupCommit> group_commit, Options options);
  void Take(std::unique_ptr<Write> write, bool bounded);
  void PostBatch();
  void RunPosted();
  // Returns whether writes are left.
  bool RunBatch() ABSL_EXCLUSIVE_LOCKS_REQUIRED(running_);
  void PostFinish(Decided decided);
  // Finishes what is decided.
  void Finish();

  const Executors executors_;
  const Options options_;

  Mutex running_;                                                        // held while a batch runs
  std::unique_ptr<GroupCommit> group_commit_ ABSL_GUARDED_BY(running_);  // null once stopped

  Mutex finishing_ ABSL_ACQUIRED_AFTER(running_);  // held while writes are finished

  Mutex mutex_ ABSL_ACQUIRED_AFTER(finishing_);
  std::deque<std::unique_ptr<Write>> waiting_ ABSL_GUARDED_BY(mutex_);
  Decided refused_ ABSL_GUARDED_BY(mutex_);
  std::deque<Decided> decided_ ABSL_GUARDED_BY(mutex_);
  int64_t unfinished_ ABSL_GUARDED_BY(mutex_) = 0;  // writes in `decided_`, or being finished
  bool posted_ ABSL_GUARDED_BY(mutex_) = false;     // a task that runs a batch is under way
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace webhookd::sqlite

#endif  // WEBHOOKD_STORAGE_SQLITE_WRITE_QUEUE_H_
