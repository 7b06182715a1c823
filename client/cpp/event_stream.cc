#include "client/cpp/event_stream.h"

#include <grpc/support/time.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/random.h"
#include "client/cpp/channel.h"
#include "client/cpp/may_be_stored.h"
#include "grpcpp/client_context.h"
#include "grpcpp/support/async_stream.h"

namespace webhookd {
namespace {

// Reports in one message, where the server takes several.
constexpr int kMaxTogether = 64;
constexpr size_t kMaxTogetherBytes = 256 * 1024;

// How long a server may take to end a stream that was closed with nothing under way.
constexpr absl::Duration kCloseTimeout = absl::Seconds(1);

gpr_timespec GrpcDeadline(absl::Duration from_now) {
  if (from_now == absl::InfiniteDuration()) return gpr_inf_future(GPR_CLOCK_MONOTONIC);
  return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                      gpr_time_from_nanos(absl::ToInt64Nanoseconds(from_now), GPR_TIMESPAN));
}

// Null when there is no report.
std::string* IdempotencyKey(v1::StreamEventsRequest& report) {
  switch (report.report_case()) {
    case v1::StreamEventsRequest::kExperimentState:
      return report.mutable_experiment_state()->mutable_idempotency_key();
    case v1::StreamEventsRequest::kTaskLogs:
      return report.mutable_task_logs()->mutable_idempotency_key();
    case v1::StreamEventsRequest::kMetrics:
      return report.mutable_metrics()->mutable_idempotency_key();
    case v1::StreamEventsRequest::REPORT_NOT_SET:
      break;
  }
  return nullptr;
}

// Whether a stream that ended like this is not worth opening again.
bool IsFinal(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kUnauthenticated:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kOutOfRange:
    case absl::StatusCode::kUnimplemented:
    case absl::StatusCode::kDataLoss:
      return true;
    default:
      return false;
  }
}

}  // namespace

// A report that was taken. Once it is in pending_ only the loop's thread touches or removes it.
struct EventStream::Pending {
  v1::StreamEventsRequest report;
  Done done;
  absl::Duration expires;   // steady
  bool unanswered = false;  // it was sent, and the connection ended without an answer
  int refusals = 0;         // answers with an error that may pass
  absl::Status last_error;  // the last such error
};

// All work with gRPC, on one thread: a state machine that the completion queue and timers drive.
class EventStream::Loop {
 public:
  explicit Loop(EventStream& stream)
      : stream_(stream), stub_(v1::EventService::NewStub(stream.channel_)) {}

  void Run() {
    while (const std::optional<absl::Duration> next = Step(RealClock().Steady())) {
      const absl::Duration wait = *next - RealClock().Steady();
      void* tag = nullptr;
      bool ok = false;
      if (stream_.queue_.AsyncNext(&tag, &ok, GrpcDeadline(wait)) ==
          grpc::CompletionQueue::GOT_EVENT) {
        Handle(static_cast<Tag>(reinterpret_cast<uintptr_t>(tag)), ok);
      }
    }
    stream_.queue_.Shutdown();
    void* tag = nullptr;
    bool ok = false;
    while (stream_.queue_.Next(&tag, &ok)) {
    }
  }

  // What the completion queue tells of.
  enum class Tag : uintptr_t { kWake, kStarted, kRead, kWritten, kFinished };
  static void* ToPointer(Tag tag) { return reinterpret_cast<void*>(static_cast<uintptr_t>(tag)); }

 private:
  struct Connection {
    grpc::ClientContext context;
    std::unique_ptr<
        grpc::ClientAsyncReaderWriter<v1::StreamEventsRequest, v1::StreamEventsResponse>>
        rpc;
    v1::StreamEventsResponse response;
    grpc::Status status;
    absl::Duration begin;  // steady
    bool starting = true;
    bool answered = false;    // at least one report
    bool takes_more = false;  // the server takes several reports in one message
    bool reading = false;
    bool writing = false;
    bool half_closed = false;
    bool writable = true;     // until a write fails
    bool read_ended = false;  // there is nothing more to read
    bool canceled = false;
    bool finishing = false;
  };

