#ifndef WEBHOOKD_TESTS_SIMULATION_SIMULATED_NETWORK_H_
#define WEBHOOKD_TESTS_SIMULATION_SIMULATED_NETWORK_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "server/delivery/http_client.h"
#include "server/delivery/resolver.h"
#include "tests/simulation/dice.h"
#include "tests/simulation/ledger.h"
#include "tests/simulation/receiver_habits.h"
#include "tests/simulation/settings.h"

namespace webhookd {

// Receivers, name servers and the wires between, in simulated time. What was sent arrives even if
// its sender crashes meanwhile. One thread.
class SimulatedNetwork {
 public:
  SimulatedNetwork(uint64_t seed, const SimulationSettings& settings, Clock& clock, Trace& trace,
                   Ledger& ledger);

  // A URL of this receiver, by name or by address, that carries `tag`.
  std::string Url(int receiver, const std::string& tag, bool by_name) const;

  // Runs one thing that is due now; false if nothing is.
  bool RunOne();
  // When something is due (Clock::Steady); InfiniteDuration: never.
  absl::Duration next_at() const;

  // From now on every receiver is fast and confirms, and every name is known.
  void Heal();

  // For the doubles below.
  using Task = absl::AnyInvocable<void() &&>;
  void At(absl::Duration after, Task task);
  ReceiverHabits& ReceiverOf(const std::string& host);
  Clock& clock() { return clock_; }
  Trace& trace() { return trace_; }
  Ledger& ledger() { return ledger_; }
  Dice& dice() { return dice_; }
  double stale() const { return stale_; }

 private:
  Clock& clock_;
  Trace& trace_;
  Ledger& ledger_;
  Dice dice_;
  double stale_;
  std::vector<std::unique_ptr<ReceiverHabits>> receivers_;
  std::map<std::pair<absl::Duration, int64_t>, Task> tasks_;
  int64_t task_number_ = 0;
};

// Sends to the simulated receivers. What is under way when it is destroyed goes on without it.
class SimulatedHttpClient final : public HttpClient {
 public:
  explicit SimulatedHttpClient(SimulatedNetwork& network);

  void Send(HttpRequest request, absl::AnyInvocable<void(HttpResult) &&> done) override;
  void Poll(absl::Duration max_wait) override;
  void Interrupt() override { state_->interrupted = true; }

  // Whether Poll would return at once.
  bool ready() const { return state_->interrupted || !state_->ended.empty(); }

 private:
  struct State {
    bool interrupted = false;
    std::vector<std::pair<absl::AnyInvocable<void(HttpResult) &&>, HttpResult>> ended;
    std::map<std::string, bool> connected;  // by host
  };

  SimulatedNetwork& network_;
  const std::shared_ptr<State> state_;
};

// Answers at once or after a while, as the receiver's habits say.
class SimulatedResolver final : public Resolver {
 public:
  explicit SimulatedResolver(SimulatedNetwork& network)
      : network_(network), alive_(std::make_shared<bool>(true)) {}

  void Resolve(std::string host, ResolveDone done) override;

 private:
  SimulatedNetwork& network_;
  const std::shared_ptr<bool> alive_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_TESTS_SIMULATION_SIMULATED_NETWORK_H_
