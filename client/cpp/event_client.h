#ifndef WEBHOOKD_CLIENT_CPP_EVENT_CLIENT_H_
#define WEBHOOKD_CLIENT_CPP_EVENT_CLIENT_H_

#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/cpp/backoff.h"
#include "client/cpp/channel.h"
#include "client/cpp/event_stream.h"
#include "grpcpp/channel.h"
#include "webhookd/v1/ingest.grpc.pb.h"

namespace webhookd {

// Reports a Determined master's events to webhookd. Thread-safe.
//
//   auto client = webhookd::EventClient::Create({.target = "127.0.0.1:8080"});
//   if (!client.ok()) return client.status();
//   webhookd::v1::ReportExperimentStateRequest report;
//   report.mutable_experiment()->set_id(41);
//   report.mutable_experiment()->set_name("cifar10_pytorch_const");
//   report.mutable_experiment()->set_state(determined::experiment::v1::STATE_COMPLETED);
//   auto result = (*client)->ReportExperimentState(report);
//   if (!result.ok()) return result.status();  // otherwise the event is durable
class EventClient {
 public:
  struct Options {
    std::string target = "127.0.0.1:8080";  // as ParseServerAddress reads it
    ChannelCredentials credentials;         // a token of scope ingest
    absl::Duration deadline =
        absl::Seconds(30);  // of each report, retries included; may be infinite
    absl::Duration try_timeout = absl::Seconds(10);  // of one try
    int max_in_flight = 256;                         // unanswered reports of a stream, from 1
    size_t max_report_bytes = 4 * 1024 * 1024;       // what the server takes by default
    Backoff backoff;                                 // between tries
  };

  // INVALID_ARGUMENT when an option makes no sense. Does not connect yet.
  static absl::StatusOr<std::unique_ptr<EventClient>> Create(Options options);

  // Reports that an experiment changed its state. Blocks until the event is durable.
  //
  // UNAVAILABLE, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, ABORTED and CANCELLED are tried again,
  // after a growing wait and under the same idempotency key (a random one when it is empty), until
  // the deadline; the last error is returned then. A server that was away is found again within
  // 5 seconds. Whenever the event may be stored all the same, the message names the key to report
  // it again with.
  absl::StatusOr<v1::ReportExperimentStateResponse> ReportExperimentState(
      v1::ReportExperimentStateRequest report);

  // Opens a stream for many reports. It lives independently of the client.
  std::unique_ptr<EventStream> OpenStream() const;

 private:
  EventClient(Options options, std::shared_ptr<grpc::Channel> channel);

  const Options options_;
  const std::shared_ptr<grpc::Channel> channel_;
  const std::unique_ptr<v1::EventService::Stub> stub_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_CLIENT_CPP_EVENT_CLIENT_H_
