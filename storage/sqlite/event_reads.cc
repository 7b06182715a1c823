#include "storage/sqlite/event_reads.h"

#include <algorithm>
#include <limits>

#include "base/status_macros.h"
#include "storage/errors.h"

namespace webhookd::sqlite {
namespace {

// Events have no index by type or experiment: each would cost every event, and those who ask look
// at the latest. A page ends after the events that it looked at.
constexpr absl::string_view kSelectPage =
    "SELECT id, event_id, event_type, experiment_id, occurred_at, accepted_at, delivery_count,"
    " input FROM events WHERE id < ?1 AND id >= ?2"
    " AND (?3 = '' OR event_type = ?3) AND (?4 = 0 OR experiment_id = ?4) "
    "ORDER BY id DESC LIMIT ?5";

constexpr absl::string_view kSelectEvent =
    "SELECT id, event_id, event_type, experiment_id, occurred_at, accepted_at, delivery_count,"
    " input FROM events WHERE event_id = ?1";

constexpr absl::string_view kSelectLast = "SELECT max(id) FROM events";

EventRecord ReadEvent(const Statement& row) {
  return {.id = row.Int(0),
          .event_id = row.Text(1),
          .event_type = row.Text(2),
          .experiment_id = static_cast<int32_t>(row.Int(3)),
          .occurred_at = row.Time(4),
          .accepted_at = row.Time(5),
          .delivery_count = row.Int(6),
          .input = row.Bytes(7)};
}

}  // namespace

absl::StatusOr<EventPage> ListEvents(Connection& connection, const EventFilter& filter) {
  int64_t before = filter.before_id;
  if (before <= 0) {
    Statement last = connection.Prepare(kSelectLast);
    RETURN_IF_ERROR(last.Step().status());
    before = last.Int(0) + 1;
  }
  // Ids of events have no gaps to speak of.
  const int64_t from = std::max<int64_t>(before - std::max<int64_t>(filter.max_examined, 1), 1);
  EventPage page;
  Statement rows = connection.Prepare(kSelectPage);
  rows.Bind(before, from, filter.event_type, filter.experiment_id, std::max(filter.limit, 0));
  while (true) {
    ASSIGN_OR_RETURN(const bool found, rows.Step());
    if (!found) break;
    page.events.push_back(ReadEvent(rows));
  }
  const bool full = static_cast<int>(page.events.size()) >= filter.limit;
  const int64_t next = full && !page.events.empty() ? page.events.back().id : from;
  page.next_before_id = next > 1 ? next : 0;
  return page;
}

absl::StatusOr<EventRecord> GetEvent(Connection& connection, absl::string_view event_id) {
  Statement row = connection.Prepare(kSelectEvent);
  row.Bind(event_id);
  ASSIGN_OR_RETURN(const bool found, row.Step());
  if (!found) return EventNotFound(event_id);
  return ReadEvent(row);
}

}  // namespace webhookd::sqlite
