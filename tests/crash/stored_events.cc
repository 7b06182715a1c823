#include "tests/crash/stored_events.h"

#include <sqlite3.h>

#include <functional>
#include <memory>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace webhookd {
namespace {

constexpr int kPending = 1;
constexpr int kDelivered = 3;

// Rows of events that are there in part, and of what belongs to no event.
constexpr char kCountHalves[] =
    "SELECT (SELECT count(*) FROM events WHERE delivery_count <>"
    "  (SELECT count(*) FROM deliveries d WHERE d.event_id = events.id AND"
    "   d.id BETWEEN first_delivery_id AND first_delivery_id + delivery_count - 1))"
    " + (SELECT count(*) FROM events WHERE body_count <> (SELECT count(*) FROM bodies b WHERE"
    "   b.id BETWEEN first_body_id AND first_body_id + body_count - 1))"
    " + abs((SELECT count(*) FROM deliveries) - (SELECT total(delivery_count) FROM events))"
    " + abs((SELECT count(*) FROM bodies) - (SELECT total(body_count) FROM events))"
    " + (SELECT count(*) FROM deliveries WHERE attempt_count <>"
    "  (SELECT count(*) FROM attempts a WHERE a.delivery_id = deliveries.id))"
    " + abs((SELECT count(*) FROM events) - (SELECT total(event_count) FROM idempotency_keys))";

constexpr char kSelectAll[] =
    "SELECT e.event_id, e.experiment_id, d.webhook_id, d.state, d.attempt_count "
    "FROM events e LEFT JOIN deliveries d ON d.id BETWEEN e.first_delivery_id AND"
    " e.first_delivery_id + e.delivery_count - 1 "
    "ORDER BY e.id, d.id";

using Database = std::unique_ptr<sqlite3, decltype(&sqlite3_close)>;
using Query = std::unique_ptr<sqlite3_stmt, decltype(&sqlite3_finalize)>;

absl::Status Run(sqlite3* database, const char* sql,
                 const std::function<void(sqlite3_stmt*)>& row) {
  sqlite3_stmt* statement = nullptr;
  int code = sqlite3_prepare_v2(database, sql, -1, &statement, nullptr);
  const Query query(statement, &sqlite3_finalize);
  if (code == SQLITE_OK) {
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) row(statement);
  }
  if (code == SQLITE_DONE) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat("the database cannot be read: ", sqlite3_errmsg(database),
                                          " (SQLite code ", code, ")"));
}

std::string Text(sqlite3_stmt* row, int column) {
  const auto* const text = reinterpret_cast<const char*>(sqlite3_column_text(row, column));
  return text == nullptr ? "" : text;
}

absl::Status Check(sqlite3* database) {
  std::string integrity;
  RETURN_IF_ERROR(Run(database, "PRAGMA integrity_check", [&](sqlite3_stmt* row) {
    absl::StrAppend(&integrity, integrity.empty() ? "" : "; ", Text(row, 0));
  }));
  if (integrity != "ok") {
    return absl::DataLossError(absl::StrCat("integrity_check says: ", integrity));
  }
  int64_t halves = 0;
  RETURN_IF_ERROR(Run(database, kCountHalves,
                      [&](sqlite3_stmt* row) { halves = sqlite3_column_int64(row, 0); }));
  if (halves > 0) return absl::DataLossError(absl::StrCat(halves, " things are there in part"));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<StoredEvent>> ReadStoredEvents(const std::string& path) {
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &handle, SQLITE_OPEN_READWRITE, nullptr);
  const Database database(handle, &sqlite3_close);
  if (code != SQLITE_OK) return absl::DataLossError(absl::StrCat("cannot open ", path));
  sqlite3_db_config(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  RETURN_IF_ERROR(Check(handle));
  std::vector<StoredEvent> events;
  RETURN_IF_ERROR(Run(handle, kSelectAll, [&](sqlite3_stmt* row) {
    std::string event_id = Text(row, 0);
    if (events.empty() || events.back().event_id != event_id) {
      events.push_back(
          {.event_id = std::move(event_id), .experiment_id = sqlite3_column_int(row, 1)});
    }
    if (sqlite3_column_type(row, 2) == SQLITE_NULL) return;
    const int state = sqlite3_column_int(row, 3);
    events.back().deliveries.push_back({.webhook_id = sqlite3_column_int(row, 2),
                                        .pending = state == kPending,
                                        .delivered = state == kDelivered,
                                        .attempts = sqlite3_column_int(row, 4)});
  }));
  return events;
}

}  // namespace webhookd
