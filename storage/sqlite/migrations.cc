#include "storage/sqlite/migrations.h"

#include <sqlite3.h>

#include <cstdint>
#include <memory>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace webhookd::sqlite {
namespace {

// "whkd": tells our databases from those of other programs (SQLite's PRAGMA application_id).
constexpr int64_t kApplicationId = 0x77686b64;

std::string BackupPath(const std::string& path, int64_t version) {
  return absl::StrCat(path, ".backup-v", version);
}

absl::Status NewerDatabase(const Connection& connection, int64_t version, int64_t newest) {
  return absl::FailedPreconditionError(absl::StrCat(
      "database \"", connection.shown_path(), "\" has schema version ", version,
      ", and this server knows versions up to ", newest,
      ": start the newer server, or restore the copy that it made before it changed the database (",
      BackupPath(connection.shown_path(), newest), ")"));
}

absl::Status ForeignDatabase(const Connection& connection) {
  return absl::FailedPreconditionError(
      absl::StrCat("database \"", connection.shown_path(),
                   "\" belongs to another program: name another file, which will be created"));
}

absl::Status Backup(Connection& connection, int64_t version, const CreateFile& create_file) {
  Connection::Options options = connection.options();
  options.file = nullptr;
  options.damage = nullptr;
  options.path = BackupPath(options.path, version);
  options.shown_path = BackupPath(options.shown_path, version);
  RETURN_IF_ERROR(create_file(options.path));
  ASSIGN_OR_RETURN(const std::unique_ptr<Connection> copy, Connection::Open(options));
  sqlite3_backup* backup = sqlite3_backup_init(copy->handle(), "main", connection.handle(), "main");
  if (backup == nullptr) return copy->Error(sqlite3_extended_errcode(copy->handle()));
  sqlite3_backup_step(backup, -1);
  const int code = sqlite3_backup_finish(backup);
  if (code != SQLITE_OK) return copy->Error(code);
  return absl::OkStatus();
}

absl::Status Apply(Connection& connection, int64_t version, std::span<const Migration> migrations) {
  for (const Migration& migration : migrations) {
    if (migration.version <= version) continue;
    const absl::Status status = connection.Execute(std::string(migration.sql));
    if (!status.ok()) {
      return absl::Status(status.code(),
                          absl::StrCat("migration ", migration.name,
                                       " failed and changed nothing: ", status.message()));
    }
  }
  absl::StatusOr<int64_t> broken_references =
      connection.QueryInt("SELECT count(*) FROM pragma_foreign_key_check");
  RETURN_IF_ERROR(broken_references.status());
  if (*broken_references > 0) {
    return absl::DataLossError(absl::StrCat(
        "database \"", connection.shown_path(), "\": ", *broken_references,
        " rows would refer to missing ones after the migration, which changed nothing: restore "
        "the file from a copy"));
  }
  RETURN_IF_ERROR(connection.Execute(absl::StrCat("PRAGMA application_id = ", kApplicationId)));
  return connection.Execute(absl::StrCat("PRAGMA user_version = ", migrations.back().version));
}

}  // namespace

absl::Status Migrate(Connection& connection, std::span<const Migration> migrations,
                     const CreateFile& create_backup_file) {
  const int64_t newest = migrations.back().version;
  ASSIGN_OR_RETURN(const int64_t version, connection.QueryInt("PRAGMA user_version"));
  ASSIGN_OR_RETURN(const int64_t application, connection.QueryInt("PRAGMA application_id"));
  ASSIGN_OR_RETURN(const int64_t tables, connection.QueryInt("SELECT count(*) FROM sqlite_schema"));
  const bool fresh = version == 0 && application == 0 && tables == 0;
  if (!fresh && application != kApplicationId) return ForeignDatabase(connection);
  if (version > newest) return NewerDatabase(connection, version, newest);
  if (version == newest) return absl::OkStatus();
  if (!fresh) RETURN_IF_ERROR(Backup(connection, version, create_backup_file));

  // Rebuilding a table drops the old one, which references to it would forbid; they are checked
  // before the commit instead. The setting cannot be changed inside a transaction.
  RETURN_IF_ERROR(connection.Execute("PRAGMA foreign_keys = OFF"));
  RETURN_IF_ERROR(connection.Execute("BEGIN IMMEDIATE"));
  absl::Status status = Apply(connection, version, migrations);
  if (status.ok()) status = connection.Execute("COMMIT");
  if (!status.ok() && connection.InTransaction()) connection.Execute("ROLLBACK").IgnoreError();
  return status;
}

}  // namespace webhookd::sqlite
