#include "storage/sqlite/delivery_reads.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/status_macros.h"
#include "storage/errors.h"
#include "storage/sqlite/examined_rows.h"

namespace webhookd::sqlite {
namespace {

// One look into deliveries_due a webhook, however many deliveries wait. NULL where none does.
constexpr absl::string_view kSelectPendingEndpoints =
    "SELECT w.id, (SELECT min(d.next_attempt_at) FROM deliveries d INDEXED BY deliveries_due"
    " WHERE d.state = 1 AND d.webhook_id = w.id) "
    "FROM webhooks w NOT INDEXED WHERE w.deleted_at IS NULL AND w.disabled_at IS NULL";

constexpr absl::string_view kCountPending =
    "SELECT count(*) FROM deliveries d INDEXED BY deliveries_due"
    " WHERE d.state = 1 AND d.webhook_id = ?1";

constexpr absl::string_view kSelectSetback = "SELECT clock_setback FROM store_state";

constexpr absl::string_view kSelectLastEvent = "SELECT max(id) FROM events";

constexpr absl::string_view kSelectEventFrom =
    "SELECT id, accepted_at FROM events WHERE id >= ?1 ORDER BY id LIMIT 1";

constexpr absl::string_view kSelectFirstDelivery =
    "SELECT first_delivery_id FROM events WHERE id >= ?1 ORDER BY id LIMIT 1";

constexpr absl::string_view kCountPendingUpTo =
    "SELECT count(*) FROM (SELECT 1 FROM deliveries d INDEXED BY deliveries_due"
    " WHERE d.state = 1 AND d.webhook_id = ?1 LIMIT ?2)";

constexpr absl::string_view kSelectRecord =
    "SELECT d.id, e.event_id, e.event_type, d.webhook_id, w.name, d.trigger_id, d.state,"
    " d.attempt_count, d.next_attempt_at, d.lease_owner, d.lease_until, e.accepted_at,"
    " d.finished_at, d.last_status, d.last_error_class "
    "FROM deliveries d CROSS JOIN events e ON e.id = d.event_id"
    " CROSS JOIN webhooks w ON w.id = d.webhook_id WHERE d.id = ?1";

constexpr absl::string_view kSelectBody =
    "SELECT b.body FROM deliveries d CROSS JOIN bodies b ON b.id = d.body_id WHERE d.id = ?1";

constexpr absl::string_view kSelectLastAttempts =
    "SELECT number, started_at, duration, status, error_class, error_message, response_excerpt,"
    " remote_address, url, request_headers "
    "FROM attempts WHERE delivery_id = ?1 ORDER BY number DESC LIMIT 100";

// The first and the last of at most ?3 events whose ids begin alike.
constexpr absl::string_view kSelectEventRange =
    "SELECT count(*), min(id), max(id) FROM"
    " (SELECT id FROM events WHERE event_id >= ?1 AND event_id < ?2 LIMIT ?3)";

constexpr absl::string_view kSelectDeliveryRange =
    "SELECT (SELECT first_delivery_id FROM events WHERE id = ?1),"
    " (SELECT first_delivery_id + delivery_count FROM events WHERE id = ?2)";

// More events than this are not looked up: that many are found soon enough from the newest on.
constexpr int64_t kMaxEventsOfPrefix = 100'000;

// What waits for one webhook is sorted by time: more of it than this is found otherwise.
constexpr int64_t kMaxSorted = 10'000;

// Columns as in kSelectRecord.
DeliveryRecord ReadRecord(const Statement& row, int64_t lease_epoch) {
  DeliveryRecord delivery;
  delivery.id = row.Int(0);
  delivery.event_id = row.Text(1);
  delivery.event_type = row.Text(2);
  delivery.webhook_id = static_cast<int32_t>(row.Int(3));
  delivery.webhook_name = row.Text(4);
  delivery.trigger_id = static_cast<int32_t>(row.Int(5));
  delivery.state = static_cast<DeliveryState>(row.Int(6));
  delivery.attempt_count = static_cast<int>(row.Int(7));
  if (delivery.state == DeliveryState::kPending) {
    delivery.next_attempt_at = row.Time(8);
    if (row.Int(9) == lease_epoch) delivery.lease_until = row.OptionalTime(10);
  }
  delivery.created_at = row.Time(11);
  delivery.finished_at = row.OptionalTime(12);
  delivery.last_status = static_cast<int>(row.Int(13));
  delivery.last_error_class = row.Text(14);
  return delivery;
}

AttemptRecord ReadAttempt(const Statement& row) {
  return {.number = static_cast<int>(row.Int(0)),
          .started_at = row.Time(1),
          .duration = absl::Microseconds(row.Int(2)),
          .status = static_cast<int>(row.Int(3)),
          .error_class = row.Text(4),
          .error_message = row.Text(5),
          .response_excerpt = row.Text(6),
          .remote_address = row.Text(7),
          .url = row.Text(8),
          .request_headers = row.IsNull(9) ? std::nullopt : std::optional(row.Text(9))};
}

// What sorts after every text that begins with `prefix`: no code point is greater than U+10FFFF.
std::string EndOfPrefix(absl::string_view prefix) {
  return absl::StrCat(prefix, "\xf4\x8f\xbf\xbf");
}

struct IdRange {
  int64_t begin = 0;
  int64_t end = std::numeric_limits<int64_t>::max();  // exclusive
};

// Where the deliveries of the events whose ids lie from `begin` up to `end` lie; others may too.
// Ids of events, and with them those of deliveries, follow time, and so does what a TimeOrderedUuid
// begins with: there is little else.
absl::StatusOr<IdRange> DeliveriesOfEvents(Connection& connection, absl::string_view begin,
                                           absl::string_view end) {
  Statement events = connection.Prepare(kSelectEventRange);
  events.Bind(begin, end, kMaxEventsOfPrefix + 1);
  RETURN_IF_ERROR(events.Step().status());
  const int64_t count = events.Int(0);
  if (count == 0) return IdRange{.end = 0};
  if (count > kMaxEventsOfPrefix) return IdRange{};
  Statement deliveries = connection.Prepare(kSelectDeliveryRange);
  deliveries.Bind(events.Int(1), events.Int(2));
  RETURN_IF_ERROR(deliveries.Step().status());
  return IdRange{.begin = deliveries.Int(0), .end = deliveries.Int(1)};
}

// Where the deliveries that `filter` asks for are found with the least reading, and by which of its
// conditions: the others are for each row to be judged by. A partial index is only used by a
// statement that repeats its condition.
struct Source {
  absl::string_view sql;
  bool finds_webhook = false;
  bool finds_state = false;
};

Source SourceFor(const DeliveryFilter& filter, PendingOfWebhook pending_of_webhook) {
  const bool undelivered = filter.state.has_value() && *filter.state > DeliveryState::kDelivered;
  const bool pending = filter.state == DeliveryState::kPending;
  if (filter.webhook_id != 0 && undelivered) {
    return {.sql = "deliveries d INDEXED BY deliveries_undelivered WHERE d.state NOT IN (1, 3)",
            .finds_webhook = true,
            .finds_state = true};
  }
  if (filter.webhook_id != 0 && pending && pending_of_webhook == PendingOfWebhook::kFew) {
    return {.sql = "deliveries d INDEXED BY deliveries_due WHERE d.state = 1",
            .finds_webhook = true,
            .finds_state = true};
  }
  if (undelivered || pending) {
    return {.sql = "deliveries d INDEXED BY deliveries_by_state WHERE d.state <> 3",
            .finds_state = true};
  }
  if (filter.webhook_id != 0) {
    return {.sql = "deliveries d INDEXED BY deliveries_by_webhook WHERE true",
            .finds_webhook = true};
  }
  return {.sql = "deliveries d NOT INDEXED WHERE true"};
}

absl::StatusOr<PendingOfWebhook> CountRoughly(Connection& connection,
                                              const DeliveryFilter& filter) {
  if (filter.webhook_id == 0 || filter.state != DeliveryState::kPending) {
    return PendingOfWebhook::kFew;
  }
  Statement row = connection.Prepare(kCountPendingUpTo);
  row.Bind(filter.webhook_id, kMaxSorted + 1);
  RETURN_IF_ERROR(row.Step().status());
  return row.Int(0) > kMaxSorted ? PendingOfWebhook::kMany : PendingOfWebhook::kFew;
}

bool HasTimes(const DeliveryFilter& filter) {
  return filter.created_from.has_value() || filter.created_before.has_value();
}

// The first event from which on all were accepted late, or before which all were accepted early, by
// a search that halves: `time` differs from the time in question by as much as the clock ever went
// back between two events, so that no event on the other side can be on the wrong one.
absl::StatusOr<int64_t> EventAt(Connection& connection, absl::Time time) {
  int64_t low = 1;
  int64_t high = 1;
  {
    Statement last = connection.Prepare(kSelectLastEvent);
    RETURN_IF_ERROR(last.Step().status());
    high = last.Int(0) + 1;
  }
  Statement next = connection.Prepare(kSelectEventFrom);
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    next.Reset();
    next.Bind(middle);
    ASSIGN_OR_RETURN(const bool found, next.Step());
    if (!found || next.Int(0) >= high || next.Time(1) >= time) {
      high = middle;
    } else {
      low = next.Int(0) + 1;
    }
  }
  return high;
}

// The first delivery of the first event from `event_id` on; none if there is no such event.
absl::StatusOr<std::optional<int64_t>> FirstDeliveryFrom(Connection& connection, int64_t event_id) {
  Statement row = connection.Prepare(kSelectFirstDelivery);
  row.Bind(event_id);
  ASSIGN_OR_RETURN(const bool found, row.Step());
  if (!found) return std::nullopt;
  return row.Int(0);
}

// Narrows `range` to where the deliveries of the filter's times are; others may be there too.
absl::Status NarrowToTimes(Connection& connection, const DeliveryFilter& filter, IdRange& range) {
  if (!HasTimes(filter)) return absl::OkStatus();
  absl::Duration setback;
  {
    Statement row = connection.Prepare(kSelectSetback);
    RETURN_IF_ERROR(row.Step().status());
    setback = absl::Microseconds(row.Int(0));
  }
  if (filter.created_before.has_value()) {
    ASSIGN_OR_RETURN(const int64_t event, EventAt(connection, *filter.created_before + setback));
    ASSIGN_OR_RETURN(const std::optional<int64_t> id, FirstDeliveryFrom(connection, event));
    range.end = std::min(range.end, id.value_or(range.end));
  }
  if (filter.created_from.has_value()) {
    ASSIGN_OR_RETURN(const int64_t event, EventAt(connection, *filter.created_from - setback));
    ASSIGN_OR_RETURN(const std::optional<int64_t> id, FirstDeliveryFrom(connection, event));
    range.begin = std::max(range.begin, id.value_or(range.end));
  }
  return absl::OkStatus();
}

}  // namespace

