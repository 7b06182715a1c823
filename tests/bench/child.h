#ifndef WEBHOOKD_TESTS_BENCH_CHILD_H_
#define WEBHOOKD_TESTS_BENCH_CHILD_H_

#include <functional>
#include <ostream>
#include <string>
#include <vector>

namespace webhookd {

// Runs `work` in a child and gives the numbers that it prints: gRPC's threads do not survive a
// fork, and each measurement forks its programs anew. `cpu`: where it runs, -1: anywhere.
std::vector<double> InChild(int cpu, const std::function<void(std::ostream&)>& work);

// Says what is wrong, and ends the program.
[[noreturn]] void GiveUp(const std::string& what);

double Percentile(std::vector<double> values, double percent);
double Median(std::vector<double> values);

}  // namespace webhookd

#endif  // WEBHOOKD_TESTS_BENCH_CHILD_H_
