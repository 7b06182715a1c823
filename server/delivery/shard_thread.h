#ifndef WEBHOOKD_SERVER_DELIVERY_SHARD_THREAD_H_
#define WEBHOOKD_SERVER_DELIVERY_SHARD_THREAD_H_

#include <memory>
#include <optional>
#include <thread>

#include "absl/time/time.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "server/delivery/shard.h"

namespace webhookd {

// Drives a shard on a thread of its own.
class ShardThread {
 public:
  // `clock` must outlive it.
  ShardThread(std::unique_ptr<Shard> shard, Clock& clock);
  // Stops without draining, if it was not stopped.
  ~ShardThread();

  Shard& shard() { return *shard_; }

  void Start();

  // Tells the shard to drain, for at most `drain`; does not wait.
  void BeginStop(absl::Duration drain);
  // Waits until the shard is drained or its time is over, and ends the thread. Idempotent.
  void Join();

 private:
  void Run();
  std::optional<absl::Duration> Deadline();

  Clock& clock_;
  const std::unique_ptr<Shard> shard_;
  std::thread thread_;
  Mutex mutex_;
  std::optional<absl::Duration> deadline_
      ABSL_GUARDED_BY(mutex_);  // Clock::Steady; none: not stopping
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_DELIVERY_SHARD_THREAD_H_