absl::string_view PendingEndpointsSql() { return kSelectPendingEndpoints; }

absl::string_view CountPendingSql() { return kCountPending; }

absl::string_view EventRangeSql() { return kSelectEventRange; }

std::string ListDeliveriesSql(const DeliveryFilter& filter, PendingOfWebhook pending_of_webhook) {
  const Source source = SourceFor(filter, pending_of_webhook);
  std::string found(source.sql);
  std::string judged = "true";
  if (filter.webhook_id != 0) {
    absl::StrAppend(source.finds_webhook ? &found : &judged, " AND d.webhook_id = :webhook_id");
  }
  if (filter.state.has_value()) {
    absl::StrAppend(source.finds_state ? &found : &judged,
                    " AND d.state = ", static_cast<int>(*filter.state));
  }
  if (filter.leased.has_value() && filter.state == DeliveryState::kPending) {
    absl::StrAppend(&judged, " AND (d.lease_owner IS :lease_epoch AND d.lease_until > :now) = ",
                    *filter.leased ? 1 : 0);
  }
  if (!filter.event_id.empty()) {
    absl::StrAppend(&judged,
                    " AND (SELECT x.event_id >= :event_id AND x.event_id <"
                    " :event_id_end FROM events x WHERE x.id = d.event_id)");
  }
  if (HasTimes(filter)) {
    absl::StrAppend(&judged,
                    " AND (SELECT c.accepted_at FROM events c WHERE c.id = d.event_id)"
                    " BETWEEN :created_from AND :created_before - 1");
  }
  if (!filter.event_id.empty() || HasTimes(filter)) {
    absl::StrAppend(&found, " AND d.id >= :begin_id");
  }
  return absl::StrCat("SELECT d.id, ", judged, " FROM ", found,
                      " AND d.id < :before_id ORDER BY d.id DESC");
}

