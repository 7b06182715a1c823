#include "tests/testing/fault_vfs.h"

#include <atomic>

#include "absl/algorithm/container.h"
#include "absl/base/config.h"
#include "absl/strings/str_cat.h"

namespace webhookd {
namespace {

#if defined(ABSL_HAVE_ADDRESS_SANITIZER) || defined(ABSL_HAVE_THREAD_SANITIZER)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

std::string NewName() {
  static std::atomic<int> number{0};
  return absl::StrCat("fault-", ++number);
}

}  // namespace

// The file of the real VFS follows in memory.
struct FaultVfs::File {
  sqlite3_file base;
  FaultVfs* vfs;
  bool is_log;
  int last_errno;  // of its last call that failed

  static File* Of(sqlite3_file* file) { return reinterpret_cast<File*>(file); }
  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

struct FaultVfs::Methods {
  static FaultVfs* Vfs(sqlite3_vfs* vfs) { return static_cast<FaultVfs*>(vfs->pAppData); }

  static int Open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags,
                  int* out_flags) {
    FaultVfs* self = Vfs(vfs);
    File* own = File::Of(file);
    own->base.pMethods = nullptr;
    own->vfs = self;
    own->is_log = (flags & SQLITE_OPEN_WAL) != 0;
    own->last_errno = 0;
    if (const int code = self->Check(Call::kOpen); code != SQLITE_OK) return code;
    const int code = self->real_->xOpen(self->real_, path, own->real(), flags, out_flags);
    if (own->real()->pMethods != nullptr) own->base.pMethods = &kMethods;
    return code;
  }
  static int Delete(sqlite3_vfs* vfs, const char* path, int sync_folder) {
    FaultVfs* self = Vfs(vfs);
    if (const int code = self->Check(Call::kDelete); code != SQLITE_OK) return code;
    return self->real_->xDelete(self->real_, path, sync_folder);
  }
  static int Access(sqlite3_vfs* vfs, const char* path, int flags, int* result) {
    FaultVfs* self = Vfs(vfs);
    if (const int code = self->Check(Call::kAccess); code != SQLITE_OK) return code;
    return self->real_->xAccess(self->real_, path, flags, result);
  }
  static int FullPathname(sqlite3_vfs* vfs, const char* path, int size, char* result) {
    return Vfs(vfs)->real_->xFullPathname(Vfs(vfs)->real_, path, size, result);
  }
  static int Sleep(sqlite3_vfs*, int microseconds) { return microseconds; }

