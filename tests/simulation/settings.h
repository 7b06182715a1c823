#ifndef WEBHOOKD_TESTS_SIMULATION_SETTINGS_H_
#define WEBHOOKD_TESTS_SIMULATION_SETTINGS_H_

#include <cstdint>

#include "absl/time/time.h"
#include "server/delivery/dispatcher.h"

namespace webhookd {

// What a run is like. Every seed leaves some of it out and has more of the rest: what goes wrong
// rarely in a mixture of everything goes wrong often in some of these.
struct SimulationSettings {
  static SimulationSettings Draw(uint64_t seed);

  Dispatcher::Options dispatcher;
  int max_batch = 1'000;
  int64_t max_waiting_writes = 100'000;

  int actions = 100;             // of the workload
  absl::Duration longest_pause;  // between two of them
  int max_webhooks = 8;
  int receivers = 5;
  absl::Duration longest_habit;  // how long a receiver stays as it is
  double healthy = 0.4;          // part of the time in which receivers are fast and confirm
  double stale = 0.05;           // of the requests on kept connections meet a dead one

  absl::Duration longest_commit;  // how long the writer is busy with a batch, at most
  double write_back = 0;          // see SimulatedDisk::WriteBack

  // How often each action is drawn, relative to the others.
  int report = 40;
  int repeat_report = 6;
  int create_webhook = 6;
  int change_webhook = 4;
  int switch_webhook = 4;  // disable or enable
  int delete_webhook = 1;
  int redeliver = 3;
  int replay = 2;
  int cancel = 2;
  int checkpoint = 2;
  int crash = 4;
  int stop = 1;  // in an orderly manner
  int fill_disk = 0;
  int fail_syncs = 0;
  int set_wall_clock = 0;
};

}  // namespace webhookd

#endif  // WEBHOOKD_TESTS_SIMULATION_SETTINGS_H_
