// How a SqliteStore gathers writes, commits them together, and stops.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <optional>

#include "absl/strings/str_cat.h"
#include "storage/sqlite/sqlite_store.h"
#include "tests/storage/sqlite_probe.h"
#include "tests/testing/blocking_store.h"
#include "tests/testing/fault_vfs.h"
#include "tests/testing/manual_executor.h"
#include "tests/testing/simulated_clock.h"
#include "tests/testing/temp_dir.h"

namespace webhookd {
namespace {

using testing::HasSubstr;

class SqliteGroupCommitTest : public testing::Test {
 protected:
  void Open(int64_t max_waiting_writes = 1'000, int max_batch = 1'000,
            Executor* callbacks = nullptr) {
    absl::StatusOr<std::unique_ptr<SqliteStore>> store =
        SqliteStore::Create({.path = dir_ / "webhookd.db",
                             .vfs = vfs_.name(),
                             .writer = executor_,
                             .callbacks = callbacks,
                             .clock = clock_,
                             .max_waiting_writes = max_waiting_writes,
                             .max_batch = max_batch,
                             .busy_timeout = absl::ZeroDuration()});
    ASSERT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
  }

  Pending<std::string> Set(const std::string& name) {
    Pending<std::string> pending;
    store_->LoadOrCreateSetting(name, "value", pending.done());
    return pending;
  }
  std::vector<Pending<std::string>> SetMany(const std::string& prefix, int count) {
    std::vector<Pending<std::string>> pending;
    for (int i = 0; i < count; ++i) pending.push_back(Set(absl::StrCat(prefix, i)));
    return pending;
  }
  int64_t StoredSettings() {
    return SqliteProbe(dir_ / "webhookd.db").Int("SELECT count(*) FROM settings");
  }

