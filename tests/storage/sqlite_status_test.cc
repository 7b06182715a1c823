#include "storage/sqlite/sqlite_status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <cerrno>

namespace webhookd::sqlite {
namespace {

using testing::HasSubstr;

TEST(StatusOfCode, SaysWhatItMeansForTheUser) {
  struct Case {
    int code;
    int system_errno;
    absl::StatusCode expected;
    const char* text;
  };
  const Case cases[] = {
      {SQLITE_FULL, 0, absl::StatusCode::kResourceExhausted, "no space left"},
      {SQLITE_IOERR_WRITE, EDQUOT, absl::StatusCode::kResourceExhausted, "no space left"},
      {SQLITE_IOERR_SHMSIZE, ENOSPC, absl::StatusCode::kResourceExhausted, "no space left"},
      {SQLITE_NOMEM, 0, absl::StatusCode::kResourceExhausted, "memory"},
      {SQLITE_TOOBIG, 0, absl::StatusCode::kResourceExhausted, "too long"},
      {SQLITE_BUSY, 0, absl::StatusCode::kUnavailable, "locked by another process"},
      {SQLITE_BUSY_RECOVERY, 0, absl::StatusCode::kUnavailable, "locked by another process"},
      {SQLITE_LOCKED, 0, absl::StatusCode::kUnavailable, "locked by another process"},
      {SQLITE_INTERRUPT, 0, absl::StatusCode::kUnavailable, "interrupted"},
      {SQLITE_CORRUPT, 0, absl::StatusCode::kDataLoss, "damaged"},
      {SQLITE_CORRUPT_INDEX, 0, absl::StatusCode::kDataLoss, "damaged"},
      {SQLITE_NOTADB, 0, absl::StatusCode::kDataLoss, "not a SQLite database"},
      {SQLITE_READONLY_DBMOVED, 0, absl::StatusCode::kInternal, "cannot be opened for writing"},
      {SQLITE_CANTOPEN, 0, absl::StatusCode::kInternal, "cannot be opened for writing"},
      {SQLITE_IOERR_READ, EIO, absl::StatusCode::kInternal, "system error 5"},
      {SQLITE_CONSTRAINT_CHECK, 0, absl::StatusCode::kInternal, "detail"},
      {SQLITE_ERROR, 0, absl::StatusCode::kInternal, "detail"},
  };
  for (const Case& test : cases) {
    const absl::Status status =
        StatusOfCode(test.code, test.system_errno, "/data/webhookd.db", "detail");
    EXPECT_EQ(status.code(), test.expected) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(test.text));
    EXPECT_THAT(std::string(status.message()), HasSubstr("\"/data/webhookd.db\""));
    EXPECT_THAT(std::string(status.message()), HasSubstr("detail"));
  }
}

}  // namespace
}  // namespace webhookd::sqlite
