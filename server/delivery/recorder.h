#ifndef WEBHOOKD_SERVER_DELIVERY_RECORDER_H_
#define WEBHOOKD_SERVER_DELIVERY_RECORDER_H_

#include <memory>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "server/delivery/inbox.h"
#include "storage/records.h"
#include "storage/store.h"

namespace webhookd {

// An attempt that ended and is not recorded yet.
struct EndedAttempt {
  int32_t webhook_id = 0;
  bool last = true;  // false: the shard goes on with the delivery, it stays in memory
  absl::Duration due = absl::ZeroDuration();  // again, if it is pending (Clock::Steady)
  FinishedAttempt finished;
};

// Brings ended attempts into the store, in batches: what ends while one batch is being committed
// makes the next. What the store fails to take is kept and tried again, in smaller batches, so that
// one bad record holds up no others. Belongs to its shard's thread.
class Recorder {
 public:
  // `recorded` is told of every attempt once it is durable. `store` and `clock` must outlive the
  // recorder.
  Recorder(Store& store, Clock& clock, std::shared_ptr<Inbox> inbox,
           absl::AnyInvocable<void(const EndedAttempt&)> recorded);

  void Add(EndedAttempt attempt) { waiting_.push_back(std::move(attempt)); }

  // Hands over what waits, unless a batch is with the store or the last one failed a moment ago.
  void Flush();

  // How many attempts are not handed over.
  size_t waiting() const { return waiting_.size(); }
  // Whether everything is durable.
  bool idle() const { return waiting_.empty() && !busy_; }
  // How long Flush has nothing to do; InfiniteDuration when nothing waits for a time.
  absl::Duration NextFlushIn(absl::Duration now) const;

 private:
  void Answered(std::vector<EndedAttempt> batch, const absl::Status& status);

  Store& store_;
  Clock& clock_;
  const std::shared_ptr<Inbox> inbox_;
  absl::AnyInvocable<void(const EndedAttempt&)> recorded_;
  std::vector<EndedAttempt> waiting_;
  bool busy_ = false;
  size_t limit_;             // of a batch
  absl::Duration flush_at_;  // not before
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_DELIVERY_RECORDER_H_
