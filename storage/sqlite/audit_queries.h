#ifndef WEBHOOKD_STORAGE_SQLITE_AUDIT_QUERIES_H_
#define WEBHOOKD_STORAGE_SQLITE_AUDIT_QUERIES_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/account_records.h"
#include "storage/sqlite/connection.h"
#include "storage/sqlite/write.h"

// The audit log in SQL.
namespace webhookd::sqlite {

// Adds an entry, and removes some of the oldest if they are beyond `retention`, whose age counts
// the time in which a process ran.
absl::Status AppendAudit(Transaction& transaction, const AuditEntry& entry,
                         const AuditRetention& retention);

// As AccountStore::ListAudit.
absl::StatusOr<AuditPage> ListAudit(Connection& connection, const AuditFilter& filter);

}  // namespace webhookd::sqlite

#endif  // WEBHOOKD_STORAGE_SQLITE_AUDIT_QUERIES_H_
