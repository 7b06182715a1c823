#include "storage/sqlite/connection.h"

#include <sqlite3.h>

#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "storage/sqlite/sqlite_status.h"

namespace webhookd::sqlite {
namespace {

constexpr size_t kMaxPlaces = 256;
// Steps of SQLite's machine between two questions whether to go on: some hundred rows.
constexpr int kStepsBetweenQuestions = 1'000;

// Whether a connection that gave an error may go on giving it when its cause is gone. When the disk
// is full or fails, SQLite forgets what it had read; of other errors it does not expect that they
// come from there.
bool MayStay(int code) {
  const int kind = code & 0xff;
  return kind != SQLITE_FULL && kind != SQLITE_IOERR && kind != SQLITE_CONSTRAINT &&
         kind != SQLITE_INTERRUPT;
}

bool IsDamage(int code) {
  const int kind = code & 0xff;
  return kind == SQLITE_CORRUPT || kind == SQLITE_NOTADB;
}

// The first table that a statement names; "" if it is not known.
absl::string_view TableOf(absl::string_view sql) {
  for (const absl::string_view before : {"FROM ", "INTO ", "UPDATE "}) {
    const size_t at = sql.find(before);
    if (at == absl::string_view::npos) continue;
    const absl::string_view rest = sql.substr(at + before.size());
    const size_t end = rest.find_first_not_of("abcdefghijklmnopqrstuvwxyz_");
    if (end != 0) return rest.substr(0, end);
  }
  return "";
}

}  // namespace

absl::StatusOr<std::unique_ptr<Connection>> Connection::Open(const Options& options) {
  // Counting memory costs a lock at every allocation. Refused, which is fine, once SQLite is in
  // use.
  static const int counting_off = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  static_cast<void>(counting_off);
  Options own = options;
  if (own.shown_path.empty()) own.shown_path = own.path;
  sqlite3* handle = nullptr;
  const int flags =
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int code = sqlite3_open_v2(own.path.c_str(), &handle, flags,
                                   own.vfs.empty() ? nullptr : own.vfs.c_str());
  if (handle == nullptr) return StatusOfCode(SQLITE_NOMEM, 0, own.shown_path, "no connection");
  auto connection = absl::WrapUnique(new Connection(std::move(own), handle));
  if (code != SQLITE_OK) return connection->Error(code);
  // When the last connection closes, SQLite removes the log even if merging it broke off because a
  // file was said to be busy. MergeAndRemoveLog makes sure first.
  sqlite3_db_config(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  sqlite3_busy_timeout(handle, static_cast<int>(absl::ToInt64Milliseconds(options.busy_timeout)));
  return connection;
}

Connection::Connection(Options options, sqlite3* handle)
    : options_(std::move(options)), handle_(handle) {}

Connection::~Connection() {
  for (const auto& [sql, statement] : statements_) sqlite3_finalize(statement);
  sqlite3_close(handle_);
}

Statement Connection::Prepare(absl::string_view sql) {
  const auto near = by_place_.find(sql.data());
  if (near != by_place_.end() && near->second.first == sql) {
    return Statement(*this, near->second.second, SQLITE_OK);
  }
  const auto known = statements_.find(sql);
  if (known != statements_.end()) {
    // Texts that are no constants stand in ever new places.
    if (by_place_.size() >= kMaxPlaces) by_place_.clear();
    by_place_[sql.data()] = {known->first, known->second};
    return Statement(*this, known->second, SQLITE_OK);
  }
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code == SQLITE_OK) statements_.emplace(sql, statement);
  return Statement(*this, statement, code);
}

absl::Status Connection::Execute(const std::string& sql) {
  const int code = sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return Error(code);
  return absl::OkStatus();
}

absl::Status Connection::Configure(const std::string& sql) {
  configuration_ = sql;
  return Execute(sql);
}

void Connection::ReplaceIfFailed(std::unique_ptr<Connection>& connection) {
  if (!connection->failed_ || !connection->CheckFile().ok()) return;
  absl::StatusOr<std::unique_ptr<Connection>> opened = Open(connection->options_);
  if (!opened.ok() || !(*opened)->Configure(connection->configuration_).ok()) return;
  if (!connection->CheckFile().ok()) return;  // it may be another file's
  connection = *std::move(opened);
}

absl::StatusOr<int64_t> Connection::QueryInt(const std::string& sql) {
  sqlite3_stmt* statement = nullptr;
  int code = sqlite3_prepare_v2(handle_, sql.c_str(), -1, &statement, nullptr);
  if (code != SQLITE_OK) return Error(code);
  code = sqlite3_step(statement);
  const int64_t value = code == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
  absl::Status status = code == SQLITE_ROW || code == SQLITE_DONE ? absl::OkStatus() : Error(code);
  sqlite3_finalize(statement);
  if (!status.ok()) return status;
  return value;
}

absl::Status Connection::Error(int code, absl::string_view sql) {
  if (code == SQLITE_INTERRUPT && !stopped_.ok()) return stopped_;
  if (MayStay(code)) failed_ = true;
  absl::string_view detail = sqlite3_errmsg(handle_);
  if (!IsDamage(code)) return StatusOfCode(code, SystemErrno(code), options_.shown_path, detail);
  const absl::string_view table = TableOf(sql);
  const std::string place =
      table.empty() ? std::string(detail) : absl::StrCat(detail, ", in table ", table);
  absl::Status status = StatusOfCode(code, SystemErrno(code), options_.shown_path, place);
  if (options_.damage != nullptr) options_.damage->Note(status);
  return status;
}

absl::Status Connection::CheckFile() const {
  return options_.file == nullptr ? absl::OkStatus() : options_.file->Check();
}

// SQLite has lost it by the time that a failed sync is told of; the file that was synced knows it.
int Connection::SystemErrno(int code) const {
  int system_errno = sqlite3_system_errno(handle_);
  if (system_errno != 0 || code != SQLITE_IOERR_FSYNC) return system_errno;
  for (const int which : {SQLITE_FCNTL_JOURNAL_POINTER, SQLITE_FCNTL_FILE_POINTER}) {
    sqlite3_file* file = nullptr;
    sqlite3_file_control(handle_, "main", which, &file);
    if (file == nullptr || file->pMethods == nullptr) continue;
    file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &system_errno);
    if (system_errno != 0) break;
  }
  return system_errno;
}

