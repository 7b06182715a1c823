// What tests/clients/run.py drives: client_driver HOST:PORT TOKEN stream|unary - DEADLINE BYTES
//
// For each line of standard input it reports one event, with the key that stands there and a name
// of BYTES bytes, and prints what became of it.

#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/synchronization/notification.h"
#include "client/cpp/event_client.h"

namespace webhookd {
namespace {

void Show(const absl::StatusOr<v1::ReportExperimentStateResponse>& answer) {
  if (answer.ok()) {
    std::cout << "stored " << answer->event_id() << std::endl;
    return;
  }
  const bool maybe = absl::StrContains(answer.status().message(), "may be stored");
  std::cout << "error " << absl::StatusCodeToString(answer.status().code()) << " "
            << (maybe ? "maybe" : "not-stored") << " " << answer.status().message() << std::endl;
}

absl::StatusOr<v1::ReportExperimentStateResponse> ReportOverStream(
    EventStream& stream, v1::ReportExperimentStateRequest report) {
  absl::StatusOr<v1::StreamEventsResponse> result;
  absl::Notification answered;
  absl::Status taken = stream.Report(std::move(report), [&](auto answer) {
    result = std::move(answer);
    answered.Notify();
  });
  if (!taken.ok()) return taken;
  answered.WaitForNotification();
  if (!result.ok()) return result.status();
  return result->experiment_state();
}

int Run(const std::vector<std::string>& arguments) {
  int deadline = 0;
  int size = 0;
  if (arguments.size() != 6 || arguments[3] != "-" || !absl::SimpleAtoi(arguments[4], &deadline) ||
      !absl::SimpleAtoi(arguments[5], &size)) {
    std::cerr << "usage: client_driver HOST:PORT TOKEN stream|unary - DEADLINE BYTES\n";
    return 2;
  }
  const std::string token = arguments[1] == "-" ? "" : arguments[1];
  const auto client = EventClient::Create({.target = arguments[0],
                                           .credentials = {.token = token},
                                           .deadline = absl::Seconds(deadline)});
  if (!client.ok()) {
    std::cerr << client.status() << "\n";
    return 1;
  }
  // A stream's thread would drive the channel that the unary calls use, too.
  const std::unique_ptr<EventStream> stream =
      arguments[2] == "stream" ? (*client)->OpenStream() : nullptr;
  int id = 0;
  for (std::string key; std::getline(std::cin, key);) {
    v1::ReportExperimentStateRequest report;
    report.set_idempotency_key(key);
    report.mutable_experiment()->set_id(++id);
    report.mutable_experiment()->set_name(std::string(size, 'x'));
    report.mutable_experiment()->set_state(determined::experiment::v1::STATE_COMPLETED);
    Show(stream == nullptr ? (*client)->ReportExperimentState(report)
                           : ReportOverStream(*stream, report));
  }
  return 0;
}

}  // namespace
}  // namespace webhookd

int main(int argc, char** argv) {
  return webhookd::Run(std::vector<std::string>(argv + 1, argv + argc));
}
