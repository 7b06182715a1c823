#include "storage/sqlite/disk_reserve.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace webhookd::sqlite {
namespace {

// The shared-memory file of a write-ahead log of 128 MB, and some pages of a log.
constexpr off_t kBytes = 512 * 1024;

}  // namespace

void DiskReserve::Keep() {
  if (kept_) return;
  const int file =
      open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
  if (file < 0) return;
  // All or nothing: what was taken in part is of no use to anybody.
  kept_ = posix_fallocate(file, 0, kBytes) == 0;
  if (!kept_) static_cast<void>(ftruncate(file, 0));
  close(file);
}

bool DiskReserve::Release() {
  kept_ = false;
  const int file = open(path_.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW);
  if (file < 0) return false;
  struct stat status;
  const bool released = fstat(file, &status) == 0 && status.st_size > 0 && ftruncate(file, 0) == 0;
  close(file);
  return released;
}

}  // namespace webhookd::sqlite
