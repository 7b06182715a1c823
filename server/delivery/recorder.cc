#include "server/delivery/recorder.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "server/telemetry/log.h"

namespace webhookd {
namespace {

constexpr size_t kLargestBatch = 4096;
constexpr absl::Duration kRetry = absl::Seconds(1);

}  // namespace

Recorder::Recorder(Store& store, Clock& clock, std::shared_ptr<Inbox> inbox,
                   absl::AnyInvocable<void(const EndedAttempt&)> recorded)
    : store_(store),
      clock_(clock),
      inbox_(std::move(inbox)),
      recorded_(std::move(recorded)),
      limit_(kLargestBatch) {}

void Recorder::Flush() {
  if (waiting_.empty() || busy_ || clock_.Steady() < flush_at_) return;
  busy_ = true;
  std::vector<EndedAttempt> batch;
  if (waiting_.size() <= limit_) {
    batch.swap(waiting_);
  } else {
    const auto end = waiting_.begin() + static_cast<ptrdiff_t>(limit_);
    batch.assign(std::make_move_iterator(waiting_.begin()), std::make_move_iterator(end));
    waiting_.erase(waiting_.begin(), end);
  }
  std::vector<FinishedAttempt> attempts;
  attempts.reserve(batch.size());
  const absl::Time due_now = store_.due_clock().Now();
  const absl::Duration steady = clock_.Steady();
  for (const EndedAttempt& ended : batch) {
    attempts.push_back(ended.finished);
    FinishedAttempt& finished = attempts.back();
    if (finished.state == DeliveryState::kPending) {
      finished.next_attempt_at = due_now + (ended.due - steady);
    }
  }
  store_.FinishAttempts(std::move(attempts), [this, inbox = inbox_, batch = std::move(batch)](
                                                 absl::Status status) mutable {
    inbox->Post([this, batch = std::move(batch), status = std::move(status)]() mutable {
      Answered(std::move(batch), status);
    });
  });
}

absl::Duration Recorder::NextFlushIn(absl::Duration now) const {
  if (waiting_.empty() || busy_) return absl::InfiniteDuration();
  return std::max(flush_at_ - now, absl::ZeroDuration());
}

void Recorder::Answered(std::vector<EndedAttempt> batch, const absl::Status& status) {
  busy_ = false;
  if (status.ok()) {
    limit_ = std::min(limit_ * 2, kLargestBatch);
    for (const EndedAttempt& ended : batch) recorded_(ended);
    return;
  }
  Log(LogLevel::kError, "cannot record attempts; they are kept and tried again",
      {{"attempts", static_cast<int64_t>(batch.size())}, {"error", status.message()}});
  limit_ = std::max<size_t>(batch.size() / 2, 1);
  flush_at_ = clock_.Steady() + kRetry;
  // Behind the others: a record that the store never takes must not keep them waiting. But a later
  // attempt of the same delivery stays behind the earlier one.
  absl::flat_hash_set<int64_t> again;
  for (const EndedAttempt& ended : batch) again.insert(ended.finished.delivery_id);
  const auto later = std::stable_partition(
      waiting_.begin(), waiting_.end(),
      [&again](const EndedAttempt& ended) { return !again.contains(ended.finished.delivery_id); });
  waiting_.insert(later, std::make_move_iterator(batch.begin()),
                  std::make_move_iterator(batch.end()));
}

}  // namespace webhookd
