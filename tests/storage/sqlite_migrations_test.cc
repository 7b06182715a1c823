#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "storage/sqlite/database_file.h"
#include "storage/sqlite/migrations.h"
#include "storage/sqlite/sqlite_store.h"
#include "tests/storage/sqlite_probe.h"
#include "tests/testing/blocking_store.h"
#include "tests/testing/fault_vfs.h"
#include "tests/testing/temp_dir.h"

namespace webhookd::sqlite {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr Migration kFirst = {1, "001_initial.sql", "CREATE TABLE a (x); INSERT INTO a VALUES (7)"};
constexpr Migration kSecond = {2, "002_more.sql", "CREATE TABLE b (x); INSERT INTO b VALUES (8)"};
constexpr Migration kBroken = {
    2, "002_broken.sql", "CREATE TABLE b (x); INSERT INTO b VALUES (8); INSERT INTO c VALUES (9)"};
constexpr Migration kReferences = {1, "001_references.sql",
                                   "CREATE TABLE p (id INTEGER PRIMARY KEY);"
                                   "CREATE TABLE c (p REFERENCES p (id));"
                                   "INSERT INTO p VALUES (1); INSERT INTO c VALUES (1)"};
constexpr Migration kRebuild = {2, "002_rebuild.sql",
                                "CREATE TABLE p2 (id INTEGER PRIMARY KEY, more TEXT);"
                                "INSERT INTO p2 SELECT id, 'x' FROM p; DROP TABLE p;"
                                "ALTER TABLE p2 RENAME TO p"};
constexpr Migration kOrphan = {2, "002_orphan.sql", "DELETE FROM p"};

class MigrationsTest : public testing::Test {
 protected:
  absl::Status Run(std::vector<Migration> migrations, const std::string& vfs = "") {
    absl::StatusOr<std::unique_ptr<Connection>> connection =
        Connection::Open({.path = path_, .vfs = vfs, .busy_timeout = absl::ZeroDuration()});
    if (!connection.ok()) return connection.status();
    return Migrate(**connection, migrations, CreatePrivateFile);
  }

