#include "server/events/content_digest.h"

#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include "webhookd/v1/ingest.pb.h"

namespace webhookd {
namespace {

v1::ReportExperimentStateRequest Report() {
  v1::ReportExperimentStateRequest report;
  report.set_idempotency_key("key");
  report.mutable_experiment()->set_id(41);
  report.mutable_occurred_at()->set_seconds(1);
  return report;
}

TEST(ContentDigest, LeavesOutTheKeyAndTheTimeAndTheReportAsItWas) {
  v1::ReportExperimentStateRequest report = Report();
  const std::string digest = ContentDigest(report);
  EXPECT_EQ(digest.size(), 16u);
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(report, Report()));
  report.set_idempotency_key("another");
  report.clear_occurred_at();
  EXPECT_EQ(ContentDigest(report), digest);
  EXPECT_FALSE(report.has_occurred_at());
}

TEST(ContentDigest, TellsContentsApart) {
  v1::ReportExperimentStateRequest report = Report();
  const std::string digest = ContentDigest(report);
  report.mutable_experiment()->set_name("n");
  EXPECT_NE(ContentDigest(report), digest);
}

TEST(ContentDigest, TellsKindsApart) {
  v1::ReportTaskLogsRequest logs;
  v1::ReportMetricsRequest metrics;
  EXPECT_NE(ContentDigest(logs), ContentDigest(metrics));
}

// Keys are stored with it, so it is the same in every version of the program.
TEST(ContentDigest, StaysAsItIs) {
  v1::ReportExperimentStateRequest report = Report();
  std::string hex;
  for (const unsigned char byte : ContentDigest(report)) {
    constexpr char kDigits[] = "0123456789abcdef";
    hex += {kDigits[byte >> 4], kDigits[byte & 15]};
  }
  EXPECT_EQ(hex, "41702a76d2596bacf3e62194ed805847");
}

}  // namespace
}  // namespace webhookd
