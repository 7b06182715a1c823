// Changes of many deliveries, which a SqliteStore makes in steps.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "storage/sqlite/delivery_jobs.h"
#include "storage/sqlite/sqlite_store.h"
#include "tests/storage/sqlite_probe.h"
#include "tests/testing/blocking_store.h"
#include "tests/testing/fault_vfs.h"
#include "tests/testing/manual_executor.h"
#include "tests/testing/simulated_clock.h"
#include "tests/testing/temp_dir.h"

namespace webhookd {
namespace {

using testing::AllOf;
using testing::Ge;
using testing::Le;

constexpr int kMany = 3 * sqlite::kStepDeliveries + 7;

class SqliteJobsTest : public testing::Test {
 protected:
  SqliteJobsTest() { Open(); }

  void Open() {
    store_.reset();
    auto store = SqliteStore::Create(
        {.path = path_, .vfs = vfs_.name(), .writer = executor_, .clock = clock_});
    ASSERT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
  }

  // The result of a write that is done at once.
  template <typename T>
  absl::StatusOr<T> Run(Pending<T> pending) {
    executor_.RunAll();
    return pending.Wait();
  }

  void CreateWebhook() {
    WebhookRecord webhook;
    webhook.name = absl::StrCat("webhook ", ++webhooks_);
    webhook.url = "https://example.com/";
    Pending<WebhookChange> created;
    store_->CreateWebhook(webhook, std::nullopt, created.done());
    const auto change = Run(created);
    ASSERT_TRUE(change.ok()) << change.status();
    webhook_id_ = change->webhook.id;
  }

  // An event with so many deliveries. Gives their ids.
  std::vector<int64_t> Accept(int count, bool skipped = false) {
    Pending<AcceptedEvent> accepted = StartAccepting(count, skipped);
    const auto event = Run(accepted);
    EXPECT_TRUE(event.ok()) << event.status();
    std::vector<int64_t> ids;
    if (event.ok()) {
      for (const AcceptedDelivery& delivery : event->deliveries) {
        ids.push_back(delivery.delivery_id);
      }
    }
    return ids;
  }
  Pending<AcceptedEvent> StartAccepting(int count, bool skipped = false) {
    AcceptEventRequest request;
    request.event_id = absl::StrCat("event ", ++events_);
    request.accepted_at = clock_.Now();
    request.bodies = {std::make_shared<const std::string>("body")};
    request.deliveries.assign(count,
                              {.webhook_id = webhook_id_, .trigger_id = 1, .skipped = skipped});
    Pending<AcceptedEvent> accepted;
    AcceptEvent(*store_, request, accepted.done());
    return accepted;
  }

  void Fail(const std::vector<int64_t>& ids) {
    std::vector<FinishedAttempt> attempts;
    for (const int64_t id : ids) {
      attempts.push_back({.delivery_id = id,
                          .attempt = {.number = 1, .status = 500, .error_class = "http_status"},
                          .state = DeliveryState::kFailed});
    }
    Pending<Nothing> finished;
    store_->FinishAttempts(attempts, StatusDone(finished));
    ASSERT_TRUE(Run(finished).ok());
  }

  int64_t InState(DeliveryState state) {
    return SqliteProbe(path_).Int(
        absl::StrCat("SELECT count(*) FROM deliveries WHERE state = ", static_cast<int>(state)));
  }
  int64_t Jobs() { return SqliteProbe(path_).Int("SELECT count(*) FROM delivery_jobs"); }

  Pending<int64_t> StartReplay(ReplayRequest request = {}) {
    request.webhook_id = webhook_id_;
    request.now = clock_.Now();
    Pending<int64_t> replayed;
    store_->Replay(request, replayed.done());
    return replayed;
  }

  // Runs tasks until some, but not all, of `count` deliveries are in `state`.
  void RunUntilSomeAre(DeliveryState state, int64_t count) {
    while (InState(state) == 0) ASSERT_TRUE(executor_.RunOne());
    ASSERT_LT(InState(state), count);
  }

