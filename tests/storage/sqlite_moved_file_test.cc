// A SqliteStore whose files are taken away while it works.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/executor.h"
#include "base/status_macros.h"
#include "storage/sqlite/group_commit.h"
#include "storage/sqlite/migrations.h"
#include "storage/sqlite/sqlite_store.h"
#include "tests/storage/sqlite_probe.h"
#include "tests/testing/blocking_store.h"
#include "tests/testing/simulated_clock.h"
#include "tests/testing/temp_dir.h"

namespace webhookd {
namespace {

using testing::AllOf;
using testing::HasSubstr;

namespace fs = std::filesystem;

std::string ReadFile(const std::string& path) {
  std::ostringstream content;
  content << std::ifstream(path, std::ios::binary).rdbuf();
  return content.str();
}

class SqliteMovedFileTest : public testing::Test {
 protected:
  SqliteMovedFileTest() {
    fs::create_directory(folder_);
    Open();
  }

  void Open() {
    auto store = SqliteStore::Create({.path = path_, .writer = executor_, .clock = clock_});
    ASSERT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
  }

  absl::Status Set(const std::string& name) {
    return BlockingStore(*store_).LoadOrCreateSetting(name, "kept").status();
  }

  void ExpectRefusal(const std::string& path, const std::string& why) {
    for (const absl::Status& status : {Set("refused"), store_->CheckHealth()}) {
      EXPECT_TRUE(absl::IsUnavailable(status)) << status;
      EXPECT_THAT(std::string(status.message()),
                  AllOf(HasSubstr(path), HasSubstr(why), HasSubstr("stop the server")));
    }
    // What is open can still be read.
    EXPECT_TRUE(store_->LoadWebhooks().ok());
  }

  void ExpectHealth() {
    EXPECT_TRUE(store_->CheckHealth().ok()) << store_->CheckHealth();
    EXPECT_TRUE(Set("after").ok());
  }

  // Everything that was reported as stored is found, and nothing else.
  void ExpectStoredAfterReopening(std::vector<std::string> names) {
    store_.reset();
    Open();
    store_.reset();
    SqliteProbe probe(path_);
    EXPECT_EQ(probe.Column("SELECT name FROM settings ORDER BY name"), names);
    probe.ExpectConsistent();
  }

  TempDir dir_;
  const std::string folder_ = dir_ / "data";
  const std::string path_ = folder_ + "/webhookd.db";
  SimulatedClock clock_;
  ThreadExecutor executor_;
  std::unique_ptr<SqliteStore> store_;
};

TEST_F(SqliteMovedFileTest, NothingIsAcceptedUntilEveryFileIsBack) {
  ASSERT_TRUE(Set("before").ok());
  const std::string aside = dir_ / "aside";
  for (const char* suffix : {"", "-wal", "-shm"}) {
    SCOPED_TRACE(suffix);
    const std::string path = path_ + suffix;
    fs::rename(path, aside);
    ExpectRefusal(path, "removed or moved");
    // A copy is another file: what is written now goes to the first.
    fs::copy_file(aside, path);
    ExpectRefusal(path, "replaced");
    fs::rename(aside, path);
    ExpectHealth();
  }
  ExpectStoredAfterReopening({"after", "before"});
}

TEST_F(SqliteMovedFileTest, AFolderThatIsMovedAndMovedBack) {
  ASSERT_TRUE(Set("before").ok());
  fs::rename(folder_, dir_ / "elsewhere");
  ExpectRefusal(path_, "removed or moved");
  fs::rename(dir_ / "elsewhere", folder_);
  ExpectHealth();
  ExpectStoredAfterReopening({"after", "before"});
}

TEST_F(SqliteMovedFileTest, RemovedFilesStayGone) {
  for (const char* suffix : {"", "-wal", "-shm"}) fs::remove(path_ + suffix);
  ExpectRefusal(path_, "removed or moved");
  store_.reset();
  EXPECT_FALSE(fs::exists(path_));
}

// The log that now has the name may hold what somebody restored.
TEST_F(SqliteMovedFileTest, ClosingLeavesWhatTookTheirPlaces) {
  ASSERT_TRUE(Set("before").ok());
  for (const char* suffix : {"", "-wal"}) {
    fs::rename(path_ + suffix, absl::StrCat(dir_ / "aside", suffix));
    std::ofstream(path_ + suffix) << "restored" << suffix;
  }
  ExpectRefusal(path_, "replaced");
  store_.reset();
  for (const char* suffix : {"", "-wal"}) {
    EXPECT_EQ(ReadFile(path_ + suffix), absl::StrCat("restored", suffix));
    fs::rename(absl::StrCat(dir_ / "aside", suffix), path_ + suffix);
  }
  fs::remove(path_ + "-shm");
  ExpectStoredAfterReopening({"before"});
}

// A write that takes the database away before it is committed.
class Thief final : public sqlite::Write {
 public:
  Thief(const std::string& path, absl::Status& result) : path_(path), result_(result) {}

