#include "tests/simulation/simulated_disk.h"

#include <algorithm>
#include <set>
#include <utility>

namespace webhookd {
namespace {

constexpr uint64_t kStream = 1;
constexpr int64_t kPage = 4096;

}  // namespace

SimulatedDisk::SimulatedDisk(uint64_t seed) : dice_(seed, kStream) {}

std::shared_ptr<SimulatedDisk::File> SimulatedDisk::Find(const std::string& name) const {
  const auto found = names_.find(name);
  return found == names_.end() ? nullptr : found->second;
}

SimulatedDisk::Result SimulatedDisk::Create(const std::string& name, std::shared_ptr<File>& file) {
  bool applied = true;
  const bool ok = Change(applied);
  if (applied) {
    file = std::make_shared<File>();
    names_[name] = file;
  }
  return ok ? Result::kOk : Result::kNoPower;
}

SimulatedDisk::Result SimulatedDisk::Remove(const std::string& name, bool sync_folder) {
  bool applied = true;
  const bool ok = Change(applied);
  if (applied) names_.erase(name);
  if (!ok) return Result::kNoPower;
  if (sync_folder && !ignore_syncs_) durable_names_ = names_;
  return Result::kOk;
}

SimulatedDisk::Result SimulatedDisk::Write(File& file, absl::string_view data, int64_t offset) {
  bool applied = true;
  const bool ok = Change(applied);
  if (!applied) return Result::kNoPower;
  const auto size = static_cast<int64_t>(file.cached.size());
  const int64_t end = offset + static_cast<int64_t>(data.size());
  if (end > size) {
    if (!TakeSpace(end - size)) return Result::kFull;
    file.cached.resize(static_cast<size_t>(end), '\0');
  }
  std::copy(data.begin(), data.end(), file.cached.begin() + offset);
  MarkDirty(file, std::min(offset, size), end);
  if (write_back_ > 0) {
    for (int64_t sector = offset / kSector; sector * kSector < end; ++sector) {
      if (dice_.Chance(write_back_)) WriteOut(file, sector);
    }
  }
  return ok ? Result::kOk : Result::kNoPower;
}

SimulatedDisk::Result SimulatedDisk::Truncate(File& file, int64_t size) {
  bool applied = true;
  const bool ok = Change(applied);
  if (applied) {
    const auto before = static_cast<int64_t>(file.cached.size());
    if (size > before && !TakeSpace(size - before)) return Result::kFull;
    if (size < before && free_bytes_.has_value()) *free_bytes_ += before - size;
    file.cached.resize(static_cast<size_t>(size), '\0');
    MarkDirty(file, std::min(before, size), size);
  }
  return ok ? Result::kOk : Result::kNoPower;
}

SimulatedDisk::Result SimulatedDisk::Sync(File& file, bool with_folder) {
  bool applied = true;
  if (!Change(applied)) return Result::kNoPower;
  ++syncs_;
  if (ignore_syncs_) return Result::kOk;
  if (syncs_to_fail_ > 0) {
    --syncs_to_fail_;
    ++failed_syncs_;
    LoseSome(file);
    return Result::kSyncFailed;
  }
  file.durable.resize(file.cached.size(), '\0');
  for (const int64_t sector : std::exchange(file.dirty_list, {})) WriteOut(file, sector);
  file.dirty.assign(file.dirty.size(), false);
  if (with_folder) durable_names_ = names_;
  return Result::kOk;
}

bool SimulatedDisk::Change(bool& applied) {
  if (!powered_) {
    applied = false;
    return false;
  }
  ++changes_;
  if (changes_to_power_cut_ == 0 || --changes_to_power_cut_ > 0) return true;
  powered_ = false;
  applied = dice_.Chance(0.5);
  return false;
}

bool SimulatedDisk::TakeSpace(int64_t bytes) {
  if (!free_bytes_.has_value()) return true;
  if (*free_bytes_ < bytes) return false;
  *free_bytes_ -= bytes;
  return true;
}

void SimulatedDisk::MarkDirty(File& file, int64_t from, int64_t to) {
  const auto sectors = static_cast<size_t>((to + kSector - 1) / kSector);
  if (file.dirty.size() < sectors) file.dirty.resize(sectors, false);
  // The sector in which the file ended has a new end.
  for (int64_t sector = from / kSector; sector * kSector < to; ++sector) {
    if (file.dirty[static_cast<size_t>(sector)]) continue;
    file.dirty[static_cast<size_t>(sector)] = true;
    file.dirty_list.push_back(sector);
  }
}

// The sector as it is in the cache reaches the disk. It stays marked: that costs nothing.
void SimulatedDisk::WriteOut(File& file, int64_t sector) {
  const auto begin = static_cast<size_t>(sector * kSector);
  if (begin >= file.cached.size()) return;
  const size_t size = std::min<size_t>(kSector, file.cached.size() - begin);
  if (file.durable.size() < begin + size) file.durable.resize(begin + size, '\0');
  file.durable.replace(begin, size, file.cached, begin, size);
}

void SimulatedDisk::LoseSome(File& file) {
  const double written = dice_.Chance(0.5) ? 0 : 0.5;
  const double forgotten = dice_.Chance(0.5) ? 0 : 0.5;
  file.durable.resize(file.cached.size(), '\0');
  for (const int64_t sector : std::exchange(file.dirty_list, {})) {
    file.dirty[static_cast<size_t>(sector)] = false;
    const auto begin = static_cast<size_t>(sector * kSector);
    if (begin >= file.cached.size()) continue;
    if (dice_.Chance(written)) {
      WriteOut(file, sector);
    } else if (dice_.Chance(forgotten)) {
      const size_t size = std::min<size_t>(kSector, file.cached.size() - begin);
      file.cached.replace(begin, size, file.durable, begin, size);
    }
  }
}

void SimulatedDisk::Survive(File& file) {
  const auto old_size = static_cast<int64_t>(file.durable.size());
  const auto new_size = static_cast<int64_t>(file.cached.size());
  int64_t size = dice_.Chance(0.5) ? old_size : new_size;
  // File systems cut a file in one go, but let it grow bit by bit.
  if (old_size < new_size && dice_.Chance(0.5)) size = dice_.Between(old_size, new_size);
  std::string survived = file.durable;
  survived.resize(static_cast<size_t>(size), '\0');

  // Disks differ: nothing was written, all, a part in order, or any part.
  enum { kNothing, kAll, kFirst, kAny } policy = kAny;
  const int64_t roll = dice_.Below(6);
  if (roll == 0) policy = kNothing;
  if (roll == 1) policy = kAll;
  if (roll == 2) policy = kFirst;
  const double part = 0.1 + 0.8 * static_cast<double>(dice_.Below(3)) / 2;
  const bool by_page = dice_.Chance(0.3);
  const auto count = static_cast<int64_t>(file.dirty_list.size());
  const int64_t first = policy == kFirst ? dice_.Below(count + 1) : 0;
  int64_t last_page = -1;
  bool page_written = false;
  for (int64_t i = 0; i < count; ++i) {
    const auto begin = static_cast<size_t>(file.dirty_list[static_cast<size_t>(i)] * kSector);
    if (begin >= file.cached.size() || begin >= survived.size()) continue;
    bool written = policy == kAll || (policy == kFirst && i < first);
    size_t length = std::min(
        {static_cast<size_t>(kSector), file.cached.size() - begin, survived.size() - begin});
    if (policy == kAny) {
      const int64_t page = static_cast<int64_t>(begin) / kPage;
      if (!by_page || page != last_page) page_written = dice_.Chance(part);
      last_page = page;
      written = page_written;
      // Torn within the sector: its first part is new, the rest is old.
      if (written && dice_.Chance(0.05)) length = static_cast<size_t>(dice_.Below(kSector));
      length = std::min({length, file.cached.size() - begin, survived.size() - begin});
    }
    if (written) survived.replace(begin, length, file.cached, begin, length);
  }
  file.cached = survived;
  file.durable = std::move(survived);
  file.dirty.clear();
  file.dirty_list.clear();
}

void SimulatedDisk::Restart() {
  std::set<std::string> all;
  for (const auto& [name, file] : names_) all.insert(name);
  for (const auto& [name, file] : durable_names_) all.insert(name);
  std::map<std::string, std::shared_ptr<File>> survived;
  for (const std::string& name : all) {
    const auto cached = names_.find(name);
    const auto durable = durable_names_.find(name);
    std::shared_ptr<File> before = durable == durable_names_.end() ? nullptr : durable->second;
    std::shared_ptr<File> after = cached == names_.end() ? nullptr : cached->second;
    std::shared_ptr<File> file = before == after || dice_.Chance(0.5) ? after : before;
    if (file != nullptr) survived[name] = std::move(file);
  }
  for (const auto& [name, file] : survived) Survive(*file);
  names_ = survived;
  durable_names_ = std::move(survived);
  powered_ = true;
  changes_to_power_cut_ = 0;
}

}  // namespace webhookd
