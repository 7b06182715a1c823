#include "client/cli/values.h"

#include <string>

#include "determined/webhook/v1/webhook.pb.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "webhookd/v1/delivery.pb.h"

namespace webhookd {
namespace {

using ::testing::HasSubstr;

const absl::Time kNow = absl::FromUnixSeconds(1'665'689'991);  // 2022-10-13T19:39:51Z

TEST(ParseTime, ReadsEveryForm) {
  EXPECT_EQ(*ParseTime("now", kNow), kNow);
  EXPECT_EQ(*ParseTime("-41s", kNow), kNow - absl::Seconds(41));
  EXPECT_EQ(*ParseTime("+1h30m", kNow), kNow + absl::Minutes(90));
  EXPECT_EQ(*ParseTime("now-2m", kNow), kNow - absl::Minutes(2));
  EXPECT_EQ(*ParseTime("1665689991", absl::UnixEpoch()), kNow);
  EXPECT_EQ(*ParseTime("1665689991.25", absl::UnixEpoch()), kNow + absl::Milliseconds(250));
  // A double would make it ….123456717.
  EXPECT_EQ(*ParseTime("1665689991.123456789", absl::UnixEpoch()),
            kNow + absl::Nanoseconds(123'456'789));
  EXPECT_EQ(*ParseTime("0", kNow), absl::UnixEpoch());
  EXPECT_EQ(*ParseTime("2022-10-13T19:39:51Z", absl::UnixEpoch()), kNow);
  EXPECT_EQ(*ParseTime("2022-10-13T21:39:51.5+02:00", absl::UnixEpoch()),
            kNow + absl::Milliseconds(500));
}

TEST(ParseTime, RefusesTheRest) {
  for (const char* const text :
       {"", "yesterday", "now now", "now1", "-41", "--1s", "-inf", "1.2.3", "1e9", ".",
        "2022-10-13", "2022-13-13T19:39:51Z", "infinite-future", "999999999999999", "nowhere"}) {
    const absl::StatusOr<absl::Time> time = ParseTime(text, kNow);
    EXPECT_EQ(time.status().code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(std::string(time.status().message()), HasSubstr("is not a time; write"));
  }
}

TEST(ParseTimeSpan, ReadsUnitsAndPlainSeconds) {
  EXPECT_EQ(*ParseTimeSpan("300s"), absl::Seconds(300));
  EXPECT_EQ(*ParseTimeSpan("1h30m"), absl::Minutes(90));
  EXPECT_EQ(*ParseTimeSpan("2.5"), absl::Milliseconds(2'500));
  EXPECT_EQ(*ParseTimeSpan("0"), absl::ZeroDuration());
  for (const char* const text : {"", "-1s", "soon", "inf", "1 s", "5x", "."}) {
    EXPECT_FALSE(ParseTimeSpan(text).ok()) << text;
  }
}

TEST(ShowTime, IsShortAndInUtc) {
  EXPECT_EQ(ShowTime(ToTimestamp(kNow + absl::Milliseconds(7)), true), "2022-10-13 19:39:51Z");
  EXPECT_EQ(ShowTime({}, false), "-");
}

TEST(ShowDuration, RoundsToWhatMatters) {
  google::protobuf::Duration duration;
  EXPECT_EQ(ShowDuration(duration), "0");
  duration.set_nanos(345'678);
  EXPECT_EQ(ShowDuration(duration), "345us");
  duration.set_nanos(12'345'678);
  EXPECT_EQ(ShowDuration(duration), "12ms");
  duration.set_seconds(61);
  EXPECT_EQ(ShowDuration(duration), "1m1.012s");
}

TEST(ToTimestamp, KeepsNanosecondsOfTimesBefore1970) {
  const google::protobuf::Timestamp timestamp =
      ToTimestamp(absl::UnixEpoch() - absl::Nanoseconds(1));
  EXPECT_EQ(timestamp.seconds(), -1);
  EXPECT_EQ(timestamp.nanos(), 999'999'999);
}

TEST(ParseEnum, TakesNamesInAnyForm) {
  const auto& type = *v1::DeliveryState_descriptor();
  for (const char* const text :
       {"in-flight", "in_flight", "IN_FLIGHT", "DELIVERY_STATE_IN_FLIGHT"}) {
    EXPECT_EQ(ParseEnum(type, "DELIVERY_STATE_", text).value(), v1::DELIVERY_STATE_IN_FLIGHT);
  }
  EXPECT_EQ(ParseEnum(type, "DELIVERY_STATE_", "sent").status().message(),
            "\"sent\" is not one of PENDING, IN_FLIGHT, DELIVERED, FAILED, CANCELED, SKIPPED");
  EXPECT_FALSE(ParseEnum(type, "DELIVERY_STATE_", "unspecified").ok());
  EXPECT_FALSE(ParseEnum(type, "DELIVERY_STATE_", "").ok());
  EXPECT_EQ(EnumName(type, "DELIVERY_STATE_", 77), "77");
}

TEST(ParseExperimentState, TakesErroredForError) {
  EXPECT_EQ(*ParseExperimentState("errored"), "ERROR");
  EXPECT_EQ(*ParseExperimentState("ERROR"), "ERROR");
  EXPECT_EQ(*ParseExperimentState("state_completed"), "COMPLETED");
  EXPECT_FALSE(ParseExperimentState("done").ok());
}

TEST(ParseJson, RefusesUnknownFieldsAndOtherShapes) {
  determined::webhook::v1::Trigger trigger;
  EXPECT_TRUE(
      ParseJson(R"({"triggerType":"TRIGGER_TYPE_TASK_LOG","condition":{"regex":"x"}})", trigger)
          .ok());
  EXPECT_EQ(trigger.condition().fields().at("regex").string_value(), "x");
  for (const char* const json : {"", "{", "[]", "1", R"({"triggerTyp":1})", R"({"condition":1})"}) {
    EXPECT_FALSE(ParseJson(json, trigger).ok()) << json;
  }
}

TEST(ParseJson, RefusesNumbersThatADoubleWouldChange) {
  determined::webhook::v1::Trigger trigger;
  EXPECT_EQ(ParseJson(R"({"condition":{"threshold":9007199254740993}})", trigger).message(),
            "1:27: condition.threshold: expected a whole number that can be kept exactly, such as "
            "9007199254740992, found 9007199254740993");
  EXPECT_TRUE(ParseJson(R"({"condition":{"threshold":9007199254740992}})", trigger).ok());
  EXPECT_EQ(trigger.condition().fields().at("threshold").number_value(), 9'007'199'254'740'992);
}

}  // namespace
}  // namespace webhookd