  absl::Status Apply(sqlite::Transaction& transaction) override {
    RETURN_IF_ERROR(transaction.connection.Execute("INSERT INTO settings VALUES ('a', 'b')"));
    fs::rename(path_, path_ + "-taken");
    return absl::OkStatus();
  }
  void Finish(absl::Status status) override { result_ = status; }

 private:
  const std::string path_;
  absl::Status& result_;
};

TEST_F(SqliteMovedFileTest, WhatWasCommittedToALostFileIsNotReportedAsKept) {
  const std::string path = dir_ / "other.db";
  auto file = sqlite::DatabaseFile::Open(path);
  ASSERT_TRUE(file.ok()) << file.status();
  auto connection = sqlite::Connection::Open({.path = path, .file = file->get()});
  ASSERT_TRUE(connection.ok()) << connection.status();
  ASSERT_TRUE(
      sqlite::Migrate(**connection, sqlite::EmbeddedMigrations(), sqlite::CreatePrivateFile).ok());
  ASSERT_TRUE((*connection)->Execute("PRAGMA journal_mode = WAL").ok());
  ASSERT_TRUE((*connection)->QueryInt("PRAGMA user_version").ok());
  (*file)->NoteLog();
  auto store_clock = sqlite::StoreClock::Load(**connection, clock_);
  ASSERT_TRUE(store_clock.ok()) << store_clock.status();
  WebhookCatalog catalog(std::make_shared<const WebhookSnapshot>(WebhookSet()));
  sqlite::GroupCommit commit(*std::move(connection), 1, clock_, *std::move(store_clock), catalog);
  absl::Status finished;
  std::vector<std::unique_ptr<sqlite::Write>> writes;
  writes.push_back(std::make_unique<Thief>(path, finished));
  const std::vector<absl::Status> results = commit.Run(writes);
  ASSERT_EQ(results.size(), 1u);
  EXPECT_TRUE(absl::IsUnavailable(results[0])) << results[0];
}

TEST_F(SqliteMovedFileTest, AFileWithSeveralNamesIsRefused) {
  ASSERT_TRUE(Set("before").ok());
  const std::string second = dir_ / "second.db";
  const auto open = [&](const std::string& path) {
    return SqliteStore::Create({.path = path, .writer = executor_, .clock = clock_}).status();
  };
  fs::create_hard_link(path_, second);
  EXPECT_TRUE(Set("after").ok());  // a backup by links disturbs nothing
  const absl::Status in_use = open(second);
  EXPECT_TRUE(absl::IsFailedPrecondition(in_use)) << in_use;
  store_.reset();
  for (const std::string& path : {path_, second}) {
    const absl::Status status = open(path);
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
    EXPECT_THAT(std::string(status.message()), AllOf(HasSubstr(path), HasSubstr("hard links")));
  }
  fs::remove(second);
  ExpectStoredAfterReopening({"after", "before"});
}

}  // namespace
}  // namespace webhookd
