#ifndef WEBHOOKD_TESTS_TESTING_SEEDED_RANDOM_H_
#define WEBHOOKD_TESTS_TESTING_SEEDED_RANDOM_H_

#include <cstdint>

#include "base/mutex.h"
#include "base/random.h"

namespace webhookd {

// The same bits in every run with the same seed (SplitMix64).
class SeededRandom final : public RandomBits {
 public:
  explicit SeededRandom(uint64_t seed = 1) : state_(seed) {}

  uint64_t Next() override {
    MutexLock lock(mutex_);
    state_ += 0x9E3779B97F4A7C15;
    uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
  }

 private:
  Mutex mutex_;
  uint64_t state_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace webhookd

#endif  // WEBHOOKD_TESTS_TESTING_SEEDED_RANDOM_H_
