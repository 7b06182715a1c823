#ifndef WEBHOOKD_STORAGE_SQLITE_DELIVERY_JOBS_H_
#define WEBHOOKD_STORAGE_SQLITE_DELIVERY_JOBS_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "storage/records.h"
#include "storage/sqlite/write.h"

// Changes of so many deliveries that one transaction would hold up all other writes: they are made
// in steps, and what is left to do is stored with each step, so that it survives the process.
namespace webhookd::sqlite {

// What a step did.
struct JobStep {
  int64_t job_id = 0;  // 0: there was nothing to do
  bool finished = true;
  int64_t changed = 0;  // deliveries, in all steps so far
};

// Cancels the pending deliveries of a webhook that is deleted at `now`: a step at once, the others
// as a job. Gives how many there were. Nobody claims them meanwhile.
absl::StatusOr<int64_t> CancelPending(Transaction& transaction, int32_t webhook_id, absl::Time now);

// Begins what Store::Replay asks for with its first step. NOT_FOUND: no such webhook.
absl::StatusOr<JobStep> BeginReplay(Transaction& transaction, const ReplayRequest& request);

// Takes the next step of the oldest job.
absl::StatusOr<JobStep> TakeStep(Transaction& transaction);

absl::StatusOr<bool> HasJobs(Connection& connection);

// Deliveries that are looked at in a step: some milliseconds.
inline constexpr int kStepDeliveries = 500;

}  // namespace webhookd::sqlite

#endif  // WEBHOOKD_STORAGE_SQLITE_DELIVERY_JOBS_H_
