#include "server/rpc/request_limits.h"

#include <gtest/gtest.h>

#include <string>

#include "determined/api/v1/api.pb.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "webhookd/v1/ingest.pb.h"

namespace webhookd {
namespace {

absl::StatusCode CheckBytes(const std::string& bytes, const google::protobuf::Descriptor& type) {
  google::protobuf::io::ArrayInputStream stream(bytes.data(), static_cast<int>(bytes.size()));
  return CheckObjects(stream, type).code();
}

std::string Repeated(const std::string& bytes, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += bytes;
  return all;
}

TEST(RequestLimits, AreThoseOfTheMethod) {
  const RequestLimits limits = {.ordinary = 1'000'000, .task_logs = 5'000'000};
  const auto of = [&](const char* method) {
    return limits.Of(*google::protobuf::DescriptorPool::generated_pool()->FindMethodByName(method));
  };
  EXPECT_EQ(of("determined.api.v1.Determined.PostTaskLogs"), 5'000'000u);
  EXPECT_EQ(of("webhookd.v1.EventService.ReportTaskLogs"), 5'000'000u);
  EXPECT_EQ(of("webhookd.v1.EventService.StreamEvents"), 5'000'000u);
  EXPECT_EQ(of("webhookd.v1.EventService.ReportMetrics"), 1'000'000u);
  EXPECT_EQ(of("determined.api.v1.Determined.Login"), 65'536u);
  EXPECT_EQ(limits.longest(), 5'000'000u);
}

TEST(CheckObjects, TakesTheLargestBatchesThatClientsSend) {
  v1::ReportTaskLogsRequest request;
  for (int i = 0; i < 10'000; ++i) {
    auto& log = *request.add_logs();
    log.set_task_id("task");
    log.set_log("line\n");
    log.mutable_timestamp()->set_seconds(1);
  }
  EXPECT_EQ(CheckBytes(request.SerializeAsString(), *request.descriptor()), absl::StatusCode::kOk);
}

TEST(CheckObjects, RefusesManySmallMessages) {
  const auto& type = *v1::ReportTaskLogsRequest::descriptor();
  const std::string empty_log("\x1a\x00", 2);  // logs, of length 0
  EXPECT_EQ(CheckBytes(Repeated(empty_log, 250'000), type), absl::StatusCode::kOk);
  EXPECT_EQ(CheckBytes(Repeated(empty_log, 250'001), type), absl::StatusCode::kResourceExhausted);
}

TEST(CheckObjects, RefusesManyFieldsAlsoOfOnesThatAreNotKnownAndInGroups) {
  const auto& type = *v1::ReportTaskLogsRequest::descriptor();
  const std::string name("\x12\x00", 2);         // experiment.webhooks.webhook_name, of length 0
  const std::string unknown("\xf8\x07\x01", 3);  // field 127, varint
  const std::string unknown_text("\xfa\x07\x00", 3);  // field 127, of length 0
  const std::string group = "\xfb\x07" + Repeated(unknown, 1'000'000) + "\xfc\x07";
  EXPECT_EQ(CheckBytes(Repeated(unknown, 1'000'001), type), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(CheckBytes(Repeated(unknown_text, 1'000'001), type),
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(CheckBytes(group, type), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(CheckBytes(Repeated(name, 1'000'001), *v1::WebhookIntegration::descriptor()),
            absl::StatusCode::kResourceExhausted);
}

// The parser says what is wrong.
TEST(CheckObjects, LeavesWhatCannotBeParsedToTheParser) {
  const auto& type = *v1::ReportTaskLogsRequest::descriptor();
  for (const std::string& bytes :
       {std::string("\x1a\x05"), std::string("\xff"), std::string("\x1a\x02\x1a\x7f", 4),
        std::string("\x0c"), std::string("\x07\x07", 2)}) {
    EXPECT_EQ(CheckBytes(bytes, type), absl::StatusCode::kOk);
  }
}

}  // namespace
}  // namespace webhookd
