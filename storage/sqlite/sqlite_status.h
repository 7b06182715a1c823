#ifndef WEBHOOKD_STORAGE_SQLITE_SQLITE_STATUS_H_
#define WEBHOOKD_STORAGE_SQLITE_SQLITE_STATUS_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace webhookd::sqlite {

// What an extended SQLite result code other than SQLITE_OK, SQLITE_ROW and SQLITE_DONE means for
// the user of the database at `path`, and what to do about it. `system_errno` is
// sqlite3_system_errno() or 0. `detail` is SQLite's own message, which never holds bound values.
absl::Status StatusOfCode(int code, int system_errno, absl::string_view path,
                          absl::string_view detail);

}  // namespace webhookd::sqlite

#endif  // WEBHOOKD_STORAGE_SQLITE_SQLITE_STATUS_H_
