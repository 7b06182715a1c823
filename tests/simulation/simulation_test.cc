#include "tests/simulation/simulation.h"

#include <gtest/gtest.h>

#include <iostream>
#include <memory>
#include <string>

#include "absl/strings/str_replace.h"
#include "storage/sqlite/sqlite_store.h"
#include "tests/simulation/mutants.h"
#include "tests/simulation/simulated_vfs.h"
#include "tests/testing/blocking_store.h"
#include "tests/testing/manual_executor.h"
#include "tests/testing/simulated_clock.h"

namespace webhookd {
namespace {

TEST(Simulation, TheSeedDecidesEverything) {
  uint64_t last = 0;
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    const SimulationResult first = Simulate({.seed = seed});
    const SimulationResult second = Simulate({.seed = seed});
    EXPECT_EQ(first.trace_hash, second.trace_hash) << "seed " << seed;
    EXPECT_NE(first.trace_hash, last);
    last = first.trace_hash;
  }
}

class MutantTest : public ::testing::TestWithParam<Mutant> {};

TEST_P(MutantTest, IsFound) {
  constexpr uint64_t kSeeds = 500;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const SimulationResult result = Simulate({.seed = seed, .mutant = GetParam()});
    if (result.violation.empty()) continue;
    std::cout << MutantName(GetParam()) << ": found after " << seed << " seeds\n  "
              << result.violation << std::endl;
    RecordProperty("seeds", static_cast<int>(seed));
    return;
  }
  FAIL() << "not found with " << kSeeds << " seeds";
}

INSTANTIATE_TEST_SUITE_P(All, MutantTest, ::testing::ValuesIn(AllMutants()), [](const auto& info) {
  return absl::StrReplaceAll(MutantName(info.param), {{"-", "_"}});
});

// The system takes what a failed sync left behind for clean, and shows it. A process that is
// started again must not build on it.
TEST(Simulation, WhatIsAcceptedAfterAFailedSyncAndARestartSurvivesAPowerCut) {
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    SimulatedClock clock;
    SimulatedDisk disk(seed);
    SimulatedVfs vfs(disk);
    ManualExecutor writer;
    std::unique_ptr<SqliteStore> store;
    const auto open = [&] {
      auto opened = SqliteStore::Create({.path = "test.db",
                                         .vfs = vfs.name(),
                                         .writer = writer,
                                         .clock = clock,
                                         .read_connections = 1});
      ASSERT_TRUE(opened.ok()) << opened.status();
      store = *std::move(opened);
    };
    const auto accept = [&](const std::string& event_id) {
      AcceptEventRequest request;
      request.event_id = event_id;
      request.idempotency_key = event_id;
      request.accepted_at = clock.Now();
      Pending<AcceptedEvent> accepted;
      AcceptEvent(*store, request, accepted.done());
      writer.RunAll();
      return accepted.Wait();
    };
    ASSERT_NO_FATAL_FAILURE(open());
    EXPECT_TRUE(accept("before").ok());
    disk.FailSyncs(3);
    EXPECT_FALSE(accept("not accepted").ok());
    store.reset();
    disk.FailSyncs(0);
    ASSERT_NO_FATAL_FAILURE(open());
    EXPECT_TRUE(accept("after").ok());

    disk.CutPower();
    store.reset();
    disk.Restart();
    vfs.Restart();
    ASSERT_NO_FATAL_FAILURE(open());
    for (const char* event_id : {"before", "after"}) {
      const absl::StatusOr<AcceptedEvent> again = accept(event_id);
      ASSERT_TRUE(again.ok()) << again.status();
      EXPECT_TRUE(again->duplicate) << event_id << " is lost with seed " << seed;
    }
  }
}

}  // namespace
}  // namespace webhookd
