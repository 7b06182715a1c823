#include "tests/simulation/simulation.h"

#include <sqlite3.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/simulation/audit.h"
#include "tests/simulation/simulated_process.h"
#include "tests/simulation/simulated_vfs.h"
#include "tests/simulation/workload.h"
#include "tests/testing/simulated_clock.h"

namespace webhookd {
namespace {

constexpr uint64_t kStream = 6;
constexpr absl::Duration kDrain = absl::Seconds(30);

using Action = Workload::Action;

class Simulation {
 public:
  explicit Simulation(const SimulationOptions& options)
      : options_(options),
        settings_(SimulationSettings::Draw(options.seed)),
        dice_(options.seed, kStream),
        trace_(clock_, options.verbose),
        disk_(options.seed),
        vfs_(disk_),
        ledger_(clock_, trace_, settings_.dispatcher.retry, settings_.dispatcher.disable_after,
                signing_key_),
        network_(options.seed, settings_, clock_, trace_, ledger_),
        workload_(options.seed, settings_, clock_, trace_, network_, ledger_) {
    SeedSqlite(options.seed);
    if (options.mutant == Mutant::kNoSync) disk_.IgnoreSyncs();
    disk_.WriteBack(settings_.write_back);
  }

  SimulationResult Run() {
    const absl::Duration start = clock_.Steady();
    Live();
    if (!trace_.violated()) {
      Heal();
      RunFor(settings_.dispatcher.retry.Ceiling() + absl::Hours(2));
      if (!trace_.violated()) Check(AuditTime::kEnd);
      if (!trace_.violated() && process_->held() != 0) {
        trace_.Violate(process_->held(), " deliveries are counted as in memory, and none is");
      }
    }
    process_.reset();
    return {.violation = trace_.violation(),
            .trace_hash = trace_.hash(),
            .simulated = clock_.Steady() - start,
            .events = ledger_.counts.events,
            .attempts = ledger_.counts.sent,
            .crashes = crashes_,
            .repeats = ledger_.counts.repeats_allowed};
  }

 private:
  void Live() {
    Boot();
    for (int i = 0; i < 2; ++i) workload_.Ask(Action::kCreateWebhook, *process_);
    for (int i = 0; i < settings_.actions && !trace_.violated(); ++i) {
      Act();
      if (dice_.Chance(0.4)) {
        RunSome(dice_.Below(12));
      } else {
        RunFor(dice_.Between(absl::Microseconds(100), settings_.longest_pause));
      }
    }
  }

  // ---- Time

  // One thing that can happen now, somewhere; false if nothing can.
  bool RunOne() {
    if (!disk_.powered() && process_ != nullptr) {
      Crash();
      return true;
    }
    if (process_ == nullptr && clock_.Steady() >= boot_at_) {
      Boot();
      return true;
    }
    const bool network_first = dice_.Chance(0.5);
    if (network_first && network_.RunOne()) return true;
    if (process_ != nullptr && process_->RunOne()) return true;
    return !network_first && network_.RunOne();
  }

  void RunSome(int64_t steps) {
    while (steps-- > 0 && !trace_.violated() && RunOne()) {
    }
  }

  void RunFor(absl::Duration duration) {
    const absl::Duration end = clock_.Steady() + duration;
    while (!trace_.violated()) {
      if (RunOne()) continue;
      const absl::Duration now = clock_.Steady();
      if (now >= end) return;
      absl::Duration next = std::min(end, network_.next_at());
      if (process_ == nullptr) next = std::min(next, boot_at_);
      if (process_ != nullptr) next = std::min(next, process_->next_at());
      if (recovers_at_ > now) next = std::min(next, recovers_at_);
      clock_.Advance(std::max(next - now, absl::Nanoseconds(1)));
      if (recovers_at_ > now && clock_.Steady() >= recovers_at_) HealDisk();
    }
  }

  // ---- The machine

  void Boot() {
    while (!trace_.violated()) {
      ledger_.Starting();
      absl::StatusOr<std::unique_ptr<SimulatedProcess>> started =
          SimulatedProcess::Start({.settings = settings_,
                                   .mutant = options_.mutant,
                                   .clock = clock_,
                                   .trace = trace_,
                                   .disk = disk_,
                                   .vfs = vfs_.name(),
                                   .network = network_,
                                   .ledger = ledger_,
                                   .signing_key = signing_key_},
                                  dice_.Bits());
      if (started.ok() && disk_.powered()) {
        trace_.Add("started");
        process_ = *std::move(started);
        Check(AuditTime::kRestart);
        return;
      }
      trace_.Add("cannot start: ", started.status().ToString());
      started = absl::UnknownError("");
      if (disk_.powered()) {
        if (!disk_.full() && !disk_.syncs_fail() && disk_.failed_syncs() == syncs_failed_) {
          trace_.Violate("it does not start on a disk that is well");
        }
        syncs_failed_ = disk_.failed_syncs();
        boot_at_ = clock_.Steady() + absl::Seconds(1);
        return;
      }
      PowerOn();
    }
  }

  void Crash() {
    trace_.Add("crash");
    ++crashes_;
    disk_.CutPower();
    process_.reset();
    ledger_.Crashed();
    PowerOn();
    boot_at_ = clock_.Steady() + dice_.Between(absl::Milliseconds(100), absl::Minutes(5));
  }

  void PowerOn() {
    disk_.Restart();
    vfs_.Restart();
    // Sometimes it goes again while the database recovers.
    if (!healed_ && dice_.Chance(0.2)) disk_.CutPowerAt(dice_.Between(1, 20));
  }