  // Does what is due. Returns when to come back at the latest, or nothing at the end.
  std::optional<absl::Duration> Step(absl::Duration now) {
    Expire(now);
    bool closing = false;
    bool unsent = false;
    absl::Duration next = absl::InfiniteDuration();
    {
      MutexLock lock(stream_.mutex_);
      closing = stream_.closing_;
      unsent = !stream_.unsent_.empty();
      if (!stream_.pending_.empty()) next = stream_.pending_.begin()->second->expires;
    }
    if (closing) return StepClosing(now);
    if (connection_ == nullptr) {
      if (!unsent) return next;
      if (now < reconnect_at_) return std::min(next, reconnect_at_);
      Connect(now);
    }
    Write(now);
    if (!delayed_.empty()) next = std::min(next, delayed_.begin()->first);
    if (connection_->starting || !sent_.empty()) {
      const absl::Duration stalled_at = waiting_since_ + stream_.options_.stall_timeout;
      if (now >= stalled_at) {
        if (!connection_->starting) {
          last_disconnect_ = absl::StrCat("a connection gave no answer for ",
                                          absl::FormatDuration(stream_.options_.stall_timeout));
        }
        Cancel();
      } else {
        next = std::min(next, stalled_at);
      }
    }
    return next;
  }

  std::optional<absl::Duration> StepClosing(absl::Duration now) {
    bool unanswered = false;
    {
      MutexLock lock(stream_.mutex_);
      unanswered = !stream_.pending_.empty();
    }
    if (connection_ == nullptr) {
      EndAll(absl::CancelledError("the stream was closed before the report was answered"));
      return std::nullopt;
    }
    close_until_ = std::min(close_until_, now + kCloseTimeout);
    if (unanswered || connection_->starting || now >= close_until_) {
      Cancel();
      return absl::InfiniteDuration();
    }
    if (!connection_->half_closed && !connection_->writing && connection_->writable) {
      connection_->half_closed = true;
      connection_->writing = true;
      connection_->rpc->WritesDone(ToPointer(Tag::kWritten));
    }
    return close_until_;
  }

  void Connect(absl::Duration now) {
    connection_ = std::make_unique<Connection>();
    connection_->begin = now;
    waiting_since_ = now;
    // Once it is known why there is no connection, wait for one: gRPC connects while a call waits,
    // and without one it hardly makes progress.
    connection_->context.set_wait_for_ready(failures_ > 0);
    connection_->rpc = stub_->PrepareAsyncStreamEvents(&connection_->context, &stream_.queue_);
    connection_->rpc->StartCall(ToPointer(Tag::kStarted));
  }

  // The connection ends soon after this.
  void Cancel() {
    if (!connection_->canceled) connection_->context.TryCancel();
    connection_->canceled = true;
    connection_->writable = false;
  }

  // Sends what is due and can be sent now: one report, or several if the server takes them so.
  void Write(absl::Duration now) {
    Connection& connection = *connection_;
    if (connection.starting || connection.writing || !connection.writable) return;
    Pending* const first = NextDue(now);
    if (first == nullptr) return;
    if (sent_.empty()) waiting_since_ = now;
    sent_.insert(first->report.sequence());
    connection.writing = true;
    size_t room = kMaxTogetherBytes;
    room -= std::min(room, first->report.ByteSizeLong());
    Pending* next = connection.takes_more ? NextUnsent(room) : nullptr;
    if (next == nullptr) {
      connection.rpc->Write(first->report, ToPointer(Tag::kWritten));
      return;
    }
    v1::StreamEventsRequest together = first->report;
    for (; next != nullptr; next = NextUnsent(room)) {
      sent_.insert(next->report.sequence());
      *together.add_more() = next->report;
      room -= next->report.ByteSizeLong();
      if (together.more_size() + 1 == kMaxTogether) break;
    }
    connection.rpc->Write(together, ToPointer(Tag::kWritten));
  }

