#ifndef WEBHOOKD_STORAGE_SQLITE_CONNECTION_H_
#define WEBHOOKD_STORAGE_SQLITE_CONNECTION_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/node_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "storage/sqlite/damage.h"
#include "storage/sqlite/database_file.h"
#include "storage/sqlite/statement.h"

struct sqlite3;

namespace webhookd::sqlite {

// One connection to a database file, with its prepared statements. Used by one thread at a time.
class Connection {
 public:
  struct Options {
    std::string path;
    std::string shown_path = "";  // in messages; empty: as `path`
    std::string vfs = "";         // name of the SQLite VFS; empty: the default one
    absl::Duration busy_timeout = absl::Seconds(5);  // waits so long for other processes' locks
    const DatabaseFile* file = nullptr;  // null with a VFS of its own; else outlives the connection
    Damage* damage = nullptr;            // told of damage, if given; outlives the connection
  };

  // Creates the file if there is none.
  static absl::StatusOr<std::unique_ptr<Connection>> Open(const Options& options);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  // A transaction under way is rolled back.
  ~Connection();

  // The prepared statement of `sql`, which must be one statement. It is prepared once and kept, so
  // `sql` must be one of few texts. Not while a Statement of the same text is alive. An error shows
  // when the statement is stepped.
  Statement Prepare(absl::string_view sql);

  // Runs statements that return nothing and are not worth keeping.
  absl::Status Execute(const std::string& sql);

  // Runs statements that hold for this connection, and for one that replaces it.
  absl::Status Configure(const std::string& sql);

  // The first column of the only row of `sql`, not kept.
  absl::StatusOr<int64_t> QueryInt(const std::string& sql);

  // The status of the last call, which gave `code`, and what it was for.
  absl::Status Error(int code, absl::string_view sql = "");

  // DatabaseFile::Check, where there is one.
  absl::Status CheckFile() const;

  // Puts a new connection to the same file in the place of one that gave an error which may stay,
  // however well the disk is again, because what was read wrongly is kept. Leaves it if none can be
  // opened, or the file is not the same any more. It must be in no transaction.
  static void ReplaceIfFailed(std::unique_ptr<Connection>& connection);

  // Merges the write-ahead log into the file, and if that could be done, removes the log when this
  // connection closes as the last one. Not in a transaction.
  void MergeAndRemoveLog();

  // Ends the statement that another thread is running, if any, with UNAVAILABLE. Thread-safe.
  void Interrupt();

  // Has `may_go_on` asked every few dozen µs while a statement runs: an error that it gives ends
  // the statement, and is its error. The connection can be used on. Null: nothing is asked.
  void AskWhile(std::function<absl::Status()> may_go_on);

  // False also after SQLite rolled a transaction back by itself, as it does when a disk is full.
  bool InTransaction() const;
  // Rows that all statements so far inserted, updated or deleted.
  int64_t TotalChanges() const;
  // Rows that the last such statement did.
  int64_t Changes() const;
  int64_t LastInsertId() const;

  const std::string& shown_path() const { return options_.shown_path; }
  const Options& options() const { return options_; }
  sqlite3* handle() { return handle_; }

 private:
  // What the system said of the last call, which gave `code`; 0 if that is not known.
  int SystemErrno(int code) const;
  Connection(Options options, sqlite3* handle);

  const Options options_;
  std::string configuration_;
  sqlite3* const handle_;
  bool failed_ = false;  // gave an error that may stay
  std::function<absl::Status()> may_go_on_;
  absl::Status stopped_;  // by may_go_on_
  absl::node_hash_map<std::string, sqlite3_stmt*> statements_;
  // Those whose texts are constants, by where these stand: a text of hundreds of bytes is compared
  // quicker than hashed.
  absl::flat_hash_map<const char*, std::pair<absl::string_view, sqlite3_stmt*>> by_place_;
};

// Makes what is read while it lives the state of one moment.
class Snapshot {
 public:
  // `connection` must outlive it and be in no transaction.
  explicit Snapshot(Connection& connection);
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;
  // Statements that were read must be gone or reset.
  ~Snapshot();

  const absl::Status& status() const { return status_; }

 private:
  Connection& connection_;
  const absl::Status status_;
};

}  // namespace webhookd::sqlite

#endif  // WEBHOOKD_STORAGE_SQLITE_CONNECTION_H_
