#include "storage/sqlite/database_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "absl/memory/memory.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/status_macros.h"

namespace webhookd::sqlite {
namespace {

constexpr mode_t kOwnerOnly = S_IRUSR | S_IWUSR;

absl::Status FileError(absl::string_view what, const std::string& path, int error) {
  const std::string message = absl::StrCat(what, " \"", path, "\": ", strerror(error));
  switch (error) {
    case EACCES:
    case EPERM:
    case EROFS:
      return absl::PermissionDeniedError(
          absl::StrCat(message, "; the user that runs the server must own the folder"));
    case ENOENT:
    case ENOTDIR:
      return absl::NotFoundError(absl::StrCat(message, "; create the folder first"));
    case ENOSPC:
    case EDQUOT:
      return absl::ResourceExhaustedError(absl::StrCat(message, "; free some space"));
    default:
      return absl::InternalError(message);
  }
}

absl::Status HasSeveralNames(const std::string& path, nlink_t names) {
  return absl::FailedPreconditionError(absl::StrCat(
      "database \"", path, "\" has ", names,
      " names (hard links), and what was written under another one is not seen under this: remove "
      "the others after a look at their \"-wal\" files; `find -samefile` lists them"));
}

absl::Status CheckIsFile(const std::string& path) {
  struct stat status;
  if (stat(path.c_str(), &status) != 0) {
    if (errno == ENOENT) return absl::OkStatus();  // it will be created
    return FileError("cannot open database", path, errno);
  }
  if (!S_ISREG(status.st_mode)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "database \"", path, "\" is ",
        S_ISDIR(status.st_mode) ? "a directory" : "not a regular file", ": name a file"));
  }
  if (status.st_nlink > 1) return HasSeveralNames(path, status.st_nlink);
  if (access(path.c_str(), R_OK | W_OK) != 0) {
    return FileError("cannot read and write database", path, errno);
  }
  return absl::OkStatus();
}

// Whose lock it is, as far as the lock file tells.
std::string Holder(int lock) {
  char text[32] = {};
  const ssize_t size = pread(lock, text, sizeof(text) - 1, 0);
  const absl::string_view pid =
      absl::StripAsciiWhitespace({text, size > 0 ? static_cast<size_t>(size) : 0});
  return pid.empty() ? "another process" : absl::StrCat("process ", pid);
}

absl::StatusOr<int> Lock(const std::string& path) {
  const int lock = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, kOwnerOnly);
  if (lock < 0) return FileError("cannot create lock file", path, errno);
  if (flock(lock, LOCK_EX | LOCK_NB) != 0) {
    const int error = errno;
    const std::string holder = Holder(lock);
    close(lock);
    if (error != EWOULDBLOCK) return FileError("cannot lock", path, error);
    return absl::FailedPreconditionError(
        absl::StrCat("the database is in use by ", holder, ", which locked \"", path,
                     "\": stop that process, or give this one a database of its own"));
  }
  const std::string pid = absl::StrCat(getpid(), "\n");
  // The number only helps people; the lock holds without it.
  if (fchmod(lock, kOwnerOnly) != 0 || ftruncate(lock, 0) != 0 ||
      pwrite(lock, pid.data(), pid.size(), 0) < 0) {
    const int error = errno;
    if (error != ENOSPC && error != EDQUOT) {
      close(lock);
      return FileError("cannot write lock file", path, error);
    }
  }
  return lock;
}

// Locks the file itself. It must be open as long as connections are: closing any descriptor of a
// file drops the locks that SQLite holds on it in the same process.
absl::StatusOr<int> LockInode(const std::string& path) {
  const int file = open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (file < 0) return FileError("cannot open database", path, errno);
  // One byte before those that SQLite locks.
  struct flock range = {};
  range.l_type = F_WRLCK;
  range.l_whence = SEEK_SET;
  range.l_start = 0x3fffffff;
  range.l_len = 1;
  if (fcntl(file, F_OFD_SETLK, &range) == 0) return file;
  const int error = errno;
  // Without such locks, as some network file systems are, the lock file has to do.
  if (error != EAGAIN && error != EACCES) return file;
  close(file);
  return absl::FailedPreconditionError(absl::StrCat(
      "the database \"", path,
      "\" is in use by another process, under another name or with a lock file that was removed: "
      "stop that process, or give this one a database of its own"));
}

}  // namespace

absl::Status CreatePrivateFile(const std::string& path) {
  const int file = open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, kOwnerOnly);
  if (file < 0) {
    if (errno == EEXIST) return absl::OkStatus();
    return FileError("cannot create", path, errno);
  }
  absl::Status status;
  // A umask can only take permissions away, the owner's too.
  if (fchmod(file, kOwnerOnly) != 0) status = FileError("cannot set the mode of", path, errno);
  close(file);
  return status;
}

absl::StatusOr<std::unique_ptr<DatabaseFile>> DatabaseFile::Open(const std::string& path) {
  if (path.empty()) return absl::InvalidArgumentError("the path of the database is empty");
  std::error_code error;
  const std::filesystem::path resolved = std::filesystem::weakly_canonical(path, error);
  if (error) return FileError("cannot open database", path, error.value());
  const std::string real_path = std::filesystem::absolute(resolved, error).string();
  if (error) return FileError("cannot open database", path, error.value());
  RETURN_IF_ERROR(CheckIsFile(real_path));
  // Locked before the file is opened: closing any descriptor of a file drops the locks that SQLite
  // holds on it in the same process.
  ASSIGN_OR_RETURN(const int lock, Lock(real_path + "-lock"));
  auto file = absl::WrapUnique(new DatabaseFile(real_path, lock));
  RETURN_IF_ERROR(CreatePrivateFile(real_path));
  ASSIGN_OR_RETURN(file->file_, LockInode(real_path));
  file->watched_[0].identity = IdentityOf(real_path);
  return file;
}

DatabaseFile::DatabaseFile(std::string path, int lock)
    : path_(std::move(path)),
      lock_(lock),
      watched_({Watched{path_}, Watched{path_ + "-wal"}, Watched{path_ + "-shm"}}) {}

DatabaseFile::~DatabaseFile() {
  if (file_ >= 0) close(file_);
  close(lock_);
}

std::optional<DatabaseFile::Identity> DatabaseFile::IdentityOf(const std::string& path) {
  struct stat status;
  if (stat(path.c_str(), &status) != 0) return std::nullopt;
  return Identity{.device = status.st_dev, .inode = status.st_ino};
}

void DatabaseFile::NoteLog() {
  for (Watched& watched : watched_) watched.identity = IdentityOf(watched.path);
}

absl::Status DatabaseFile::Check() const {
  for (const Watched& watched : watched_) {
    if (!watched.identity.has_value()) continue;
    const std::optional<Identity> now = IdentityOf(watched.path);
    if (now == watched.identity) continue;
    return absl::UnavailableError(absl::StrCat(
        "the database's file \"", watched.path,
        now.has_value() ? "\" was replaced by another one" : "\" was removed or moved",
        " while the server runs, and nothing more is accepted, since it would not be found again: "
        "put the same file back, or stop the server and restore the database from a copy"));
  }
  return absl::OkStatus();
}

}  // namespace webhookd::sqlite
