#ifndef WEBHOOKD_SERVER_RPC_STREAM_EVENTS_CALL_H_
#define WEBHOOKD_SERVER_RPC_STREAM_EVENTS_CALL_H_

#include <grpcpp/support/server_callback.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>

#include "absl/container/flat_hash_set.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "base/mutex.h"
#include "webhookd/v1/ingest.pb.h"

namespace webhookd {

// One StreamEvents call: reads reports, gives each to a function, and writes the answers in the
// order in which they come. Stops reading while too many reports are unanswered. Ends when the
// caller has closed its side and everything is answered, when the caller is gone, after a message
// that breaks the rules, or after Drain.
//
// gRPC calls the reactions on its own threads, answers come on others. The object is shared: an
// answer may come after the call is over and is then dropped.
class StreamEventsCall final
    : public grpc::ServerBidiReactor<v1::StreamEventsRequest, v1::StreamEventsResponse>,
      public std::enable_shared_from_this<StreamEventsCall> {
 public:
  using AnswerReport = absl::AnyInvocable<void(v1::StreamEventsResponse) &&>;

  struct Options {
    // Reports that were read and whose answer is not yet written. The last message that is read may
    // bring more.
    int max_unanswered = 1'024;
    // Takes one report. Calls the function it is given once, at once or later, on any thread.
    std::function<void(v1::StreamEventsRequest, AnswerReport)> take;
    // Runs last, when gRPC needs the stream no more: it may drop the last reference.
    std::function<void(StreamEventsCall&)> on_done;
  };

  explicit StreamEventsCall(Options options) : options_(std::move(options)) {}

  // Begins to read. Call it once.
  void Start();

  // Reads no more, and ends the call with UNAVAILABLE once everything is answered. Thread-safe.
  void Drain();

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

 private:
  // What to ask of gRPC next. It may call back before it returns, so it is asked without the lock.
  struct Step {
    bool read = false;
    bool write = false;
    bool more_to_write = false;
    bool finish = false;
    grpc::Status status;
  };

  Step NextStep() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Adds answers that wait to the one that goes out.
  void Gather() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Do(const Step& step);
  // Gives the reports that were read to `take`.
  void HandOnIncoming();
  void HandOn(v1::StreamEventsRequest report);
  // Forgets the sequence unless it was refused for being in use.
  void Answer(v1::StreamEventsResponse response, bool forget_sequence);

  const Options options_;
  // In the hands of gRPC between StartRead and OnReadDone, StartWrite and OnWriteDone.
  v1::StreamEventsRequest incoming_;
  v1::StreamEventsResponse outgoing_;

  Mutex mutex_;
  // From StartRead until the report was handed on, so that reports are handed on in their order.
  bool reading_ ABSL_GUARDED_BY(mutex_) = false;
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool half_closed_ ABSL_GUARDED_BY(mutex_) = false;  // the caller sends no more
  bool broken_ ABSL_GUARDED_BY(mutex_) = false;       // the caller is gone
  // Why nothing more is read, once that is so: the call ends with it when everything is answered.
  absl::Status ending_ ABSL_GUARDED_BY(mutex_);
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
  bool gathers_answers_ ABSL_GUARDED_BY(mutex_) = false;
  bool told_takes_more_ ABSL_GUARDED_BY(mutex_) = false;
  int unanswered_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::flat_hash_set<uint64_t> sequences_ ABSL_GUARDED_BY(mutex_);  // of unanswered reports
  std::deque<v1::StreamEventsResponse> outbox_ ABSL_GUARDED_BY(mutex_);
};

// The answer to a report that failed.
v1::StreamEventsResponse ReportFailed(uint64_t sequence, const absl::Status& status);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_RPC_STREAM_EVENTS_CALL_H_