  Pending* NextDue(absl::Duration now) {
    if (!delayed_.empty() && delayed_.begin()->first <= now) {
      Pending* const pending = Find(delayed_.begin()->second);
      delayed_.erase(delayed_.begin());
      if (pending != nullptr) return pending;
    }
    return NextUnsent(std::numeric_limits<size_t>::max());
  }

  Pending* Find(uint64_t sequence) {
    MutexLock lock(stream_.mutex_);
    const auto it = stream_.pending_.find(sequence);
    return it == stream_.pending_.end() ? nullptr : it->second.get();
  }

  // The next report that was not sent yet, unless it is larger than `max_bytes`.
  Pending* NextUnsent(size_t max_bytes) {
    MutexLock lock(stream_.mutex_);
    while (!stream_.unsent_.empty()) {
      const auto it = stream_.pending_.find(stream_.unsent_.front());
      if (it != stream_.pending_.end() && it->second->report.ByteSizeLong() > max_bytes) {
        return nullptr;
      }
      stream_.unsent_.pop_front();
      if (it != stream_.pending_.end()) return it->second.get();  // else it expired
    }
    return nullptr;
  }

  void Handle(Tag tag, bool ok) {
    if (tag == Tag::kWake) {
      MutexLock lock(stream_.mutex_);
      stream_.wake_pending_ = false;
      return;
    }
    Connection& connection = *connection_;
    switch (tag) {
      case Tag::kWake:
        break;
      case Tag::kStarted:
        connection.starting = false;
        if (!ok) connection.writable = false;
        break;
      case Tag::kRead:
        connection.reading = false;
        if (ok) {
          TakeAnswers(connection.response, RealClock().Steady());
        } else {
          connection.read_ended = true;
          connection.writable = false;
        }
        break;
      case Tag::kWritten:
        connection.writing = false;
        if (!ok) connection.writable = false;
        break;
      case Tag::kFinished:
        Disconnected(FromGrpcStatus(connection.status), RealClock().Steady());
        return;
    }
    if (connection.starting || connection.finishing) return;
    // Also after a write has failed: answers may still be there, and the status only comes behind
    // them.
    if (!connection.read_ended && !connection.reading) {
      connection.reading = true;
      connection.rpc->Read(&connection.response, ToPointer(Tag::kRead));
    }
    if (connection.read_ended && !connection.writing) {
      connection.finishing = true;
      connection.rpc->Finish(&connection.status, ToPointer(Tag::kFinished));
    }
  }

  void TakeAnswers(v1::StreamEventsResponse& response, absl::Duration now) {
    failures_ = 0;
    waiting_since_ = now;
    connection_->answered = true;
    if (response.takes_more()) connection_->takes_more = true;
    google::protobuf::RepeatedPtrField<v1::StreamEventsResponse> more;
    more.Swap(response.mutable_more());
    TakeAnswer(response, now);
    for (const v1::StreamEventsResponse& another : more) TakeAnswer(another, now);
  }

  void TakeAnswer(const v1::StreamEventsResponse& response, absl::Duration now) {
    const uint64_t sequence = response.sequence();
    if (sent_.erase(sequence) == 0) return;  // expired, or never sent here
    if (response.has_error()) {
      absl::Status error(static_cast<absl::StatusCode>(response.error().code()),
                         response.error().message());
      if (error.ok()) error = absl::UnknownError(response.error().message());
      if (response.error().retryable()) {
        Pending& pending = *Find(sequence);
        pending.last_error = std::move(error);
        const absl::Duration delay =
            BackoffDelay(stream_.options_.backoff, ++pending.refusals, SecureRandom().Next());
        delayed_.emplace(now + delay, sequence);
      } else {
        EndRefused(sequence, error);
      }
    } else if (response.result_case() == v1::StreamEventsResponse::RESULT_NOT_SET) {
      EndUnknown(sequence, absl::InternalError("the server's answer is empty"));
    } else {
      End(sequence, response);
    }
  }

