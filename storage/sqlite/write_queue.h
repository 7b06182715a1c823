#ifndef WEBHOOKD_STORAGE_SQLITE_WRITE_QUEUE_H_
#define WEBHOOKD_STORAGE_SQLITE_WRITE_QUEUE_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "base/executor.h"
#include "base/mutex.h"
#include "storage/sqlite/group_commit.h"
#include "storage/sqlite/write.h"

namespace webhookd::sqlite {

// Gathers writes while one batch commits, and commits them as the next. Thread-safe.
//
// A write that finds the queue empty is committed at once: nothing waits for company.
class WriteQueue final : public std::enable_shared_from_this<WriteQueue> {
 public:
  struct Options {
    int64_t max_waiting = 100'000;
    int max_batch = 1'000;  // writes in one transaction
  };

  // Batches run as tasks of `executor`, which must outlive the queue.
  static std::shared_ptr<WriteQueue> Create(Executor& executor,
                                            std::unique_ptr<GroupCommit> group_commit,
                                            Options options);
  ~WriteQueue();

  // Takes a write and finishes it later, in a task of the executor: with UNAVAILABLE after Stop,
  // with RESOURCE_EXHAUSTED when it is full.
  void Push(std::unique_ptr<Write> write);
  // As Push, but is never full: for writes that somebody else bounds.
  void PushUnbounded(std::unique_ptr<Write> write);

  // Commits on this thread what waits, and closes the connection. Not from a write's Finish.
  // Idempotent.
  void Stop();

 private:
  WriteQueue(Executor& executor, std::unique_ptr<GroupCommit> group_commit, Options options);
  void Take(std::unique_ptr<Write> write, bool bounded);
  void PostBatch();
  void RunPosted();
  // Returns whether writes are left.
  bool RunBatch() ABSL_EXCLUSIVE_LOCKS_REQUIRED(running_);

  Executor& executor_;
  const Options options_;

  Mutex running_;                                                        // held while a batch runs
  std::unique_ptr<GroupCommit> group_commit_ ABSL_GUARDED_BY(running_);  // null once stopped

  Mutex mutex_ ABSL_ACQUIRED_AFTER(running_);
  std::deque<std::unique_ptr<Write>> waiting_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<Write>> refused_ ABSL_GUARDED_BY(mutex_);  // when it was full
  bool posted_ ABSL_GUARDED_BY(mutex_) = false;  // a task that runs a batch is under way
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace webhookd::sqlite

#endif  // WEBHOOKD_STORAGE_SQLITE_WRITE_QUEUE_H_
