#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "determined/experiment/v1/experiment.pb.h"
#include "server/events/event_router.h"
#include "tests/server/events/vectors.h"
#include "tests/server/events/webhooks.h"
#include "tests/testing/manual_executor.h"
#include "tests/testing/seeded_random.h"
#include "tests/testing/simulated_clock.h"
#include "tests/testing/test_store.h"

// What the router does with lines and metrics when the store fails or others are quicker.
namespace webhookd {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class TriggerReportsTest : public testing::Test {
 protected:
  TriggerReportsTest() { Restart(); }

  void Restart() {
    router_.emplace(EventRouter::Options{},
                    EventRouter::Dependencies{
                        .store = store_,
                        .clock = clock_,
                        .random = random_,
                        .wake = [this](WakeUp wake_up) { woken_ += wake_up.claimed.size(); },
                        .reserve =
                            [this](int64_t count) {
                              held_ += count;
                              return true;
                            }});
    EXPECT_TRUE(router_->Load().ok());
  }

  void Listen(const std::string& name, TriggerType type, const std::string& condition) {
    WebhookRecord webhook = Webhook(name, {});
    webhook.triggers = {{.type = type, .condition_json = condition}};
    store_.AddWebhook(std::move(webhook));
  }

  absl::StatusOr<v1::ReportTaskLogsResponse> ReportLine(const std::string& line) {
    v1::ReportTaskLogsRequest request;
    request.add_logs()->set_task_id("task");
    request.mutable_logs(0)->set_log(line);
    absl::StatusOr<v1::ReportTaskLogsResponse> answer = absl::InternalError("no answer");
    router_->ReportTaskLogs(caller_, request,
                            [&answer](auto result) { answer = std::move(result); });
    writer_.RunAll();
    return answer;
  }

  absl::StatusOr<v1::ReportMetricsResponse> ReportMetric(double value, std::string key = "") {
    v1::ReportMetricsRequest request;
    request.set_idempotency_key(key);
    *request.mutable_experiment() = VectorExperiment();
    request.mutable_experiment()->set_trial_id(7);
    request.set_group("training");
    request.add_metrics()->set_name("loss");
    request.mutable_metrics(0)->set_value(value);
    absl::StatusOr<v1::ReportMetricsResponse> answer = absl::InternalError("no answer");
    router_->ReportMetrics(caller_, request,
                           [&answer](auto result) { answer = std::move(result); });
    writer_.RunAll();
    return answer;
  }

