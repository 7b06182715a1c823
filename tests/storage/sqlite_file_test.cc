// The file that a SqliteStore opens: its mode, its lock, and what it may not be.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "base/executor.h"
#include "storage/sqlite/sqlite_store.h"
#include "tests/storage/sqlite_probe.h"
#include "tests/testing/blocking_store.h"
#include "tests/testing/simulated_clock.h"
#include "tests/testing/temp_dir.h"

namespace webhookd {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class SqliteFileTest : public testing::Test {
 protected:
  absl::StatusOr<std::unique_ptr<SqliteStore>> Open(const std::string& path) {
    return SqliteStore::Create({.path = path,
                                .writer = executor_,
                                .clock = clock_,
                                .busy_timeout = absl::Milliseconds(10)});
  }
  absl::StatusOr<std::unique_ptr<SqliteStore>> Open() { return Open(path_); }

  static int Mode(const std::string& path) {
    struct stat status = {};
    EXPECT_EQ(stat(path.c_str(), &status), 0) << path;
    return static_cast<int>(status.st_mode & 07777);
  }

  static void WriteFile(const std::string& path, const std::string& content) {
    std::ofstream(path, std::ios::binary) << content;
  }
  static std::string ReadFile(const std::string& path) {
    std::ostringstream content;
    content << std::ifstream(path, std::ios::binary).rdbuf();
    return content.str();
  }

  TempDir dir_;
  const std::string path_ = dir_ / "webhookd.db";
  SimulatedClock clock_;
  ThreadExecutor executor_;
};

TEST_F(SqliteFileTest, FilesAreTheOwnersAloneWhateverTheUmask) {
  for (const mode_t mask : {0, 0277, 0777}) {
    const std::string path = dir_ / absl::StrCat("mask-", mask);
    const mode_t old = umask(mask);
    auto store = Open(path);
    umask(old);
    ASSERT_TRUE(store.ok()) << store.status();
    ASSERT_TRUE(BlockingStore(**store).LoadOrCreateSetting("signing_key", "secret").ok());
    for (const char* suffix : {"", "-wal", "-shm", "-lock"}) {
      EXPECT_EQ(Mode(path + suffix), 0600) << path << suffix;
    }
  }
}

TEST_F(SqliteFileTest, AnExistingFileKeepsItsMode) {
  ASSERT_TRUE(Open().ok());
  ASSERT_EQ(chmod(path_.c_str(), 0640), 0);
  const auto store = Open();
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_EQ(Mode(path_), 0640);
}

TEST_F(SqliteFileTest, OneStoreHasItAtATime) {
  auto first = Open();
  ASSERT_TRUE(first.ok()) << first.status();
  std::filesystem::create_symlink(path_, dir_ / "link.db");
  for (const std::string& path : {path_, dir_ / "./webhookd.db", dir_ / "link.db"}) {
    const auto second = Open(path);
    EXPECT_TRUE(absl::IsFailedPrecondition(second.status())) << second.status();
    EXPECT_THAT(std::string(second.status().message()),
                AllOf(HasSubstr(path_ + "-lock"), HasSubstr(absl::StrCat("process ", getpid())),
                      HasSubstr("stop that process")));
  }
  // The refused one disturbed nothing.
  EXPECT_TRUE(BlockingStore(**first).LoadOrCreateSetting("a", "b").ok());
  (*first)->Stop();
  EXPECT_TRUE(Open(dir_ / "link.db").ok());
}

TEST_F(SqliteFileTest, APathThatLooksLikeAUriIsAPath) {
  const std::filesystem::path old = std::filesystem::current_path();
  std::filesystem::current_path(dir_.path());
  const auto store = Open("file:a.db?mode=memory");
  std::filesystem::current_path(old);
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_TRUE(std::filesystem::exists(dir_ / "file:a.db?mode=memory"));
}

TEST_F(SqliteFileTest, RefusesWhatIsNoFile) {
  EXPECT_TRUE(absl::IsInvalidArgument(Open("").status()));
  const absl::Status directory = Open(dir_.path()).status();
  EXPECT_TRUE(absl::IsInvalidArgument(directory)) << directory;
  EXPECT_THAT(std::string(directory.message()), HasSubstr("is a directory"));
  const absl::Status device = Open("/dev/null").status();
  EXPECT_TRUE(absl::IsInvalidArgument(device)) << device;
  const absl::Status missing = Open(dir_ / "no/such/folder.db").status();
  EXPECT_TRUE(absl::IsNotFound(missing)) << missing;
  EXPECT_THAT(std::string(missing.message()), HasSubstr("no/such/folder.db"));
}

TEST_F(SqliteFileTest, RefusesAFolderItMayNotWrite) {
  const std::string folder = dir_ / "folder";
  std::filesystem::create_directory(folder);
  ASSERT_EQ(chmod(folder.c_str(), 0555), 0);
  ASSERT_EQ(chmod(dir_.path().c_str(), 0755), 0);
  // Root may write anywhere: be somebody else.
  const uid_t user = geteuid();
  if (user == 0) {
    ASSERT_EQ(seteuid(65534), 0);
  }
  const absl::Status status = Open(folder + "/webhookd.db").status();
  if (user == 0) {
    ASSERT_EQ(seteuid(user), 0);
  }
  EXPECT_TRUE(absl::IsPermissionDenied(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(folder + "/webhookd.db"));
}

TEST_F(SqliteFileTest, RefusesAFileThatIsNoDatabase) {
  const std::string content(5000, 'x');
  WriteFile(path_, content);
  const absl::Status status = Open().status();
  EXPECT_TRUE(absl::IsDataLoss(status)) << status;
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr(path_), HasSubstr("not a SQLite database")));
  EXPECT_EQ(ReadFile(path_), content);
}

