#include "tests/simulation/simulated_network.h"

#include <algorithm>
#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace webhookd {
namespace {

constexpr uint64_t kStream = 3;
using Habit = ReceiverHabits::Habit;

std::string HostOf(absl::string_view url) {
  const size_t begin = url.find("//") + 2;
  return std::string(url.substr(begin, url.find('/', begin) - begin));
}

// The last number in "10.1.0.3" or "receiver-3.example".
int NumberOf(absl::string_view host) {
  absl::string_view digits = host;
  if (absl::ConsumeSuffix(&digits, ".example")) {
    digits.remove_prefix(digits.rfind('-') + 1);
  } else {
    digits.remove_prefix(digits.rfind('.') + 1);
  }
  int number = 0;
  return absl::SimpleAtoi(digits, &number) ? number : 0;
}

std::string EventIdOf(const HttpRequest& request) {
  for (const auto& [name, value] : request.headers) {
    if (name == "webhook-id") return value;
  }
  return "";
}

}  // namespace

SimulatedNetwork::SimulatedNetwork(uint64_t seed, const SimulationSettings& settings, Clock& clock,
                                   Trace& trace, Ledger& ledger)
    : clock_(clock), trace_(trace), ledger_(ledger), dice_(seed, kStream), stale_(settings.stale) {
  for (int i = 0; i < settings.receivers; ++i) {
    receivers_.push_back(
        std::make_unique<ReceiverHabits>(seed, i, settings.healthy, settings.longest_habit));
  }
}

std::string SimulatedNetwork::Url(int receiver, const std::string& tag, bool by_name) const {
  return by_name ? absl::StrCat("https://receiver-", receiver, ".example/", tag)
                 : absl::StrCat("http://10.1.0.", receiver, "/", tag);
}

void SimulatedNetwork::At(absl::Duration after, Task task) {
  tasks_.emplace(std::make_pair(clock_.Steady() + after, task_number_++), std::move(task));
}

ReceiverHabits& SimulatedNetwork::ReceiverOf(const std::string& host) {
  return *receivers_.at(static_cast<size_t>(NumberOf(host)));
}

bool SimulatedNetwork::RunOne() {
  if (tasks_.empty() || tasks_.begin()->first.first > clock_.Steady()) return false;
  Task task = std::move(tasks_.begin()->second);
  tasks_.erase(tasks_.begin());
  std::move(task)();
  return true;
}

absl::Duration SimulatedNetwork::next_at() const {
  return tasks_.empty() ? absl::InfiniteDuration() : tasks_.begin()->first.first;
}

void SimulatedNetwork::Heal() {
  stale_ = 0;
  for (const auto& receiver : receivers_) receiver->Heal();
}

SimulatedHttpClient::SimulatedHttpClient(SimulatedNetwork& network)
    : network_(network), state_(std::make_shared<State>()) {}

void SimulatedHttpClient::Send(HttpRequest request, absl::AnyInvocable<void(HttpResult) &&> done) {
  const std::string host = HostOf(request.url);
  const std::string tag = TagOfUrl(request.url);
  const std::string event_id = EventIdOf(request);
  const bool fresh = request.fresh_connection;
  network_.ledger().Sent(event_id, tag, fresh, absl::EndsWith(host, ".example"));

  Dice& dice = network_.dice();
  Exchange exchange = network_.ReceiverOf(host).Answer(network_.clock(), dice);
  bool& connected = state_->connected[host];
  exchange.result.remote_address = absl::StrCat("10.1.0.", NumberOf(host), ":80");
  exchange.result.reused_connection = connected && !fresh;
  if (connected && !fresh && dice.Chance(network_.stale())) {
    // The receiver may have got the request all the same.
    if (dice.Chance(0.5)) exchange.arrives_after.reset();
    exchange.ends_after = absl::Milliseconds(1);
    exchange.result = {.error = AttemptError::kStaleConnection,
                       .error_message = "the kept connection was closed",
                       .reused_connection = true};
  }
  if (exchange.ends_after > request.timeout) {
    exchange.ends_after = request.timeout;
    exchange.result = {.error = AttemptError::kTimeout, .error_message = "no answer in time"};
    exchange.asks_to_wait.reset();
  }
  connected = exchange.result.error == AttemptError::kNone;
  network_.trace().Add("send ", event_id, " to ", request.url, fresh ? " fresh" : "");

  if (exchange.arrives_after.has_value()) {
    network_.At(std::min(*exchange.arrives_after, exchange.ends_after),
                [&network = network_, request = std::move(request), tag] {
                  network.trace().Add("received at ", request.url);
                  network.ledger().Received(request, tag);
                });
  }
  network_.At(
      exchange.ends_after, [&network = network_, state = std::weak_ptr<State>(state_), event_id,
                            tag, fresh, exchange, done = std::move(done)]() mutable {
        const std::shared_ptr<State> client = state.lock();
        if (client == nullptr) return;
        network.trace().Add("end ", event_id, " at ", tag, " status ", exchange.result.status,
                            " error ", AttemptErrorName(exchange.result.error));
        network.ledger().Ended(event_id, tag, fresh, exchange);
        client->ended.emplace_back(std::move(done), std::move(exchange.result));
      });
}

void SimulatedHttpClient::Poll(absl::Duration) {
  state_->interrupted = false;
  for (auto& [done, result] : std::exchange(state_->ended, {})) std::move(done)(std::move(result));
}

void SimulatedResolver::Resolve(std::string host, ResolveDone done) {
  Dice& dice = network_.dice();
  const Habit habit = network_.ReceiverOf(host).HabitAt(network_.clock().Steady());
  absl::StatusOr<std::vector<IpAddress>> answer = absl::NotFoundError("no such host: " + host);
  if (habit != Habit::kNoName) {
    answer =
        std::vector<IpAddress>{IpAddress::Parse(absl::StrCat("10.1.0.", NumberOf(host))).value()};
  }
  absl::Duration after = dice.Chance(0.5) ? absl::ZeroDuration() : absl::Milliseconds(5);
  if (habit == Habit::kSlowName) {
    after = absl::Seconds(dice.Between(1, 7));
    if (after > absl::Seconds(5)) {
      after = absl::Seconds(5);
      answer = absl::DeadlineExceededError("looking " + host + " up took longer than 5s");
    }
  }
  if (after == absl::ZeroDuration()) return std::move(done)(std::move(answer));
  network_.At(after, [alive = std::weak_ptr<bool>(alive_), answer = std::move(answer),
                      done = std::move(done)]() mutable {
    if (!alive.expired()) std::move(done)(std::move(answer));
  });
}

}  // namespace webhookd
