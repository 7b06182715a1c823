#include "storage/sqlite/delivery_jobs.h"

#include <limits>
#include <optional>
#include <vector>

#include "absl/strings/string_view.h"
#include "base/status_macros.h"
#include "storage/errors.h"
#include "storage/sqlite/delivery_reads.h"
#include "storage/sqlite/webhook_queries.h"

namespace webhookd::sqlite {
namespace {

enum class JobKind { kCancel = 1, kReplay = 2 };

struct Job {
  int64_t id = 0;  // 0: not stored
  JobKind kind = JobKind::kCancel;
  int32_t webhook_id = 0;
  absl::Time asked_at;
  absl::Time created_from = absl::InfinitePast();
  absl::Time created_before = absl::InfiniteFuture();
  bool include_skipped = false;
  DeliveryState state = DeliveryState::kFailed;
  int64_t before_id = std::numeric_limits<int64_t>::max();
  int64_t last_id = 0;
  int64_t changed = 0;
};

constexpr absl::string_view kSelectJob =
    "SELECT id, kind, webhook_id, asked_at, created_from, created_before, include_skipped, state,"
    " before_id, last_id, changed FROM delivery_jobs ORDER BY id LIMIT 1";

constexpr absl::string_view kInsertJob =
    "INSERT INTO delivery_jobs (kind, webhook_id, asked_at, created_from, created_before,"
    " include_skipped, state, before_id, last_id, changed) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";

constexpr absl::string_view kUpdateJob =
    "UPDATE delivery_jobs SET state = ?2, before_id = ?3, changed = ?4 WHERE id = ?1";

constexpr absl::string_view kDeleteJob = "DELETE FROM delivery_jobs WHERE id = ?1";

constexpr absl::string_view kHasJobs = "SELECT EXISTS (SELECT 1 FROM delivery_jobs)";

// The lease stays: it tells that an attempt may be under way.
constexpr absl::string_view kCancelSome =
    "UPDATE deliveries SET state = 5, next_attempt_at = NULL, finished_at = ?2 "
    "WHERE id IN (SELECT d.id FROM deliveries d INDEXED BY deliveries_due"
    " WHERE d.state = 1 AND d.webhook_id = ?1 LIMIT ?3)";

constexpr absl::string_view kSelectUndelivered =
    "SELECT d.id, e.accepted_at FROM deliveries d INDEXED BY deliveries_undelivered"
    " CROSS JOIN events e ON e.id = d.event_id"
    " WHERE d.state NOT IN (1, 3) AND d.webhook_id = ?1 AND d.state = ?2 AND d.id < ?3"
    " ORDER BY d.id DESC LIMIT ?4";

constexpr absl::string_view kReplayOne =
    "UPDATE deliveries SET state = 1, next_attempt_at = ?2, schedule_step = 0, finished_at = NULL,"
    " redelivered = 0, lease_owner = NULL, lease_until = NULL "
    "WHERE id = ?1";

absl::StatusOr<std::optional<Job>> NextJob(Connection& connection) {
  Statement row = connection.Prepare(kSelectJob);
  ASSIGN_OR_RETURN(const bool found, row.Step());
  if (!found) return std::nullopt;
  return Job{.id = row.Int(0),
             .kind = static_cast<JobKind>(row.Int(1)),
             .webhook_id = static_cast<int32_t>(row.Int(2)),
             .asked_at = row.Time(3),
             .created_from = row.Time(4),
             .created_before = row.Time(5),
             .include_skipped = row.Int(6) != 0,
             .state = static_cast<DeliveryState>(row.Int(7)),
             .before_id = row.Int(8),
             .last_id = row.Int(9),
             .changed = row.Int(10)};
}

// Stores what is left of a job after a step.
absl::StatusOr<JobStep> Keep(Connection& connection, Job job, bool finished) {
  if (job.id == 0 && !finished) {
    Statement insert = connection.Prepare(kInsertJob);
    insert.Bind(static_cast<int>(job.kind), job.webhook_id, job.asked_at, job.created_from,
                job.created_before, job.include_skipped, static_cast<int>(job.state), job.before_id,
                job.last_id, job.changed);
    RETURN_IF_ERROR(insert.Run());
    job.id = connection.LastInsertId();
  } else if (job.id != 0 && finished) {
    Statement remove = connection.Prepare(kDeleteJob);
    remove.Bind(job.id);
    RETURN_IF_ERROR(remove.Run());
  } else if (job.id != 0) {
    Statement update = connection.Prepare(kUpdateJob);
    update.Bind(job.id, static_cast<int>(job.state), job.before_id, job.changed);
    RETURN_IF_ERROR(update.Run());
  }
  return JobStep{.job_id = job.id, .finished = finished, .changed = job.changed};
}

absl::StatusOr<JobStep> StepOfCancel(Connection& connection, Job job) {
  Statement cancel = connection.Prepare(kCancelSome);
  cancel.Bind(job.webhook_id, job.asked_at, kStepDeliveries);
  RETURN_IF_ERROR(cancel.Run());
  const int64_t canceled = connection.Changes();
  job.changed += canceled;
  return Keep(connection, job, canceled < kStepDeliveries);
}

// Looks at up to `limit` deliveries in the job's state; gives how many there were.
absl::StatusOr<int> ReplaySome(Transaction& transaction, Job& job, int limit) {
  Connection& connection = transaction.connection;
  std::vector<int64_t> chosen;
  int examined = 0;
  {
    Statement rows = connection.Prepare(kSelectUndelivered);
    rows.Bind(job.webhook_id, static_cast<int>(job.state), job.before_id, limit);
    while (true) {
      ASSIGN_OR_RETURN(const bool found, rows.Step());
      if (!found) break;
      ++examined;
      job.before_id = rows.Int(0);
      const absl::Time created = rows.Time(1);
      if (created >= job.created_from && created < job.created_before) {
        chosen.push_back(job.before_id);
      }
    }
  }
  for (const int64_t delivery_id : chosen) {
    Statement replay = connection.Prepare(kReplayOne);
    replay.Bind(delivery_id, job.asked_at);
    RETURN_IF_ERROR(replay.Run());
  }
  job.changed += std::ssize(chosen);
  return examined;
}

absl::StatusOr<JobStep> StepOfReplay(Transaction& transaction, Job job) {
  Connection& connection = transaction.connection;
  ASSIGN_OR_RETURN(const WebhookCondition condition,
                   ConditionOfWebhook(connection, job.webhook_id));
  if (condition == WebhookCondition::kMissing || condition == WebhookCondition::kDeleted) {
    return Keep(connection, job, /*finished=*/true);
  }
  int room = kStepDeliveries;
  while (true) {
    ASSIGN_OR_RETURN(const int examined, ReplaySome(transaction, job, room));
    if (examined == room) return Keep(connection, job, /*finished=*/false);
    room -= examined;
    if (!job.include_skipped || job.state == DeliveryState::kSkipped) {
      return Keep(connection, job, /*finished=*/true);
    }
    job.state = DeliveryState::kSkipped;
    job.before_id = job.last_id + 1;
  }
}

}  // namespace

absl::StatusOr<int64_t> CancelPending(Transaction& transaction, int32_t webhook_id,
                                      absl::Time now) {
  ASSIGN_OR_RETURN(const int64_t pending, CountPending(transaction.connection, webhook_id));
  RETURN_IF_ERROR(
      StepOfCancel(transaction.connection,
                   {.kind = JobKind::kCancel, .webhook_id = webhook_id, .asked_at = now})
          .status());
  return pending;
}

absl::StatusOr<JobStep> BeginReplay(Transaction& transaction, const ReplayRequest& request) {
  ASSIGN_OR_RETURN(const WebhookCondition condition,
                   ConditionOfWebhook(transaction.connection, request.webhook_id));
  if (condition == WebhookCondition::kMissing || condition == WebhookCondition::kDeleted) {
    return WebhookNotFound(request.webhook_id);
  }
  // What is accepted meanwhile is not meant; and what is replayed, and fails again, is behind the
  // steps already.
  const int64_t last_id = transaction.counters.next_delivery_id - 1;
  Job job = {.kind = JobKind::kReplay,
             .webhook_id = request.webhook_id,
             .asked_at = request.now,
             .include_skipped = request.include_skipped,
             .before_id = last_id + 1,
             .last_id = last_id};
  job.created_from = request.created_from.value_or(job.created_from);
  job.created_before = request.created_before.value_or(job.created_before);
  return StepOfReplay(transaction, job);
}

absl::StatusOr<JobStep> TakeStep(Transaction& transaction) {
  ASSIGN_OR_RETURN(const std::optional<Job> job, NextJob(transaction.connection));
  if (!job.has_value()) return JobStep{};
  return job->kind == JobKind::kCancel ? StepOfCancel(transaction.connection, *job)
                                       : StepOfReplay(transaction, *job);
}

absl::StatusOr<bool> HasJobs(Connection& connection) {
  Statement row = connection.Prepare(kHasJobs);
  RETURN_IF_ERROR(row.Step().status());
  return row.Int(0) != 0;
}

}  // namespace webhookd::sqlite