TEST_F(SqliteFileTest, RefusesAnotherProgramsDatabase) {
  SqliteProbe(path_).Execute("CREATE TABLE recipes (name TEXT)");
  const absl::Status status = Open().status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("another program"));
  EXPECT_EQ(SqliteProbe(path_).Int("SELECT count(*) FROM sqlite_schema"), 1);
}

TEST_F(SqliteFileTest, ReportsADamagedDatabase) {
  {
    auto store = Open();
    ASSERT_TRUE(store.ok()) << store.status();
    WebhookRecord webhook;
    webhook.name = std::string(100'000, 'n');
    ASSERT_TRUE(BlockingStore(**store).CreateWebhook(webhook).ok());
  }
  std::string content = ReadFile(path_);
  // Everything after the first page.
  std::fill(content.begin() + 4096, content.end(), '\x55');
  WriteFile(path_, content);
  const auto store = Open();
  const absl::Status status = store.ok() ? (*store)->LoadWebhooks().status() : store.status();
  EXPECT_TRUE(absl::IsDataLoss(status)) << status;
  EXPECT_THAT(std::string(status.message()), AllOf(HasSubstr(path_), HasSubstr("damaged")));
}

TEST_F(SqliteFileTest, RefusesADatabaseOfANewerServer) {
  ASSERT_TRUE(Open().ok());
  SqliteProbe(path_).Execute("PRAGMA user_version = 99");
  const absl::Status status = Open().status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr(path_), HasSubstr("version 99"), HasSubstr("newer server")));
  EXPECT_EQ(SqliteProbe(path_).Int("PRAGMA user_version"), 99);
}

TEST_F(SqliteFileTest, RefusesOptionsOutOfRange) {
  for (int option = 0; option < 3; ++option) {
    SqliteStore::Options options{.path = path_, .writer = executor_, .clock = clock_};
    if (option == 0) options.read_connections = 0;
    if (option == 1) options.max_waiting_writes = 0;
    if (option == 2) options.max_batch = -1;
    EXPECT_TRUE(absl::IsInvalidArgument(SqliteStore::Create(options).status())) << option;
  }
  EXPECT_FALSE(std::filesystem::exists(path_));
}

// What kill -9 leaves: the file and its log as they are while the store is open.
TEST_F(SqliteFileTest, WhatWasReportedSurvivesAKill) {
  auto store = Open();
  ASSERT_TRUE(store.ok()) << store.status();
  BlockingStore writes(**store);
  const std::string copy = dir_ / "copy.db";
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(writes.LoadOrCreateSetting(absl::StrCat("name ", i), "before").ok());
    for (const char* suffix : {"", "-wal"}) {
      std::filesystem::copy_file(path_ + suffix, copy + suffix,
                                 std::filesystem::copy_options::overwrite_existing);
    }
    std::filesystem::remove(copy + "-shm");
    auto reopened = Open(copy);
    ASSERT_TRUE(reopened.ok()) << reopened.status();
    for (int k = 0; k <= i; ++k) {
      EXPECT_EQ(*BlockingStore(**reopened).LoadOrCreateSetting(absl::StrCat("name ", k), "after"),
                "before");
    }
    reopened->reset();
    SqliteProbe(copy).ExpectConsistent();
  }
}

TEST_F(SqliteFileTest, WritesFailClearlyWhileAnotherProgramHoldsTheLock) {
  auto store = Open();
  ASSERT_TRUE(store.ok()) << store.status();
  BlockingStore writes(**store);
  ASSERT_TRUE(writes.LoadOrCreateSetting("a", "1").ok());
  SqliteProbe other(path_);
  other.Execute("BEGIN IMMEDIATE");

  std::vector<Pending<std::string>> results(3);
  for (Pending<std::string>& result : results) {
    (*store)->LoadOrCreateSetting("b", "2", result.done());
  }
  for (const Pending<std::string>& result : results) {
    const absl::Status status = result.Wait().status();
    EXPECT_TRUE(absl::IsUnavailable(status)) << status;
    EXPECT_THAT(std::string(status.message()),
                AllOf(HasSubstr(path_), HasSubstr("locked by another process")));
  }
  // Reading goes on.
  EXPECT_TRUE((*store)->LoadWebhooks().ok());
  other.Execute("ROLLBACK");
  EXPECT_EQ(*writes.LoadOrCreateSetting("b", "3"), "3");
}

}  // namespace
}  // namespace webhookd
