#ifndef WEBHOOKD_TESTS_BENCH_TRIGGER_BENCH_H_
#define WEBHOOKD_TESTS_BENCH_TRIGGER_BENCH_H_

#include <vector>

#include "tests/bench/measurement.h"

namespace webhookd {

// How fast lines of training logs are scanned: scan_100_vs_loop (beside a loop over single
// patterns), scan_no_match and scan_1000_vs_1.
std::vector<Measurement> LogScanning();

// What an event costs among many webhooks: match_10000_vs_10.
std::vector<Measurement> MatchingAmongMany();

}  // namespace webhookd

#endif  // WEBHOOKD_TESTS_BENCH_TRIGGER_BENCH_H_
