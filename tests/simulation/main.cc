// Runs the simulator: many seeds, or one again.

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <iostream>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tests/simulation/simulation.h"

namespace webhookd {
namespace {

constexpr char kHelp[] =
    R"(simulate lets webhookd run for days of simulated time on a machine that fails.

  --seeds N        run so many seeds (default 100)
  --minutes M      run for so long instead
  --first-seed S   the first one (default 1)
  --seed X         run this one only
  --verbose        print what happens
  --mutant NAME    put a mistake into webhookd; exits with 0 when it is found
)";

struct Arguments {
  int64_t seeds = 100;
  double minutes = 0;
  uint64_t first_seed = 1;
  bool verbose = false;
  Mutant mutant = Mutant::kNone;
};

[[noreturn]] void Fail(const std::string& message) {
  std::cerr << "simulate: " << message << "\n" << kHelp;
  std::exit(2);
}

template <typename Number>
Number Parse(const std::string& name, const std::string& text) {
  Number number{};
  bool ok;
  if constexpr (std::is_same_v<Number, double>) {
    ok = absl::SimpleAtod(text, &number);
  } else {
    ok = absl::SimpleAtoi(text, &number);
  }
  if (!ok) Fail(absl::StrCat(name, " is \"", text, "\", which is no number"));
  return number;
}

Arguments ParseArguments(const std::vector<std::string>& words) {
  Arguments arguments;
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string& name = words[i];
    if (name == "--help") {
      std::cout << kHelp;
      std::exit(0);
    }
    if (name == "--verbose") {
      arguments.verbose = true;
      continue;
    }
    if (i + 1 == words.size()) Fail(absl::StrCat(name, " is unknown or needs a value"));
    const std::string& value = words[++i];
    if (name == "--seeds") {
      arguments.seeds = Parse<int64_t>(name, value);
    } else if (name == "--minutes") {
      arguments.minutes = Parse<double>(name, value);
    } else if (name == "--first-seed") {
      arguments.first_seed = Parse<uint64_t>(name, value);
    } else if (name == "--seed") {
      arguments.first_seed = Parse<uint64_t>(name, value);
      arguments.seeds = 1;
    } else if (name == "--mutant") {
      const absl::StatusOr<Mutant> mutant = MutantOfName(value);
      if (!mutant.ok()) Fail(std::string(mutant.status().message()));
      arguments.mutant = *mutant;
    } else {
      Fail(absl::StrCat(name, " is unknown"));
    }
  }
  return arguments;
}

class Session {
 public:
  explicit Session(const Arguments& arguments) : arguments_(arguments) {}

  int Run() {
    uint64_t seed = arguments_.first_seed;
    for (; More(); ++seed, ++seeds_) {
      const SimulationResult result =
          Simulate({.seed = seed, .mutant = arguments_.mutant, .verbose = arguments_.verbose});
      Add(result);
      if (!result.violation.empty()) return Found(seed, result);
      if (isatty(STDOUT_FILENO) != 0 && !arguments_.verbose && seeds_ % 10 == 0) {
        absl::PrintF("\r%d seeds, %.1f virtual days, %d events, %d attempts, %d crashes ", seeds_,
                     days_, events_, attempts_, crashes_);
        std::fflush(stdout);
      }
    }
    Report();
    if (seeds_ == 1) absl::PrintF("trace %016x\n", trace_);
    if (arguments_.mutant == Mutant::kNone) return 0;
    absl::PrintF("mutant %s was not found\n", MutantName(arguments_.mutant));
    return 1;
  }

 private:
  double Hours() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count() / 3600;
  }

  bool More() const {
    return arguments_.minutes > 0 ? Hours() * 60 < arguments_.minutes : seeds_ < arguments_.seeds;
  }

  void Add(const SimulationResult& result) {
    days_ += absl::ToDoubleHours(result.simulated) / 24;
    events_ += result.events;
    attempts_ += result.attempts;
    crashes_ += result.crashes;
    repeats_ += result.repeats;
    trace_ = result.trace_hash;
  }

  int Found(uint64_t seed, const SimulationResult& result) {
    const bool mutated = arguments_.mutant != Mutant::kNone;
    absl::PrintF(
        "%s with seed %d after %d seeds:\n  %s\n",
        mutated ? absl::StrCat("mutant ", MutantName(arguments_.mutant), " found") : "violation",
        seed, seeds_ + 1, result.violation);
    absl::PrintF("again: make simulate ARGS=\"--seed %d%s --verbose\"\n", seed,
                 mutated ? absl::StrCat(" --mutant ", MutantName(arguments_.mutant)) : "");
    return mutated ? 0 : 1;
  }

  void Report() {
    const double hours = Hours();
    absl::PrintF(
        "%s%d seeds, %.1f virtual days, %d events, %d attempts, %d crashes, "
        "%d attempts repeated after crashes\n",
        isatty(STDOUT_FILENO) != 0 ? "\r" : "", seeds_, days_, events_, attempts_, crashes_,
        repeats_);
    absl::PrintF("in %.1f s; per hour %.0f seeds and %.0f virtual days\n", hours * 3600,
                 static_cast<double>(seeds_) / hours, days_ / hours);
  }

  const Arguments arguments_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  int64_t seeds_ = 0;
  double days_ = 0;
  int64_t events_ = 0;
  int64_t attempts_ = 0;
  int64_t crashes_ = 0;
  int64_t repeats_ = 0;
  uint64_t trace_ = 0;  // of the last
};

}  // namespace
}  // namespace webhookd

int main(int argc, char** argv) {
  return webhookd::Session(
             webhookd::ParseArguments(std::vector<std::string>(argv + 1, argv + argc)))
      .Run();
}
