#ifndef WEBHOOKD_STORAGE_SQLITE_MIGRATIONS_H_
#define WEBHOOKD_STORAGE_SQLITE_MIGRATIONS_H_

#include <functional>
#include <span>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "storage/sqlite/connection.h"

namespace webhookd::sqlite {

// One step of the database's schema: makes version `version` of version `version` - 1.
struct Migration {
  int version = 0;
  absl::string_view name;  // of its file
  absl::string_view sql;   // may hold several statements; no BEGIN or COMMIT
};

// The files of storage/sqlite/migrations, by version from 1.
std::span<const Migration> EmbeddedMigrations();

// Makes the file at the given path before it is filled with a copy of the database.
using CreateFile = std::function<absl::Status(const std::string& path)>;

// Brings the database to the last of `migrations` in one transaction, or leaves it as it is. One
// that holds something already is first copied to "<path>.backup-v<its version>".
//
// FAILED_PRECONDITION: it is newer than the last migration, or belongs to another program.
absl::Status Migrate(Connection& connection, std::span<const Migration> migrations,
                     const CreateFile& create_backup_file);

}  // namespace webhookd::sqlite

#endif  // WEBHOOKD_STORAGE_SQLITE_MIGRATIONS_H_
