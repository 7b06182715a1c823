#include "storage/sqlite/sqlite_status.h"

#include <sqlite3.h>

#include <cerrno>

#include "absl/strings/str_cat.h"

namespace webhookd::sqlite {
namespace {

bool IsDiskFull(int code, int system_errno) {
  if ((code & 0xff) == SQLITE_FULL) return true;
  // SQLite says SQLITE_IOERR when a quota is used up, or when its shared-memory file cannot grow.
  return (code & 0xff) == SQLITE_IOERR && (system_errno == ENOSPC || system_errno == EDQUOT);
}

}  // namespace

absl::Status StatusOfCode(int code, int system_errno, absl::string_view path,
                          absl::string_view detail) {
  const std::string where = absl::StrCat("database \"", path, "\"");
  const std::string why = absl::StrCat(" (SQLite code ", code, ": ", detail, ")");
  if (IsDiskFull(code, system_errno)) {
    return absl::ResourceExhaustedError(absl::StrCat(
        where, " has no space left on its disk: free some, a restart is not needed", why));
  }
  switch (code & 0xff) {
    case SQLITE_NOMEM:
      return absl::ResourceExhaustedError(absl::StrCat(where, ": out of memory", why));
    case SQLITE_TOOBIG:
      return absl::ResourceExhaustedError(absl::StrCat(where, ": a value is too long", why));
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return absl::UnavailableError(
          absl::StrCat(where,
                       " is locked by another process: end what has it open, such as a sqlite3 "
                       "shell in a transaction",
                       why));
    case SQLITE_INTERRUPT:
      return absl::UnavailableError(absl::StrCat(where, ": interrupted", why));
    case SQLITE_NOTADB:
      return absl::DataLossError(absl::StrCat(
          where,
          " is not a SQLite database, or is encrypted: name another file, or move this "
          "one away",
          why));
    case SQLITE_CORRUPT:
      return absl::DataLossError(absl::StrCat(
          where, " is damaged: stop the server and restore the file from a copy", why));
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
      return absl::InternalError(absl::StrCat(
          where,
          " cannot be opened for writing: check that the file and its folder exist and "
          "belong to the user that runs the server",
          why));
    case SQLITE_IOERR:
      return absl::InternalError(
          absl::StrCat(where, " cannot be read or written: check its disk (system error ",
                       system_errno, ")", why));
    default:
      return absl::InternalError(absl::StrCat(where, " failed", why));
  }
}

}  // namespace webhookd::sqlite
