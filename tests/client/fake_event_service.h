#ifndef WEBHOOKD_TESTS_CLIENT_FAKE_EVENT_SERVICE_H_
#define WEBHOOKD_TESTS_CLIENT_FAKE_EVENT_SERVICE_H_

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "base/mutex.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server.h"
#include "webhookd/v1/ingest.grpc.pb.h"

namespace webhookd::testing {

// Takes every report, and forgets none when its server is stopped and started again. Thread-safe.
class FakeEventService final : public v1::EventService::Service {
 public:
  using Stream = grpc::ServerReaderWriter<v1::StreamEventsResponse, v1::StreamEventsRequest>;

  // What a stream does with a report.
  struct Answer {
    enum class When {
      kNow,
      kHeld,   // at ReleaseHeld
      kNever,  // stored, but not answered
      kEnd,    // the stream ends with `status` instead; not stored
    };
    When when = When::kNow;
    v1::ReportError error;  // the answer, if its code is set; then nothing is stored
    grpc::Status status;
  };

  // Decides how streams answer. Without it everything is answered now.
  void SetAnswer(std::function<Answer(const v1::StreamEventsRequest&)> answer);

  // The next unary calls fail with these, one each.
  void FailNext(std::vector<grpc::Status> statuses);
  // Unary calls are stored, but not answered.
  void FallSilent();

  // Tells callers that several reports in one message are taken, which they are in any case.
  void TakeMore();

  // Sends the answers that are held, last one first.
  void ReleaseHeld();
  // Sends them in one response, first one first.
  void ReleaseHeldTogether();

  // Waits until `count` reports have come in, stored or not; false after 30 s.
  bool WaitForReports(size_t count);

  // Everything that came in, repetitions too, in this order.
  std::vector<v1::StreamEventsRequest> received() const;
  // How many messages brought the reports of streams.
  size_t message_count() const;
  // How many different reports are stored.
  size_t stored_count() const;

  grpc::Status ReportExperimentState(grpc::ServerContext* context,
                                     const v1::ReportExperimentStateRequest* request,
                                     v1::ReportExperimentStateResponse* response) override;
  grpc::Status StreamEvents(grpc::ServerContext* context, Stream* stream) override;

 private:
  // False when the stream is to end with `status`.
  bool Take(Stream* stream, const v1::StreamEventsRequest& report, grpc::Status& status)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  v1::ReportExperimentStateResponse Store(const v1::ReportExperimentStateRequest& report)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable Mutex mutex_;
  CondVar changed_;
  std::function<Answer(const v1::StreamEventsRequest&)> answer_ ABSL_GUARDED_BY(mutex_);
  std::deque<grpc::Status> failures_ ABSL_GUARDED_BY(mutex_);
  bool silent_ ABSL_GUARDED_BY(mutex_) = false;
  bool takes_more_ ABSL_GUARDED_BY(mutex_) = false;
  size_t messages_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<v1::StreamEventsRequest> received_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, v1::ReportExperimentStateResponse> stored_ ABSL_GUARDED_BY(mutex_);
  std::vector<v1::StreamEventsResponse> held_ ABSL_GUARDED_BY(mutex_);
  Stream* stream_ ABSL_GUARDED_BY(mutex_) = nullptr;  // the one that held_ belongs to
};

// A gRPC server of some services on 127.0.0.1.
class FakeServer {
 public:
  // Starts on a free port. Borrows the services.
  explicit FakeServer(
      std::vector<grpc::Service*> services,
      std::shared_ptr<grpc::ServerCredentials> credentials = grpc::InsecureServerCredentials());
  ~FakeServer();

  int port() const { return port_; }
  std::string address() const;

  // Cuts all connections and frees the port.
  void Stop();
  // After Stop: listens again on the same port.
  void Start();

 private:
  const std::vector<grpc::Service*> services_;
  const std::shared_ptr<grpc::ServerCredentials> credentials_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace webhookd::testing

#endif  // WEBHOOKD_TESTS_CLIENT_FAKE_EVENT_SERVICE_H_
