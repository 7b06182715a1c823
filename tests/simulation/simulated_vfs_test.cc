#include "tests/simulation/simulated_vfs.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <algorithm>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/simulation/simulated_disk.h"

namespace webhookd {
namespace {

using Result = SimulatedDisk::Result;

class SimulatedDiskTest : public ::testing::Test {
 protected:
  // What is left of a file with these synced and then these unsynced bytes, for many seeds.
  static std::set<std::string> Survivors(const std::string& synced, const std::string& unsynced,
                                         int64_t offset) {
    std::set<std::string> survivors;
    for (uint64_t seed = 1; seed <= 400; ++seed) {
      SimulatedDisk disk(seed);
      std::shared_ptr<SimulatedDisk::File> file;
      EXPECT_EQ(disk.Create("file", file), Result::kOk);
      EXPECT_EQ(disk.Write(*file, synced, 0), Result::kOk);
      EXPECT_EQ(disk.Sync(*file, true), Result::kOk);
      EXPECT_EQ(disk.Write(*file, unsynced, offset), Result::kOk);
      disk.CutPower();
      EXPECT_EQ(disk.Write(*file, "late", 0), Result::kNoPower);
      disk.Restart();
      survivors.insert(disk.Find("file")->cached);
    }
    return survivors;
  }
};

TEST_F(SimulatedDiskTest, WhatWasSyncedSurvives) {
  const std::string synced(2'000, 's');
  for (const std::string& survivor : Survivors(synced, std::string(100, 'u'), 2'000)) {
    EXPECT_EQ(survivor.substr(0, 2'000), synced);
  }
}

TEST_F(SimulatedDiskTest, OfTheRestSectorsAreOldNewOrTorn) {
  const std::string synced(1'024, 's');
  const std::set<std::string> survivors = Survivors(synced, std::string(1'024, 'u'), 0);
  const auto has = [&survivors](const std::string& content) { return survivors.count(content); };
  EXPECT_TRUE(has(synced));
  EXPECT_TRUE(has(std::string(1'024, 'u')));
  EXPECT_TRUE(has(std::string(512, 's') + std::string(512, 'u')));
  EXPECT_TRUE(has(std::string(512, 'u') + std::string(512, 's')));
  EXPECT_TRUE(std::any_of(survivors.begin(), survivors.end(), [](const std::string& content) {
    return std::count(content.begin(), content.end(), 'u') % 512 != 0;
  })) << "no sector is torn";
}

TEST_F(SimulatedDiskTest, AFileGrowsInPart) {
  std::set<size_t> sizes;
  for (const std::string& survivor : Survivors("s", std::string(5'000, 'u'), 1)) {
    sizes.insert(survivor.size());
  }
  EXPECT_TRUE(sizes.count(1));
  EXPECT_TRUE(sizes.count(5'001));
  EXPECT_GT(sizes.size(), 2u);
}

TEST_F(SimulatedDiskTest, NamesThatWereNotSyncedMayBeGone) {
  int there = 0;
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    SimulatedDisk disk(seed);
    std::shared_ptr<SimulatedDisk::File> file;
    EXPECT_EQ(disk.Create("file", file), Result::kOk);
    EXPECT_EQ(disk.Sync(*file, false), Result::kOk);
    disk.Restart();
    if (disk.Find("file") != nullptr) ++there;
  }
  EXPECT_GT(there, 10);
  EXPECT_LT(there, 90);
}

TEST_F(SimulatedDiskTest, WhatAFailedSyncLeftIsNotWrittenByTheNext) {
  int lost = 0;
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    SimulatedDisk disk(seed);
    std::shared_ptr<SimulatedDisk::File> file;
    EXPECT_EQ(disk.Create("file", file), Result::kOk);
    EXPECT_EQ(disk.Sync(*file, true), Result::kOk);
    EXPECT_EQ(disk.Write(*file, "data", 0), Result::kOk);
    disk.FailSyncs(1);
    EXPECT_EQ(disk.Sync(*file, true), Result::kSyncFailed);
    EXPECT_EQ(disk.Sync(*file, true), Result::kOk);
    disk.Restart();
    if (disk.Find("file")->cached != "data") ++lost;
  }
  EXPECT_GT(lost, 30);
}

TEST_F(SimulatedDiskTest, AFullDiskTakesChangesButDoesNotGrow) {
  SimulatedDisk disk(1);
  std::shared_ptr<SimulatedDisk::File> file;
  EXPECT_EQ(disk.Create("file", file), Result::kOk);
  EXPECT_EQ(disk.Write(*file, "12345", 0), Result::kOk);
  disk.Fill(2);
  EXPECT_EQ(disk.Write(*file, "abcde", 0), Result::kOk);
  EXPECT_EQ(disk.Write(*file, "67", 5), Result::kOk);
  EXPECT_EQ(disk.Write(*file, "8", 7), Result::kFull);
  disk.FreeSpace();
  EXPECT_EQ(disk.Write(*file, "8", 7), Result::kOk);
  EXPECT_EQ(file->cached, "abcde678");
}

class SimulatedVfsTest : public ::testing::Test {
 protected:
  sqlite3* Open() {
    sqlite3* database = nullptr;
    EXPECT_EQ(sqlite3_open_v2("test.db", &database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                              vfs_.name().c_str()),
              SQLITE_OK);
    return database;
  }

  static int Run(sqlite3* database, const std::string& sql) {
    return sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr);
  }

  static int Count(sqlite3* database) {
    int count = -1;
    sqlite3_exec(
        database, "SELECT count(*) FROM t",
        [](void* to, int, char** values, char**) {
          *static_cast<int*>(to) = std::stoi(values[0]);
          return 0;
        },
        &count, nullptr);
    return count;
  }

  SimulatedDisk disk_{1};
  SimulatedVfs vfs_{disk_};
};

TEST_F(SimulatedVfsTest, ConnectionsLockEachOtherOut) {
  sqlite3* const a = Open();
  sqlite3* const b = Open();
  EXPECT_EQ(Run(a, "PRAGMA journal_mode = WAL; CREATE TABLE t (x)"), SQLITE_OK);
  EXPECT_EQ(Run(a, "BEGIN IMMEDIATE; INSERT INTO t VALUES (1)"), SQLITE_OK);
  EXPECT_EQ(Run(b, "BEGIN IMMEDIATE"), SQLITE_BUSY);
  EXPECT_EQ(Count(b), 0) << "a reader sees what is not committed";
  EXPECT_EQ(Run(a, "COMMIT"), SQLITE_OK);
  EXPECT_EQ(Count(b), 1);
  EXPECT_EQ(Run(b, "INSERT INTO t VALUES (2)"), SQLITE_OK);
  EXPECT_EQ(Count(a), 2);
  sqlite3_close(a);
  sqlite3_close(b);
}

TEST_F(SimulatedVfsTest, CommitsSurviveAPowerCutAtAnyChange) {
  sqlite3* database = Open();
  ASSERT_EQ(Run(database,
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                "CREATE TABLE t (x); PRAGMA wal_checkpoint(TRUNCATE)"),
            SQLITE_OK);
  int committed = 0;
  for (int round = 1; round <= 60; ++round) {
    disk_.CutPowerAt(round);
    while (Run(database,
               "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 3;"
               "INSERT INTO t VALUES (randomblob(3000))") == SQLITE_OK) {
      if (disk_.powered()) ++committed;
    }
    sqlite3_close(database);
    disk_.Restart();
    vfs_.Restart();
    database = Open();
    const int found = Count(database);
    // What was committed when the power went may be there.
    ASSERT_GE(found, committed) << "round " << round;
    ASSERT_LE(found, committed + 1) << "round " << round;
    committed = found;
  }
  sqlite3_close(database);
}

}  // namespace
}  // namespace webhookd
