#ifndef WEBHOOKD_TESTS_SIMULATION_SIMULATED_DISK_H_
#define WEBHOOKD_TESTS_SIMULATION_SIMULATED_DISK_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "tests/simulation/dice.h"

namespace webhookd {

// A disk with one folder, and the page cache before it. What was written is seen at once, and
// survives a power cut for certain only when it was synced: of the rest, each sector may be old,
// new or torn, each file may have its old or its new size, and each name may be there or not.
//
// The seed decides what survives. One thread.
class SimulatedDisk {
 public:
  static constexpr int64_t kSector = 512;

  enum class Result { kOk, kNoPower, kFull, kSyncFailed };

  // A file without its name. Readers look at `cached`.
  struct File {
    std::string cached;
    std::string durable;
    std::vector<bool> dirty;          // by sector: written and not synced
    std::vector<int64_t> dirty_list;  // the same, in the order of the writes
  };

  explicit SimulatedDisk(uint64_t seed);

  // Null if there is no such file.
  std::shared_ptr<File> Find(const std::string& name) const;
  Result Create(const std::string& name, std::shared_ptr<File>& file);
  Result Remove(const std::string& name, bool sync_folder);
  Result Write(File& file, absl::string_view data, int64_t offset);
  Result Truncate(File& file, int64_t size);
  // `with_folder` makes names durable, too.
  Result Sync(File& file, bool with_folder);

  // ---- What goes wrong

  // The power goes at the `nth` change from now (1: the next write, truncation, sync, creation or
  // removal). Until Restart nothing works any more.
  void CutPowerAt(int64_t nth) { changes_to_power_cut_ = nth; }
  void CutPower() { powered_ = false; }
  bool powered() const { return powered_; }
  // The machine comes back with what survived. Undoes CutPowerAt.
  void Restart();

  // No more than this many bytes are free from now on.
  void Fill(int64_t free_bytes) { free_bytes_ = free_bytes; }
  void FreeSpace() { free_bytes_.reset(); }
  bool full() const { return free_bytes_.has_value(); }

  // The next `count` syncs fail. As on Linux, what they were to write is then taken for clean: some
  // of it has reached the disk, and of the rest the cache may or may not keep what was written.
  void FailSyncs(int64_t count) { syncs_to_fail_ = count; }
  bool syncs_fail() const { return syncs_to_fail_ > 0; }
  int64_t failed_syncs() const { return failed_syncs_; }

  // Syncs are answered and do nothing.
  void IgnoreSyncs() { ignore_syncs_ = true; }

  // Of everything written, this part reaches the disk by itself at once.
  void WriteBack(double part) { write_back_ = part; }

  int64_t changes() const { return changes_; }
  int64_t syncs() const { return syncs_; }

 private:
  // Whether a change may be made; with `applied`, the power goes right after it.
  bool Change(bool& applied);
  bool TakeSpace(int64_t bytes);
  void MarkDirty(File& file, int64_t from, int64_t to);
  void WriteOut(File& file, int64_t sector);
  void LoseSome(File& file);
  void Survive(File& file);

  Dice dice_;
  std::map<std::string, std::shared_ptr<File>> names_;
  std::map<std::string, std::shared_ptr<File>> durable_names_;
  bool powered_ = true;
  int64_t changes_to_power_cut_ = 0;
  std::optional<int64_t> free_bytes_;
  int64_t syncs_to_fail_ = 0;
  int64_t failed_syncs_ = 0;
  bool ignore_syncs_ = false;
  double write_back_ = 0;
  int64_t changes_ = 0;
  int64_t syncs_ = 0;
};

}  // namespace webhookd

#endif  // WEBHOOKD_TESTS_SIMULATION_SIMULATED_DISK_H_
