#ifndef WEBHOOKD_STORAGE_SQLITE_DATABASE_FILE_H_
#define WEBHOOKD_STORAGE_SQLITE_DATABASE_FILE_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace webhookd::sqlite {

// Creates an empty file that only its owner can read and write, whatever the umask. A file that is
// there stays as it is.
absl::Status CreatePrivateFile(const std::string& path);

// A database file that exists and is held by this process alone, by a lock on "<path>-lock".
//
// The lock file stays when the process ends: removing it would let two processes each lock their
// own.
class DatabaseFile {
 public:
  // FAILED_PRECONDITION: another process has it. NOT_FOUND: its folder does not exist.
  // INVALID_ARGUMENT: it is a directory or the like. PERMISSION_DENIED, INTERNAL.
  static absl::StatusOr<std::unique_ptr<DatabaseFile>> Open(const std::string& path);
  DatabaseFile(const DatabaseFile&) = delete;
  DatabaseFile& operator=(const DatabaseFile&) = delete;
  // Every connection to the file must be closed.
  ~DatabaseFile();

  // Absolute, symbolic links resolved.
  const std::string& path() const { return path_; }

 private:
  DatabaseFile(std::string path, int lock) : path_(std::move(path)), lock_(lock) {}

  const std::string path_;
  const int lock_;
};

}  // namespace webhookd::sqlite

#endif  // WEBHOOKD_STORAGE_SQLITE_DATABASE_FILE_H_
