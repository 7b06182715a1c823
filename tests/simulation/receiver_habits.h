#ifndef WEBHOOKD_TESTS_SIMULATION_RECEIVER_HABITS_H_
#define WEBHOOKD_TESTS_SIMULATION_RECEIVER_HABITS_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/time/time.h"
#include "base/clock.h"
#include "server/delivery/http_client.h"
#include "tests/simulation/dice.h"

namespace webhookd {

// How one request goes.
struct Exchange {
  // After how long the receiver has all of the request; none: never.
  std::optional<absl::Duration> arrives_after;
  // After how long the sender knows `result`, if it waits for so long.
  absl::Duration ends_after;
  HttpResult result;
  std::optional<absl::Duration> asks_to_wait;  // what `result.retry_after` means
};

// How one receiver answers, as a function of time: it keeps a habit for a while, then takes on
// another one.
class ReceiverHabits {
 public:
  enum class Habit {
    kFast,
    kSlow,
    kSilent,
    kResetBefore,
    kResetAfter,
    kStatus,
    kRetryAfter,
    kGone,
    kHuge,
    kTooLarge,
    kRefused,
    kUnreachable,
    kBadCertificate,
    kNotHttp,
    kNoName,
    kSlowName,
    kFlapping,
  };

  ReceiverHabits(uint64_t seed, int number, double healthy, absl::Duration longest_habit);

  Habit HabitAt(absl::Duration now);  // by Clock::Steady
  // Decides about a request that is sent now.
  Exchange Answer(Clock& clock, Dice& dice);

  // From now on it is fast and confirms.
  void Heal() { healed_ = true; }

 private:
  struct Phase {
    absl::Duration until;  // by Clock::Steady
    Habit habit;
    int status;
    absl::Duration flap;
  };

  const Phase& PhaseAt(absl::Duration now);

  const double healthy_;
  const absl::Duration longest_habit_;
  Dice dice_;
  std::vector<Phase> phases_;
  bool healed_ = false;
};

}  // namespace webhookd

#endif  // WEBHOOKD_TESTS_SIMULATION_RECEIVER_HABITS_H_
