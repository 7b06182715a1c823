#ifndef WEBHOOKD_TESTS_SIMULATION_SIMULATION_H_
#define WEBHOOKD_TESTS_SIMULATION_SIMULATION_H_

#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "tests/simulation/mutants.h"

namespace webhookd {

struct SimulationOptions {
  uint64_t seed = 1;
  Mutant mutant = Mutant::kNone;
  bool verbose = false;  // prints what happens to standard output
};

struct SimulationResult {
  std::string violation;  // what must not happen and did; empty: nothing
  uint64_t trace_hash = 0;
  absl::Duration simulated;
  int64_t events = 0;
  int64_t attempts = 0;  // requests sent
  int64_t crashes = 0;
  int64_t repeats = 0;  // attempts whose result a crash took away
};

// Lets webhookd run for days on a machine that fails, and checks that it keeps what it promised.
// The seed decides everything: two runs with the same options are the same.
SimulationResult Simulate(const SimulationOptions& options);

}  // namespace webhookd

#endif  // WEBHOOKD_TESTS_SIMULATION_SIMULATION_H_
