#ifndef WEBHOOKD_BASE_PINNED_CLOCK_H_
#define WEBHOOKD_BASE_PINNED_CLOCK_H_

#include "absl/time/time.h"
#include "base/clock.h"

namespace webhookd {

// A clock that nobody can set: it begins at a time and then runs with another's Steady. For what
// must come or go after a time that really passed. Thread-safe.
class PinnedClock final : public Clock {
 public:
  // `clock` must outlive it.
  PinnedClock(Clock& clock, absl::Time start)
      : clock_(&clock), start_(start), steady_start_(clock.Steady()) {}

  absl::Time Now() override { return start_ + (clock_->Steady() - steady_start_); }
  absl::Duration Steady() override { return clock_->Steady(); }

 private:
  Clock* clock_;
  absl::Time start_;
  absl::Duration steady_start_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_BASE_PINNED_CLOCK_H_
