#include "tests/simulation/simulated_vfs.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"

namespace webhookd {
namespace {

using Result = SimulatedDisk::Result;

// Of the last call that failed: as on Unix, SQLite asks for it afterwards.
int last_error = 0;

std::string NewName() {
  static int number = 0;
  return absl::StrCat("simulated-", ++number);
}

int Code(Result result, int code_without_power) {
  switch (result) {
    case Result::kOk:
      return SQLITE_OK;
    case Result::kFull:
      last_error = ENOSPC;
      return SQLITE_FULL;
    case Result::kSyncFailed:
      last_error = EIO;
      return SQLITE_IOERR_FSYNC;
    case Result::kNoPower:
      break;
  }
  last_error = EIO;
  return code_without_power;
}

}  // namespace

// A file that a connection has open.
struct SimulatedVfs::Open {
  SimulatedVfs& vfs;
  const std::string name;  // empty: temporary
  const std::shared_ptr<SimulatedDisk::File> file;
  const std::shared_ptr<Shared> shared;
  const bool delete_on_close;
  bool sync_folder;  // with the first sync, as SQLite does for logs and journals that may be new
  int lock = SQLITE_LOCK_NONE;
  bool uses_memory = false;
  unsigned memory_reads = 0;  // a bit a lock
  unsigned memory_writes = 0;
};

struct SimulatedVfs::File {
  sqlite3_file base;
  Open* open;
};

struct SimulatedVfs::Methods {
  static SimulatedVfs& Vfs(sqlite3_vfs* vfs) { return *static_cast<SimulatedVfs*>(vfs->pAppData); }
  static Open& Of(sqlite3_file* file) { return *reinterpret_cast<File*>(file)->open; }
  static bool powered(sqlite3_file* file) { return Of(file).vfs.disk_.powered(); }

  // ---- The file system

  static int OpenFile(sqlite3_vfs* vfs, const char* path, sqlite3_file* to, int flags,
                      int* out_flags) {
    SimulatedVfs& self = Vfs(vfs);
    to->pMethods = nullptr;
    if (!self.disk_.powered()) return SQLITE_CANTOPEN;
    const std::string name = path == nullptr ? "" : path;
    std::shared_ptr<SimulatedDisk::File> file;
    if (name.empty()) {
      file = std::make_shared<SimulatedDisk::File>();
    } else {
      file = self.disk_.Find(name);
      if (file == nullptr) {
        if ((flags & SQLITE_OPEN_CREATE) == 0) return SQLITE_CANTOPEN;
        const Result result = self.disk_.Create(name, file);
        if (result != Result::kOk) return Code(result, SQLITE_CANTOPEN);
      }
    }
    std::shared_ptr<Shared>& shared = self.shared_[file.get()];
    if (shared == nullptr || name.empty()) shared = std::make_shared<Shared>();
    const bool log = (flags & (SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_WAL)) != 0;
    reinterpret_cast<File*>(to)->open =
        new Open{.vfs = self,
                 .name = name,
                 .file = std::move(file),
                 .shared = shared,
                 .delete_on_close = (flags & SQLITE_OPEN_DELETEONCLOSE) != 0,
                 .sync_folder = log && (flags & SQLITE_OPEN_CREATE) != 0};
    to->pMethods = &kMethods;
    if (out_flags != nullptr) *out_flags = flags;
    return SQLITE_OK;
  }

  static int Delete(sqlite3_vfs* vfs, const char* path, int sync_folder) {
    SimulatedVfs& self = Vfs(vfs);
    if (self.disk_.powered() && self.disk_.Find(path) == nullptr) return SQLITE_IOERR_DELETE_NOENT;
    return Code(self.disk_.Remove(path, sync_folder != 0), SQLITE_IOERR_DELETE);
  }

  static int Access(sqlite3_vfs* vfs, const char* path, int flags, int* result) {
    const std::shared_ptr<SimulatedDisk::File> file = Vfs(vfs).disk_.Find(path);
    *result = file != nullptr && (flags != SQLITE_ACCESS_EXISTS || !file->cached.empty()) ? 1 : 0;
    return Vfs(vfs).disk_.powered() ? SQLITE_OK : SQLITE_IOERR_ACCESS;
  }

  static int FullPathname(sqlite3_vfs*, const char* path, int size, char* result) {
    sqlite3_snprintf(size, result, "%s", path);
    return SQLITE_OK;
  }

  static int Randomness(sqlite3_vfs*, int size, char* to) {
    std::memset(to, 0, static_cast<size_t>(size));
    return size;
  }
  static int Sleep(sqlite3_vfs*, int micros) { return micros; }
  static int CurrentTime(sqlite3_vfs*, double* days) {
    *days = 2'459'866.5;
    return SQLITE_OK;
  }
  static int CurrentTimeInt64(sqlite3_vfs*, sqlite3_int64* milliseconds) {
    *milliseconds = 212'532'465'600'000;
    return SQLITE_OK;
  }
  static int GetLastError(sqlite3_vfs*, int, char*) { return last_error; }