absl::StatusOr<std::vector<PendingEndpoint>> PendingEndpoints(Connection& connection) {
  std::vector<PendingEndpoint> endpoints;
  Statement rows = connection.Prepare(kSelectPendingEndpoints);
  while (true) {
    ASSIGN_OR_RETURN(const bool found, rows.Step());
    if (!found) return endpoints;
    if (rows.IsNull(1)) continue;
    endpoints.push_back(
        {.webhook_id = static_cast<int32_t>(rows.Int(0)), .next_attempt_at = rows.Time(1)});
  }
}

absl::StatusOr<DeliveryPage> ListDeliveries(Connection& connection, const DeliveryFilter& filter,
                                            int64_t lease_epoch) {
  const Snapshot snapshot(connection);
  RETURN_IF_ERROR(snapshot.status());
  const std::string event_id_end = EndOfPrefix(filter.event_id);
  IdRange range;
  if (!filter.event_id.empty()) {
    ASSIGN_OR_RETURN(range, DeliveriesOfEvents(connection, filter.event_id, event_id_end));
  }
  RETURN_IF_ERROR(NarrowToTimes(connection, filter, range));
  if (filter.before_id > 0) range.end = std::min(range.end, filter.before_id);
  ASSIGN_OR_RETURN(const PendingOfWebhook pending_of_webhook, CountRoughly(connection, filter));
  Statement rows = connection.Prepare(ListDeliveriesSql(filter, pending_of_webhook));
  rows.BindNamed(":event_id", filter.event_id);
  rows.BindNamed(":event_id_end", event_id_end);
  rows.BindNamed(":begin_id", range.begin);
  rows.BindNamed(":webhook_id", filter.webhook_id);
  rows.BindNamed(":lease_epoch", lease_epoch);
  rows.BindNamed(":now", filter.now);
  rows.BindNamed(":created_from", filter.created_from.value_or(absl::InfinitePast()));
  rows.BindNamed(":created_before", filter.created_before.value_or(absl::InfiniteFuture()));
  rows.BindNamed(":before_id", range.end);
  ASSIGN_OR_RETURN(const FoundIds found, FindIds(rows, filter.limit, filter.max_examined));
  DeliveryPage page = {.next_before_id = found.next_before_id};
  for (const int64_t id : found.ids) {
    ASSIGN_OR_RETURN(page.deliveries.emplace_back(), ReadDelivery(connection, id, lease_epoch));
  }
  return page;
}

