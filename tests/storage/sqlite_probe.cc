#include "tests/storage/sqlite_probe.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include "absl/strings/str_join.h"

namespace webhookd {

SqliteProbe::SqliteProbe(const std::string& path) {
  EXPECT_EQ(sqlite3_open(path.c_str(), &handle_), SQLITE_OK) << path;
  // A store may be writing on a thread of its own.
  sqlite3_busy_timeout(handle_, 60'000);
}

SqliteProbe::~SqliteProbe() { sqlite3_close(handle_); }

void SqliteProbe::Execute(const std::string& sql) {
  EXPECT_EQ(sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
      << sql << ": " << sqlite3_errmsg(handle_);
}

std::vector<std::string> SqliteProbe::Column(const std::string& sql, int column) {
  std::vector<std::string> values;
  sqlite3_stmt* statement = nullptr;
  EXPECT_EQ(sqlite3_prepare_v2(handle_, sql.c_str(), -1, &statement, nullptr), SQLITE_OK)
      << sql << ": " << sqlite3_errmsg(handle_);
  int code = SQLITE_DONE;
  while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
    const unsigned char* text = sqlite3_column_text(statement, column);
    values.emplace_back(text == nullptr ? "NULL" : reinterpret_cast<const char*>(text));
  }
  EXPECT_EQ(code, SQLITE_DONE) << sql << ": " << sqlite3_errmsg(handle_);
  sqlite3_finalize(statement);
  return values;
}

int64_t SqliteProbe::Int(const std::string& sql) {
  const std::vector<std::string> values = Column(sql);
  return values.empty() ? -1 : std::stoll(values[0]);
}

void SqliteProbe::ExpectConsistent() {
  EXPECT_EQ(Column("PRAGMA integrity_check"), std::vector<std::string>{"ok"});
  EXPECT_EQ(Int("SELECT count(*) FROM pragma_foreign_key_check"), 0);
  EXPECT_EQ(Int("SELECT count(*) FROM events e WHERE delivery_count <>"
                " (SELECT count(*) FROM deliveries d WHERE d.event_id = e.id AND d.id >="
                "  e.first_delivery_id AND d.id < e.first_delivery_id + e.delivery_count)"),
            0);
  EXPECT_EQ(Int("SELECT count(*) FROM events e WHERE body_count <>"
                " (SELECT count(*) FROM bodies b WHERE b.id >= e.first_body_id"
                "  AND b.id < e.first_body_id + e.body_count)"),
            0);
  EXPECT_EQ(Int("SELECT coalesce(sum(delivery_count), 0) FROM events"),
            Int("SELECT count(*) FROM deliveries"));
  EXPECT_EQ(Int("SELECT coalesce(sum(body_count), 0) FROM events"),
            Int("SELECT count(*) FROM bodies"));
  EXPECT_EQ(Int("SELECT count(*) FROM deliveries WHERE body_id NOT IN (SELECT id FROM bodies)"), 0);
  EXPECT_EQ(Int("SELECT count(*) FROM deliveries d WHERE attempt_count <>"
                " (SELECT count(*) FROM attempts a WHERE a.delivery_id = d.id)"),
            0);
  EXPECT_EQ(Int("SELECT count(*) FROM webhooks w WHERE w.deleted_at IS NOT NULL AND EXISTS"
                " (SELECT 1 FROM deliveries d WHERE d.webhook_id = w.id AND d.state = 1)"),
            0);
}

std::string QueryPlan(SqliteProbe& probe, const std::string& sql) {
  return absl::StrJoin(probe.Column("EXPLAIN QUERY PLAN " + sql, 3), "\n");
}

}  // namespace webhookd
