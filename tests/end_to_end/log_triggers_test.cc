#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <iostream>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tests/end_to_end/triggers_fixture.h"
#include "tests/server/events/python.h"
#include "tests/testing/rest_client.h"

// Triggers on lines of logs, from a report to the receiver, through the public API.
namespace webhookd {
namespace {

namespace api = determined::api::v1;
namespace pb = determined::webhook::v1;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

TEST_F(TriggersTest, ALineBecomesARequest) {
  server_.Create(NewWebhook("hook", {LogTrigger("CUDA.*memory")}));
  const v1::ReportTaskLogsResponse response =
      Report(Logs("41.a", {"epoch 1", "CUDA out of memory <now>", "epoch 2"}));
  ASSERT_EQ(response.delivery_count(), 1);
  ASSERT_TRUE(receiver_.WaitForRequests(1));
  const v1::GetDeliveryResponse delivery =
      server_.WaitForDelivery(response.deliveries(0).delivery_id(), v1::DELIVERY_STATE_DELIVERED);
  EXPECT_EQ(receiver_.requests()[0].body,
            absl::StrCat(R"({"event_id":")", delivery.delivery().event_id(),
                         R"(","event_type":"TASK_LOG","timestamp":1665689991,)",
                         R"("condition":{"regex":"CUDA.*memory"},"event_data":{"task_log":)",
                         R"({"task_id":"41.a","node_name":"node-1",)",
                         R"("triggering_log":"CUDA out of memory <now>"}}})"));
}

TEST_F(TriggersTest, NineteenReportsOfThreeTriggersFireOnceEachAcrossRestarts) {
  for (const char* name : {"one", "two", "three"}) {
    server_.Create(NewWebhook(name, {LogTrigger("error \\d+")}));
  }
  int64_t deliveries = 0;
  for (int i = 0; i < 19; ++i) {
    deliveries += Report(Logs("task", {absl::StrCat("error ", i)})).delivery_count();
    if (i % 6 == 3) server_.Restart();
  }
  EXPECT_EQ(deliveries, 3);
  // Another task is another matter; it arrives after what the first would have caused.
  EXPECT_EQ(Report(Logs("other task", {"error 1"})).delivery_count(), 3);
  ASSERT_TRUE(receiver_.WaitForRequests(6));
  EXPECT_THAT(receiver_.requests(), SizeIs(6));
}

TEST_F(TriggersTest, NineteenStateReportsOfThreeTriggersFireEachTimeAcrossRestarts) {
  for (const char* name : {"one", "two", "three"}) {
    pb::Webhook webhook = NewWebhookFor(receiver_.url());
    webhook.set_name(name);
    server_.Create(webhook);
  }
  for (int i = 0; i < 19; ++i) {
    EXPECT_EQ(server_.Report(CompletedReport(100 + i)).delivery_count(), 3);
    if (i % 6 == 3) server_.Restart();
  }
  ASSERT_TRUE(receiver_.WaitForRequests(57));
  std::set<std::string> events;
  for (const ReceivedRequest& request : receiver_.requests()) {
    events.insert(request.Header("webhook-id"));
  }
  EXPECT_THAT(events, SizeIs(19));
}

TEST_F(TriggersTest, TwoPatternsOfOneWebhookCauseTwoDeliveries) {
  server_.Create(NewWebhook("hook", {LogTrigger("memory"), LogTrigger("^CUDA")}));
  EXPECT_EQ(Report(Logs("t", {"CUDA out of memory"})).delivery_count(), 2);
  ASSERT_TRUE(receiver_.WaitForRequests(2));
  EXPECT_THAT(BodiesAt("/hook"), UnorderedElementsAre(HasSubstr(R"({"regex":"memory"})"),
                                                      HasSubstr(R"({"regex":"^CUDA"})")));
  // One event, whoever receives it.
  EXPECT_EQ(receiver_.requests()[0].Header("webhook-id"),
            receiver_.requests()[1].Header("webhook-id"));
}