  // ---- A file

  static int Close(sqlite3_file* file) {
    ShmUnmap(file, 0);
    Unlock(file, SQLITE_LOCK_NONE);
    Open& open = Of(file);
    if (open.delete_on_close && !open.name.empty()) open.vfs.disk_.Remove(open.name, false);
    if (open.name.empty()) open.vfs.shared_.erase(open.file.get());
    delete &open;
    return SQLITE_OK;
  }

  static int Read(sqlite3_file* file, void* to, int size, sqlite3_int64 offset) {
    if (!powered(file)) return SQLITE_IOERR_READ;
    const std::string& content = Of(file).file->cached;
    const auto begin = std::min(static_cast<size_t>(offset), content.size());
    const size_t there = std::min(static_cast<size_t>(size), content.size() - begin);
    std::memcpy(to, content.data() + begin, there);
    if (there == static_cast<size_t>(size)) return SQLITE_OK;
    std::memset(static_cast<char*>(to) + there, 0, static_cast<size_t>(size) - there);
    return SQLITE_IOERR_SHORT_READ;
  }

  static int Write(sqlite3_file* file, const void* from, int size, sqlite3_int64 offset) {
    const absl::string_view data(static_cast<const char*>(from), static_cast<size_t>(size));
    return Code(Of(file).vfs.disk_.Write(*Of(file).file, data, offset), SQLITE_IOERR_WRITE);
  }

  static int Truncate(sqlite3_file* file, sqlite3_int64 size) {
    return Code(Of(file).vfs.disk_.Truncate(*Of(file).file, size), SQLITE_IOERR_TRUNCATE);
  }

  static int Sync(sqlite3_file* file, int) {
    Open& open = Of(file);
    const Result result = open.vfs.disk_.Sync(*open.file, open.sync_folder);
    if (result == Result::kOk) open.sync_folder = false;
    return Code(result, SQLITE_IOERR_FSYNC);
  }

  static int FileSize(sqlite3_file* file, sqlite3_int64* size) {
    *size = static_cast<sqlite3_int64>(Of(file).file->cached.size());
    return powered(file) ? SQLITE_OK : SQLITE_IOERR_FSTAT;
  }

  static int Lock(sqlite3_file* file, int level) {
    Open& open = Of(file);
    Shared& shared = *open.shared;
    if (!powered(file)) return SQLITE_IOERR_LOCK;
    if (open.lock >= level) return SQLITE_OK;
    const auto others = [&open](const Open* holder) {
      return holder != nullptr && holder != &open;
    };
    if (level == SQLITE_LOCK_SHARED) {
      if (others(shared.pending) || others(shared.exclusive)) return SQLITE_BUSY;
      ++shared.readers;
    } else if (level == SQLITE_LOCK_RESERVED) {
      if (others(shared.reserved) || others(shared.pending)) return SQLITE_BUSY;
      shared.reserved = &open;
    } else {
      if (others(shared.reserved) || others(shared.pending)) return SQLITE_BUSY;
      shared.pending = &open;
      open.lock = SQLITE_LOCK_PENDING;
      if (shared.readers > 1) return SQLITE_BUSY;
      shared.exclusive = &open;
    }
    open.lock = level;
    return SQLITE_OK;
  }

  static int Unlock(sqlite3_file* file, int level) {
    Open& open = Of(file);
    Shared& shared = *open.shared;
    if (open.lock <= level) return SQLITE_OK;
    if (shared.reserved == &open) shared.reserved = nullptr;
    if (shared.pending == &open) shared.pending = nullptr;
    if (shared.exclusive == &open) shared.exclusive = nullptr;
    if (level == SQLITE_LOCK_NONE) --shared.readers;
    open.lock = level;
    return SQLITE_OK;
  }

  static int CheckReservedLock(sqlite3_file* file, int* result) {
    const Shared& shared = *Of(file).shared;
    *result = shared.reserved != nullptr || shared.pending != nullptr ? 1 : 0;
    return SQLITE_OK;
  }

  static int FileControl(sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; }
  static int SectorSize(sqlite3_file*) { return 4096; }
  static int DeviceCharacteristics(sqlite3_file*) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; }

  // ---- Shared memory of a write-ahead log

