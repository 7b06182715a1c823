#ifndef WEBHOOKD_TESTS_CRASH_ROUNDS_H_
#define WEBHOOKD_TESTS_CRASH_ROUNDS_H_

#include <cstdint>
#include <map>
#include <string>

#include "absl/time/time.h"
#include "tests/crash/crashable_webhookd.h"
#include "tests/crash/ledger.h"
#include "tests/crash/test_receivers.h"
#include "tests/testing/seeded_random.h"

namespace webhookd {

// Rounds of starting webhookd on one database, reporting to it, killing it, and checking what is
// left. What is wrong goes to the ledger.
class Rounds {
 public:
  // `folder` is empty and holds the databases. `seed` decides where the process is killed; what it
  // is doing then is up to the machine.
  Rounds(std::string folder, uint64_t seed);

  // One more round, killed at the next of the places.
  void Run();

  // Ends with a life that lasts until everything is delivered.
  void Finish();

  // The name of the last round's place.
  const char* last_place() const;
  // How many rounds ended at which place.
  const std::map<std::string, int>& places() const { return places_; }
  const Ledger& ledger() const { return ledger_; }

 private:
  enum class When { kAtAnyTime, kFromStart, kUnderLoad, kWhileEnding, kMigrating };
  struct Place {
    const char* name;
    When when;
    KillPoint point = KillPoint::kNone;
    int most_passes = 1;
  };
  static const Place kPlaces[];

  int Below(int limit) { return static_cast<int>(random_.Next() % static_cast<uint64_t>(limit)); }
  void CreateWebhooks();
  // Starts, reports, and is killed at `place`.
  void Live(const Place& place);
  // Waits for the process's end, which is by a kill if `must_be_killed`; true: it was.
  bool WaitForEnd(bool must_be_killed);
  void Settle(bool killed);
  // Whether the process was killed where it should.
  void CheckPlace(const Place& place);
  // A database of its own, killed while it is made or brought up to date; the next start must work.
  void KillWhileMigrating();

  const std::string folder_;
  SeededRandom random_;
  Ledger ledger_;
  TestReceivers receivers_;
  CrashableWebhookd webhookd_;
  int round_ = 0;
  std::map<std::string, int> places_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_TESTS_CRASH_ROUNDS_H_
