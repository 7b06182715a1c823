#ifndef WEBHOOKD_CLIENT_CPP_EVENT_STREAM_H_
#define WEBHOOKD_CLIENT_CPP_EVENT_STREAM_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <thread>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/mutex.h"
#include "client/cpp/backoff.h"
#include "grpcpp/alarm.h"
#include "grpcpp/channel.h"
#include "grpcpp/completion_queue.h"
#include "webhookd/v1/ingest.grpc.pb.h"

namespace webhookd {

// Reports events over one gRPC stream (EventService.StreamEvents), many at a time.
//
// When the stream breaks it is opened again, and the reports that were not answered go out again
// under the same idempotency keys: each is stored once. EventClient opens streams. Thread-safe.
class EventStream {
 public:
  struct Options {
    int max_in_flight = 256;  // reports that wait for their answer, from 1
    size_t max_report_bytes = 4 * 1024 * 1024;
    absl::Duration deadline = absl::Seconds(30);  // of each report, from Report to its answer
    absl::Duration stall_timeout =
        absl::Seconds(15);  // without any answer until the stream is opened anew
    Backoff backoff;
  };

  // The server's answer; or the error that the report ended with. Whenever the event may be
  // stored all the same, the message names the idempotency key to report it again with.
  using Done = absl::AnyInvocable<void(absl::StatusOr<v1::StreamEventsResponse>) &&>;

  EventStream(std::shared_ptr<grpc::Channel> channel, Options options);
  // Closes first.
  ~EventStream();

  // Takes a report; its sequence is chosen here, and an empty idempotency key becomes a random one.
  // While max_in_flight reports are unanswered it blocks, at most for `wait`, and then returns
  // RESOURCE_EXHAUSTED. Other errors: INVALID_ARGUMENT (no report, or too large) and
  // FAILED_PRECONDITION (closed).
  //
  // If it returns OK, `done` is called exactly once, and otherwise never. All calls of `done` come
  // one after another on a thread of the stream; they must not block, so that a Report from there
  // needs a `wait` of zero, and must not call Flush or Close.
  absl::Status Report(v1::StreamEventsRequest report, Done done,
                      absl::Duration wait = absl::InfiniteDuration());
  absl::Status Report(v1::ReportExperimentStateRequest report, Done done,
                      absl::Duration wait = absl::InfiniteDuration());

  // Blocks until `done` was called for every report taken before. DEADLINE_EXCEEDED after
  // `timeout`; they stay under way then.
  absl::Status Flush(absl::Duration timeout);

  // Stops taking reports and ends those under way with CANCELLED. Blocks; idempotent. Flush first
  // to lose none.
  void Close();

 private:
  struct Pending;
  class Loop;

  // Wakes the loop's thread.
  void Wake() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Waits for changed_ until `end` on the steady clock; false when that has passed.
  bool WaitUntil(absl::Duration end) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::shared_ptr<grpc::Channel> channel_;
  const Options options_;

  grpc::CompletionQueue queue_;
  CondVar changed_;  // a report was answered, or the stream is closing

  Mutex mutex_;
  grpc::Alarm wake_alarm_ ABSL_GUARDED_BY(mutex_);
  bool wake_pending_ ABSL_GUARDED_BY(mutex_) = false;
  bool closing_ ABSL_GUARDED_BY(mutex_) = false;
  uint64_t last_sequence_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<uint64_t, std::unique_ptr<Pending>> pending_ ABSL_GUARDED_BY(mutex_);  // by sequence
  std::deque<uint64_t> unsent_ ABSL_GUARDED_BY(mutex_);

  Mutex close_mutex_;
  std::thread thread_ ABSL_GUARDED_BY(close_mutex_);
};

}  // namespace webhookd

#endif  // WEBHOOKD_CLIENT_CPP_EVENT_STREAM_H_
