#include "server/delivery/recorder.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "tests/testing/blocking_store.h"
#include "tests/testing/manual_executor.h"
#include "tests/testing/simulated_clock.h"
#include "tests/testing/test_store.h"

namespace webhookd {
namespace {

class RecorderTest : public ::testing::Test {
 protected:
  // There are deliveries with the numbers from 1 to 8.
  RecorderTest() {
    const WebhookRecord webhook = store_.AddWebhook({.name = "a", .url = "https://example.com/"});
    AcceptEventRequest request = {.event_id = "event", .accepted_at = clock_.Now()};
    request.bodies = {std::make_shared<const std::string>("{}")};
    request.deliveries.resize(8, {.webhook_id = webhook.id});
    AcceptEvent(store_, std::move(request), [](const absl::StatusOr<AcceptedEvent>& accepted) {
      EXPECT_TRUE(accepted.ok()) << accepted.status();
    });
    writer_.RunAll();
  }

  static EndedAttempt Attempt(int64_t delivery_id) {
    return {.webhook_id = 1, .finished = {.delivery_id = delivery_id, .attempt = {.number = 1}}};
  }

  // Runs the store and hands its answers to the recorder.
  void Run() {
    writer_.RunAll();
    for (Inbox::Task& task : inbox_->Take()) std::move(task)();
  }

  SimulatedClock clock_;
  ManualExecutor writer_;
  TestStore store_{writer_};
  std::shared_ptr<Inbox> inbox_ = std::make_shared<Inbox>([] {});
  std::vector<int64_t> recorded_;
  std::vector<int> numbers_;  // of their attempts
  Recorder recorder_{store_, clock_, inbox_, [this](const EndedAttempt& ended) {
                       recorded_.push_back(ended.finished.delivery_id);
                       numbers_.push_back(ended.finished.attempt.number);
                     }};
};

TEST_F(RecorderTest, WhatEndsWhileABatchIsWrittenMakesTheNext) {
  recorder_.Add(Attempt(1));
  recorder_.Flush();
  recorder_.Add(Attempt(2));
  recorder_.Add(Attempt(3));
  recorder_.Flush();
  EXPECT_EQ(store_.finish_batches().size(), 1);
  EXPECT_FALSE(recorder_.idle());
  Run();
  recorder_.Flush();
  Run();
  EXPECT_EQ(store_.finish_batches(), (std::vector<size_t>{1, 2}));
  EXPECT_EQ(recorded_, (std::vector<int64_t>{1, 2, 3}));
  EXPECT_TRUE(recorder_.idle());
}

TEST_F(RecorderTest, WhatTheStoreDoesNotTakeIsKeptAndTriedAgain) {
  store_.FailFinish(absl::ResourceExhaustedError("the disk is full"));
  recorder_.Add(Attempt(1));
  recorder_.Flush();
  Run();
  EXPECT_TRUE(recorded_.empty());
  EXPECT_FALSE(recorder_.idle());
  recorder_.Flush();
  EXPECT_EQ(store_.finish_batches().size(), 1) << "it hammers the store";
  const absl::Duration wait = recorder_.NextFlushIn(clock_.Steady());
  EXPECT_GT(wait, absl::ZeroDuration());
  clock_.Advance(wait);
  recorder_.Flush();
  Run();
  EXPECT_EQ(recorded_, (std::vector<int64_t>{1}));
}

TEST_F(RecorderTest, ARecordThatIsNeverTakenHoldsUpNoOther) {
  store_.RefuseFinishOf(3);
  for (int64_t id = 1; id <= 8; ++id) recorder_.Add(Attempt(id));
  for (int i = 0; i < 30; ++i) {
    recorder_.Flush();
    Run();
    clock_.Advance(absl::Seconds(1));
  }
  EXPECT_EQ(recorded_.size(), 7);
  EXPECT_EQ(recorder_.waiting(), 1);
}

TEST_F(RecorderTest, AttemptsOfOneDeliveryKeepTheirOrderWhenTheStoreFails) {
  EndedAttempt first = Attempt(1);
  EndedAttempt second = Attempt(1);
  second.finished.attempt.number = 2;
  store_.FailFinish(absl::ResourceExhaustedError("the disk is full"));
  recorder_.Add(first);
  recorder_.Flush();
  recorder_.Add(Attempt(2));
  recorder_.Add(second);
  Run();
  for (int i = 0; i < 10 && !recorder_.idle(); ++i) {
    clock_.Advance(absl::Seconds(1));
    recorder_.Flush();
    Run();
  }
  EXPECT_EQ(recorded_, (std::vector<int64_t>{2, 1, 1}));
  EXPECT_EQ(numbers_, (std::vector<int>{1, 1, 2}));
}

}  // namespace
}  // namespace webhookd