  static int Close(sqlite3_file* file) {
    return PassFirst(file, Call::kClose,
                     [](sqlite3_file* real) { return real->pMethods->xClose(real); });
  }
  static int Read(sqlite3_file* file, void* to, int size, sqlite3_int64 offset) {
    return Pass(file, Call::kRead,
                [&](sqlite3_file* real) { return real->pMethods->xRead(real, to, size, offset); });
  }
  static int Write(sqlite3_file* file, const void* from, int size, sqlite3_int64 offset) {
    return Pass(file, Call::kWrite, [&](sqlite3_file* real) {
      return real->pMethods->xWrite(real, from, size, offset);
    });
  }
  static int Truncate(sqlite3_file* file, sqlite3_int64 size) {
    return Pass(file, Call::kTruncate,
                [&](sqlite3_file* real) { return real->pMethods->xTruncate(real, size); });
  }
  static int Sync(sqlite3_file* file, int flags) {
    File* own = File::Of(file);
    if (const int code = Check(own, Call::kSync); code != SQLITE_OK) return code;
    if (own->is_log) {
      MutexLock lock(own->vfs->mutex_);
      ++own->vfs->log_syncs_;
    }
    return own->vfs->syncs_ ? own->real()->pMethods->xSync(own->real(), flags) : SQLITE_OK;
  }
  static int FileSize(sqlite3_file* file, sqlite3_int64* size) {
    return Pass(file, Call::kFileSize,
                [&](sqlite3_file* real) { return real->pMethods->xFileSize(real, size); });
  }
  static int Lock(sqlite3_file* file, int level) {
    return Pass(file, Call::kLock,
                [&](sqlite3_file* real) { return real->pMethods->xLock(real, level); });
  }
  static int Unlock(sqlite3_file* file, int level) {
    return PassFirst(file, Call::kUnlock,
                     [&](sqlite3_file* real) { return real->pMethods->xUnlock(real, level); });
  }
  static int CheckReservedLock(sqlite3_file* file, int* result) {
    sqlite3_file* real = File::Of(file)->real();
    return real->pMethods->xCheckReservedLock(real, result);
  }
  static int FileControl(sqlite3_file* file, int operation, void* argument) {
    const int last_errno = File::Of(file)->last_errno;
    if (operation == SQLITE_FCNTL_LAST_ERRNO && last_errno != 0) {
      *static_cast<int*>(argument) = last_errno;
      return SQLITE_OK;
    }
    sqlite3_file* real = File::Of(file)->real();
    return real->pMethods->xFileControl(real, operation, argument);
  }
  static int SectorSize(sqlite3_file* file) {
    sqlite3_file* real = File::Of(file)->real();
    return real->pMethods->xSectorSize(real);
  }
  static int DeviceCharacteristics(sqlite3_file* file) {
    sqlite3_file* real = File::Of(file)->real();
    return real->pMethods->xDeviceCharacteristics(real);
  }
  static int ShmMap(sqlite3_file* file, int page, int page_size, int extend,
                    void volatile** memory) {
    const int code = Check(File::Of(file), Call::kSharedMemory);
    *memory = nullptr;
    // By SQLITE_READONLY it says that there is memory, only not to be written to.
    if (code != SQLITE_OK && code != SQLITE_READONLY) return code;
    sqlite3_file* real = File::Of(file)->real();
    const int real_code = real->pMethods->xShmMap(real, page, page_size, extend, memory);
    return real_code == SQLITE_OK ? code : real_code;
  }
  static int ShmLock(sqlite3_file* file, int offset, int count, int flags) {
    // SQLite does not ask whether it could let go.
    const bool locks = (flags & SQLITE_SHM_LOCK) != 0;
    if (const int code = locks ? Check(File::Of(file), Call::kSharedMemoryLock) : SQLITE_OK;
        code != SQLITE_OK) {
      return code;
    }
    sqlite3_file* real = File::Of(file)->real();
    return real->pMethods->xShmLock(real, offset, count, flags);
  }
  static void ShmBarrier(sqlite3_file* file) {
    sqlite3_file* real = File::Of(file)->real();
    real->pMethods->xShmBarrier(real);
  }
  static int ShmUnmap(sqlite3_file* file, int remove) {
    sqlite3_file* real = File::Of(file)->real();
    return real->pMethods->xShmUnmap(real, remove);
  }

