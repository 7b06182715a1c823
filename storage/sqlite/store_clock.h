#ifndef WEBHOOKD_STORAGE_SQLITE_STORE_CLOCK_H_
#define WEBHOOKD_STORAGE_SQLITE_STORE_CLOCK_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/pinned_clock.h"
#include "storage/sqlite/connection.h"

namespace webhookd::sqlite {

// What the times in the database are compared with. Somebody may set the wall clock; what is stored
// must neither fall due nor grow old by that.
//
// - Due times and leases are stored by Store::due_clock.
// - Since when a webhook fails is stored by the wall clock of the process's start, running with
//   Steady. What no process has lived through is left out: `Load` moves it.
//
// Used by the writer only.
class StoreClock {
 public:
  // Goes on from what the last process kept. `clock` must outlive it.
  static absl::StatusOr<StoreClock> Load(Connection& connection, Clock& clock);

  const PinnedClock& due() const { return due_; }
  // For ages: the time without that in which no process ran.
  absl::Time LivedNow() { return lived_.Now(); }

  // Writes down how far they have come, unless that was done less than a second before. In a
  // transaction; Kept tells that it is durable.
  absl::Status Keep(Connection& connection);
  void Kept() { kept_ = keeping_; }

 private:
  StoreClock(Clock& clock, absl::Time wall, absl::Time due, absl::Time lived)
      : clock_(&clock),
        wall_(clock, wall),
        due_(clock, due),
        lived_(clock, lived),
        keeping_(clock.Steady()),
        kept_(keeping_) {}

  Clock* clock_;
  PinnedClock wall_;  // from the start on
  PinnedClock due_;
  PinnedClock lived_;
  absl::Duration keeping_;  // Steady of the last Keep
  absl::Duration kept_;     // and of the last one that is durable
};

}  // namespace webhookd::sqlite

#endif  // WEBHOOKD_STORAGE_SQLITE_STORE_CLOCK_H_
