// Kills the real webhookd over and over under load, and counts what is lost and repeated.
//
//   crash_test_driver [--rounds N] [--seed S]

#include <cstdint>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/clock.h"
#include "base/random.h"
#include "tests/crash/rounds.h"
#include "tests/testing/temp_dir.h"

namespace webhookd {
namespace {

int Run(int rounds, uint64_t seed) {
  const absl::Duration started = RealClock().Steady();
  auto folder = std::make_unique<TempDir>();
  Ledger::Totals totals;
  std::string places;
  {
    Rounds killing(folder->path(), seed);
    int round = 0;
    while (round < rounds && killing.ledger().totals().faults == 0) {
      killing.Run();
      ++round;
    }
    rounds = round;
    if (killing.ledger().totals().faults > 0) {
      std::cerr << "in round " << round << ", killed at " << killing.last_place() << std::endl;
    }
    killing.Finish();
    totals = killing.ledger().totals();
    for (const auto& [place, count] : killing.places()) {
      absl::StrAppend(&places, places.empty() ? "" : ", ", place, " ", count);
    }
  }
  std::cout << rounds << " rounds in " << absl::ToInt64Seconds(RealClock().Steady() - started)
            << " s: " << places << "\n"
            << totals.acknowledged << " events acknowledged, " << totals.requests
            << " requests received, seed " << seed << "\n";
  const bool held = totals.faults == 0 && totals.lost == 0 && totals.repeated <= totals.in_flight;
  if (!held) {
    std::cout << totals.faults << " faults; the database is kept in " << folder->path() << "\n";
    static_cast<void>(folder.release());  // nor removes it
  }
  std::cout << "lost " << totals.lost << ", repeated " << totals.repeated
            << " (in flight at kills: " << totals.in_flight << ")" << std::endl;
  return held ? 0 : 1;
}

int Main(int argc, char** argv) {
  int rounds = 50;
  uint64_t seed = SecureRandom().Next() % 1'000'000;
  for (int i = 1; i < argc; ++i) {
    const absl::string_view flag = argv[i];
    const char* const value = i + 1 < argc ? argv[++i] : "";
    if (!(flag == "--rounds" && absl::SimpleAtoi(value, &rounds) && rounds > 0) &&
        !(flag == "--seed" && absl::SimpleAtoi(value, &seed))) {
      std::cerr << "usage: " << argv[0] << " [--rounds N] [--seed S]" << std::endl;
      return 2;
    }
  }
  return Run(rounds, seed);
}

}  // namespace
}  // namespace webhookd

int main(int argc, char** argv) { return webhookd::Main(argc, argv); }