  template <typename Function>
  static int Pass(sqlite3_file* file, Call call, Function function) {
    if (const int code = Check(File::Of(file), call); code != SQLITE_OK) return code;
    return function(File::Of(file)->real());
  }
  // For what nobody does again when it failed: it is done nevertheless.
  template <typename Function>
  static int PassFirst(sqlite3_file* file, Call call, Function function) {
    const int code = function(File::Of(file)->real());
    const int fault = Check(File::Of(file), call);
    return fault == SQLITE_OK ? code : fault;
  }
  static int Check(File* file, Call call) {
    const int code = file->vfs->Check(call);
    if (code == SQLITE_OK) return code;
    MutexLock lock(file->vfs->mutex_);
    file->last_errno = file->vfs->errno_;
    return code;
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

std::vector<FaultVfs::Fault> FaultVfs::FaultsOf(Call call) {
  static const std::map<Call, std::vector<int>> given = {
      {Call::kOpen, {SQLITE_CANTOPEN, SQLITE_CANTOPEN_ISDIR, SQLITE_NOMEM, SQLITE_PERM}},
      {Call::kAccess, {SQLITE_IOERR_ACCESS}},
      {Call::kDelete, {SQLITE_IOERR_DELETE, SQLITE_IOERR_DELETE_NOENT}},
      {Call::kRead, {SQLITE_IOERR_READ, SQLITE_IOERR_CORRUPTFS, SQLITE_IOERR_NOMEM}},
      {Call::kWrite, {SQLITE_FULL, SQLITE_IOERR_WRITE, SQLITE_READONLY}},
      {Call::kTruncate, {SQLITE_IOERR_TRUNCATE}},
      {Call::kSync, {SQLITE_FULL, SQLITE_IOERR_FSYNC, SQLITE_IOERR_DIR_FSYNC}},
      {Call::kFileSize, {SQLITE_IOERR_FSTAT}},
      {Call::kLock, {SQLITE_BUSY, SQLITE_IOERR_LOCK, SQLITE_IOERR_RDLOCK}},
      {Call::kUnlock, {SQLITE_IOERR_UNLOCK}},
      {Call::kSharedMemory,
       {SQLITE_NOMEM, SQLITE_IOERR_SHMOPEN, SQLITE_IOERR_SHMSIZE, SQLITE_IOERR_SHMMAP}},
      {Call::kSharedMemoryLock, {SQLITE_BUSY, SQLITE_IOERR_SHMLOCK}},
      {Call::kClose, {SQLITE_IOERR_CLOSE}},
  };
  std::vector<int> codes = given.at(call);
  for (int code = SQLITE_ERROR; code <= SQLITE_NOTADB && !kSanitized; ++code) {
    // SQLite finds damage itself; no VFS tells of it.
    if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB) continue;
    if (code != SQLITE_EMPTY && !absl::c_linear_search(codes, code)) codes.push_back(code);
  }
  std::vector<Fault> faults;
  for (const int code : codes) {
    faults.push_back({code, /*lasting=*/false});
    faults.push_back({code, /*lasting=*/true});
  }
  return faults;
}

std::string_view FaultVfs::NameOf(Call call) {
  switch (call) {
    case Call::kOpen:
      return "Open";
    case Call::kAccess:
      return "Access";
    case Call::kDelete:
      return "Delete";
    case Call::kRead:
      return "Read";
    case Call::kWrite:
      return "Write";
    case Call::kTruncate:
      return "Truncate";
    case Call::kSync:
      return "Sync";
    case Call::kFileSize:
      return "FileSize";
    case Call::kLock:
      return "Lock";
    case Call::kUnlock:
      return "Unlock";
    case Call::kSharedMemory:
      return "SharedMemory";
    case Call::kSharedMemoryLock:
      return "SharedMemoryLock";
    case Call::kClose:
      return "Close";
  }
  return "";
}

FaultVfs::FaultVfs(const std::string& base)
    : name_(NewName()),
      real_(sqlite3_vfs_find(base.empty() ? nullptr : base.c_str())),
      syncs_(!base.empty()),
      vfs_(*real_) {
  vfs_.zName = name_.c_str();
  vfs_.pNext = nullptr;
  vfs_.pAppData = this;
  vfs_.szOsFile = static_cast<int>(sizeof(File)) + real_->szOsFile;
  vfs_.xOpen = Methods::Open;
  vfs_.xDelete = Methods::Delete;
  vfs_.xAccess = Methods::Access;
  vfs_.xFullPathname = Methods::FullPathname;
  vfs_.xSleep = Methods::Sleep;
  sqlite3_vfs_register(&vfs_, /*makeDflt=*/0);
}

FaultVfs::~FaultVfs() { sqlite3_vfs_unregister(&vfs_); }

void FaultVfs::Fail(Call call, int64_t nth, int code, bool lasting) {
  MutexLock lock(mutex_);
  failing_ = call;
  countdown_ = nth;
  code_ = code;
  lasting_ = lasting;
  faults_ = 0;
}

void FaultVfs::SetErrno(int system_errno) {
  MutexLock lock(mutex_);
  errno_ = system_errno;
}

void FaultVfs::Heal() {
  MutexLock lock(mutex_);
  countdown_ = 0;
}

int64_t FaultVfs::faults() const {
  MutexLock lock(mutex_);
  return faults_;
}

int64_t FaultVfs::calls(Call call) const {
  MutexLock lock(mutex_);
  const auto found = calls_.find(call);
  return found == calls_.end() ? 0 : found->second;
}

int64_t FaultVfs::log_syncs() const {
  MutexLock lock(mutex_);
  return log_syncs_;
}

int FaultVfs::Check(Call call) {
  MutexLock lock(mutex_);
  if (countdown_ > 0 && call == failing_) {
    if (countdown_ == 1) {
      ++faults_;
      if (!lasting_) countdown_ = 0;
      return code_;
    }
    --countdown_;
  }
  ++calls_[call];
  return SQLITE_OK;
}

}  // namespace webhookd
