#ifndef WEBHOOKD_STORAGE_SQLITE_DATABASE_FILE_H_
#define WEBHOOKD_STORAGE_SQLITE_DATABASE_FILE_H_

#include <sys/types.h>

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace webhookd::sqlite {

// Creates an empty file that only its owner can read and write, whatever the umask. A file that is
// there stays as it is.
absl::Status CreatePrivateFile(const std::string& path);

// A database file that exists and is held by this process alone: by a lock on "<path>-lock", which
// tells whose it is, and by one on the file itself, which also holds under another name of the
// file.
//
// The lock file stays when the process ends: removing it would let two processes each lock their
// own.
class DatabaseFile {
 public:
  // FAILED_PRECONDITION: another process has it, or it has several names (hard links), of which
  // each would have a write-ahead log of its own. NOT_FOUND: its folder does not exist.
  // INVALID_ARGUMENT: it is a directory or the like. PERMISSION_DENIED, INTERNAL.
  static absl::StatusOr<std::unique_ptr<DatabaseFile>> Open(const std::string& path);
  DatabaseFile(const DatabaseFile&) = delete;
  DatabaseFile& operator=(const DatabaseFile&) = delete;
  // Every connection to the file must be closed.
  ~DatabaseFile();

  // Remembers the files of the write-ahead log, which are there while a connection is open.
  void NoteLog();

  // UNAVAILABLE: the database or its log was removed, moved or replaced, so that what is written
  // now would not be found at the next start. OK again once the same files are back. Quick.
  absl::Status Check() const;

  // Absolute, symbolic links resolved.
  const std::string& path() const { return path_; }

 private:
  // A file on this machine, whatever its name.
  struct Identity {
    dev_t device = 0;
    ino_t inode = 0;

    bool operator==(const Identity&) const = default;
  };
  struct Watched {
    std::string path;
    std::optional<Identity> identity;  // none: not watched yet
  };

  DatabaseFile(std::string path, int lock);
  static std::optional<Identity> IdentityOf(const std::string& path);

  const std::string path_;
  const int lock_;
  int file_ = -1;  // holds the lock on the database
  std::array<Watched, 3> watched_;
};

}  // namespace webhookd::sqlite

#endif  // WEBHOOKD_STORAGE_SQLITE_DATABASE_FILE_H_
