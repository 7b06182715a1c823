#ifndef WEBHOOKD_TESTS_SIMULATION_TRACE_H_
#define WEBHOOKD_TESTS_SIMULATION_TRACE_H_

#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/clock.h"

namespace webhookd {

// What happened in a run, line by line in simulated time, and the first thing that must not
// happen. While one exists, it also takes the log lines of the code under test.
class Trace {
 public:
  // Prints its lines to standard output if `verbose`. `clock` must outlive it.
  Trace(Clock& clock, bool verbose);
  Trace(const Trace&) = delete;
  Trace& operator=(const Trace&) = delete;
  ~Trace();

  template <typename... Parts>
  void Add(const Parts&... parts) {
    AddLine(absl::StrCat(parts...));
  }
  // Something is wrong: the run ends as soon as it can.
  template <typename... Parts>
  void Violate(const Parts&... parts) {
    AddViolation(absl::StrCat(parts...));
  }

  bool violated() const { return !violation_.empty(); }
  const std::string& violation() const { return violation_; }
  // Of all lines and their times: equal for equal runs.
  uint64_t hash() const { return hash_; }

  // The one that exists; null if there is none.
  static Trace* Current();

 private:
  void AddLine(absl::string_view line);
  void AddViolation(std::string what);

  Clock& clock_;
  const bool verbose_;
  const absl::Time start_;
  uint64_t hash_ = 0xcbf29ce484222325;
  std::string violation_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_TESTS_SIMULATION_TRACE_H_
