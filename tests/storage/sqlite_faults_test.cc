// A SqliteStore on a disk that fails at any call.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

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

class SqliteFaultsTest : public testing::TestWithParam<FaultVfs::Call> {
 protected:
  absl::StatusOr<std::unique_ptr<SqliteStore>> Open() {
    return SqliteStore::Create({.path = path_,
                                .vfs = vfs_.name(),
                                .writer = executor_,
                                .clock = clock_,
                                .read_connections = 1,
                                .busy_timeout = absl::ZeroDuration()});
  }

  void RemoveDatabase() {
    for (const char* suffix : {"", "-wal", "-shm", "-journal"}) {
      std::filesystem::remove(path_ + suffix);
    }
  }

  // Reports events in one batch and notes what was answered.
  void Accept(Store& store, int count) {
    std::map<std::string, Pending<AcceptedEvent>> results;
    for (int i = 0; i < count; ++i) {
      AcceptEventRequest request;
      request.event_id = absl::StrCat("event ", ++events_);
      request.idempotency_key = absl::StrCat("key of ", request.event_id);
      request.accepted_at = clock_.Now();
      request.first_attempt_at = store.due_clock().Now();
      request.lease_until = store.due_clock().Now() + absl::Minutes(5);
      // Some of it goes to pages of its own.
      request.bodies = {std::make_shared<const std::string>(std::string(3'000, 'b')),
                        std::make_shared<const std::string>("short")};
      request.deliveries = {{.webhook_id = webhook_.id, .body = 0, .claimed = true},
                            {.webhook_id = webhook_.id, .body = 1}};
      AcceptEvent(store, request, results[request.event_id].done());
    }
    executor_.RunAll();
    for (auto& [event_id, pending] : results) {
      ASSERT_EQ(pending.calls(), 1);
      const absl::StatusOr<AcceptedEvent> accepted = pending.Wait();
      if (accepted.ok()) {
        acknowledged_.insert(event_id);
        for (const AcceptedDelivery& delivery : accepted->deliveries) {
          deliveries_.push_back(delivery.delivery_id);
        }
      }
    }
  }

  // A bit of everything. Reads may fail, but may not be wrong.
  void Work(Store& store) {
    if (webhook_.id == 0) {
      Pending<WebhookChange> created;
      WebhookRecord webhook;
      webhook.name = "a";
      webhook.url = "https://example.com/";
      store.CreateWebhook(webhook, std::nullopt, created.done());
      executor_.RunAll();
      if (!created.Wait().ok()) return;
      webhook_ = created.Wait()->webhook;
    }
    Accept(store, 3);
    Pending<ClaimedDeliveries> claimed;
    store.ClaimDeliveries(
        {webhook_.id, store.due_clock().Now(), store.due_clock().Now() + absl::Minutes(5), 10},
        claimed.done());
    executor_.RunAll();
    if (!deliveries_.empty()) {
      const int64_t id = deliveries_.back();
      Pending<Nothing> finished;
      store.FinishAttempts({{.delivery_id = id,
                             .attempt = {.number = 1, .status = 200},
                             .state = DeliveryState::kDelivered}},
                           StatusDone(finished));
      executor_.RunAll();
      if (finished.Wait().ok()) finished_.insert(id);
    }
    Accept(store, 1);
    ExpectAcknowledged(store);
    store.PendingEndpoints().status().IgnoreError();
  }

  void ExpectAcknowledged(Store& store) {
    const auto listed = store.ListDeliveries({.limit = 1'000, .now = clock_.Now()});
    if (listed.ok()) {
      std::set<std::string> events;
      for (const DeliveryRecord& delivery : listed->deliveries) {
        events.insert(delivery.event_id);
      }
      EXPECT_EQ(events, acknowledged_);
      EXPECT_EQ(listed->deliveries.size(), 2 * acknowledged_.size());
    }
    for (const int64_t id : finished_) {
      const auto details = store.GetDelivery(id);
      if (!details.ok()) continue;
      EXPECT_EQ(details->delivery.state, DeliveryState::kDelivered);
      EXPECT_EQ(details->attempts.size(), 1u);
    }
  }

  // After the fault: the store works without a restart, and nothing is half-there.
  void ExpectHealthy(std::unique_ptr<SqliteStore> store) {
    const size_t before = acknowledged_.size();
    Work(*store);
    EXPECT_EQ(acknowledged_.size(), before + 4);
    const auto listed = store->ListDeliveries({});
    EXPECT_TRUE(listed.ok()) << listed.status();
    const auto webhooks = store->LoadWebhooks();
    ASSERT_TRUE(webhooks.ok()) << webhooks.status();
    EXPECT_EQ(store->catalog().Current()->version(), webhooks->version);
    EXPECT_EQ(store->catalog().Current()->webhooks().size(), webhooks->webhooks.size());
    store.reset();
    SqliteProbe(path_).ExpectConsistent();
    ExpectReopens();
  }

  void ExpectReopens() {
    auto store = Open();
    ASSERT_TRUE(store.ok()) << store.status();
    ASSERT_TRUE((*store)->ListDeliveries({}).ok());
    ExpectAcknowledged(**store);
  }

  void Forget() {
    RemoveDatabase();
    webhook_ = {};
    acknowledged_.clear();
    finished_.clear();
    deliveries_.clear();
  }

  // Runs `round` with every error at every call of the kind in turn, until none is left that fails.
  // `unused` are the kinds of which there is no call at all.
  template <typename Round>
  void WithEveryFault(const std::set<FaultVfs::Call>& unused, Round round) {
    const std::vector<FaultVfs::Fault> faults = FaultVfs::FaultsOf(GetParam());
    const size_t rounds = FaultVfs::ForEveryCall(faults, [&](FaultVfs::Fault fault, int64_t nth) {
      if (HasFailure()) return false;
      SCOPED_TRACE(absl::StrCat("code ", fault.code, " at call number ", nth,
                                fault.lasting ? " and later" : ""));
      Forget();
      bool failed = true;
      round([&] { vfs_.Fail(GetParam(), nth, fault.code, fault.lasting); },
            [&] {
              failed = vfs_.faults() > 0;
              vfs_.Heal();
            });
      return failed;
    });
    EXPECT_EQ(rounds == faults.size(), unused.contains(GetParam()));
  }

  TempDir dir_;
  const std::string path_ = dir_ / "webhookd.db";
  SimulatedClock clock_;
  FaultVfs vfs_;
  ManualExecutor executor_;

  WebhookRecord webhook_;
  int events_ = 0;
  std::set<std::string> acknowledged_;
  std::set<int64_t> finished_;
  std::vector<int64_t> deliveries_;
};

TEST_P(SqliteFaultsTest, WhileItIsOpened) {
  WithEveryFault({FaultVfs::Call::kTruncate}, [&](auto break_disk, auto heal_disk) {
    break_disk();
    auto store = Open();
    heal_disk();
    if (!store.ok()) {
      SqliteProbe(path_).Column("PRAGMA integrity_check");
      store = Open();
    }
    ASSERT_TRUE(store.ok()) << store.status();
    ExpectHealthy(*std::move(store));
  });
}

TEST_P(SqliteFaultsTest, WhileItWorks) {
  using enum FaultVfs::Call;
  // Every connection is open, with its log, from the start on.
  const std::set<FaultVfs::Call> unused = {kOpen, kAccess, kDelete,       kTruncate, kFileSize,
                                           kLock, kUnlock, kSharedMemory, kClose};
  WithEveryFault(unused, [&](auto break_disk, auto heal_disk) {
    auto store = Open();
    ASSERT_TRUE(store.ok()) << store.status();
    break_disk();
    Work(**store);
    heal_disk();
    if (GetParam() == kRead && absl::IsDataLoss((*store)->CheckHealth())) {
      // A file system that tells of damage is believed until the next start.
      store->reset();
      store = Open();
      ASSERT_TRUE(store.ok()) << store.status();
    }
    ExpectHealthy(*std::move(store));
  });
}

TEST_P(SqliteFaultsTest, WhileItIsClosed) {
  using enum FaultVfs::Call;
  WithEveryFault({kOpen, kAccess, kSharedMemory}, [&](auto break_disk, auto heal_disk) {
    auto store = Open();
    ASSERT_TRUE(store.ok()) << store.status();
    Work(**store);
    break_disk();
    store->reset();
    heal_disk();
    SqliteProbe(path_).ExpectConsistent();
    ExpectReopens();
  });
}

INSTANTIATE_TEST_SUITE_P(All, SqliteFaultsTest, testing::ValuesIn(FaultVfs::kCalls),
                         [](const auto& call) {
                           return std::string(FaultVfs::NameOf(call.param));
                         });

}  // namespace
}  // namespace webhookd