  TempDir dir_;
  SimulatedClock clock_;
  FaultVfs vfs_;
  ManualExecutor executor_;
  std::unique_ptr<SqliteStore> store_;
};

TEST_F(SqliteGroupCommitTest, WhatWaitsCommitsTogether) {
  Open();
  const int64_t before = vfs_.log_syncs();
  const std::vector<Pending<std::string>> pending = SetMany("a", 100);
  for (const Pending<std::string>& write : pending) EXPECT_EQ(write.calls(), 0);
  EXPECT_EQ(executor_.RunAll(), 2);  // the commit, and the callbacks
  EXPECT_EQ(vfs_.log_syncs(), before + 1);
  for (const Pending<std::string>& write : pending) EXPECT_EQ(write.calls(), 1);

  // A lone write waits for nobody.
  const Pending<std::string> lone = Set("b");
  EXPECT_EQ(executor_.RunAll(), 2);
  EXPECT_EQ(vfs_.log_syncs(), before + 2);
  EXPECT_TRUE(lone.Wait().ok());
}

TEST_F(SqliteGroupCommitTest, ABatchHasABound) {
  Open(/*max_waiting_writes=*/1'000, /*max_batch=*/40);
  const int64_t before = vfs_.log_syncs();
  const std::vector<Pending<std::string>> pending = SetMany("a", 100);
  ASSERT_TRUE(executor_.RunOne());
  EXPECT_EQ(vfs_.log_syncs(), before + 1);
  EXPECT_EQ(pending[0].calls(), 0);
  ASSERT_TRUE(executor_.RunOne());
  EXPECT_EQ(pending[39].calls(), 1);
  EXPECT_EQ(pending[40].calls(), 0);
  executor_.RunAll();
  EXPECT_EQ(pending[99].calls(), 1);
  EXPECT_EQ(vfs_.log_syncs(), before + 3);
}

TEST_F(SqliteGroupCommitTest, AFullQueueRefusesAllButWhatDeliveriesNeed) {
  Open(/*max_waiting_writes=*/3);
  const std::vector<Pending<std::string>> pending = SetMany("a", 5);
  Pending<Nothing> finished;
  store_->FinishAttempts({}, StatusDone(finished));
  Pending<ClaimedDeliveries> claimed;
  store_->ClaimDeliveries({.webhook_id = 1, .limit = 1}, claimed.done());
  for (const Pending<std::string>& write : pending) EXPECT_EQ(write.calls(), 0);
  executor_.RunAll();

  for (int i = 0; i < 3; ++i) EXPECT_TRUE(pending[static_cast<size_t>(i)].Wait().ok());
  for (const size_t i : {3, 4}) {
    const absl::Status status = pending[i].Wait().status();
    EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr("more than 3 writes"));
  }
  EXPECT_TRUE(finished.Wait().ok());
  EXPECT_TRUE(claimed.Wait().ok());
  EXPECT_EQ(StoredSettings(), 3);
  // There is room again.
  const Pending<std::string> later = Set("b");
  executor_.RunAll();
  EXPECT_TRUE(later.Wait().ok());
}

TEST_F(SqliteGroupCommitTest, AFailedCommitFailsTheWholeBatchAndLeavesNothing) {
  Open();
  vfs_.Fail(FaultVfs::Call::kSync, 1, SQLITE_IOERR_FSYNC);
  const std::vector<Pending<std::string>> pending = SetMany("a", 10);
  executor_.RunAll();
  EXPECT_EQ(vfs_.faults(), 1);
  for (const Pending<std::string>& write : pending) {
    EXPECT_EQ(write.Wait().status().code(), absl::StatusCode::kInternal);
  }
  EXPECT_EQ(StoredSettings(), 0);
  const Pending<std::string> later = Set("b");
  executor_.RunAll();
  EXPECT_TRUE(later.Wait().ok());
  EXPECT_EQ(StoredSettings(), 1);
}

TEST_F(SqliteGroupCommitTest, AFailedCommitLeavesTheCatalogAsItWas) {
  Open();
  const auto create = [&](const std::string& name) {
    Pending<WebhookChange> pending;
    store_->CreateWebhook({.name = name, .url = "https://example.com/"}, std::nullopt,
                          pending.done());
    return pending;
  };
  const auto before = store_->catalog().Current();
  vfs_.Fail(FaultVfs::Call::kSync, 1, SQLITE_IOERR_FSYNC);
  const Pending<WebhookChange> failed = create("a");
  executor_.RunAll();
  EXPECT_FALSE(failed.Wait().ok());
  EXPECT_EQ(store_->catalog().Current(), before);
  const Pending<WebhookChange> later = create("b");
  executor_.RunAll();
  ASSERT_TRUE(later.Wait().ok());
  ASSERT_EQ(store_->catalog().Current()->webhooks().size(), 1u);
  EXPECT_EQ(*store_->catalog().Current()->Find(later.Wait()->webhook.id), later.Wait()->webhook);
  EXPECT_EQ(store_->catalog().Current()->version(), store_->LoadWebhooks()->version);
}

// Where space is only looked for when data goes to the disk: quotas, delayed allocation, networks.
TEST_F(SqliteGroupCommitTest, ADiskMayTurnOutFullWhenItIsSynced) {
  Open();
  vfs_.SetErrno(ENOSPC);
  vfs_.Fail(FaultVfs::Call::kSync, 1, SQLITE_IOERR_FSYNC, /*lasting=*/true);
  const std::vector<Pending<std::string>> pending = SetMany("a", 10);
  executor_.RunAll();
  for (const Pending<std::string>& write : pending) {
    const absl::Status status = write.Wait().status();
    EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr("no space left on its disk"));
  }
  EXPECT_EQ(StoredSettings(), 0);
  vfs_.Heal();
  const Pending<std::string> later = Set("b");
  executor_.RunAll();
  EXPECT_TRUE(later.Wait().ok());
  EXPECT_EQ(StoredSettings(), 1);
}

TEST_F(SqliteGroupCommitTest, AFullDiskRefusesWritesAndThenTakesThemAgain) {
  Open();
  vfs_.Fail(FaultVfs::Call::kWrite, 1, SQLITE_FULL, /*lasting=*/true);
  std::vector<Pending<std::string>> pending = SetMany("a", 10);
  executor_.RunAll();
  for (const Pending<std::string>& write : pending) {
    const absl::Status status = write.Wait().status();
    EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr("no space left"));
  }
  EXPECT_EQ(StoredSettings(), 0);
  // Reading goes on.
  EXPECT_TRUE(store_->LoadWebhooks().ok());

  vfs_.Heal();
  pending = SetMany("a", 10);
  executor_.RunAll();
  for (const Pending<std::string>& write : pending) EXPECT_TRUE(write.Wait().ok());
}

TEST_F(SqliteGroupCommitTest, WhereThereIsRoomForSomeSomeAreStored) {
  Open();
  // Of the batch as a whole the first write to the log fails, of its writes one by one none.
  vfs_.Fail(FaultVfs::Call::kWrite, 1, SQLITE_FULL);
  const std::vector<Pending<std::string>> pending = SetMany("a", 5);
  const int64_t before = vfs_.log_syncs();
  executor_.RunAll();
  for (const Pending<std::string>& write : pending) EXPECT_TRUE(write.Wait().ok());
  EXPECT_EQ(vfs_.log_syncs(), before + 5);
  EXPECT_EQ(StoredSettings(), 5);
}

