#include "storage/sqlite/audit_queries.h"

#include <cstdint>
#include <limits>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace webhookd::sqlite {
namespace {

constexpr absl::string_view kInsert =
    "INSERT INTO audit_entries (time, actor_kind, actor, peer_address, action, target_type,"
    " target_id, outcome, detail) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";

// A few more than come, so that a shorter retention is reached in time, and no entry is waited for
// long because of it.
constexpr absl::string_view kForget =
    "DELETE FROM audit_entries WHERE id IN ("
    "SELECT id FROM (SELECT id, time FROM audit_entries ORDER BY id LIMIT 8) "
    "WHERE id <= ?1 OR time < ?2)";

constexpr absl::string_view kColumns =
    "SELECT id, time, actor_kind, actor, peer_address, action, target_type, target_id, outcome,"
    " detail FROM audit_entries WHERE id < :before_id";

// Conditions are left out rather than made true, so that those that are there can use an index.
struct Query {
  std::string sql = std::string(kColumns);

  void Where(bool wanted, absl::string_view condition) {
    if (wanted) absl::StrAppend(&sql, " AND ", condition);
  }
};

AuditEntry ReadEntry(const Statement& row) {
  return {.id = row.Int(0),
          .time = row.Time(1),
          .actor_kind = static_cast<AuditActor>(row.Int(2)),
          .actor = row.Text(3),
          .peer_address = row.Text(4),
          .action = row.Text(5),
          .target_type = row.Text(6),
          .target_id = row.Text(7),
          .outcome = static_cast<AuditOutcome>(row.Int(8)),
          .detail = row.Text(9)};
}

}  // namespace

absl::Status AppendAudit(Transaction& transaction, const AuditEntry& entry,
                         const AuditRetention& retention) {
  Connection& connection = transaction.connection;
  {
    Statement insert = connection.Prepare(kInsert);
    insert.Bind(entry.time, static_cast<int>(entry.actor_kind), entry.actor, entry.peer_address,
                entry.action, entry.target_type, entry.target_id, static_cast<int>(entry.outcome),
                entry.detail);
    RETURN_IF_ERROR(insert.Run());
  }
  const int64_t id = connection.LastInsertId();
  Statement forget = connection.Prepare(kForget);
  forget.Bind(id - retention.max_entries, transaction.lived_now - retention.max_age);
  return forget.Run();
}

absl::StatusOr<std::vector<AuditEntry>> ListAudit(Connection& connection,
                                                  const AuditFilter& filter) {
  const bool prefix = !filter.action.empty() && filter.action.back() == '.';
  // '/' follows '.'.
  const std::string after =
      absl::StrCat(filter.action.substr(0, filter.action.size() - prefix), "/");
  Query query;
  query.Where(!filter.actor.empty(), "actor = :actor");
  query.Where(!filter.action.empty() && !prefix, "action = :action");
  query.Where(prefix, "action >= :action AND action < :after");
  query.Where(!filter.target_type.empty(), "target_type = :target_type");
  query.Where(!filter.target_id.empty(), "target_id = :target_id");
  query.Where(filter.outcome.has_value(), "outcome = :outcome");
  query.Where(filter.from.has_value(), "time >= :from");
  query.Where(filter.before.has_value(), "time < :before");
  absl::StrAppend(&query.sql, " ORDER BY id DESC LIMIT :limit");

  Statement rows = connection.Prepare(query.sql);
  rows.BindNamed(":before_id",
                 filter.before_id > 0 ? filter.before_id : std::numeric_limits<int64_t>::max());
  rows.BindNamed(":actor", absl::string_view(filter.actor));
  rows.BindNamed(":action", absl::string_view(filter.action));
  rows.BindNamed(":after", absl::string_view(after));
  rows.BindNamed(":target_type", absl::string_view(filter.target_type));
  rows.BindNamed(":target_id", absl::string_view(filter.target_id));
  rows.BindNamed(":outcome", static_cast<int>(filter.outcome.value_or(AuditOutcome::kDone)));
  rows.BindNamed(":from", filter.from);
  rows.BindNamed(":before", filter.before);
  rows.BindNamed(":limit", filter.limit);
  std::vector<AuditEntry> entries;
  while (true) {
    ASSIGN_OR_RETURN(const bool found, rows.Step());
    if (!found) return entries;
    entries.push_back(ReadEntry(rows));
  }
}

}  // namespace webhookd::sqlite