absl::StatusOr<int64_t> CountPending(Connection& connection, int32_t webhook_id) {
  Statement row = connection.Prepare(kCountPending);
  row.Bind(webhook_id);
  RETURN_IF_ERROR(row.Step().status());
  return row.Int(0);
}

absl::StatusOr<DeliveryRecord> ReadDelivery(Connection& connection, int64_t delivery_id,
                                            int64_t lease_epoch) {
  Statement row = connection.Prepare(kSelectRecord);
  row.Bind(delivery_id);
  ASSIGN_OR_RETURN(const bool found, row.Step());
  if (!found) return DeliveryNotFound(delivery_id);
  return ReadRecord(row, lease_epoch);
}

absl::StatusOr<DeliveryDetails> GetDelivery(Connection& connection, int64_t delivery_id,
                                            int64_t lease_epoch) {
  const Snapshot snapshot(connection);
  RETURN_IF_ERROR(snapshot.status());
  DeliveryDetails details;
  ASSIGN_OR_RETURN(details.delivery, ReadDelivery(connection, delivery_id, lease_epoch));
  {
    Statement body = connection.Prepare(kSelectBody);
    body.Bind(delivery_id);
    RETURN_IF_ERROR(body.Step().status());
    details.body = body.Bytes(0);
  }
  Statement attempts = connection.Prepare(kSelectLastAttempts);
  attempts.Bind(delivery_id);
  while (true) {
    ASSIGN_OR_RETURN(const bool found, attempts.Step());
    if (!found) break;
    details.attempts.push_back(ReadAttempt(attempts));
  }
  std::reverse(details.attempts.begin(), details.attempts.end());
  return details;
}

}  // namespace webhookd::sqlite
