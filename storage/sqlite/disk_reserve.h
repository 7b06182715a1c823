#ifndef WEBHOOKD_STORAGE_SQLITE_DISK_RESERVE_H_
#define WEBHOOKD_STORAGE_SQLITE_DISK_RESERVE_H_

#include <string>
#include <utility>

namespace webhookd::sqlite {

// Space beside a database, in "<path>-reserve", that is given up when the database must be opened
// and its disk is full: SQLite cannot even read without the 32 KB of its shared-memory file. Used
// by one thread at a time.
class DiskReserve {
 public:
  explicit DiskReserve(const std::string& database) : path_(database + "-reserve") {}

  // Takes the space if it is not taken and there is room.
  void Keep();
  // Gives it back to the disk. False when there was none.
  bool Release();

 private:
  const std::string path_;
  bool kept_ = false;
};

}  // namespace webhookd::sqlite

#endif  // WEBHOOKD_STORAGE_SQLITE_DISK_RESERVE_H_