  TempDir dir_;
  const std::string path_ = dir_ / "webhookd.db";
  const std::string backup_ = path_ + ".backup-v1";
};

TEST_F(MigrationsTest, FillsANewDatabaseWithoutABackup) {
  ASSERT_TRUE(Run({kFirst, kSecond}).ok());
  SqliteProbe probe(path_);
  EXPECT_EQ(probe.Int("PRAGMA user_version"), 2);
  EXPECT_EQ(probe.Int("SELECT x FROM b"), 8);
  EXPECT_FALSE(std::filesystem::exists(path_ + ".backup-v0"));
}

TEST_F(MigrationsTest, CopiesAnOlderDatabaseFirst) {
  ASSERT_TRUE(Run({kFirst}).ok());
  SqliteProbe(path_).Execute("PRAGMA journal_mode = WAL; INSERT INTO a VALUES (70)");
  ASSERT_TRUE(Run({kFirst, kSecond}).ok());
  EXPECT_EQ(SqliteProbe(path_).Int("PRAGMA user_version"), 2);
  EXPECT_THAT(SqliteProbe(path_).Column("SELECT x FROM a"), ElementsAre("7", "70"));

  SqliteProbe backup(backup_);
  EXPECT_EQ(backup.Int("PRAGMA user_version"), 1);
  EXPECT_THAT(backup.Column("SELECT x FROM a"), ElementsAre("7", "70"));
  EXPECT_EQ(backup.Int("SELECT count(*) FROM sqlite_schema WHERE name = 'b'"), 0);
  struct stat status = {};
  ASSERT_EQ(stat(backup_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600u);
  // The copy is a database that an older server opens.
  std::filesystem::rename(backup_, path_);
  EXPECT_TRUE(Run({kFirst}).ok());
}

TEST_F(MigrationsTest, DoesNothingWhenThereIsNothingToDo) {
  ASSERT_TRUE(Run({kFirst}).ok());
  ASSERT_TRUE(Run({kFirst}).ok());
  EXPECT_THAT(SqliteProbe(path_).Column("SELECT x FROM a"), ElementsAre("7"));
  EXPECT_FALSE(std::filesystem::exists(backup_));
}

TEST_F(MigrationsTest, AFailingMigrationLeavesTheOldDatabase) {
  ASSERT_TRUE(Run({kFirst}).ok());
  for (int i = 0; i < 2; ++i) {
    const absl::Status status = Run({kFirst, kBroken});
    EXPECT_FALSE(status.ok());
    EXPECT_THAT(std::string(status.message()),
                AllOf(HasSubstr("002_broken.sql"), HasSubstr("changed nothing")));
    SqliteProbe probe(path_);
    EXPECT_EQ(probe.Int("PRAGMA user_version"), 1);
    EXPECT_EQ(probe.Int("SELECT count(*) FROM sqlite_schema"), 1);
    EXPECT_EQ(SqliteProbe(backup_).Int("SELECT x FROM a"), 7);
  }
  EXPECT_TRUE(Run({kFirst, kSecond}).ok());
}

TEST_F(MigrationsTest, MayRebuildATableThatOthersReferTo) {
  ASSERT_TRUE(Run({kReferences}).ok());
  const absl::Status status = Run({kReferences, kRebuild});
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_THAT(SqliteProbe(path_).Column("SELECT more FROM p"), ElementsAre("x"));
}

TEST_F(MigrationsTest, MayNotLeaveReferencesToNothing) {
  ASSERT_TRUE(Run({kReferences}).ok());
  EXPECT_TRUE(absl::IsDataLoss(Run({kReferences, kOrphan})));
  EXPECT_EQ(SqliteProbe(path_).Int("SELECT count(*) FROM p"), 1);
}

TEST_F(MigrationsTest, RefusesANewerDatabaseAndNamesBothVersions) {
  ASSERT_TRUE(Run({kFirst, kSecond}).ok());
  const absl::Status status = Run({kFirst});
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(std::string(status.message()), AllOf(HasSubstr(path_), HasSubstr("version 2"),
                                                   HasSubstr("up to 1"), HasSubstr(backup_)));
}

TEST_F(MigrationsTest, AnyFaultLeavesTheOldOrTheNewDatabase) {
  FaultVfs vfs;
  for (const FaultVfs::Call call : FaultVfs::kCalls) {
    for (int64_t nth = 1;; ++nth) {
      for (const char* suffix : {"", "-journal", ".backup-v1", ".backup-v1-journal"}) {
        std::filesystem::remove(path_ + suffix);
      }
      ASSERT_TRUE(Run({kFirst}).ok());
      vfs.Fail(call, nth, SQLITE_IOERR);
      const absl::Status status = Run({kFirst, kSecond}, vfs.name());
      const bool failed = vfs.faults() > 0;
      vfs.Heal();
      {
        SqliteProbe probe(path_);
        EXPECT_THAT(probe.Column("PRAGMA integrity_check"), ElementsAre("ok"));
        const int64_t version = probe.Int("PRAGMA user_version");
        EXPECT_EQ(probe.Int("SELECT count(*) FROM sqlite_schema"), version);
        if (status.ok()) {
          EXPECT_EQ(version, 2);
          EXPECT_EQ(SqliteProbe(backup_).Int("SELECT x FROM a"), 7);
        }
      }
      ASSERT_TRUE(Run({kFirst, kSecond}).ok());
      ASSERT_FALSE(testing::Test::HasFailure()) << "call " << static_cast<int>(call) << " " << nth;
      if (!failed) break;
    }
  }
}

TEST_F(MigrationsTest, EmbeddedOnesAreNumberedFromOne) {
  int version = 0;
  for (const Migration& migration : EmbeddedMigrations()) {
    EXPECT_EQ(migration.version, ++version);
    EXPECT_FALSE(migration.sql.empty());
  }
  EXPECT_GE(version, 1);
  const auto all = EmbeddedMigrations();
  ASSERT_TRUE(Run({all.begin(), all.end()}).ok());
  SqliteProbe(path_).ExpectConsistent();
}

TEST_F(MigrationsTest, KeysOfEarlierVersionsStayKnownToEveryCallerAndContent) {
  const auto all = EmbeddedMigrations();
  ASSERT_TRUE(Run({all.begin(), all.begin() + 3}).ok());
  SqliteProbe(path_).Execute(
      "INSERT INTO events (event_id, event_type, experiment_id, occurred_at, accepted_at,"
      " idempotency_key, first_delivery_id, delivery_count, first_body_id, body_count) VALUES"
      " ('one', 'CUSTOM', 1, 1, 1, 'single', 1, 0, 1, 0), ('two', 'CUSTOM', 1, 1, 1, NULL, 1, 0, "
      "1, 0),"
      " ('three', 'CUSTOM', 1, 1, 1, 'many', 1, 0, 1, 0),"
      " ('four', 'CUSTOM', 1, 1, 1, 'many' || char(31) || '1', 1, 0, 1, 0),"
      " ('five', 'CUSTOM', 1, 1, 1, 'many' || char(31) || '2', 1, 0, 1, 0),"
      " ('six', 'CUSTOM', 1, 1, 1, 'many more', 1, 0, 1, 0)");
  ThreadExecutor writer;
  const auto store = SqliteStore::Create({.path = path_, .writer = writer, .clock = RealClock()});
  ASSERT_TRUE(store.ok()) << store.status();
  BlockingStore writes(**store);
  AcceptEventRequest request = {.caller = "master", .content_digest = "digest", .event_id = "new"};
  const auto repeat = [&](const std::string& key) {
    request.idempotency_key = key;
    const auto accepted = writes.AcceptEvents({request});
    EXPECT_TRUE(accepted.ok()) << accepted.status();
    std::vector<std::string> ids;
    for (const AcceptedEvent& event : accepted->events) ids.push_back(event.event_id);
    EXPECT_EQ(accepted->duplicate, key != "another");
    return ids;
  };
  EXPECT_THAT(repeat("single"), ElementsAre("one"));
  EXPECT_THAT(repeat("many"), ElementsAre("three", "four", "five"));
  EXPECT_THAT(repeat("many more"), ElementsAre("six"));
  EXPECT_THAT(repeat("another"), ElementsAre("new"));
}

}  // namespace
}  // namespace webhookd::sqlite