  void Disconnected(absl::Status status, absl::Duration now) {
    // A connection that was refused as a whole took nothing.
    if (connection_->answered || !IsFinal(status.code())) {
      for (const uint64_t sequence : sent_) Find(sequence)->unanswered = true;
    }
    if (status.ok()) status = absl::UnavailableError("the server ended the stream");
    if (!connection_->canceled) last_disconnect_ = std::string(status.message());
    reconnect_at_ = now + BackoffAfter(stream_.options_.backoff, ++failures_,
                                       now - connection_->begin, SecureRandom().Next());
    connection_ = nullptr;
    sent_.clear();
    delayed_.clear();
    if (IsFinal(status.code())) {
      EndAll(status);
      return;
    }
    MutexLock lock(stream_.mutex_);
    stream_.unsent_.clear();
    for (const auto& [sequence, pending] : stream_.pending_) stream_.unsent_.push_back(sequence);
  }

  // Ends the reports whose time is over. They expire in the order they were taken.
  void Expire(absl::Duration now) {
    while (true) {
      uint64_t sequence = 0;
      Pending* pending = nullptr;
      {
        MutexLock lock(stream_.mutex_);
        if (stream_.pending_.empty()) return;
        sequence = stream_.pending_.begin()->first;
        pending = stream_.pending_.begin()->second.get();
      }
      if (now < pending->expires) return;
      if (sent_.erase(sequence) > 0) pending->unanswered = true;
      const std::string after =
          absl::StrCat("no answer within ", absl::FormatDuration(stream_.options_.deadline));
      if (!pending->last_error.ok()) {
        EndRefused(sequence, pending->last_error);
      } else if (connection_ == nullptr || connection_->starting || failures_ > 0) {
        EndUnknown(sequence,
                   absl::UnavailableError(absl::StrCat(after, ", last ", last_disconnect_)));
      } else {
        EndUnknown(sequence, absl::DeadlineExceededError(after));
      }
    }
  }

  void EndAll(const absl::Status& status) {
    std::set<uint64_t> sequences;
    {
      MutexLock lock(stream_.mutex_);
      stream_.unsent_.clear();
      for (const auto& [sequence, pending] : stream_.pending_) sequences.insert(sequence);
    }
    for (const uint64_t sequence : sequences) {
      if (IsFinal(status.code())) {
        EndRefused(sequence, status);
      } else {
        EndUnknown(sequence, status);
      }
    }
  }

  // Ends a report that the server refused; it may have stored it before, unless the key belongs to
  // something else.
  void EndRefused(uint64_t sequence, const absl::Status& status) {
    if (Find(sequence)->unanswered && !absl::IsAlreadyExists(status)) {
      EndUnknown(sequence, status);
    } else {
      End(sequence, status);
    }
  }

  // Ends a report whose event may be stored or not.
  void EndUnknown(uint64_t sequence, const absl::Status& status) {
    End(sequence, MayBeStored(status, *IdempotencyKey(Find(sequence)->report)));
  }

  // The report counts as under way until `done` has returned, which is what Flush promises.
  void End(uint64_t sequence, absl::StatusOr<v1::StreamEventsResponse> result) {
    std::move(Find(sequence)->done)(std::move(result));
    MutexLock lock(stream_.mutex_);
    stream_.pending_.erase(sequence);
    stream_.changed_.NotifyAll();
  }

  EventStream& stream_;
  const std::unique_ptr<v1::EventService::Stub> stub_;
  std::unique_ptr<Connection> connection_;           // null while there is none
  std::set<uint64_t> sent_;                          // over this connection and not answered
  std::multimap<absl::Duration, uint64_t> delayed_;  // refused for now, by when to send them again
  absl::Duration waiting_since_;  // the server owes an answer since then, or gave one then
  absl::Duration reconnect_at_ = -absl::InfiniteDuration();
  absl::Duration close_until_ = absl::InfiniteDuration();
  int failures_ = 0;  // connections in a row that gave no answer
  std::string last_disconnect_ = "the server cannot be reached";  // why there is no connection
};

