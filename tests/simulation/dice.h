#ifndef WEBHOOKD_TESTS_SIMULATION_DICE_H_
#define WEBHOOKD_TESTS_SIMULATION_DICE_H_

#include <cmath>
#include <cstdint>
#include <vector>

#include "absl/time/time.h"
#include "tests/testing/seeded_random.h"

namespace webhookd {

// Decisions of a run: the same for the same seed and stream. Each part of the simulation has a
// stream of its own, so that one more decision in one part leaves those of the others alone.
// Never ask twice in one expression: compilers differ in the order.
class Dice {
 public:
  Dice(uint64_t seed, uint64_t stream) : random_(seed * 0x2545F4914F6CDD1D + stream) {}

  uint64_t Bits() { return random_.Next(); }
  // From 0 to `count` - 1.
  int64_t Below(int64_t count) {
    return static_cast<int64_t>(Bits() % static_cast<uint64_t>(count));
  }
  // From `least` to `most`.
  int64_t Between(int64_t least, int64_t most) { return least + Below(most - least + 1); }
  bool Chance(double probability) {
    return static_cast<double>(Bits() >> 11) * 0x1p-53 < probability;
  }
  // Short durations are as likely as long ones: the logarithm is uniform.
  absl::Duration Between(absl::Duration least, absl::Duration most) {
    const double fraction = static_cast<double>(Bits() >> 11) * 0x1p-53;
    const double low = std::log(absl::ToDoubleMicroseconds(least));
    const double high = std::log(absl::ToDoubleMicroseconds(most));
    const double micros = std::exp(low + fraction * (high - low));
    return absl::Microseconds(static_cast<int64_t>(micros));
  }
  template <typename T>
  const T& Pick(const std::vector<T>& from) {
    return from[static_cast<size_t>(Below(static_cast<int64_t>(from.size())))];
  }

 private:
  SeededRandom random_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_TESTS_SIMULATION_DICE_H_
