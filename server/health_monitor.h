#ifndef WEBHOOKD_SERVER_HEALTH_MONITOR_H_
#define WEBHOOKD_SERVER_HEALTH_MONITOR_H_

#include <functional>
#include <thread>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/mutex.h"

namespace webhookd {

// Looks several times a second whether the server can do its work, on a thread of its own, and
// tells when that changes. While it cannot, the log says so once a minute.
class HealthMonitor {
 public:
  struct Options {
    absl::Duration interval = absl::Milliseconds(250);
    absl::Duration log_interval = absl::Minutes(1);
  };

  // `check` gives what is wrong, and `changed` is called with it when it is not what it was.
  HealthMonitor(Options options, std::function<absl::Status()> check,
                std::function<void(const absl::Status&)> changed);
  // Stops first.
  ~HealthMonitor();

  // Neither function is called any more. Blocks; idempotent.
  void Stop();

 private:
  void Run();
  // Whether it is time for the next look, and not for the end.
  bool Wait();

  const Options options_;
  const std::function<absl::Status()> check_;
  const std::function<void(const absl::Status&)> changed_;

  Mutex mutex_;
  CondVar stop_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_HEALTH_MONITOR_H_
