#ifndef WEBHOOKD_TESTS_SIMULATION_SIMULATED_VFS_H_
#define WEBHOOKD_TESTS_SIMULATION_SIMULATED_VFS_H_

#include <sqlite3.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/simulation/simulated_disk.h"

namespace webhookd {

// A SQLite VFS whose files are on a SimulatedDisk; locks and the shared memory of write-ahead logs
// are kept beside it, and are gone after a restart. It answers about sectors and safe overwrites
// what SQLite's own VFS for Unix does. One thread.
class SimulatedVfs {
 public:
  // Registers itself under a name of its own. `disk` must outlive it.
  explicit SimulatedVfs(SimulatedDisk& disk);
  SimulatedVfs(const SimulatedVfs&) = delete;
  SimulatedVfs& operator=(const SimulatedVfs&) = delete;
  // No file may be open.
  ~SimulatedVfs();

  const std::string& name() const { return name_; }

  // Forgets locks and shared memory, as a restart does. No file may be open.
  void Restart() { shared_.clear(); }

 private:
  struct File;
  struct Methods;
  struct Open;

  // What the connections that have one file open share.
  struct Shared {
    int readers = 0;  // with at least SQLITE_LOCK_SHARED
    const Open* reserved = nullptr;
    const Open* pending = nullptr;
    const Open* exclusive = nullptr;
    std::vector<std::unique_ptr<char[]>> memory;
    int memory_users = 0;
    int memory_readers[SQLITE_SHM_NLOCK] = {};
    const Open* memory_writer[SQLITE_SHM_NLOCK] = {};
  };

  SimulatedDisk& disk_;
  const std::string name_;
  std::map<const SimulatedDisk::File*, std::shared_ptr<Shared>> shared_;
  sqlite3_vfs vfs_;
};

// Makes what SQLite draws by itself, such as the salts of a write-ahead log, the same in every run
// with the same seed.
void SeedSqlite(uint64_t seed);

}  // namespace webhookd

#endif  // WEBHOOKD_TESTS_SIMULATION_SIMULATED_VFS_H_