  std::string caller_ = "master";
  ManualExecutor writer_;
  TestStore store_{writer_};
  SimulatedClock clock_;
  SeededRandom random_;
  size_t woken_ = 0;
  int64_t held_ = 0;
  std::optional<EventRouter> router_;
};

TEST_F(TriggerReportsTest, ALineThatFiresNothingIsNoWrite) {
  Listen("a", TriggerType::kTaskLog, R"({"regex":"x"})");
  EXPECT_EQ(ReportLine("y")->delivery_count(), 0);
  EXPECT_THAT(store_.accept_requests(), IsEmpty());
  EXPECT_EQ(ReportLine("x")->delivery_count(), 1);
  EXPECT_THAT(store_.accept_requests(), SizeIs(1));
  // What this process has seen fire costs none either.
  EXPECT_EQ(ReportLine("x")->delivery_count(), 0);
  EXPECT_THAT(store_.accept_requests(), SizeIs(1));
  EXPECT_EQ(woken_, 1);
  EXPECT_EQ(held_, 1);
}

TEST_F(TriggerReportsTest, APrintedConfigurationFiresNothingAndTheRealLineStillDoes) {
  Listen("a", TriggerType::kTaskLog, R"({"regex":"(?i)cuda out of memory"})");
  Listen("b", TriggerType::kTaskLog, R"({"regex":"CUDA.*memory"})");
  EXPECT_EQ(
      ReportLine(R"([29] root: New trial runner in (container c) on agent a: {"debug": false, )"
                 R"("log_policies": [{"pattern": "CUDA out of memory"}], "name": "n"})"
                 "\n")
          ->delivery_count(),
      0);
  EXPECT_EQ(ReportLine("RuntimeError: CUDA out of memory. Tried to allocate\n")->delivery_count(),
            2);
}

TEST_F(TriggerReportsTest, AShippedLineMatchesToItsEndAndIsToldAsItWasSent) {
  Listen("a", TriggerType::kTaskLog, R"({"regex":"memory$"})");
  EXPECT_EQ(ReportLine("RuntimeError: CUDA out of memory\n")->delivery_count(), 1);
  ASSERT_THAT(store_.accept_requests(), SizeIs(1));
  EXPECT_THAT(*store_.accept_requests()[0].bodies[0],
              HasSubstr(R"("triggering_log":"RuntimeError: CUDA out of memory\n"})"));
}

TEST_F(TriggerReportsTest, WhatWasWrongWithALineIsToldAndCostsNothing) {
  Listen("a", TriggerType::kTaskLog, R"({"regex":"x"})");
  v1::ReportTaskLogsRequest request;
  *request.mutable_experiment() = VectorExperiment();
  request.mutable_experiment()->mutable_end_time()->set_seconds(1);
  determined::task::v1::TaskLog& log = *request.add_logs();
  log.set_task_id("task");
  log.set_log("x");
  log.set_level(static_cast<determined::log::v1::LogLevel>(40));
  log.mutable_timestamp()->set_nanos(-1);
  router_->ReportTaskLogs(caller_, request, [](const auto& result) {
    EXPECT_EQ(result->delivery_count(), 1) << result.status();
  });
  writer_.RunAll();
  ASSERT_THAT(store_.accept_requests(), SizeIs(1));
  const AcceptEventRequest stored = store_.accept_requests()[0];
  EXPECT_EQ(stored.occurred_at, clock_.Now());
  v1::EventInput input;
  ASSERT_TRUE(input.ParseFromString(stored.input));
  EXPECT_THAT(input.corrections(),
              ElementsAre(HasSubstr("end_time 1970-01-01T00:00:01+00:00 is before start_time"),
                          HasSubstr("timestamp has 0 seconds and -1"), HasSubstr("level is 40")));
}

TEST_F(TriggerReportsTest, OfALongLineTheBeginningIsMatchedKeptAndSaidToBe) {
  Listen("a", TriggerType::kTaskLog, R"({"regex":"needle"})");
  // The 16,384th byte is the first of a character's two.
  const std::string beginning = std::string(16'377, '.') + "needle";
  EXPECT_EQ(ReportLine(std::string(16'379, '.') + "needle")->delivery_count(), 0);
  EXPECT_EQ(ReportLine(beginning + "é" + std::string(16 << 20, 'z'))->delivery_count(), 1);
  ASSERT_THAT(store_.accept_requests(), SizeIs(1));
  v1::EventInput input;
  ASSERT_TRUE(input.ParseFromString(store_.accept_requests()[0].input));
  EXPECT_EQ(input.task_log().log(), beginning) << "explanations judge what was matched";
  EXPECT_THAT(input.corrections(),
              ElementsAre("log has 16793601 bytes: the first 16383 were matched"));
}

TEST_F(TriggerReportsTest, EachWebhookGetsItsWordForAFailedExperiment) {
  WebhookRecord webhook = Webhook("as the server", {"ERROR"});
  store_.AddWebhook(webhook);
  webhook.name = "as a master";
  webhook.error_state = ErrorStateName::kError;
  store_.AddWebhook(webhook);
  webhook.name = "as documented";
  webhook.error_state = ErrorStateName::kErrored;
  store_.AddWebhook(webhook);
  v1::ReportExperimentStateRequest report;
  *report.mutable_experiment() = VectorExperiment();
  report.mutable_experiment()->set_state(determined::experiment::v1::STATE_ERROR);
  router_->ReportExperimentState(caller_, report, [](const auto& result) {
    EXPECT_EQ(result->delivery_count(), 3) << result.status();
  });
  writer_.RunAll();
  ASSERT_THAT(store_.accept_requests(), SizeIs(1));
  const AcceptEventRequest stored = store_.accept_requests()[0];
  // Rendered once for each word.
  ASSERT_THAT(stored.bodies, SizeIs(2));
  EXPECT_THAT(*stored.bodies[stored.deliveries[0].body], HasSubstr(R"("state":"ERRORED")"));
  EXPECT_THAT(*stored.bodies[stored.deliveries[1].body], HasSubstr(R"("state":"ERROR")"));
  EXPECT_EQ(stored.deliveries[2].body, stored.deliveries[0].body);
}

TEST_F(TriggerReportsTest, TheStoreDropsWhatFiredBeforeARestart) {
  Listen("a", TriggerType::kTaskLog, R"({"regex":"x"})");
  EXPECT_EQ(ReportLine("x")->delivery_count(), 1);
  Restart();
  Listen("b", TriggerType::kTaskLog, R"({"regex":"x"})");
  EXPECT_EQ(ReportLine("x")->delivery_count(), 1);  // of the new one
  EXPECT_EQ(woken_, 2);
  EXPECT_EQ(held_, 2);  // the room for the dropped one was given back
}

TEST_F(TriggerReportsTest, ALineWhoseEventWasNotStoredFiresLater) {
  Listen("a", TriggerType::kTaskLog, R"({"regex":"x"})");
  store_.FailAccept(absl::ResourceExhaustedError("disk full"));
  EXPECT_TRUE(absl::IsResourceExhausted(ReportLine("x").status()));
  EXPECT_EQ(held_, 0);
  EXPECT_EQ(ReportLine("x")->delivery_count(), 1);
}

TEST_F(TriggerReportsTest, AMetricWhoseEventWasNotStoredFiresLater) {
  Listen("a", TriggerType::kMetricThresholdExceeded,
         R"({"metric":"loss","operator":">","threshold":5.0})");
  store_.FailAccept(absl::ResourceExhaustedError("disk full"));
  EXPECT_TRUE(absl::IsResourceExhausted(ReportMetric(6, "key").status()));
  EXPECT_EQ(ReportMetric(6, "key")->delivery_count(), 1);
  EXPECT_TRUE(ReportMetric(6, "key")->duplicate());
  EXPECT_EQ(ReportMetric(7)->delivery_count(), 0);
}

TEST_F(TriggerReportsTest, AMetricCountsOnceHoweverOftenItIsMatched) {
  Listen("a", TriggerType::kMetricThresholdExceeded,
         R"({"for_steps":2.0,"metric":"loss","operator":">","threshold":5.0})");
  Listen("b", TriggerType::kMetricThresholdExceeded,
         R"({"metric":"loss","operator":">","threshold":5.0})");
  // Another changes the webhooks while the event is on its way.
  store_.CreateWebhook(Webhook("c", {"ERROR"}), std::nullopt,
                       [](const absl::StatusOr<WebhookChange>&) {});
  EXPECT_EQ(ReportMetric(6)->delivery_count(), 1);
  EXPECT_THAT(store_.accept_requests(), SizeIs(2));
  EXPECT_EQ(ReportMetric(6)->delivery_count(), 1);  // the second of two in a row
}

TEST_F(TriggerReportsTest, ATriggerThatFiredIsQuietAfterARestartUntilTheMetricWentBack) {
  Listen("a", TriggerType::kMetricThresholdExceeded,
         R"({"metric":"loss","operator":">","threshold":5.0})");
  EXPECT_EQ(ReportMetric(6)->delivery_count(), 1);
  Restart();
  EXPECT_EQ(ReportMetric(6)->delivery_count(), 0);
  EXPECT_EQ(ReportMetric(4)->delivery_count(), 0);
  Restart();
  EXPECT_EQ(ReportMetric(6)->delivery_count(), 1);
}

TEST_F(TriggerReportsTest, OneBadTriggerKeepsNoOtherFromFiring) {
  Listen("bad", TriggerType::kTaskLog, R"({"regex":"a("})");
  Listen("spoiled", TriggerType::kMetricThresholdExceeded, "spoiled");
  Listen("good", TriggerType::kTaskLog, R"({"regex":"x"})");
  EXPECT_EQ(ReportLine("x")->delivery_count(), 1);
}

}  // namespace
}  // namespace webhookd
