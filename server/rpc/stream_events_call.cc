#include "server/rpc/stream_events_call.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "server/rpc/grpc_status.h"

namespace webhookd {
namespace {

// Reports in one message.
constexpr int kMaxTogether = 128;
// Answers in one response. Few enough for a message of the usual size, whatever they list.
constexpr size_t kMaxGathered = 128;
constexpr size_t kMaxGatheredBytes = 256 * 1024;

bool IsRetryable(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kUnavailable:
      return true;
    default:
      return false;
  }
}

absl::Status CheckTogether(const v1::StreamEventsRequest& message) {
  if (message.more_size() >= kMaxTogether) {
    return absl::InvalidArgumentError(absl::StrCat("a message holds ", 1 + message.more_size(),
                                                   " reports; send at most ", kMaxTogether,
                                                   " in one"));
  }
  for (const v1::StreamEventsRequest& report : message.more()) {
    if (report.more_size() > 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("more: the report with sequence ", report.sequence(),
                       " holds further ones: list all of them in the more of the first"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

v1::StreamEventsResponse ReportFailed(uint64_t sequence, const absl::Status& status) {
  v1::StreamEventsResponse response;
  response.set_sequence(sequence);
  const grpc::Status told = ToGrpcStatus(status);
  response.mutable_error()->set_code(told.error_code());
  response.mutable_error()->set_message(told.error_message());
  response.mutable_error()->set_retryable(IsRetryable(status));
  return response;
}

void StreamEventsCall::Start() {
  Step step;
  {
    MutexLock lock(mutex_);
    step = NextStep();
  }
  Do(step);
}

void StreamEventsCall::Drain() {
  Step step;
  {
    MutexLock lock(mutex_);
    if (ending_.ok()) {
      ending_ = absl::UnavailableError(
          "the server is shutting down: connect again and repeat what was not answered");
    }
    step = NextStep();
  }
  Do(step);
}

void StreamEventsCall::OnReadDone(bool ok) {
  if (ok) HandOnIncoming();
  Step step;
  {
    MutexLock lock(mutex_);
    reading_ = false;
    if (!ok) half_closed_ = true;
    step = NextStep();
  }
  Do(step);
}

void StreamEventsCall::HandOnIncoming() {
  if (absl::Status status = CheckTogether(incoming_); !status.ok()) {
    MutexLock lock(mutex_);
    ending_ = std::move(status);
    return;
  }
  google::protobuf::RepeatedPtrField<v1::StreamEventsRequest> more;
  more.Swap(incoming_.mutable_more());
  HandOn(std::move(incoming_));
  for (v1::StreamEventsRequest& report : more) HandOn(std::move(report));
}

void StreamEventsCall::HandOn(v1::StreamEventsRequest report) {
  const uint64_t sequence = report.sequence();
  bool repeats_sequence = false;
  {
    MutexLock lock(mutex_);
    // Nobody would get the answer. A caller that is still there repeats the report elsewhere.
    if (finished_ || broken_) return;
    gathers_answers_ = gathers_answers_ || report.gather_answers();
    ++unanswered_;
    repeats_sequence = !sequences_.insert(sequence).second;
  }
  if (repeats_sequence) {
    Answer(ReportFailed(sequence, absl::InvalidArgumentError(absl::StrCat(
                                      "sequence ", sequence,
                                      " is that of a report which is not answered yet: give each "
                                      "report a sequence of its own"))),
           /*forget_sequence=*/false);
    return;
  }
  options_.take(std::move(report),
                [self = shared_from_this(), sequence](v1::StreamEventsResponse response) {
                  response.set_sequence(sequence);
                  self->Answer(std::move(response), /*forget_sequence=*/true);
                });
}

void StreamEventsCall::Answer(v1::StreamEventsResponse response, bool forget_sequence) {
  Step step;
  {
    MutexLock lock(mutex_);
    if (finished_ || broken_) return;
    if (forget_sequence) sequences_.erase(response.sequence());
    outbox_.push_back(std::move(response));
    step = NextStep();
  }
  Do(step);
}

void StreamEventsCall::OnWriteDone(bool ok) {
  Step step;
  {
    MutexLock lock(mutex_);
    writing_ = false;
    unanswered_ -= 1 + outgoing_.more_size();
    if (!ok) broken_ = true;
    step = NextStep();
  }
  Do(step);
}

void StreamEventsCall::OnCancel() {
  Step step;
  {
    MutexLock lock(mutex_);
    broken_ = true;
    step = NextStep();
  }
  Do(step);
}

void StreamEventsCall::OnDone() {
  const std::shared_ptr<StreamEventsCall> self = shared_from_this();
  options_.on_done(*this);
}

StreamEventsCall::Step StreamEventsCall::NextStep() {
  Step step;
  if (finished_) return step;
  if (broken_) {
    outbox_.clear();
    if (reading_ || writing_) return step;
    step.finish = finished_ = true;
    step.status = grpc::Status(grpc::StatusCode::CANCELLED, "the caller is gone");
    return step;
  }
  if (!writing_ && !outbox_.empty()) {
    step.write = writing_ = true;
    outgoing_ = std::move(outbox_.front());
    outbox_.pop_front();
    if (gathers_answers_) {
      Gather();
      outgoing_.set_takes_more(!std::exchange(told_takes_more_, true));
    }
    step.more_to_write = !outbox_.empty();
  }
  if (!reading_ && !half_closed_ && ending_.ok() && unanswered_ < options_.max_unanswered) {
    step.read = reading_ = true;
  }
  if (unanswered_ == 0 && (half_closed_ || !ending_.ok())) {
    step.finish = finished_ = true;
    if (!half_closed_) step.status = ToGrpcStatus(ending_);
  }
  return step;
}

void StreamEventsCall::Gather() {
  size_t bytes = outgoing_.ByteSizeLong();
  size_t answers = 1;
  for (; !outbox_.empty() && answers < kMaxGathered; ++answers) {
    bytes += outbox_.front().ByteSizeLong();
    if (bytes > kMaxGatheredBytes) return;
    *outgoing_.add_more() = std::move(outbox_.front());
    outbox_.pop_front();
  }
}

void StreamEventsCall::Do(const Step& step) {
  if (step.write) {
    grpc::WriteOptions options;
    if (step.more_to_write) options.set_buffer_hint();
    StartWrite(&outgoing_, options);
  }
  if (step.read) StartRead(&incoming_);
  if (step.finish) Finish(step.status);
}

}  // namespace webhookd
