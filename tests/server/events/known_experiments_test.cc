#include "server/events/known_experiments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "tests/server/events/vectors.h"
#include "tests/testing/blocking_store.h"
#include "tests/testing/manual_executor.h"
#include "tests/testing/simulated_clock.h"
#include "tests/testing/test_store.h"
#include "webhookd/v1/delivery.pb.h"

namespace webhookd {
namespace {

using Durability = KnownExperiments::Durability;
using testing::ElementsAre;

class KnownExperimentsTest : public testing::Test {
 protected:
  KnownExperimentsTest() { Restart({}); }
  ~KnownExperimentsTest() override { writer_.RunAll(); }

  void Restart(KnownExperiments::Options options) {
    writer_.RunAll();
    known_.emplace(options, store_, clock_);
    EXPECT_TRUE(known_->Load().ok());
  }

  // The name of what is known; empty if nothing is.
  std::string NameOf(int32_t id) {
    const auto experiment = known_->Find(id);
    return experiment == nullptr ? "" : experiment->name();
  }

  static v1::Experiment Named(int32_t id, const std::string& name) {
    v1::Experiment experiment;
    experiment.set_id(id);
    experiment.set_name(name);
    return experiment;
  }

  ManualExecutor writer_;
  TestStore store_{writer_};
  SimulatedClock clock_;
  std::optional<KnownExperiments> known_;
};

TEST_F(KnownExperimentsTest, FillsInWhatAReportLeavesOut) {
  v1::Experiment whole = VectorExperiment();
  whole.mutable_webhooks()->add_webhook_name("a");
  known_->Learn(whole, Durability::kLater);
  v1::Experiment bare;
  bare.set_id(41);
  bare.set_trial_id(5);
  const auto merged = known_->Learn(bare, Durability::kLater);
  EXPECT_EQ(merged->name(), whole.name());
  EXPECT_EQ(merged->workspace_id(), 7);
  EXPECT_EQ(merged->trial_id(), 5);
  EXPECT_THAT(merged->webhooks().webhook_name(), ElementsAre("a"));
  bare.mutable_webhooks()->add_webhook_name("b");
  EXPECT_THAT(known_->Learn(bare, Durability::kLater)->webhooks().webhook_name(), ElementsAre("b"));
  EXPECT_FALSE(known_->Find(41)->has_trial_id());
  EXPECT_TRUE(known_->HasTrial(41, 5));
  EXPECT_FALSE(known_->HasTrial(41, 6));
  EXPECT_FALSE(known_->HasTrial(42, 5));
}

TEST_F(KnownExperimentsTest, FindsTheExperimentAndTrialOfATask) {
  known_->Learn(Named(1, "one"), Durability::kLater);
  known_->LearnTask("a", 1, 0);
  known_->LearnTask("b", 1, 9);
  known_->LearnTask("b", 1, 0);  // says nothing of the trial
  known_->LearnTask("c", 2, 0);  // of an experiment that nobody told of
  EXPECT_EQ(known_->FindByTask("a")->name(), "one");
  EXPECT_FALSE(known_->FindByTask("a")->has_trial_id());
  EXPECT_EQ(known_->FindByTask("b")->trial_id(), 9);
  EXPECT_EQ(known_->FindByTask("c"), nullptr);
  EXPECT_EQ(known_->FindByTask("d"), nullptr);
}

TEST_F(KnownExperimentsTest, StoresWhatCameWithReportsManyAtATime) {
  known_->Learn(Named(1, "one"), Durability::kLater);
  for (int i = 2; i <= 100; ++i) known_->Learn(Named(i, "more"), Durability::kLater);
  known_->LearnTask("task", 1, 3);
  EXPECT_EQ(writer_.RunAll(), 4);  // the first, and then all that came meanwhile
  known_->Learn(Named(1, "one"), Durability::kLater);
  known_->LearnTask("task", 1, 3);
  EXPECT_EQ(writer_.RunAll(), 0);  // it was known
  Restart({});
  EXPECT_EQ(NameOf(1), "one");
  EXPECT_EQ(NameOf(100), "more");
  EXPECT_EQ(known_->FindByTask("task")->trial_id(), 3);
}

TEST_F(KnownExperimentsTest, AnEventTellsOfItsExperiment) {
  known_->Learn(Named(1, "one"), Durability::kWithEvent);
  EXPECT_EQ(writer_.RunAll(), 0);
  v1::EventInput input;
  *input.mutable_experiment() = Named(1, "one");
  AcceptEvent(store_,
              {.event_id = "event",
               .experiment_id = 1,
               .accepted_at = clock_.Now(),
               .input = input.SerializeAsString()},
              [](const absl::StatusOr<AcceptedEvent>& accepted) {
                EXPECT_TRUE(accepted.ok()) << accepted.status();
              });
  Restart({});
  EXPECT_EQ(NameOf(1), "one");
}

TEST_F(KnownExperimentsTest, WhatWasPutIsDurableWhenItIsAnswered) {
  v1::PutExperimentRequest request;
  *request.mutable_experiment() = Named(1, "one");
  request.add_tasks()->set_task_id("task");
  request.mutable_tasks(0)->set_trial_id(8);
  request.add_trial_ids(9);
  bool answered = false;
  known_->Put(request, [&](const absl::Status& status) { answered = status.ok(); });
  EXPECT_FALSE(answered);
  writer_.RunAll();
  EXPECT_TRUE(answered);
  Restart({});
  EXPECT_EQ(NameOf(1), "one");
  EXPECT_EQ(known_->FindByTask("task")->trial_id(), 8);
  EXPECT_TRUE(known_->HasTrial(1, 8));
  EXPECT_TRUE(known_->HasTrial(1, 9));
}

TEST_F(KnownExperimentsTest, ForgetsWhatNobodyRefreshes) {
  known_->Learn(Named(1, "one"), Durability::kLater);
  known_->Learn(Named(2, "two"), Durability::kLater);
  known_->LearnTask("task", 2, 0);
  clock_.Advance(absl::Hours(100));
  EXPECT_NE(known_->FindByTask("task"), nullptr);  // a line refreshes, too
  clock_.Advance(absl::Hours(100));
  EXPECT_EQ(NameOf(1), "");
  EXPECT_EQ(NameOf(2), "two");
}

TEST_F(KnownExperimentsTest, AClockThatJumpsMakesNothingBeForgotten) {
  known_->Learn(Named(1, "one"), Durability::kLater);
  writer_.RunAll();
  const absl::Time start = clock_.Now();
  for (const absl::Duration jump : {absl::Hours(24 * 3650), -absl::Hours(24 * 3650)}) {
    clock_.SetWall(start + jump);
    EXPECT_EQ(NameOf(1), "one") << jump;
    known_->Learn(Named(2, "two"), Durability::kLater);
    writer_.RunAll();
  }
  clock_.SetWall(start);
  Restart({});
  EXPECT_EQ(NameOf(1), "one") << "it was deleted";
  EXPECT_EQ(NameOf(2), "two");
}

TEST_F(KnownExperimentsTest, KeepsABoundedNumber) {
  Restart({.max_experiments = 2});
  for (int i = 1; i <= 3; ++i) known_->Learn(Named(i, "x"), Durability::kLater);
  EXPECT_EQ(NameOf(1), "");
  EXPECT_EQ(NameOf(3), "x");
}

}  // namespace
}  // namespace webhookd
