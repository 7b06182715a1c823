#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

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
