#ifndef WEBHOOKD_BASE_CLOCK_H_
#define WEBHOOKD_BASE_CLOCK_H_

#include "absl/time/time.h"

namespace webhookd {

// The source of time. Implementations are thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;

  // The wall clock: what is stored and shown. It may jump, backwards too.
  virtual absl::Time Now() = 0;

  // Time since an arbitrary start that never goes back: what durations and timers are measured
  // with.
  virtual absl::Duration Steady() = 0;
};

// The machine's clocks. The object lives for ever.
Clock& RealClock();

}  // namespace webhookd

#endif  // WEBHOOKD_BASE_CLOCK_H_
