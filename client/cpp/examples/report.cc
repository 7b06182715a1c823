// Reports an experiment's states through a stream: report HOST:PORT [TOKEN]
#include <iostream>
#include <string>

#include "absl/time/time.h"
#include "client/cpp/event_client.h"

// [docs:report]
absl::Status Report(const std::string& server, const std::string& token) {
  auto client = webhookd::EventClient::Create({.target = server, .credentials = {.token = token}});
  if (!client.ok()) return client.status();
  absl::Status result;  // outlives the stream, which may still answer while it closes
  const auto stream = (*client)->OpenStream();
  for (const auto state :
       {determined::experiment::v1::STATE_RUNNING, determined::experiment::v1::STATE_COMPLETED}) {
    webhookd::v1::ReportExperimentStateRequest report;
    report.mutable_experiment()->set_id(41);
    report.mutable_experiment()->set_name("cifar10_pytorch_const");
    report.mutable_experiment()->set_state(state);
    absl::Status taken = stream->Report(report, [&result](auto answer) {
      if (!answer.ok()) {
        result.Update(answer.status());
      } else {
        std::cout << "stored " << answer->experiment_state().event_id() << std::endl;
      }
    });
    if (!taken.ok()) return taken;
  }
  const absl::Status answered = stream->Flush(absl::Minutes(1));
  return answered.ok() ? result : answered;
}
// [docs:end]

int main(int argc, char** argv) {
  const absl::Status status = argc == 2   ? Report(argv[1], "")
                              : argc == 3 ? Report(argv[1], argv[2])
                                          : absl::InvalidArgumentError("give HOST:PORT [TOKEN]");
  if (!status.ok()) std::cerr << status << "\n";
  return status.ok() ? 0 : 1;
}
