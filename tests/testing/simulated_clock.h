#ifndef WEBHOOKD_TESTS_TESTING_SIMULATED_CLOCK_H_
#define WEBHOOKD_TESTS_TESTING_SIMULATED_CLOCK_H_

#include "absl/time/time.h"
#include "base/clock.h"
#include "base/mutex.h"

namespace webhookd {

// A clock that stands still until a test moves it.
class SimulatedClock final : public Clock {
 public:
  explicit SimulatedClock(absl::Time now = absl::FromUnixSeconds(1'665'689'991)) : now_(now) {}

  absl::Time Now() override {
    MutexLock lock(mutex_);
    return now_;
  }
  absl::Duration Steady() override {
    MutexLock lock(mutex_);
    return steady_;
  }

  // Time passes.
  void Advance(absl::Duration duration) {
    MutexLock lock(mutex_);
    now_ += duration;
    steady_ += duration;
  }

  // Somebody sets the wall clock.
  void SetWall(absl::Time now) {
    MutexLock lock(mutex_);
    now_ = now;
  }

 private:
  Mutex mutex_;
  absl::Time now_ ABSL_GUARDED_BY(mutex_);
  absl::Duration steady_ ABSL_GUARDED_BY(mutex_) = absl::Seconds(1000);
};

}  // namespace webhookd

#endif  // WEBHOOKD_TESTS_TESTING_SIMULATED_CLOCK_H_