EventStream::EventStream(std::shared_ptr<grpc::Channel> channel, Options options)
    : channel_(std::move(channel)), options_(options) {
  MutexLock lock(close_mutex_);
  thread_ = std::thread([this] { Loop(*this).Run(); });
}

EventStream::~EventStream() { Close(); }

absl::Status EventStream::Report(v1::StreamEventsRequest report, Done done, absl::Duration wait) {
  std::string* const key = IdempotencyKey(report);
  if (key == nullptr) return absl::InvalidArgumentError("the request holds no report");
  if (key->empty()) *key = TimeOrderedUuid(absl::Now(), SecureRandom());
  if (const size_t bytes = report.ByteSizeLong(); bytes > options_.max_report_bytes) {
    return absl::InvalidArgumentError(absl::StrCat("the report has ", bytes, " bytes; at most ",
                                                   options_.max_report_bytes, " are allowed"));
  }
  auto pending = std::make_unique<Pending>();
  pending->report = std::move(report);
  pending->done = std::move(done);

  MutexLock lock(mutex_);
  const absl::Duration end = RealClock().Steady() + wait;
  while (!closing_ && pending_.size() >= static_cast<size_t>(options_.max_in_flight)) {
    if (!WaitUntil(end)) {
      return absl::ResourceExhaustedError(
          absl::StrCat(options_.max_in_flight, " reports are unanswered; report again later"));
    }
  }
  if (closing_) return absl::FailedPreconditionError("the stream is closed");
  const uint64_t sequence = ++last_sequence_;
  pending->report.set_sequence(sequence);
  pending->report.set_gather_answers(true);
  pending->expires = RealClock().Steady() + options_.deadline;
  pending_.emplace(sequence, std::move(pending));
  unsent_.push_back(sequence);
  Wake();
  return absl::OkStatus();
}

absl::Status EventStream::Report(v1::ReportExperimentStateRequest report, Done done,
                                 absl::Duration wait) {
  v1::StreamEventsRequest request;
  *request.mutable_experiment_state() = std::move(report);
  return Report(std::move(request), std::move(done), wait);
}

absl::Status EventStream::Flush(absl::Duration timeout) {
  MutexLock lock(mutex_);
  const absl::Duration end = RealClock().Steady() + timeout;
  const uint64_t last = last_sequence_;
  while (!pending_.empty() && pending_.begin()->first <= last) {
    if (!WaitUntil(end)) {
      return absl::DeadlineExceededError(absl::StrCat(
          pending_.size(), " reports are unanswered after ", absl::FormatDuration(timeout)));
    }
  }
  return absl::OkStatus();
}

void EventStream::Close() {
  {
    MutexLock lock(mutex_);
    if (!closing_) {
      closing_ = true;
      Wake();
      changed_.NotifyAll();
    }
  }
  MutexLock lock(close_mutex_);
  if (thread_.joinable()) thread_.join();
}

void EventStream::Wake() {
  if (wake_pending_) return;
  wake_pending_ = true;
  wake_alarm_.Set(&queue_, gpr_now(GPR_CLOCK_MONOTONIC), Loop::ToPointer(Loop::Tag::kWake));
}

bool EventStream::WaitUntil(absl::Duration end) {
  if (end == absl::InfiniteDuration()) {
    changed_.Wait(mutex_);
    return true;
  }
  const absl::Duration remaining = end - RealClock().Steady();
  if (remaining <= absl::ZeroDuration()) return false;
  changed_.WaitFor(mutex_, std::min(remaining, absl::Hours(1)));
  return true;
}

}  // namespace webhookd
