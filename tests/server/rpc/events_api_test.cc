#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/testing/last_resort.h"
#include "tests/testing/test_server.h"

namespace webhookd {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class EventsApiTest : public ::testing::Test {
 protected:
  using Stream = grpc::ClientReaderWriter<v1::StreamEventsRequest, v1::StreamEventsResponse>;

  std::unique_ptr<Stream> Open() { return server_.events().StreamEvents(&context_); }

  TestServer server_{[](Config& config) { config.delivery.drain_timeout = kLastResort; }};
  grpc::ClientContext context_;
};

v1::StreamEventsResponse Receive(
    grpc::ClientReaderWriter<v1::StreamEventsRequest, v1::StreamEventsResponse>& stream) {
  v1::StreamEventsResponse response;
  EXPECT_TRUE(stream.Read(&response));
  return response;
}

TEST_F(EventsApiTest, ReportsAndSaysWhatMatched) {
  const auto webhook = server_.Create(NewWebhookFor("http://127.0.0.1:9/"));
  const v1::ReportExperimentStateResponse response = server_.Report(CompletedReport(41));
  EXPECT_EQ(response.event_id().size(), 36u);
  EXPECT_FALSE(response.duplicate());
  EXPECT_EQ(response.delivery_count(), 1);
  ASSERT_EQ(response.deliveries_size(), 1);
  EXPECT_EQ(response.deliveries(0).webhook_id(), webhook.id());
  EXPECT_EQ(response.deliveries(0).trigger_id(), webhook.triggers(0).id());
  EXPECT_FALSE(response.deliveries(0).skipped());
}

TEST_F(EventsApiTest, ARepeatedKeyAnswersWithTheFirstResult) {
  server_.Create(NewWebhookFor("http://127.0.0.1:9/"));
  v1::ReportExperimentStateRequest report = CompletedReport(41);
  report.set_idempotency_key("experiment 41 completed");
  const v1::ReportExperimentStateResponse first = server_.Report(report);
  const v1::ReportExperimentStateResponse second = server_.Report(report);
  EXPECT_TRUE(second.duplicate());
  EXPECT_EQ(second.event_id(), first.event_id());
  EXPECT_EQ(second.delivery_count(), 1);
  ASSERT_EQ(second.deliveries_size(), 1);
  EXPECT_EQ(second.deliveries(0).delivery_id(), first.deliveries(0).delivery_id());
}

TEST_F(EventsApiTest, RefusesAnEventWithoutExperiment) {
  grpc::ClientContext context;
  v1::ReportExperimentStateResponse response;
  const grpc::Status status = server_.events().ReportExperimentState(&context, {}, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("experiment"));
}

TEST_F(EventsApiTest, RefusesLogsAndMetricsThatSayNothing) {
  grpc::ClientContext logs_context;
  v1::ReportTaskLogsResponse logs;
  const grpc::Status logs_status = server_.events().ReportTaskLogs(&logs_context, {}, &logs);
  EXPECT_EQ(logs_status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(logs_status.error_message(), HasSubstr("logs is empty"));
  grpc::ClientContext metrics_context;
  v1::ReportMetricsResponse metrics;
  const grpc::Status metrics_status =
      server_.events().ReportMetrics(&metrics_context, {}, &metrics);
  EXPECT_EQ(metrics_status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(metrics_status.error_message(), HasSubstr("experiment is not set"));
}

TEST_F(EventsApiTest, StreamsReportsAndAnswersEach) {
  server_.Create(NewWebhookFor("http://127.0.0.1:9/"));
  constexpr int kReports = 500;
  const auto stream = Open();
  std::thread writer([&] {
    for (int i = 1; i <= kReports; ++i) {
      v1::StreamEventsRequest request;
      request.set_sequence(i);
      *request.mutable_experiment_state() = CompletedReport(i);
      ASSERT_TRUE(stream->Write(request));
    }
    stream->WritesDone();
  });
  std::map<uint64_t, std::string> events;
  for (int i = 0; i < kReports; ++i) {
    const v1::StreamEventsResponse response = Receive(*stream);
    EXPECT_EQ(response.experiment_state().delivery_count(), 1) << response.ShortDebugString();
    events[response.sequence()] = response.experiment_state().event_id();
  }
  writer.join();
  EXPECT_EQ(events.size(), static_cast<size_t>(kReports));
  v1::StreamEventsResponse none;
  EXPECT_FALSE(stream->Read(&none));
  EXPECT_TRUE(stream->Finish().ok());
}

TEST_F(EventsApiTest, ABadReportDoesNotEndTheStream) {
  const auto stream = Open();
  v1::StreamEventsRequest empty;
  empty.set_sequence(1);
  stream->Write(empty);
  v1::StreamEventsRequest bad;
  bad.set_sequence(2);
  *bad.mutable_experiment_state() = CompletedReport(-5);
  stream->Write(bad);
  v1::StreamEventsRequest logs;
  logs.set_sequence(3);
  logs.mutable_task_logs();
  stream->Write(logs);
  v1::StreamEventsRequest metrics;
  metrics.set_sequence(4);
  metrics.mutable_metrics();
  stream->Write(metrics);
  v1::StreamEventsRequest good;
  good.set_sequence(5);
  *good.mutable_experiment_state() = CompletedReport(1);
  stream->Write(good);
  stream->WritesDone();

  std::map<uint64_t, v1::StreamEventsResponse> responses;
  for (int i = 0; i < 5; ++i) {
    const v1::StreamEventsResponse response = Receive(*stream);
    responses[response.sequence()] = response;
  }
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_EQ(responses[1].error().code(), static_cast<int>(grpc::StatusCode::INVALID_ARGUMENT));
  EXPECT_THAT(responses[1].error().message(), HasSubstr("experiment_state"));
  EXPECT_EQ(responses[2].error().code(), static_cast<int>(grpc::StatusCode::INVALID_ARGUMENT));
  EXPECT_THAT(responses[2].error().message(), AllOf(HasSubstr("experiment.id"), HasSubstr("-5")));
  EXPECT_EQ(responses[3].error().code(), static_cast<int>(grpc::StatusCode::INVALID_ARGUMENT));
  EXPECT_EQ(responses[4].error().code(), static_cast<int>(grpc::StatusCode::INVALID_ARGUMENT));
  EXPECT_TRUE(responses[5].has_experiment_state());
}

TEST_F(EventsApiTest, TheEndOfTheServerEndsIdleStreams) {
  const auto stream = Open();
  v1::StreamEventsRequest request;
  request.set_sequence(1);
  *request.mutable_experiment_state() = CompletedReport(1);
  stream->Write(request);
  EXPECT_TRUE(Receive(*stream).has_experiment_state());
  const absl::Duration before = RealClock().Steady();
  server_.Stop();
  EXPECT_LT(RealClock().Steady() - before, kLastResort / 2) << "less than the drain time";
  v1::StreamEventsResponse none;
  EXPECT_FALSE(stream->Read(&none));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(EventsApiTest, ManyCallersGiveUpWithAnswersOutstanding) {
  server_.Create(NewWebhookFor("http://127.0.0.1:9/"));
  for (int round = 0; round < 20; ++round) {
    grpc::ClientContext context;
    const auto stream = server_.events().StreamEvents(&context);
    for (int i = 0; i < 50; ++i) {
      v1::StreamEventsRequest request;
      request.set_sequence(i);
      *request.mutable_experiment_state() = CompletedReport(round * 50 + i + 1);
      if (!stream->Write(request)) break;
    }
    context.TryCancel();
    EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::CANCELLED);
  }
  EXPECT_EQ(server_.Report(CompletedReport(5'000)).delivery_count(), 1);
}

}  // namespace
}  // namespace webhookd
