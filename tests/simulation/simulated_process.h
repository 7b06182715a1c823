#ifndef WEBHOOKD_TESTS_SIMULATION_SIMULATED_PROCESS_H_
#define WEBHOOKD_TESTS_SIMULATION_SIMULATED_PROCESS_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/delivery/egress_policy.h"
#include "server/delivery/shard.h"
#include "server/delivery/signer.h"
#include "server/events/event_router.h"
#include "storage/sqlite/sqlite_store.h"
#include "tests/simulation/mutants.h"
#include "tests/simulation/observed_store.h"
#include "tests/simulation/settings.h"
#include "tests/simulation/simulated_network.h"
#include "tests/testing/manual_executor.h"
#include "tests/testing/seeded_random.h"

namespace webhookd {

// One life of webhookd: the parts that a server is made of, on one thread. Destroying it is a
// crash: whatever was in memory is gone, and nobody hears of it.
class SimulatedProcess {
 public:
  // Where it runs; all outlive it.
  struct Machine {
    const SimulationSettings& settings;
    Mutant mutant;
    Clock& clock;
    Trace& trace;
    SimulatedDisk& disk;
    const std::string& vfs;        // name of the one that the database is opened with
    bool errors_expected = false;  // the VFS fails in other ways than the disk
    SimulatedNetwork& network;
    Ledger& ledger;
    const std::string& signing_key;
  };

  static constexpr char kDatabase[] = "webhookd.db";

  // Opens the database and reads what waits. Fails as SqliteStore::Create does. `seed` decides
  // about what it draws and in which order its threads run.
  static absl::StatusOr<std::unique_ptr<SimulatedProcess>> Start(const Machine& machine,
                                                                 uint64_t seed);
  ~SimulatedProcess();

  // Does one thing that can be done now, by one of its threads; false if all of them wait.
  bool RunOne();
  // When one of them has something to do (Clock::Steady).
  absl::Duration next_at() const;

  // Ends it as a signal does: what is under way may end within `drain`.
  void BeginDrain();
  bool drained() const;
  void Stop();

  EventRouter& router() { return *router_; }
  Store& store() { return *observed_; }
  const WebhookCatalog& catalog() const { return observed_->catalog(); }
  void Wake(WakeUp wake_up);
  // As Dispatcher does.
  void Ask(int32_t webhook_id);
  void Drop(int32_t webhook_id, int64_t delivery_id,
            absl::AnyInvocable<void(bool under_way) &&> done);
  // Deliveries in memory.
  int64_t held() const { return held_.load(); }

 private:
  struct Driven {
    std::unique_ptr<Shard> shard;
    SimulatedHttpClient* http;
    absl::Duration next_step;
  };

  SimulatedProcess(const Machine& machine, uint64_t seed);
  absl::Status Open();
  bool Reserve(int64_t count);
  void WakeShards(WakeUp wake_up);
  Shard& ShardOf(int32_t webhook_id);
  bool RunWriter();
  bool RunShard(Driven& driven);

  const Machine machine_;
  const Dispatcher::Options options_;
  Dice dice_;
  SeededRandom random_;
  const Signer signer_;
  const EgressPolicy egress_{EgressPolicy::Options{}};
  SimulatedResolver resolver_;
  std::atomic<int64_t> held_{0};

  ManualExecutor writer_;
  ManualExecutor callbacks_;
  absl::Duration writer_free_at_;
  std::unique_ptr<SqliteStore> sqlite_;
  std::unique_ptr<Store> mutated_;
  std::unique_ptr<ObservedStore> observed_;
  webhookd::Wake wake_;
  std::unique_ptr<EventRouter> router_;
  std::vector<Driven> shards_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_TESTS_SIMULATION_SIMULATED_PROCESS_H_
