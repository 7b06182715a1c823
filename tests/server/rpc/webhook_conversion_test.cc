#include "server/rpc/webhook_conversion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <string>

namespace webhookd {
namespace {

namespace pb = determined::webhook::v1;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

const absl::Time kNow = absl::FromUnixSeconds(1'665'689'991);

pb::Trigger StateTrigger(const std::string& state) {
  pb::Trigger trigger;
  trigger.set_trigger_type(pb::TRIGGER_TYPE_EXPERIMENT_STATE_CHANGE);
  (*trigger.mutable_condition()->mutable_fields())["state"].set_string_value(state);
  return trigger;
}

pb::Webhook GoodWebhook() {
  pb::Webhook webhook;
  webhook.set_name("on-call");
  webhook.set_url("https://example.com/hook");
  webhook.set_webhook_type(pb::WEBHOOK_TYPE_DEFAULT);
  *webhook.add_triggers() = StateTrigger("COMPLETED");
  return webhook;
}

absl::StatusOr<WebhookRecord> Convert(const pb::Webhook& webhook) {
  static const EgressPolicy egress{EgressPolicy::Options()};
  return NewWebhook(webhook, egress, kNow);
}

TEST(NewWebhook, TakesAllFields) {
  pb::Webhook webhook = GoodWebhook();
  webhook.set_webhook_type(pb::WEBHOOK_TYPE_SLACK);
  webhook.set_mode(pb::WEBHOOK_MODE_SPECIFIC);
  webhook.set_workspace_id(7);
  webhook.set_skip_tls_verification(true);
  webhook.set_max_in_flight(1'000);
  webhook.set_max_requests_per_second(0.5);
  webhook.set_error_state("ERROR");
  *webhook.add_triggers() = StateTrigger("ERRORED");

  const auto record = Convert(webhook);
  ASSERT_TRUE(record.ok()) << record.status();
  EXPECT_EQ(record->id, 0);
  EXPECT_EQ(record->name, "on-call");
  EXPECT_EQ(record->url, "https://example.com/hook");
  EXPECT_EQ(record->type, WebhookType::kSlack);
  EXPECT_EQ(record->mode, WebhookMode::kSpecific);
  EXPECT_EQ(record->workspace_id, 7);
  EXPECT_TRUE(record->skip_tls_verification);
  EXPECT_EQ(record->max_in_flight, 1'000);
  EXPECT_EQ(record->max_requests_per_second, 0.5);
  EXPECT_EQ(record->error_state, ErrorStateName::kError);
  EXPECT_EQ(record->disabled_at, std::nullopt);
  EXPECT_EQ(record->created_at, kNow);
  ASSERT_EQ(record->triggers.size(), 2u);
  EXPECT_EQ(record->triggers[0].condition_json, R"({"state":"COMPLETED"})");
  EXPECT_EQ(record->triggers[1].condition_json, R"({"state":"ERRORED"})");
}

TEST(NewWebhook, DefaultsAreGlobalAndWorkspaceMode) {
  const auto record = Convert(GoodWebhook());
  ASSERT_TRUE(record.ok()) << record.status();
  EXPECT_EQ(record->mode, WebhookMode::kWorkspace);
  EXPECT_EQ(record->workspace_id, std::nullopt);
  EXPECT_EQ(record->max_in_flight, std::nullopt);
  EXPECT_EQ(record->max_requests_per_second, std::nullopt);
  EXPECT_EQ(record->error_state, std::nullopt);
}

TEST(NewWebhook, WorkspaceZeroIsGlobal) {
  pb::Webhook webhook = GoodWebhook();
  webhook.set_workspace_id(0);
  const auto record = Convert(webhook);
  ASSERT_TRUE(record.ok()) << record.status();
  EXPECT_EQ(record->workspace_id, std::nullopt);
}

TEST(NewWebhook, IgnoresWhatTheServerSets) {
  pb::Webhook webhook = GoodWebhook();
  webhook.set_id(99);
  webhook.mutable_triggers(0)->set_id(98);
  webhook.set_disabled_reason("because");
  webhook.mutable_created_at()->set_seconds(1);
  const auto record = Convert(webhook);
  ASSERT_TRUE(record.ok()) << record.status();
  EXPECT_EQ(record->id, 0);
  EXPECT_EQ(record->triggers[0].id, 0);
  EXPECT_EQ(record->disabled_reason, "");
  EXPECT_EQ(record->created_at, kNow);
}

TEST(NewWebhook, CanBeCreatedDisabled) {
  pb::Webhook webhook = GoodWebhook();
  webhook.set_disabled(true);
  const auto record = Convert(webhook);
  ASSERT_TRUE(record.ok()) << record.status();
  EXPECT_EQ(record->disabled_at, kNow);
  EXPECT_EQ(record->disabled_reason, "disabled by request");
}

TEST(NewWebhook, TakesNamesUpToTheBound) {
  pb::Webhook webhook = GoodWebhook();
  webhook.set_name(std::string(255, 'n'));
  EXPECT_TRUE(Convert(webhook).ok());
  webhook.set_name("naïve 实验 🎉 \"quoted\" \\");
  EXPECT_TRUE(Convert(webhook).ok());
}

TEST(NewWebhook, TakesAHundredTriggers) {
  // There are fewer states than that: nothing but the number of triggers is refused here.
  pb::Webhook webhook = GoodWebhook();
  for (int i = 0; i < 100; ++i) *webhook.add_triggers() = StateTrigger("COMPLETED");
  EXPECT_THAT(std::string(Convert(webhook).status().message()),
              AllOf(HasSubstr("triggers holds 101 triggers"), HasSubstr("100")));
  webhook.mutable_triggers()->RemoveLast();
  EXPECT_THAT(std::string(Convert(webhook).status().message()), HasSubstr("triggers[1]"));
}

struct BadWebhook {
  const char* name;
  std::function<void(pb::Webhook&)> spoil;
  const char* field;  // what the message starts with
  const char* value;  // what it holds
  absl::StatusCode code = absl::StatusCode::kInvalidArgument;
};

class NewWebhookRefuses : public ::testing::TestWithParam<BadWebhook> {};

TEST_P(NewWebhookRefuses, NamingFieldAndValue) {
  pb::Webhook webhook = GoodWebhook();
  GetParam().spoil(webhook);
  const absl::Status status = Convert(webhook).status();
  const std::string message(status.message());
  EXPECT_EQ(status.code(), GetParam().code) << status;
  EXPECT_EQ(message.rfind(GetParam().field, 0), 0u) << message;
  EXPECT_THAT(message, HasSubstr(GetParam().value));
  EXPECT_LT(message.size(), 1'000u);
  EXPECT_THAT(message, Not(HasSubstr("\n")));
}

pb::Trigger& First(pb::Webhook& webhook) { return *webhook.mutable_triggers(0); }

google::protobuf::Value& Condition(pb::Webhook& webhook, const char* key) {
  return (*First(webhook).mutable_condition()->mutable_fields())[key];
}

INSTANTIATE_TEST_SUITE_P(
    BadInput, NewWebhookRefuses,
    ::testing::Values(
        BadWebhook{"NameTooLong", [](auto& w) { w.set_name(std::string(256, 'n')); }, "name",
                   "256"},
        BadWebhook{"NameOfTwoMegabytes", [](auto& w) { w.set_name(std::string(2 << 20, 'n')); },
                   "name", "2097152"},
        BadWebhook{"NameWithLineBreak", [](auto& w) { w.set_name("a\nb"); }, "name", "byte 1"},
        BadWebhook{"NameWithNul", [](auto& w) { w.set_name(std::string("ab\0c", 4)); }, "name",
                   "byte 2"},
        BadWebhook{"NameWithDelete", [](auto& w) { w.set_name("\x7f"); }, "name", "byte 0"},
        BadWebhook{"NameWithC1Control", [](auto& w) { w.set_name("a\xc2\x85"); }, "name", "byte 1"},
        BadWebhook{"NameNotUtf8", [](auto& w) { w.set_name("a\xff"); }, "name", "UTF-8"},
        BadWebhook{"NoUrl", [](auto& w) { w.clear_url(); }, "url", "empty"},
        BadWebhook{"UnparsableUrl", [](auto& w) { w.set_url("not a url"); }, "url", "not a url"},
        BadWebhook{"UrlOfOtherScheme", [](auto& w) { w.set_url("ftp://example.com/"); }, "url",
                   "ftp"},
        BadWebhook{"UrlWithPassword", [](auto& w) { w.set_url("http://me:secret@example.com/"); },
                   "url", "user name"},
        BadWebhook{"UrlTooLong",
                   [](auto& w) { w.set_url("http://example.com/" + std::string(3'000, 'p')); },
                   "url", "2048"},
        BadWebhook{"UrlOfThisMachine", [](auto& w) { w.set_url("http://127.0.0.1/"); }, "url",
                   "loopback"},
        BadWebhook{"UrlOfLocalhost", [](auto& w) { w.set_url("http://localhost/"); }, "url",
                   "loopback"},
        BadWebhook{"UrlOfMetadata", [](auto& w) { w.set_url("http://169.254.169.254/"); }, "url",
                   "169.254.169.254"},
        BadWebhook{"NoType", [](auto& w) { w.clear_webhook_type(); }, "webhook_type", "missing"},
        BadWebhook{"UnknownType",
                   [](auto& w) { w.set_webhook_type(static_cast<pb::WebhookType>(7)); },
                   "webhook_type", "7"},
        BadWebhook{"UnknownMode", [](auto& w) { w.set_mode(static_cast<pb::WebhookMode>(-3)); },
                   "mode", "-3"},
        BadWebhook{"NegativeWorkspace", [](auto& w) { w.set_workspace_id(-1); }, "workspace_id",
                   "-1"},
        BadWebhook{"NoTriggers", [](auto& w) { w.clear_triggers(); }, "triggers", "empty"},
        BadWebhook{"NoTriggerType", [](auto& w) { First(w).clear_trigger_type(); },
                   "triggers[0].trigger_type", "missing"},
        BadWebhook{"UnknownTriggerType",
                   [](auto& w) { First(w).set_trigger_type(static_cast<pb::TriggerType>(9)); },
                   "triggers[0].trigger_type", "9"},
        BadWebhook{"NoCondition", [](auto& w) { First(w).clear_condition(); },
                   "triggers[0].condition", "{}"},
        BadWebhook{"ConditionWithoutState",
                   [](auto& w) {
                     First(w).clear_condition();
                     Condition(w, "regex").set_string_value("x");
                   },
                   "triggers[0].condition", "regex"},
        BadWebhook{"ConditionWithMore",
                   [](auto& w) { Condition(w, "also").set_string_value("x"); },
                   "triggers[0].condition", "also"},
        BadWebhook{"StateOfWrongType", [](auto& w) { Condition(w, "state").set_number_value(6); },
                   "triggers[0].condition.state", "6"},
        BadWebhook{"UnknownState",
                   [](auto& w) { Condition(w, "state").set_string_value("FINISHED"); },
                   "triggers[0].condition.state", "FINISHED"},
        BadWebhook{"UnspecifiedState",
                   [](auto& w) { Condition(w, "state").set_string_value("UNSPECIFIED"); },
                   "triggers[0].condition.state", "UNSPECIFIED"},
        BadWebhook{"ConditionTooLong",
                   [](auto& w) { Condition(w, "state").set_string_value(std::string(5'000, 's')); },
                   "triggers[0].condition", "4096"},
        BadWebhook{"EqualTriggers",
                   [](auto& w) { *w.add_triggers() = StateTrigger("COMPLETED"); }, "triggers[1]",
                   "triggers[0]"},
        BadWebhook{"TriggersOfEqualMeaning",
                   [](auto& w) {
                     *w.add_triggers() = StateTrigger("ERROR");
                     *w.add_triggers() = StateTrigger("ERRORED");
                   },
                   "triggers[2]", "triggers[1]"},
        BadWebhook{"RegexThatDoesNotCompile",
                   [](auto& w) {
                     First(w).set_trigger_type(pb::TRIGGER_TYPE_TASK_LOG);
                     First(w).clear_condition();
                     Condition(w, "regex").set_string_value("(");
                   },
                   "triggers[0].condition.regex", "("},
        BadWebhook{"RegexThatIsTooCostly",
                   [](auto& w) {
                     First(w).set_trigger_type(pb::TRIGGER_TYPE_TASK_LOG);
                     First(w).clear_condition();
                     Condition(w, "regex").set_string_value("(\\pL{30}){30}");
                   },
                   "triggers[0].condition.regex", "too costly"},
        BadWebhook{"ThresholdThatIsNoNumber",
                   [](auto& w) {
                     First(w).set_trigger_type(pb::TRIGGER_TYPE_METRIC_THRESHOLD_EXCEEDED);
                     First(w).clear_condition();
                     Condition(w, "metric").set_string_value("loss");
                     Condition(w, "operator").set_string_value(">");
                     Condition(w, "threshold").set_string_value("5");
                   },
                   "triggers[0].condition.threshold", "it must be a number"},
        BadWebhook{"CustomForAllExperiments",
                   [](auto& w) {
                     First(w).set_trigger_type(pb::TRIGGER_TYPE_CUSTOM);
                     First(w).clear_condition();
                   },
                   "triggers[0]", "WEBHOOK_MODE_SPECIFIC"},
        BadWebhook{"UnknownErrorState", [](auto& w) { w.set_error_state("FAILED"); }, "error_state",
                   "\"FAILED\" is unknown: give ERRORED or ERROR"},
        BadWebhook{"NoneInFlight", [](auto& w) { w.set_max_in_flight(0); }, "max_in_flight", "0"},
        BadWebhook{"NegativeInFlight", [](auto& w) { w.set_max_in_flight(-4); }, "max_in_flight",
                   "-4"},
        BadWebhook{"TooManyInFlight", [](auto& w) { w.set_max_in_flight(1'001); },
                   "max_in_flight", "1001"},
        BadWebhook{"NoRate", [](auto& w) { w.set_max_requests_per_second(0); },
                   "max_requests_per_second", "0"},
        BadWebhook{"NegativeRate", [](auto& w) { w.set_max_requests_per_second(-1.5); },
                   "max_requests_per_second", "-1.5"},
        BadWebhook{"TooHighRate", [](auto& w) { w.set_max_requests_per_second(100'001); },
                   "max_requests_per_second", "100001"},
        BadWebhook{"RateNotANumber",
                   [](auto& w) {
                     w.set_max_requests_per_second(std::numeric_limits<double>::quiet_NaN());
                   },
                   "max_requests_per_second", "nan"},
        BadWebhook{"InfiniteRate",
                   [](auto& w) {
                     w.set_max_requests_per_second(std::numeric_limits<double>::infinity());
                   },
                   "max_requests_per_second", "inf"}),
    [](const auto& info) { return info.param.name; });

TEST(NewWebhook, DoesNotRepeatAPassword) {
  pb::Webhook webhook = GoodWebhook();
  webhook.set_url("http://me:secret@example.com/");
  EXPECT_THAT(std::string(Convert(webhook).status().message()), Not(HasSubstr("secret")));
}

TEST(CheckTogether, CustomNeedsModeSpecific) {
  WebhookRecord webhook;
  webhook.triggers = {{.type = TriggerType::kExperimentStateChange},
                      {.type = TriggerType::kCustom, .condition_json = "{}"}};
  const absl::Status status = CheckTogether(webhook);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("triggers[1]"), HasSubstr("WEBHOOK_MODE_SPECIFIC")));
  webhook.mode = WebhookMode::kSpecific;
  EXPECT_TRUE(CheckTogether(webhook).ok());
}

TEST(WebhookToProto, ShowsAllFields) {
  WebhookRecord record;
  record.id = 3;
  record.name = "on-call";
  record.url = "https://example.com/";
  record.type = WebhookType::kSlack;
  record.mode = WebhookMode::kSpecific;
  record.workspace_id = 7;
  record.skip_tls_verification = true;
  record.max_in_flight = 2;
  record.max_requests_per_second = 0.25;
  record.error_state = ErrorStateName::kErrored;
  record.disabled_at = kNow;
  record.disabled_reason = "410 Gone";
  record.created_at = kNow - absl::Seconds(5);
  record.triggers = {{.id = 4, .condition_json = R"({"state":"ERRORED"})"}};

  const pb::Webhook webhook = WebhookToProto(record);
  EXPECT_EQ(webhook.id(), 3);
  EXPECT_EQ(webhook.name(), "on-call");
  EXPECT_EQ(webhook.url(), "https://example.com/");
  EXPECT_EQ(webhook.webhook_type(), pb::WEBHOOK_TYPE_SLACK);
  EXPECT_EQ(webhook.mode(), pb::WEBHOOK_MODE_SPECIFIC);
  EXPECT_EQ(webhook.workspace_id(), 7);
  EXPECT_TRUE(webhook.skip_tls_verification());
  EXPECT_EQ(webhook.max_in_flight(), 2);
  EXPECT_EQ(webhook.max_requests_per_second(), 0.25);
  EXPECT_EQ(webhook.error_state(), "ERRORED");
  EXPECT_TRUE(webhook.disabled());
  EXPECT_EQ(webhook.disabled_reason(), "410 Gone");
  EXPECT_EQ(webhook.disabled_at().seconds(), absl::ToUnixSeconds(kNow));
  EXPECT_EQ(webhook.created_at().seconds(), absl::ToUnixSeconds(kNow) - 5);
  ASSERT_EQ(webhook.triggers_size(), 1);
  EXPECT_EQ(webhook.triggers(0).id(), 4);
  EXPECT_EQ(webhook.triggers(0).webhook_id(), 3);
  EXPECT_EQ(webhook.triggers(0).trigger_type(), pb::TRIGGER_TYPE_EXPERIMENT_STATE_CHANGE);
  EXPECT_EQ(webhook.triggers(0).condition().fields().at("state").string_value(), "ERRORED");
}

TEST(WebhookToProto, LeavesUnsetWhatIsNotSet) {
  const pb::Webhook webhook = WebhookToProto(WebhookRecord());
  EXPECT_EQ(webhook.workspace_id(), 0);
  EXPECT_FALSE(webhook.has_max_in_flight());
  EXPECT_FALSE(webhook.has_max_requests_per_second());
  EXPECT_FALSE(webhook.has_error_state());
  EXPECT_FALSE(webhook.has_disabled_reason());
  EXPECT_FALSE(webhook.has_disabled_at());
  EXPECT_TRUE(webhook.has_disabled());
  EXPECT_FALSE(webhook.disabled());
}

}  // namespace
}  // namespace webhookd
