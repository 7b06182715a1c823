#include "storage/sqlite/audit_queries.h"

#include <cstdint>
#include <limits>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "storage/sqlite/examined_rows.h"

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

constexpr absl::string_view kSelectEntry =
    "SELECT id, time, actor_kind, actor, peer_address, action, target_type, target_id, outcome,"
    " detail FROM audit_entries WHERE id = ?1";

// Finds the filter's entries by the index that leaves the fewest to look at; `judged` is what the
// index does not know.
std::string ListSql(const AuditFilter& filter, absl::string_view judged) {
  absl::string_view source = "NOT INDEXED WHERE true";
  if (!filter.target_type.empty() && !filter.target_id.empty()) {
    source =
        "INDEXED BY audit_entries_by_target WHERE target_type = :target_type"
        " AND target_id = :target_id";
  } else if (!filter.actor.empty()) {
    source = "INDEXED BY audit_entries_by_actor WHERE actor = :actor";
  }
  return absl::StrCat("SELECT id, ", judged, " FROM audit_entries ", source,
                      " AND id < :before_id ORDER BY id DESC");
}

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

absl::StatusOr<AuditPage> ListAudit(Connection& connection, const AuditFilter& filter) {
  const bool prefix = !filter.action.empty() && filter.action.back() == '.';
  // '/' follows '.'.
  const std::string after =
      absl::StrCat(filter.action.substr(0, filter.action.size() - prefix), "/");
  std::string judged = "true";
  const auto judge = [&judged](bool wanted, absl::string_view condition) {
    if (wanted) absl::StrAppend(&judged, " AND ", condition);
  };
  judge(!filter.actor.empty(), "actor = :actor");
  judge(!filter.action.empty() && !prefix, "action = :action");
  judge(prefix, "action >= :action AND action < :after");
  judge(!filter.target_type.empty(), "target_type = :target_type");
  judge(!filter.target_id.empty(), "target_id = :target_id");
  judge(filter.outcome.has_value(), "outcome = :outcome");
  judge(filter.from.has_value(), "time >= :from");
  judge(filter.before.has_value(), "time < :before");

  const Snapshot snapshot(connection);
  RETURN_IF_ERROR(snapshot.status());
  Statement rows = connection.Prepare(ListSql(filter, judged));
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
  ASSIGN_OR_RETURN(const FoundIds found, FindIds(rows, filter.limit, filter.max_examined));
  AuditPage page = {.next_before_id = found.next_before_id};
  Statement entry = connection.Prepare(kSelectEntry);
  for (const int64_t id : found.ids) {
    entry.Reset();
    entry.Bind(id);
    RETURN_IF_ERROR(entry.Step().status());
    page.entries.push_back(ReadEntry(entry));
  }
  return page;
}

}  // namespace webhookd::sqlite
