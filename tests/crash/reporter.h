#ifndef WEBHOOKD_TESTS_CRASH_REPORTER_H_
#define WEBHOOKD_TESTS_CRASH_REPORTER_H_

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>

#include "tests/crash/ledger.h"
#include "webhookd/v1/ingest.grpc.pb.h"

namespace webhookd {

// Reports what a ledger gives out, over a stream and by single calls at the same time, to one life
// of a server.
class Reporter {
 public:
  // Starts. `ledger` must outlive the reporter.
  Reporter(const std::string& address, Ledger& ledger);
  Reporter(const Reporter&) = delete;
  Reporter& operator=(const Reporter&) = delete;
  // Finishes first.
  ~Reporter();

  // Takes in all answers that came. Call it after the server's end and Ledger::EndLife. Idempotent.
  void Finish();

 private:
  void WriteStream();
  void ReadStream();
  void Call();
  void WatchConnection();

  Ledger& ledger_;
  std::atomic<bool> finishing_ = false;
  const std::shared_ptr<grpc::Channel> channel_;
  const std::unique_ptr<v1::EventService::Stub> stub_;
  grpc::ClientContext context_;
  const std::unique_ptr<grpc::ClientReaderWriter<v1::StreamEventsRequest, v1::StreamEventsResponse>>
      stream_;
  std::thread stream_writer_;
  std::thread stream_reader_;
  std::thread caller_;
  std::thread watcher_;
};

// A channel of its own connection.
std::shared_ptr<grpc::Channel> ConnectTo(const std::string& address);

}  // namespace webhookd

#endif  // WEBHOOKD_TESTS_CRASH_REPORTER_H_
