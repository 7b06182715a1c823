#ifndef WEBHOOKD_TESTS_SIMULATION_WORKLOAD_H_
#define WEBHOOKD_TESTS_SIMULATION_WORKLOAD_H_

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "tests/simulation/dice.h"
#include "tests/simulation/ledger.h"
#include "tests/simulation/settings.h"
#include "tests/simulation/simulated_network.h"
#include "tests/simulation/simulated_process.h"

namespace webhookd {

// What masters and operators ask of a process. It does to webhooks and deliveries what the services
// in server/rpc do. One thread.
class Workload {
 public:
  enum class Action {
    kReport,
    kRepeatReport,
    kCreateWebhook,
    kChangeWebhook,
    kSwitchWebhook,
    kDeleteWebhook,
    kRedeliver,
    kReplay,
    kCancel,
  };

  Workload(uint64_t seed, const SimulationSettings& settings, Clock& clock, Trace& trace,
           SimulatedNetwork& network, Ledger& ledger);

  // Asks for something; the answer comes when the process runs.
  void Ask(Action action, SimulatedProcess& process);

 private:
  void Report(SimulatedProcess& process);
  void Send(int32_t report, SimulatedProcess& process);
  void RepeatReport(SimulatedProcess& process);
  std::string PickUrl(const std::string& tag);
  void CreateWebhook(SimulatedProcess& process);
  // Picks a webhook as the catalog has it; null if there is none.
  std::shared_ptr<const WebhookRecord> PickWebhook(SimulatedProcess& process);
  void Change(SimulatedProcess& process, WebhookRecord webhook);
  void ChangeWebhook(SimulatedProcess& process);
  void SwitchWebhook(SimulatedProcess& process);
  void DeleteWebhook(SimulatedProcess& process);
  void Redeliver(SimulatedProcess& process);
  void Replay(SimulatedProcess& process);
  void Cancel(SimulatedProcess& process);
  int64_t PickDelivery();
  std::vector<TriggerRecord> Triggers();

  const SimulationSettings& settings_;
  Clock& clock_;
  Trace& trace_;
  SimulatedNetwork& network_;
  Ledger& ledger_;
  Dice dice_;
  int webhooks_ = 0;
};

}  // namespace webhookd

#endif  // WEBHOOKD_TESTS_SIMULATION_WORKLOAD_H_
