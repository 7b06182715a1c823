#ifndef WEBHOOKD_STORAGE_SQLITE_STATEMENT_H_
#define WEBHOOKD_STORAGE_SQLITE_STATEMENT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

struct sqlite3_stmt;

namespace webhookd::sqlite {

class Connection;

// Bytes, as opposed to text.
struct Blob {
  absl::string_view bytes;
};

// The use of a prepared statement: bind, step, read columns. When it goes, the statement is reset
// for the next use.
//
// Times are bound and read as microseconds since the Unix epoch. Text and blobs are not copied:
// what was bound must live until the last step, what was read lives until the next.
class Statement {
 public:
  // For Connection. `code` is the result of preparing it.
  Statement(Connection& connection, sqlite3_stmt* statement, int code)
      : connection_(connection), statement_(statement), code_(code) {}
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  ~Statement();

  // Binds the parameters ?1, ?2 … in order.
  template <typename... Values>
  void Bind(const Values&... values) {
    int index = 0;
    (BindOne(++index, values), ...);
  }

  // Binds the parameter `name`, such as ":limit", if the statement has it.
  template <typename Value>
  void BindNamed(const char* name, const Value& value) {
    const int index = IndexOf(name);
    if (index != 0) BindOne(index, value);
  }

  // Goes to the next row; false if there is none.
  absl::StatusOr<bool> Step();
  // Steps a statement that gives no rows.
  absl::Status Run();
  // Makes the statement ready to be bound and stepped again.
  void Reset();

  // SQLite's extended result code of the last step.
  int code() const { return code_; }

  // Columns of the current row, from 0. NULL reads as 0 or "".
  int64_t Int(int column) const;
  double Double(int column) const;
  std::string Text(int column) const;
  std::string Bytes(int column) const;
  absl::Time Time(int column) const;
  bool IsNull(int column) const;
  std::optional<absl::Time> OptionalTime(int column) const;

 private:
  void BindOne(int index, int64_t value);
  void BindOne(int index, int value) { BindOne(index, static_cast<int64_t>(value)); }
  void BindOne(int index, bool value) { BindOne(index, static_cast<int64_t>(value)); }
  void BindOne(int index, double value);
  void BindOne(int index, absl::string_view text);
  void BindOne(int index, const char* text) = delete;
  void BindOne(int index, Blob blob);
  void BindOne(int index, absl::Time time);
  void BindOne(int index, std::nullopt_t);
  template <typename T>
  void BindOne(int index, const std::optional<T>& value) {
    if (value.has_value()) {
      BindOne(index, *value);
    } else {
      BindOne(index, std::nullopt);
    }
  }
  int IndexOf(const char* name) const;
  void Note(int code);

  Connection& connection_;
  sqlite3_stmt* const statement_;
  int code_;
};

}  // namespace webhookd::sqlite

#endif  // WEBHOOKD_STORAGE_SQLITE_STATEMENT_H_