  static int ShmMap(sqlite3_file* file, int region, int size, int extend, void volatile** to) {
    Open& open = Of(file);
    *to = nullptr;
    if (!powered(file)) return SQLITE_IOERR_SHMMAP;
    std::vector<std::unique_ptr<char[]>>& memory = open.shared->memory;
    if (!open.uses_memory) ++open.shared->memory_users;
    open.uses_memory = true;
    const auto wanted = static_cast<size_t>(region) + 1;
    if (memory.size() < wanted && extend == 0) return SQLITE_OK;
    while (memory.size() < wanted) {
      // Its file is on the same disk.
      if (open.vfs.disk_.full() && !memory.empty()) {
        last_error = ENOSPC;
        return SQLITE_IOERR_SHMSIZE;
      }
      memory.push_back(std::make_unique<char[]>(static_cast<size_t>(size)));
    }
    *to = memory[wanted - 1].get();
    return SQLITE_OK;
  }

  static int ShmLock(sqlite3_file* file, int first, int count, int flags) {
    Open& open = Of(file);
    Shared& shared = *open.shared;
    const bool exclusive = (flags & SQLITE_SHM_EXCLUSIVE) != 0;
    if ((flags & SQLITE_SHM_UNLOCK) != 0) {
      for (int i = first; i < first + count; ++i) Release(open, i);
      return SQLITE_OK;
    }
    if (!powered(file)) return SQLITE_IOERR_SHMLOCK;
    for (int i = first; i < first + count; ++i) {
      const unsigned bit = 1U << i;
      const Open* writer = shared.memory_writer[i];
      if (writer != nullptr && writer != &open) return SQLITE_BUSY;
      const int others = shared.memory_readers[i] - ((open.memory_reads & bit) != 0 ? 1 : 0);
      if (exclusive && others > 0) return SQLITE_BUSY;
    }
    for (int i = first; i < first + count; ++i) {
      const unsigned bit = 1U << i;
      if (exclusive) {
        shared.memory_writer[i] = &open;
        open.memory_writes |= bit;
      } else if ((open.memory_reads & bit) == 0) {
        ++shared.memory_readers[i];
        open.memory_reads |= bit;
      }
    }
    return SQLITE_OK;
  }

  static void Release(Open& open, int lock) {
    const unsigned bit = 1U << lock;
    if ((open.memory_writes & bit) != 0) open.shared->memory_writer[lock] = nullptr;
    if ((open.memory_reads & bit) != 0) --open.shared->memory_readers[lock];
    open.memory_writes &= ~bit;
    open.memory_reads &= ~bit;
  }

  static void ShmBarrier(sqlite3_file*) {}

  static int ShmUnmap(sqlite3_file* file, int) {
    Open& open = Of(file);
    for (int i = 0; i < SQLITE_SHM_NLOCK; ++i) Release(open, i);
    if (!std::exchange(open.uses_memory, false)) return SQLITE_OK;
    if (--open.shared->memory_users == 0) open.shared->memory.clear();
    return SQLITE_OK;
  }

  static constexpr sqlite3_io_methods kMethods = {
      .iVersion = 2,
      .xClose = Close,
      .xRead = Read,
      .xWrite = Write,
      .xTruncate = Truncate,
      .xSync = Sync,
      .xFileSize = FileSize,
      .xLock = Lock,
      .xUnlock = Unlock,
      .xCheckReservedLock = CheckReservedLock,
      .xFileControl = FileControl,
      .xSectorSize = SectorSize,
      .xDeviceCharacteristics = DeviceCharacteristics,
      .xShmMap = ShmMap,
      .xShmLock = ShmLock,
      .xShmBarrier = ShmBarrier,
      .xShmUnmap = ShmUnmap,
      .xFetch = nullptr,
      .xUnfetch = nullptr,
  };
};

SimulatedVfs::SimulatedVfs(SimulatedDisk& disk)
    : disk_(disk),
      name_(NewName()),
      vfs_{.iVersion = 2,
           .szOsFile = sizeof(File),
           .mxPathname = 512,
           .zName = name_.c_str(),
           .pAppData = this,
           .xOpen = Methods::OpenFile,
           .xDelete = Methods::Delete,
           .xAccess = Methods::Access,
           .xFullPathname = Methods::FullPathname,
           .xRandomness = Methods::Randomness,
           .xSleep = Methods::Sleep,
           .xCurrentTime = Methods::CurrentTime,
           .xGetLastError = Methods::GetLastError,
           .xCurrentTimeInt64 = Methods::CurrentTimeInt64} {
  sqlite3_vfs_register(&vfs_, /*makeDflt=*/0);
}

SimulatedVfs::~SimulatedVfs() { sqlite3_vfs_unregister(&vfs_); }

void SeedSqlite(uint64_t seed) {
  sqlite3_initialize();
  sqlite3_test_control(SQLITE_TESTCTRL_PRNG_SEED, static_cast<int>(seed % 0x7fffffff) + 1, nullptr);
  sqlite3_randomness(0, nullptr);
}

}  // namespace webhookd
