#ifndef WEBHOOKD_TESTS_BENCH_MEASUREMENT_H_
#define WEBHOOKD_TESTS_BENCH_MEASUREMENT_H_

#include <string>
#include <vector>

namespace webhookd {

// One figure, beside what limits it as measured in the same run.
struct Measurement {
  std::string name;
  double value = 0;
  std::string unit;
  std::string limit_name;
  double limit_value = 0;
  double ratio = 0;  // value / limit_value
  // What the ratio should be: at least `goal`, or at most, for figures where less is better.
  double goal = 0;
  bool less_is_better = false;

  bool met() const { return less_is_better ? ratio <= goal : ratio >= goal; }
};

// As a table for people.
std::string MeasurementTable(const std::vector<Measurement>& measurements);

// As a JSON list of {name, value, unit, limit_name, limit_value, ratio, goal, met}.
std::string MeasurementJson(const std::vector<Measurement>& measurements);

}  // namespace webhookd

#endif  // WEBHOOKD_TESTS_BENCH_MEASUREMENT_H_
