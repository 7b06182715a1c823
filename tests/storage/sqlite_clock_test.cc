// What time it is for the store, over restarts and jumps of the wall clock.

#include <gtest/gtest.h>

#include <memory>
#include <optional>

#include "absl/strings/str_cat.h"
#include "storage/sqlite/sqlite_store.h"
#include "tests/storage/sqlite_probe.h"
#include "tests/testing/blocking_store.h"
#include "tests/testing/manual_executor.h"
#include "tests/testing/simulated_clock.h"
#include "tests/testing/temp_dir.h"

namespace webhookd {
namespace {

constexpr absl::Duration kTenYears = absl::Hours(24 * 3'650);

class SqliteClockTest : public ::testing::Test {
 protected:
  SqliteClockTest() { Open(); }

  void Open() {
    auto created = SqliteStore::Create(
        {.path = directory_ / "webhookd.db", .writer = writer_, .clock = clock_});
    ASSERT_TRUE(created.ok()) << created.status();
    store_ = *std::move(created);
  }

  // Ends the process and begins another when the wall clock shows `wall`.
  void RestartAt(absl::Time wall) {
    store_.reset();
    clock_.SetWall(wall);
    Open();
  }

  // Stores a webhook with a delivery that waits so long for its second attempt.
  int64_t AddRetry(absl::Duration wait) {
    std::optional<WebhookChange> change;
    store_->CreateWebhook({.name = absl::StrCat("webhook ", ++webhooks_),
                           .url = "http://10.0.0.1/",
                           .created_at = clock_.Now(),
                           .triggers = {{.condition_json = R"({"state":"COMPLETED"})"}}},
                          std::nullopt, [&change](absl::StatusOr<WebhookChange> created) {
                            ASSERT_TRUE(created.ok()) << created.status();
                            change = *std::move(created);
                          });
    writer_.RunAll();
    webhook_id_ = change->webhook.id;
    AcceptEventRequest request = {
        .event_id = absl::StrCat("event ", webhooks_),
        .event_type = "EXPERIMENT_STATE_CHANGE",
        .occurred_at = clock_.Now(),
        .accepted_at = clock_.Now(),
        .first_attempt_at = store_->due_clock().Now(),
        .bodies = {std::make_shared<const std::string>("{}")},
        .deliveries = {{.webhook_id = webhook_id_, .trigger_id = change->webhook.triggers[0].id}}};
    int64_t id = 0;
    AcceptEvent(*store_, std::move(request), [&id](absl::StatusOr<AcceptedEvent> accepted) {
      ASSERT_TRUE(accepted.ok()) << accepted.status();
      id = accepted->deliveries[0].delivery_id;
    });
    writer_.RunAll();
    store_->FinishAttempts({{.delivery_id = id,
                             .attempt = {.number = 1, .error_class = "connect"},
                             .next_attempt_at = store_->due_clock().Now() + wait,
                             .schedule_step = 1}},
                           [](const absl::Status& status) { EXPECT_TRUE(status.ok()) << status; });
    writer_.RunAll();
    return id;
  }

  // Claims what is due of the last webhook; gives how long the next one waits, zero for one that is
  // claimed.
  absl::Duration Wait() {
    absl::Duration wait = absl::ZeroDuration();
    store_->ClaimDeliveries({.webhook_id = webhook_id_,
                             .now = store_->due_clock().Now(),
                             .lease_until = store_->due_clock().Now() + absl::Minutes(5),
                             .limit = 10},
                            [&wait, this](const absl::StatusOr<ClaimedDeliveries>& claimed) {
                              ASSERT_TRUE(claimed.ok()) << claimed.status();
                              if (claimed->deliveries.empty()) {
                                wait = claimed->next_attempt_at - store_->due_clock().Now();
                              }
                            });
    writer_.RunAll();
    return wait;
  }

  TempDir directory_;
  SimulatedClock clock_;
  ManualExecutor writer_;
  std::unique_ptr<SqliteStore> store_;
  int32_t webhook_id_ = 0;  // of the last one
  int webhooks_ = 0;
};

TEST_F(SqliteClockTest, WhoeverSetsTheWallClockMovesNothing) {
  AddRetry(absl::Hours(14));
  for (const absl::Duration jump : {kTenYears, -3 * kTenYears, absl::Hours(1), kTenYears}) {
    clock_.SetWall(clock_.Now() + jump);
    EXPECT_EQ(Wait(), absl::Hours(14));
  }
  clock_.Advance(absl::Hours(13));
  EXPECT_EQ(Wait(), absl::Hours(1));
  clock_.Advance(absl::Hours(1));
  EXPECT_EQ(Wait(), absl::ZeroDuration());
}

TEST_F(SqliteClockTest, WhatIsStoredWhileItIsWrongWaitsAsLong) {
  clock_.SetWall(clock_.Now() + kTenYears);
  AddRetry(absl::Minutes(10));
  clock_.SetWall(clock_.Now() - 2 * kTenYears);
  EXPECT_EQ(Wait(), absl::Minutes(10));
}

TEST_F(SqliteClockTest, TheWallClockIsSetWhileAWriteWaits) {
  AddRetry(absl::Hours(14));
  for (const absl::Duration jump : {kTenYears, -3 * kTenYears}) {
    absl::Time next = absl::InfinitePast();
    store_->ClaimDeliveries({.webhook_id = webhook_id_,
                             .now = store_->due_clock().Now(),
                             .lease_until = store_->due_clock().Now() + absl::Minutes(5),
                             .limit = 10},
                            [&next](const absl::StatusOr<ClaimedDeliveries>& claimed) {
                              ASSERT_TRUE(claimed.ok()) << claimed.status();
                              EXPECT_TRUE(claimed->deliveries.empty());
                              next = claimed->next_attempt_at;
                            });
    clock_.SetWall(clock_.Now() + jump);
    writer_.RunAll();
    EXPECT_EQ(next - store_->due_clock().Now(), absl::Hours(14));
  }
}

// What a new process is told of what waits is by the same clock as what it claims.
TEST_F(SqliteClockTest, WhatWaitsIsFoundAfterTheWallClockWentBack) {
  const absl::Time right = clock_.Now();
  RestartAt(right + kTenYears);
  AddRetry(absl::Minutes(10));
  RestartAt(right);
  const auto waiting = store_->PendingEndpoints();
  ASSERT_TRUE(waiting.ok()) << waiting.status();
  ASSERT_EQ(waiting->size(), 1u);
  EXPECT_LE((*waiting)[0].next_attempt_at - store_->due_clock().Now(), absl::Minutes(10));
}

TEST_F(SqliteClockTest, WhileNoProcessRunsThingsFallDue) {
  AddRetry(absl::Hours(14));
  RestartAt(clock_.Now() + absl::Hours(5));
  EXPECT_EQ(Wait(), absl::Hours(9));
  RestartAt(clock_.Now() + kTenYears);
  EXPECT_EQ(Wait(), absl::ZeroDuration());
}

// What was stored while the wall clock was ahead does not wait for it to get there again.
TEST_F(SqliteClockTest, ARestartAfterTheWallClockWentBackGoesOn) {
  const absl::Time right = clock_.Now();
  RestartAt(right + kTenYears);
  AddRetry(absl::Minutes(10));
  RestartAt(right + absl::Minutes(1));
  EXPECT_LE(Wait(), absl::Minutes(10));
  EXPECT_GE(Wait(), absl::Minutes(9));
  clock_.Advance(absl::Minutes(10));
  EXPECT_EQ(Wait(), absl::ZeroDuration());
}

TEST_F(SqliteClockTest, WhatAnEarlierVersionStoredForAnotherDecadeIsDue) {
  AddRetry(absl::Minutes(10));
  store_.reset();
  SqliteProbe(directory_ / "webhookd.db")
      .Execute(absl::StrCat("UPDATE deliveries SET next_attempt_at = next_attempt_at + ",
                            absl::ToInt64Microseconds(kTenYears),
                            "; UPDATE store_state SET due_clock = NULL, wall_clock = NULL"));
  Open();
  EXPECT_EQ(Wait(), absl::ZeroDuration());
}

TEST_F(SqliteClockTest, NoWebhookFailsWhileNoProcessRuns) {
  AddRetry(absl::Minutes(10));
  const absl::Duration failing = absl::Hours(3);
  clock_.Advance(failing);
  store_->SetFailingSince(webhook_id_, clock_.Now() - failing,
                          [](const absl::Status& status) { EXPECT_TRUE(status.ok()) << status; });
  writer_.RunAll();
  for (const absl::Duration gap : {absl::Hours(24 * 30), kTenYears, -2 * kTenYears}) {
    RestartAt(clock_.Now() + gap);
    EXPECT_EQ(clock_.Now() - *store_->LoadWebhooks()->webhooks[0].failing_since, failing);
  }
}

}  // namespace
}  // namespace webhookd