TEST_F(TriggersTest, EveryLineThatFiresIsAnEvent) {
  server_.Create(NewWebhook("hook", {LogTrigger("first"), LogTrigger("second")}));
  EXPECT_EQ(Report(Logs("t", {"first", "first again", "x", "second and first"})).delivery_count(),
            2);
  ASSERT_TRUE(receiver_.WaitForRequests(2));
  EXPECT_NE(receiver_.requests()[0].Header("webhook-id"),
            receiver_.requests()[1].Header("webhook-id"));
  const v1::ListEventsResponse events = ListEvents();
  ASSERT_EQ(events.events_size(), 2);
  EXPECT_EQ(events.events(0).input().task_log().log(), "second and first");
  EXPECT_THAT(Reasons(GetEvent(events.events(0).event_id())),
              ElementsAre("hook/FIRED", "hook/ONCE"));
  EXPECT_THAT(Reasons(GetEvent(events.events(1).event_id())),
              ElementsAre("hook/FIRED", "hook/PATTERN"));
}

TEST_F(TriggersTest, LinesThatFireNothingLeaveNoTrace) {
  server_.Create(NewWebhook("hook", {LogTrigger("needle")}));
  for (int i = 0; i < 50; ++i) EXPECT_EQ(Report(Logs("t", {"hay", ""})).delivery_count(), 0);
  EXPECT_EQ(ListEvents().events_size(), 0);
}

TEST_F(TriggersTest, ALineThatPrintsTheConfigurationDoesNotFire) {
  server_.Create(NewWebhook("hook", {LogTrigger("out of memory")}));
  EXPECT_EQ(Report(Logs("t", {R"({"log_policies":[{"pattern":"out of memory"}]})",
                              R"("regex": "out of memory")"}))
                .delivery_count(),
            0);
  EXPECT_EQ(Report(Logs("t", {"really out of memory"})).delivery_count(), 1);
}

TEST_F(TriggersTest, ARepeatedLogReportIsAnsweredWithTheFirstResult) {
  server_.Create(NewWebhook("hook", {LogTrigger("a"), LogTrigger("b")}));
  v1::ReportTaskLogsRequest request = Logs("t", {"a", "b"});
  request.set_idempotency_key("key");
  const v1::ReportTaskLogsResponse first = Report(request);
  EXPECT_EQ(first.delivery_count(), 2);
  EXPECT_FALSE(first.duplicate());
  server_.Restart();
  const v1::ReportTaskLogsResponse again = Report(request);
  EXPECT_TRUE(again.duplicate());
  ASSERT_EQ(again.delivery_count(), 2);
  EXPECT_EQ(again.deliveries(0).delivery_id(), first.deliveries(0).delivery_id());
  EXPECT_EQ(again.deliveries(1).delivery_id(), first.deliveries(1).delivery_id());
}

