// Reports an experiment's states through a stream: report HOST:PORT
#include <iostream>
#include <string>

#include "absl/time/time.h"
#include "client/cpp/event_client.h"

// [docs:report]
absl::Status Report(const std::string& server) {
  auto client = webhookd::EventClient::Create({.target = server});
  if (!client.ok()) return client.status();
  const auto stream = (*client)->OpenStream();
  for (const auto state :
       {determined::experiment::v1::STATE_RUNNING, determined::experiment::v1::STATE_COMPLETED}) {
    webhookd::v1::ReportExperimentStateRequest report;
    report.mutable_experiment()->set_id(41);
    report.mutable_experiment()->set_name("cifar10_pytorch_const");
    report.mutable_experiment()->set_state(state);
    absl::Status taken = stream->Report(report, [](auto answer) {
      if (!answer.ok()) {
        std::cerr << answer.status() << "\n";
      } else {
        std::cout << "stored " << answer->experiment_state().event_id() << std::endl;
      }
    });
    if (!taken.ok()) return taken;
  }
  return stream->Flush(absl::Minutes(1));
}
// [docs:end]

int main(int argc, char** argv) {
  const absl::Status status = argc == 2 ? Report(argv[1]) : absl::InvalidArgumentError("HOST:PORT");
  if (!status.ok()) std::cerr << status << "\n";
  return status.ok() ? 0 : 1;
}