TEST_F(SqliteGroupCommitTest, StopCommitsWhatWasHandedOver) {
  Open(/*max_waiting_writes=*/30, /*max_batch=*/4);
  const std::vector<Pending<std::string>> pending = SetMany("a", 40);
  store_->Stop();
  for (size_t i = 0; i < pending.size(); ++i) {
    EXPECT_EQ(pending[i].calls(), 1);
    EXPECT_EQ(pending[i].Wait().ok(), i < 30);
  }
  EXPECT_EQ(StoredSettings(), 30);

  const Pending<std::string> late = Set("late");
  EXPECT_EQ(late.calls(), 0);
  EXPECT_TRUE(absl::IsUnavailable(store_->LoadWebhooks().status()));
  EXPECT_TRUE(absl::IsUnavailable(store_->PendingEndpoints().status()));
  store_->Stop();
  // The task that was posted before finds the store stopped, or even gone.
  store_.reset();
  executor_.RunAll();
  EXPECT_TRUE(absl::IsUnavailable(late.Wait().status()));
  EXPECT_EQ(StoredSettings(), 30);
}

TEST_F(SqliteGroupCommitTest, StopAnswersEvenWhenNothingCanBeWritten) {
  Open();
  vfs_.Fail(FaultVfs::Call::kWrite, 1, SQLITE_FULL, /*lasting=*/true);
  const std::vector<Pending<std::string>> pending = SetMany("a", 10);
  store_.reset();
  vfs_.Heal();
  for (const Pending<std::string>& write : pending) {
    EXPECT_EQ(write.calls(), 1);
    EXPECT_TRUE(absl::IsResourceExhausted(write.Wait().status()));
  }
}

TEST_F(SqliteGroupCommitTest, CommitsWhileCallbacksOfTheBatchBeforeRun) {
  ManualExecutor callbacks;
  Open(/*max_waiting_writes=*/5, /*max_batch=*/2, &callbacks);
  std::vector<Pending<std::string>> pending = SetMany("a", 4);
  executor_.RunAll();
  EXPECT_EQ(StoredSettings(), 4);
  for (const Pending<std::string>& write : pending) EXPECT_EQ(write.calls(), 0);

  // What is not answered yet counts as waiting: callbacks that are slow fill no memory.
  for (Pending<std::string>& write : SetMany("b", 2)) pending.push_back(std::move(write));
  executor_.RunAll();
  callbacks.RunAll();
  for (const Pending<std::string>& write : pending) EXPECT_EQ(write.calls(), 1);
  EXPECT_TRUE(pending[4].Wait().ok());
  EXPECT_TRUE(absl::IsResourceExhausted(pending[5].Wait().status()));
  EXPECT_EQ(StoredSettings(), 5);
}

TEST_F(SqliteGroupCommitTest, StopRunsCallbacksThatWait) {
  ManualExecutor callbacks;
  Open(/*max_waiting_writes=*/1'000, /*max_batch=*/1'000, &callbacks);
  const Pending<std::string> committed = Set("a");
  executor_.RunAll();
  const Pending<std::string> waiting = Set("b");
  store_->Stop();
  EXPECT_EQ(committed.calls(), 1);
  EXPECT_EQ(waiting.calls(), 1);
  EXPECT_TRUE(committed.Wait().ok());
  EXPECT_TRUE(waiting.Wait().ok());
  callbacks.RunAll();  // what was posted for them finds nothing
  EXPECT_EQ(committed.calls(), 1);
}

TEST_F(SqliteGroupCommitTest, StopMeetsAWorkingWriter) {
  ThreadExecutor executor;
  ThreadExecutor callbacks;
  for (int round = 0; round < 20; ++round) {
    absl::StatusOr<std::unique_ptr<SqliteStore>> store =
        SqliteStore::Create({.path = dir_ / "threads.db",
                             .writer = executor,
                             .callbacks = round % 2 == 0 ? nullptr : &callbacks,
                             .clock = clock_});
    ASSERT_TRUE(store.ok()) << store.status();
    std::vector<Pending<std::string>> pending(200);
    for (size_t i = 0; i < pending.size(); ++i) {
      (*store)->LoadOrCreateSetting(absl::StrCat(round, " ", i), "x", pending[i].done());
    }
    store->reset();
    for (const Pending<std::string>& write : pending) {
      EXPECT_EQ(write.calls(), 1);
      EXPECT_TRUE(write.Wait().ok());
    }
  }
}

}  // namespace
}  // namespace webhookd