TEST_F(TriggersTest, ATaskFindsItsExperiment) {
  pb::Webhook own = NewWebhook("own", {LogTrigger("x")});
  own.set_workspace_id(3);
  pb::Webhook other = NewWebhook("other", {LogTrigger("x")});
  other.set_workspace_id(4);
  pb::Webhook specific = NewWebhook("specific", {LogTrigger("x")});
  specific.set_mode(pb::WEBHOOK_MODE_SPECIFIC);
  const int32_t specific_id = server_.Create(specific).id();
  specific.set_name("named");
  server_.Create(specific);
  server_.Create(own);
  server_.Create(other);
  server_.Create(NewWebhook("global", {LogTrigger("x")}));
  const auto fired = [&](const std::string& task_id) {
    std::vector<std::string> names;
    const v1::ReportTaskLogsResponse response = Report(Logs(task_id, {"x"}));
    for (const v1::MatchedDelivery& delivery : response.deliveries()) {
      names.push_back(server_.GetDelivery(delivery.delivery_id()).delivery().webhook_name());
    }
    return names;
  };
  EXPECT_THAT(fired("unknown"), ElementsAre("global"));

  v1::PutExperimentRequest put;
  *put.mutable_experiment() = CompletedReport(41).experiment();
  put.mutable_experiment()->mutable_webhooks()->add_webhook_name("named");
  put.mutable_experiment()->mutable_webhooks()->add_webhook_id(specific_id);
  put.add_tasks()->set_task_id("put");
  put.add_tasks()->set_task_id("put, then a restart");
  Put(put);
  EXPECT_THAT(fired("put"), ElementsAre("specific", "named", "own", "global"));
  server_.Restart();
  EXPECT_THAT(fired("put, then a restart"), ElementsAre("specific", "named", "own", "global"));

  // Reports tell it by the way.
  v1::ReportTaskLogsRequest told = Logs("told", {"nothing"});
  *told.mutable_experiment() = put.experiment();
  told.mutable_experiment()->set_id(42);
  told.mutable_experiment()->mutable_webhooks()->set_exclude(true);
  EXPECT_EQ(Report(told).delivery_count(), 0);
  EXPECT_THAT(fired("told"), IsEmpty());
}