  TempDir dir_;
  const std::string path_ = dir_ / "webhookd.db";
  SimulatedClock clock_;
  FaultVfs vfs_;
  ManualExecutor executor_;
  std::unique_ptr<SqliteStore> store_;
  int32_t webhook_id_ = 0;
  int webhooks_ = 0;
  int events_ = 0;
};

TEST_F(SqliteJobsTest, AReplayLetsOtherWritesThroughBetweenItsSteps) {
  CreateWebhook();
  Fail(Accept(kMany));
  Pending<int64_t> replayed = StartReplay();
  RunUntilSomeAre(DeliveryState::kPending, kMany);
  Pending<AcceptedEvent> accepted = StartAccepting(1);
  while (accepted.calls() == 0) ASSERT_TRUE(executor_.RunOne());
  EXPECT_TRUE(accepted.Wait().ok());
  EXPECT_EQ(replayed.calls(), 0);
  EXPECT_LT(InState(DeliveryState::kPending), kMany);
  EXPECT_EQ(Run(replayed).value_or(-1), kMany);
  EXPECT_EQ(InState(DeliveryState::kPending), kMany + 1);
  EXPECT_EQ(Jobs(), 0);
}

TEST_F(SqliteJobsTest, AReplayTakesWhatWasAskedForAndNothingElse) {
  CreateWebhook();
  const absl::Time start = clock_.Now();
  Fail(Accept(kMany));
  Accept(kMany, /*skipped=*/true);
  clock_.Advance(absl::Seconds(10));
  Fail(Accept(3));
  const std::vector<int64_t> delivered = Accept(2);
  Pending<Nothing> finished;
  store_->FinishAttempts({{.delivery_id = delivered[0],
                           .attempt = {.number = 1, .status = 200},
                           .state = DeliveryState::kDelivered}},
                         StatusDone(finished));
  ASSERT_TRUE(Run(finished).ok());

  EXPECT_EQ(Run(StartReplay({.created_from = start + absl::Seconds(10)})).value_or(-1), 3);
  EXPECT_EQ(InState(DeliveryState::kFailed), kMany);
  EXPECT_EQ(Run(StartReplay({.created_before = start + absl::Seconds(10), .include_skipped = true}))
                .value_or(-1),
            2 * kMany);
  EXPECT_EQ(InState(DeliveryState::kDelivered), 1);
  EXPECT_EQ(InState(DeliveryState::kPending), 2 * kMany + 3 + 1);
}

// Once: a receiver that fails again at once must not be asked for ever.
TEST_F(SqliteJobsTest, WhatFailsAgainMeanwhileIsNotReplayedAgain) {
  CreateWebhook();
  const std::vector<int64_t> ids = Accept(kMany);
  Fail(ids);
  Pending<int64_t> replayed = StartReplay();
  RunUntilSomeAre(DeliveryState::kPending, kMany);
  Fail({ids.back()});  // the newest, which comes first
  EXPECT_EQ(Run(replayed).value_or(-1), kMany);
  EXPECT_EQ(InState(DeliveryState::kFailed), 1);
}

TEST_F(SqliteJobsTest, AReplayGoesOnAfterARestart) {
  CreateWebhook();
  Fail(Accept(kMany));
  Pending<int64_t> replayed = StartReplay();
  RunUntilSomeAre(DeliveryState::kPending, kMany);
  Open();
  EXPECT_EQ(replayed.calls(), 1);
  EXPECT_TRUE(absl::IsUnavailable(replayed.Wait().status())) << replayed.Wait().status();
  executor_.RunAll();
  EXPECT_EQ(InState(DeliveryState::kPending), kMany);
  EXPECT_EQ(Jobs(), 0);
}

TEST_F(SqliteJobsTest, AReplayGoesOnAfterAnErrorOfTheDisk) {
  CreateWebhook();
  Fail(Accept(kMany));
  Pending<int64_t> replayed = StartReplay();
  RunUntilSomeAre(DeliveryState::kPending, kMany);
  vfs_.Fail(FaultVfs::Call::kSync, 1, SQLITE_FULL, /*lasting=*/true);
  EXPECT_TRUE(absl::IsResourceExhausted(Run(replayed).status()));
  vfs_.Heal();
  EXPECT_LT(InState(DeliveryState::kPending), kMany);
  EXPECT_TRUE(store_->CheckHealth().ok());
  executor_.RunAll();
  EXPECT_EQ(InState(DeliveryState::kPending), kMany);
}

TEST_F(SqliteJobsTest, ADeletionHoldsAtOnceAndCancelsInSteps) {
  CreateWebhook();
  Accept(kMany);
  Pending<WebhookDeletion> deleted;
  store_->DeleteWebhook(webhook_id_, clock_.Now(), std::nullopt, deleted.done());
  while (deleted.calls() == 0) ASSERT_TRUE(executor_.RunOne());
  EXPECT_EQ(deleted.Wait()->canceled_deliveries, kMany);
  EXPECT_THAT(InState(DeliveryState::kPending), AllOf(Ge(1), Le(kMany - 1)));
  EXPECT_TRUE(store_->PendingEndpoints()->empty());
  Pending<ClaimedDeliveries> claimed;
  store_->ClaimDeliveries({webhook_id_, clock_.Now(), clock_.Now() + absl::Minutes(5), 10},
                          claimed.done());
  while (claimed.calls() == 0) ASSERT_TRUE(executor_.RunOne());
  EXPECT_TRUE(claimed.Wait()->deliveries.empty());

  Open();
  executor_.RunAll();
  EXPECT_EQ(InState(DeliveryState::kCanceled), kMany);
  EXPECT_EQ(Jobs(), 0);
}

TEST_F(SqliteJobsTest, ADeletionEndsAReplayUnderWay) {
  CreateWebhook();
  Fail(Accept(kMany));
  Pending<int64_t> replayed = StartReplay();
  RunUntilSomeAre(DeliveryState::kPending, kMany);
  Pending<WebhookDeletion> deleted;
  store_->DeleteWebhook(webhook_id_, clock_.Now(), std::nullopt, deleted.done());
  executor_.RunAll();
  EXPECT_THAT(replayed.Wait().value_or(-1), AllOf(Ge(1), Le(kMany - 1)));
  EXPECT_EQ(InState(DeliveryState::kPending), 0);
  EXPECT_EQ(InState(DeliveryState::kCanceled) + InState(DeliveryState::kFailed), kMany);
}

}  // namespace
}  // namespace webhookd
