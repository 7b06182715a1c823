#include "storage/sqlite/delivery_queries.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "base/status_macros.h"
#include "storage/errors.h"
#include "storage/sqlite/delivery_reads.h"
#include "storage/sqlite/webhook_queries.h"

namespace webhookd::sqlite {
namespace {

constexpr absl::string_view kSelectDue =
    "SELECT d.id, d.next_attempt_at, e.event_id, d.body_id, b.body, d.attempt_count,"
    " d.schedule_step, d.redelivered AND d.lease_owner IS ?2 "
    "FROM deliveries d INDEXED BY deliveries_due"
    " CROSS JOIN events e ON e.id = d.event_id CROSS JOIN bodies b ON b.id = d.body_id "
    "WHERE d.state = 1 AND d.webhook_id = ?1 ORDER BY d.next_attempt_at, d.id LIMIT ?3";

constexpr absl::string_view kLease =
    "UPDATE deliveries SET lease_owner = ?2, lease_until = ?3,"
    " redelivered = redelivered AND lease_owner IS ?2 "
    "WHERE id = ?1";

constexpr absl::string_view kSelectUnderWay =
    "SELECT state, attempt_count, redelivered FROM deliveries WHERE id = ?1";

constexpr absl::string_view kInsertAttempt =
    "INSERT INTO attempts (delivery_id, number, started_at, duration, status, error_class,"
    " error_message, response_excerpt, remote_address, url, request_headers) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";

// The usual end of a delivery, in one step: nothing but its attempts happened to it.
constexpr absl::string_view kDeliver =
    "UPDATE deliveries SET state = 3, finished_at = ?4, next_attempt_at = NULL,"
    " lease_owner = NULL, lease_until = NULL,"
    " attempt_count = ?2, last_status = ?3, last_error_class = '' "
    "WHERE id = ?1 AND state = 1 AND redelivered = 0 AND attempt_count = ?2 - 1";

// These leave alone every column of an index that does not change.
constexpr absl::string_view kEnd =
    "UPDATE deliveries SET state = ?5, finished_at = ?6, next_attempt_at = NULL,"
    " lease_owner = NULL, lease_until = NULL, redelivered = 0,"
    " attempt_count = ?2, last_status = ?3, last_error_class = ?4 "
    "WHERE id = ?1";
constexpr absl::string_view kRetry =
    "UPDATE deliveries SET next_attempt_at = ?5, schedule_step = ?6,"
    " lease_owner = NULL, lease_until = NULL,"
    " attempt_count = ?2, last_status = ?3, last_error_class = ?4 "
    "WHERE id = ?1";
constexpr absl::string_view kRelease =
    "UPDATE deliveries SET lease_owner = NULL, lease_until = NULL,"
    " attempt_count = ?2, last_status = ?3, last_error_class = ?4 "
    "WHERE id = ?1";
constexpr absl::string_view kCountAttempt =
    "UPDATE deliveries SET lease_owner = NULL, lease_until = NULL, attempt_count = ?2 "
    "WHERE id = ?1";
constexpr absl::string_view kEndRedelivery = "UPDATE deliveries SET redelivered = 0 WHERE id = ?1";

constexpr absl::string_view kSelectWebhookOf = "SELECT webhook_id FROM deliveries WHERE id = ?1";

constexpr absl::string_view kRedeliver =
    "UPDATE deliveries SET state = 1, next_attempt_at = ?2, schedule_step = 0, finished_at = NULL,"
    " redelivered = lease_owner IS ?3,"
    " lease_owner = CASE WHEN lease_owner IS ?3 THEN lease_owner END,"
    " lease_until = CASE WHEN lease_owner IS ?3 THEN lease_until END "
    "WHERE id = ?1";

// The lease stays: it tells that an attempt may be under way.
constexpr absl::string_view kCancel =
    "UPDATE deliveries SET state = 5, next_attempt_at = NULL, finished_at = ?2 "
    "WHERE id = ?1 AND state = 1";

// Longer than any wait of a schedule. What is due later was stored when the clock was wrong, by a
// version that trusted it.
constexpr absl::Duration kLongestWait = absl::Hours(24 * 61);

struct UnderWay {
  DeliveryState state;
  int attempt_count;
  bool redelivered;
};

absl::Status RecordAttempt(Connection& connection, int64_t delivery_id, int number,
                           const AttemptRecord& attempt) {
  Statement insert = connection.Prepare(kInsertAttempt);
  insert.Bind(delivery_id, number, attempt.started_at, absl::ToInt64Microseconds(attempt.duration),
              attempt.status, attempt.error_class, attempt.error_message, attempt.response_excerpt,
              attempt.remote_address, attempt.url, attempt.request_headers);
  return insert.Run();
}

// Whether it was the usual end of a delivery, which is recorded then.
absl::StatusOr<bool> Deliver(Connection& connection, const FinishedAttempt& finished) {
  const AttemptRecord& attempt = finished.attempt;
  if (finished.state != DeliveryState::kDelivered || !attempt.error_class.empty()) return false;
  {
    Statement deliver = connection.Prepare(kDeliver);
    deliver.Bind(finished.delivery_id, attempt.number, attempt.status,
                 attempt.started_at + attempt.duration);
    RETURN_IF_ERROR(deliver.Run());
  }
  if (connection.Changes() == 0) return false;
  RETURN_IF_ERROR(RecordAttempt(connection, finished.delivery_id, attempt.number, attempt));
  return true;
}

// Moves a delivery on after the attempt that was recorded as `number`.
absl::Status MoveOn(Transaction& transaction, const FinishedAttempt& finished,
                    const UnderWay& delivery, int number) {
  Connection& connection = transaction.connection;
  const AttemptRecord& attempt = finished.attempt;
  const absl::string_view error_class = attempt.error_class;
  const bool delivered = finished.state == DeliveryState::kDelivered;
  const bool pending = delivery.state == DeliveryState::kPending;
  const bool canceled = delivery.state == DeliveryState::kCanceled;
  if (!pending && !canceled) {
    Statement count = connection.Prepare(kCountAttempt);
    count.Bind(finished.delivery_id, number);
    return count.Run();
  }
  if (!delivered && (canceled || delivery.redelivered)) {
    Statement release = connection.Prepare(kRelease);
    release.Bind(finished.delivery_id, number, attempt.status, error_class);
    return release.Run();
  }
  if (finished.state == DeliveryState::kPending) {
    Statement retry = connection.Prepare(kRetry);
    retry.Bind(finished.delivery_id, number, attempt.status, error_class, finished.next_attempt_at,
               finished.schedule_step);
    return retry.Run();
  }
  Statement end = connection.Prepare(kEnd);
  end.Bind(finished.delivery_id, number, attempt.status, error_class,
           static_cast<int>(finished.state), attempt.started_at + attempt.duration);
  return end.Run();
}

}  // namespace

absl::string_view ClaimSql() { return kSelectDue; }

absl::StatusOr<ClaimedDeliveries> ClaimDeliveries(Transaction& transaction,
                                                  const ClaimRequest& request) {
  ClaimedDeliveries claimed;
  Connection& connection = transaction.connection;
  ASSIGN_OR_RETURN(const WebhookCondition condition,
                   ConditionOfWebhook(connection, request.webhook_id));
  if (condition != WebhookCondition::kActive) return claimed;
  {
    const int limit = std::max(request.limit, 0);
    // Deliveries of one event share their body in memory too.
    absl::flat_hash_map<int64_t, std::shared_ptr<const std::string>> bodies;
    Statement due = connection.Prepare(kSelectDue);
    // One more than asked for, to learn when the next is due.
    due.Bind(request.webhook_id, transaction.lease_epoch, static_cast<int64_t>(limit) + 1);
    while (true) {
      ASSIGN_OR_RETURN(const bool found, due.Step());
      if (!found) break;
      const absl::Time next_attempt_at = due.Time(1);
      const bool waits =
          next_attempt_at > request.now && next_attempt_at <= request.now + kLongestWait;
      if (std::ssize(claimed.deliveries) == limit || waits) {
        claimed.next_attempt_at = next_attempt_at;
        break;
      }
      std::shared_ptr<const std::string>& body = bodies[due.Int(3)];
      if (body == nullptr) body = std::make_shared<const std::string>(due.Bytes(4));
      claimed.deliveries.push_back({.id = due.Int(0),
                                    .webhook_id = request.webhook_id,
                                    .event_id = due.Text(2),
                                    .body = body,
                                    .attempt_count = static_cast<int>(due.Int(5)),
                                    .schedule_step = static_cast<int>(due.Int(6)),
                                    .lease_until = request.lease_until,
                                    .redelivered = due.Int(7) != 0});
    }
  }
  Statement lease = connection.Prepare(kLease);
  for (const ClaimedDelivery& delivery : claimed.deliveries) {
    lease.Bind(delivery.id, transaction.lease_epoch, request.lease_until);
    RETURN_IF_ERROR(lease.Run());
  }
  return claimed;
}

absl::Status FinishAttempts(Transaction& transaction,
                            const std::vector<FinishedAttempt>& attempts) {
  Connection& connection = transaction.connection;
  std::vector<int64_t> redelivered;
  for (const FinishedAttempt& finished : attempts) {
    ASSIGN_OR_RETURN(const bool delivered, Deliver(connection, finished));
    if (delivered) continue;
    UnderWay delivery;
    {
      Statement select = connection.Prepare(kSelectUnderWay);
      select.Bind(finished.delivery_id);
      ASSIGN_OR_RETURN(const bool found, select.Step());
      if (!found) continue;
      delivery = {.state = static_cast<DeliveryState>(select.Int(0)),
                  .attempt_count = static_cast<int>(select.Int(1)),
                  .redelivered = select.Int(2) != 0};
    }
    const int number = std::max(finished.attempt.number, delivery.attempt_count + 1);
    RETURN_IF_ERROR(RecordAttempt(connection, finished.delivery_id, number, finished.attempt));
    RETURN_IF_ERROR(MoveOn(transaction, finished, delivery, number));
    if (delivery.redelivered) redelivered.push_back(finished.delivery_id);
  }
  // Only now: several attempts may have been under way when it was asked for again.
  for (const int64_t delivery_id : redelivered) {
    Statement end = connection.Prepare(kEndRedelivery);
    end.Bind(delivery_id);
    RETURN_IF_ERROR(end.Run());
  }
  return absl::OkStatus();
}

absl::StatusOr<DeliveryRecord> Redeliver(Transaction& transaction, int64_t delivery_id,
                                         absl::Time now) {
  Connection& connection = transaction.connection;
  int32_t webhook_id = 0;
  {
    Statement select = connection.Prepare(kSelectWebhookOf);
    select.Bind(delivery_id);
    ASSIGN_OR_RETURN(const bool found, select.Step());
    if (!found) return DeliveryNotFound(delivery_id);
    webhook_id = static_cast<int32_t>(select.Int(0));
  }
  ASSIGN_OR_RETURN(const WebhookCondition condition, ConditionOfWebhook(connection, webhook_id));
  if (condition == WebhookCondition::kMissing || condition == WebhookCondition::kDeleted) {
    return DeliveryOfDeletedWebhook(delivery_id, webhook_id);
  }
  {
    Statement update = connection.Prepare(kRedeliver);
    update.Bind(delivery_id, now, transaction.lease_epoch);
    RETURN_IF_ERROR(update.Run());
  }
  return ReadDelivery(connection, delivery_id, transaction.lease_epoch);
}

absl::StatusOr<DeliveryRecord> CancelDelivery(Transaction& transaction, int64_t delivery_id,
                                              absl::Time now) {
  Connection& connection = transaction.connection;
  Statement cancel = connection.Prepare(kCancel);
  cancel.Bind(delivery_id, now);
  RETURN_IF_ERROR(cancel.Run());
  const bool canceled = connection.Changes() > 0;
  ASSIGN_OR_RETURN(DeliveryRecord delivery,
                   ReadDelivery(connection, delivery_id, transaction.lease_epoch));
  if (!canceled) return DeliveryNotPending(delivery_id);
  return delivery;
}

}  // namespace webhookd::sqlite