void Connection::MergeAndRemoveLog() {
  Statement merge = Prepare("PRAGMA wal_checkpoint(PASSIVE)");
  const absl::StatusOr<bool> row = merge.Step();
  if (!row.ok() || !*row) return;
  const bool merged = merge.Int(1) == merge.Int(2) &&  // pages in the log, and of these in the file
                      CheckFile().ok();  // what has the log's name now may be somebody else's
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, merged ? 0 : 1, nullptr);
}

void Connection::Interrupt() { sqlite3_interrupt(handle_); }

void Connection::AskWhile(std::function<absl::Status()> may_go_on) {
  may_go_on_ = std::move(may_go_on);
  stopped_ = absl::OkStatus();
  const auto ask = [](void* self) {
    auto& connection = *static_cast<Connection*>(self);
    connection.stopped_ = connection.may_go_on_();
    return connection.stopped_.ok() ? 0 : 1;
  };
  if (may_go_on_ == nullptr) {
    sqlite3_progress_handler(handle_, 0, nullptr, nullptr);
  } else {
    sqlite3_progress_handler(handle_, kStepsBetweenQuestions, ask, this);
  }
}

bool Connection::InTransaction() const { return sqlite3_get_autocommit(handle_) == 0; }

int64_t Connection::TotalChanges() const { return sqlite3_total_changes64(handle_); }

int64_t Connection::Changes() const { return sqlite3_changes64(handle_); }

int64_t Connection::LastInsertId() const { return sqlite3_last_insert_rowid(handle_); }

Snapshot::Snapshot(Connection& connection)
    : connection_(connection), status_(connection.Prepare("BEGIN").Run()) {}

Snapshot::~Snapshot() {
  connection_.AskWhile(nullptr);
  if (connection_.InTransaction()) connection_.Prepare("ROLLBACK").Run().IgnoreError();
}

}  // namespace webhookd::sqlite
