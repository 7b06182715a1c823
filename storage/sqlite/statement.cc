#include "storage/sqlite/statement.h"

#include <sqlite3.h>

#include "storage/sqlite/connection.h"

namespace webhookd::sqlite {

Statement::~Statement() {
  if (statement_ == nullptr) return;
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

absl::StatusOr<bool> Statement::Step() {
  if (code_ != SQLITE_OK) return connection_.Error(code_);
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  code_ = code;
  return connection_.Error(code_, sqlite3_sql(statement_));
}

absl::Status Statement::Run() {
  const absl::StatusOr<bool> row = Step();
  // Resetting ends the statement's hold on the database.
  if (statement_ != nullptr) sqlite3_reset(statement_);
  return row.status();
}

void Statement::Reset() {
  if (statement_ != nullptr) sqlite3_reset(statement_);
}

int64_t Statement::Int(int column) const { return sqlite3_column_int64(statement_, column); }

double Statement::Double(int column) const { return sqlite3_column_double(statement_, column); }

std::string Statement::Text(int column) const {
  // The text is asked for before its length: asking converts.
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  if (text == nullptr) return {};
  return {text, static_cast<size_t>(sqlite3_column_bytes(statement_, column))};
}

std::string Statement::Bytes(int column) const {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_, column));
  if (bytes == nullptr) return {};
  return {bytes, static_cast<size_t>(sqlite3_column_bytes(statement_, column))};
}

absl::Time Statement::Time(int column) const { return absl::FromUnixMicros(Int(column)); }

bool Statement::IsNull(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

std::optional<absl::Time> Statement::OptionalTime(int column) const {
  if (IsNull(column)) return std::nullopt;
  return Time(column);
}

void Statement::BindOne(int index, int64_t value) {
  if (code_ == SQLITE_OK) Note(sqlite3_bind_int64(statement_, index, value));
}

void Statement::BindOne(int index, double value) {
  if (code_ == SQLITE_OK) Note(sqlite3_bind_double(statement_, index, value));
}

void Statement::BindOne(int index, absl::string_view text) {
  // A null pointer would bind NULL.
  const char* data = text.data() == nullptr ? "" : text.data();
  if (code_ == SQLITE_OK) {
    Note(sqlite3_bind_text64(statement_, index, data, text.size(), SQLITE_STATIC, SQLITE_UTF8));
  }
}

void Statement::BindOne(int index, Blob blob) {
  const char* data = blob.bytes.data() == nullptr ? "" : blob.bytes.data();
  if (code_ == SQLITE_OK) {
    Note(sqlite3_bind_blob64(statement_, index, data, blob.bytes.size(), SQLITE_STATIC));
  }
}

void Statement::BindOne(int index, absl::Time time) { BindOne(index, absl::ToUnixMicros(time)); }

void Statement::BindOne(int index, std::nullopt_t) {
  if (code_ == SQLITE_OK) Note(sqlite3_bind_null(statement_, index));
}

int Statement::IndexOf(const char* name) const {
  return sqlite3_bind_parameter_index(statement_, name);
}

void Statement::Note(int code) {
  if (code != SQLITE_OK) code_ = code;
}

}  // namespace webhookd::sqlite