TEST_F(TriggersTest, LongAndOddLinesAreSafe) {
  server_.Create(NewWebhook("hook", {LogTrigger("needle$")}));
  pb::Webhook slack = NewWebhook("slack", {LogTrigger("needle$")});
  slack.set_webhook_type(pb::WEBHOOK_TYPE_SLACK);
  server_.Create(slack);
  std::string line(16'000, '\0');
  for (size_t i = 0; i < line.size(); i += 3) line[i] = '\x01';
  line += "needle";
  EXPECT_EQ(Report(Logs("t", {line})).delivery_count(), 2);
  v1::ReportTaskLogsRequest bare;
  bare.add_logs()->set_task_id("without agent or time");
  bare.mutable_logs(0)->set_log("`needle` ```needle");
  EXPECT_EQ(Report(bare).delivery_count(), 2);
  ASSERT_TRUE(receiver_.WaitForRequests(4));
  std::vector<std::string> bodies;
  for (const ReceivedRequest& request : receiver_.requests()) {
    EXPECT_LT(request.body.size(), 256u * 1024);
    bodies.push_back(request.body);
  }
  EXPECT_THAT(NotFixedPoints(bodies), IsEmpty());
  // They arrive in any order.
  std::vector<std::string> hook = BodiesAt("/hook");
  std::sort(hook.begin(), hook.end(),
            [](const auto& a, const auto& b) { return a.size() < b.size(); });
  ASSERT_THAT(hook, SizeIs(2));
  EXPECT_THAT(hook[0], HasSubstr(R"("node_name":"","triggering_log":"`needle`)"));
}

TEST_F(TriggersTest, DeletionStopsFiringAndAPatchMovesTheTargetAtOnce) {
  const int32_t id = server_.Create(NewWebhook("hook", {LogTrigger("x")})).id();
  EXPECT_EQ(Report(Logs("1", {"x"})).delivery_count(), 1);
  ASSERT_TRUE(receiver_.WaitForRequests(1));
  pb::PatchWebhook patch;
  patch.set_url(receiver_.url("/moved"));
  server_.Patch(id, patch);
  EXPECT_EQ(Report(Logs("2", {"x"})).delivery_count(), 1);
  ASSERT_TRUE(receiver_.WaitForRequests(2));
  EXPECT_THAT(BodiesAt("/moved"), SizeIs(1));
  grpc::ClientContext context;
  api::DeleteWebhookRequest request;
  request.set_id(id);
  api::DeleteWebhookResponse response;
  ASSERT_TRUE(server_.determined().DeleteWebhook(&context, request, &response).ok());
  EXPECT_EQ(Report(Logs("3", {"x"})).delivery_count(), 0);
}

TEST_F(TriggersTest, DeterminedsOwnRpcTakesLogs) {
  server_.Create(NewWebhook("hook", {LogTrigger("x")}));
  const auto post = [&](const v1::ReportTaskLogsRequest& lines) {
    grpc::ClientContext context;
    api::PostTaskLogsRequest request;
    *request.mutable_logs() = lines.logs();
    api::PostTaskLogsResponse response;
    return server_.determined().PostTaskLogs(&context, request, &response);
  };
  EXPECT_TRUE(post(Logs("t", {"x"})).ok());
  ASSERT_TRUE(receiver_.WaitForRequests(1));
  const auto expect_refused = [&](const v1::ReportTaskLogsRequest& lines, const char* message) {
    const grpc::Status status = post(lines);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
    EXPECT_THAT(status.error_message(), HasSubstr(message));
  };
  expect_refused({}, "logs is empty");
  v1::ReportTaskLogsRequest lines = Logs("t", {"a", "b"});
  lines.mutable_logs(1)->set_task_id("u");
  expect_refused(lines, R"(logs[1].task_id is "u" and that of logs[0] is "t")");
  lines = Logs("t", {"a"});
  lines.mutable_logs(0)->set_id(5);
  expect_refused(lines, "logs[0].id is 5; leave it unset");
  expect_refused(Logs("", {"a"}), "logs[0].task_id is empty");
}

// Text on which each of these patterns takes RE2 as long as it can.
std::string HostileLine(uint64_t seed) {
  std::string line;
  for (uint64_t random = seed; line.size() < 4'000;) {
    random = random * 6364136223846793005 + 1442695040888963407;
    line.push_back("abc "[random >> 62]);
  }
  return line + "\n";
}

TEST_F(TriggersTest, LinesThatTakeLongHoldUpNobodyElse) {
  pb::Webhook webhook = NewWebhook("costly", {});
  for (int i = 0; i < 7; ++i) {
    *webhook.add_triggers() = LogTrigger(absl::StrCat("a.{0,40}b", i, ".*c"));
  }
  server_.Create(webhook);
  std::vector<std::string> lines;
  std::string json = R"({"logs":[)";
  for (int i = 0; i < 100; ++i) {
    if (i > 0) json += ",";
    std::string line = HostileLine(i);
    line.pop_back();
    absl::StrAppend(&json, R"({"taskId":"t","log":")", line, R"(\n"})");
  }
  json += "]}";
  // Over REST, whose one thread serves /healthz as well, and over gRPC.
  std::atomic<int> answered = 0;
  std::thread rest([&] {
    RestClient client(server_.address());
    EXPECT_EQ(client.Post("/api/v1/task/logs", json).status, 200);
    ++answered;
  });
  std::vector<std::string> costly;
  for (int i = 0; i < 100; ++i) costly.push_back(HostileLine(1'000 + i));
  std::thread grpc([&] {
    EXPECT_EQ(Report(Logs("u", costly)).delivery_count(), 0);
    ++answered;
  });
  RestClient client(server_.address());
  std::vector<absl::Duration> waits;
  do {
    const absl::Time start = absl::Now();
    EXPECT_EQ(client.Get("/healthz").status, 200);
    waits.push_back(absl::Now() - start);
  } while (answered == 0);
  rest.join();
  grpc.join();
  // Before, it waited for all the lines: there was one answer, or two.
  EXPECT_GE(waits.size(), 20u);
  std::sort(waits.begin(), waits.end());
  RecordProperty("healthz_p99", absl::FormatDuration(waits[waits.size() * 99 / 100]));
  RecordProperty("healthz_max", absl::FormatDuration(waits.back()));
  std::cout << "/healthz while lines were scanned: " << waits.size() << " answers, p50 "
            << waits[waits.size() / 2] << ", p99 " << waits[waits.size() * 99 / 100] << ", most "
            << waits.back() << "\n";
}

}  // namespace
}  // namespace webhookd
