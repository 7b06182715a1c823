#include "tests/simulation/settings.h"

#include <vector>

#include "tests/simulation/dice.h"

namespace webhookd {
namespace {

constexpr uint64_t kStream = 2;

const std::vector<absl::Duration>& ShortSchedule() {
  static const auto& schedule = *new std::vector<absl::Duration>{
      absl::ZeroDuration(), absl::Seconds(5), absl::Minutes(1), absl::Minutes(10)};
  return schedule;
}

}  // namespace

SimulationSettings SimulationSettings::Draw(uint64_t seed) {
  Dice dice(seed, kStream);
  SimulationSettings settings;
  Dispatcher::Options& options = settings.dispatcher;
  options.shards = static_cast<int>(dice.Between(1, 3));
  if (dice.Chance(0.5)) options.retry.schedule = ShortSchedule();
  if (dice.Chance(0.2)) options.retry.jitter = 0;
  if (dice.Chance(0.3)) options.max_ready = static_cast<int>(dice.Between(1, 20));
  if (dice.Chance(0.3)) options.max_ready_per_webhook = static_cast<int>(dice.Between(1, 5));
  if (dice.Chance(0.3)) options.max_in_flight = static_cast<int>(dice.Between(2, 6));
  if (dice.Chance(0.3)) options.max_in_flight_per_webhook = static_cast<int>(dice.Between(1, 3));
  if (dice.Chance(0.3)) options.lease_slack = absl::Seconds(dice.Between(1, 30));
  if (dice.Chance(0.3)) options.disable_after = absl::Hours(dice.Between(1, 30));
  if (dice.Chance(0.3)) settings.max_batch = static_cast<int>(dice.Between(1, 5));
  if (dice.Chance(0.1)) settings.max_waiting_writes = dice.Between(1, 5);

  settings.actions = static_cast<int>(dice.Between(20, 120));
  settings.longest_pause = dice.Between(absl::Seconds(1), absl::Hours(72));
  settings.max_webhooks = static_cast<int>(dice.Between(1, 10));
  settings.receivers = static_cast<int>(dice.Between(1, 6));
  settings.longest_habit = dice.Between(absl::Seconds(10), absl::Hours(24 * 7));
  settings.healthy = static_cast<double>(dice.Between(0, 9)) / 10;
  settings.stale = dice.Chance(0.5) ? 0 : 0.2;
  settings.longest_commit = dice.Chance(0.5)
                                ? absl::ZeroDuration()
                                : dice.Between(absl::Milliseconds(1), absl::Seconds(2));
  settings.write_back = dice.Chance(0.7) ? 0 : 0.1;

  const auto some = [&dice](int& weight, double probability) {
    weight = dice.Chance(probability) ? static_cast<int>(dice.Between(1, weight)) : 0;
  };
  some(settings.repeat_report = 10, 0.7);
  some(settings.change_webhook = 6, 0.6);
  some(settings.switch_webhook = 6, 0.5);
  some(settings.delete_webhook = 3, 0.5);
  some(settings.redeliver = 6, 0.4);
  some(settings.replay = 4, 0.4);
  some(settings.cancel = 4, 0.4);
  some(settings.checkpoint = 6, 0.5);
  some(settings.crash = 12, 0.8);
  some(settings.stop = 4, 0.4);
  some(settings.fill_disk = 4, 0.3);
  some(settings.fail_syncs = 4, 0.3);
  some(settings.set_wall_clock = 6, 0.3);
  return settings;
}

}  // namespace webhookd