  void Stop() {
    trace_.Add("stop");
    process_->BeginDrain();
    const absl::Duration end = clock_.Steady() + kDrain;
    while (process_ != nullptr && !process_->drained() && clock_.Steady() < end &&
           !trace_.violated()) {
      RunFor(absl::Seconds(1));
    }
    if (process_ == nullptr || trace_.violated()) return;
    process_->Stop();
    if (!disk_.powered()) return;
    process_.reset();
    ledger_.Crashed();
    vfs_.Restart();
    boot_at_ = clock_.Steady() + absl::Seconds(1);
  }

  void HealDisk() {
    if (disk_.full() || disk_.syncs_fail()) trace_.Add("the disk is well again");
    disk_.FreeSpace();
    disk_.FailSyncs(0);
    recovers_at_ = absl::ZeroDuration();
  }

  void Heal() {
    healed_ = true;
    HealDisk();
    disk_.CutPowerAt(0);
    network_.Heal();
    RunFor(absl::Minutes(10));
    while (process_ == nullptr && !trace_.violated()) RunFor(absl::Seconds(10));
    trace_.Add("all are well");
  }

  void Check(AuditTime time) {
    // What it reads and writes is not the process's doing.
    Audit(time, vfs_.name(), SimulatedProcess::kDatabase, process_->store(), ledger_, trace_);
  }

  // ---- What happens to it

  void Act() {
    const std::pair<int, Action> asked[] = {
        {settings_.report, Action::kReport},
        {settings_.repeat_report, Action::kRepeatReport},
        {settings_.create_webhook, Action::kCreateWebhook},
        {settings_.change_webhook, Action::kChangeWebhook},
        {settings_.switch_webhook, Action::kSwitchWebhook},
        {settings_.delete_webhook, Action::kDeleteWebhook},
        {settings_.redeliver, Action::kRedeliver},
        {settings_.replay, Action::kReplay},
        {settings_.cancel, Action::kCancel},
    };
    int64_t total = settings_.checkpoint + settings_.crash + settings_.stop + settings_.fill_disk +
                    settings_.fail_syncs + settings_.set_wall_clock;
    for (const auto& [weight, action] : asked) total += weight;
    int64_t roll = dice_.Below(total);
    for (const auto& [weight, action] : asked) {
      if (roll < weight && process_ != nullptr) workload_.Ask(action, *process_);
      if ((roll -= weight) < 0) return;
    }
    if ((roll -= settings_.crash) < 0) return PlanCrash();
    if ((roll -= settings_.fill_disk) < 0) return FillDisk();
    if ((roll -= settings_.fail_syncs) < 0) return FailSyncs();
    if ((roll -= settings_.set_wall_clock) < 0) return SetWallClock();
    if (process_ == nullptr) return;
    if ((roll -= settings_.checkpoint) < 0) return Checkpoint();
    Stop();
  }

  void PlanCrash() {
    if (dice_.Chance(0.3)) {
      if (process_ != nullptr) Crash();
    } else {
      disk_.CutPowerAt(dice_.Between(1, dice_.Chance(0.5) ? 10 : 100));
    }
  }

  void FillDisk() {
    const int64_t unit = dice_.Below(3);
    const int64_t free_bytes = unit * dice_.Below(40'000);
    trace_.Add("the disk has ", free_bytes, " bytes left");
    disk_.Fill(free_bytes);
    recovers_at_ = clock_.Steady() + dice_.Between(absl::Milliseconds(10), absl::Hours(6));
  }

  void FailSyncs() {
    const int64_t count = dice_.Chance(0.7) ? dice_.Between(1, 3) : 1'000'000'000;
    trace_.Add("the next ", count, " syncs fail");
    disk_.FailSyncs(count);
    recovers_at_ = clock_.Steady() + dice_.Between(absl::Milliseconds(10), absl::Hours(6));
  }

  // Somebody sets it, or puts it right again.
  void SetWallClock() {
    const absl::Time right = ledger_.Now();
    absl::Duration error;
    if (dice_.Chance(0.6)) {
      error = dice_.Chance(0.5) ? absl::Hours(dice_.Between(1, 48))
                                : absl::Hours(24 * dice_.Between(100, 4'000));
      if (dice_.Chance(0.5)) error = -error;
    }
    trace_.Add("the wall clock is set ", absl::FormatDuration(error), " off");
    clock_.SetWall(right + error);
    ledger_.WallClockSet();
  }

  // Somebody else has the database open for a moment, and merges the log into it.
  void Checkpoint() {
    sqlite3* database = nullptr;
    if (sqlite3_open_v2(SimulatedProcess::kDatabase, &database, SQLITE_OPEN_READWRITE,
                        vfs_.name().c_str()) == SQLITE_OK) {
      const char* sql =
          dice_.Chance(0.5) ? "PRAGMA wal_checkpoint(PASSIVE)" : "PRAGMA wal_checkpoint(TRUNCATE)";
      sqlite3_exec(database, sql, nullptr, nullptr, nullptr);
      trace_.Add("checkpoint");
    }
    sqlite3_close(database);
  }

  const SimulationOptions options_;
  const SimulationSettings settings_;
  const std::string signing_key_ = "a key";
  Dice dice_;
  SimulatedClock clock_;
  Trace trace_;
  SimulatedDisk disk_;
  SimulatedVfs vfs_;
  Ledger ledger_;
  SimulatedNetwork network_;
  Workload workload_;
  std::unique_ptr<SimulatedProcess> process_;  // null while it is down
  absl::Duration boot_at_;
  absl::Duration recovers_at_;  // when the disk is well again
  bool healed_ = false;         // for good
  int64_t syncs_failed_ = 0;
  int64_t crashes_ = 0;
};

}  // namespace

SimulationResult Simulate(const SimulationOptions& options) { return Simulation(options).Run(); }

}  // namespace webhookd
