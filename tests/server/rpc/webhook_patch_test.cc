#include "server/rpc/webhook_patch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <string>

namespace webhookd {
namespace {

namespace pb = determined::webhook::v1;
using determined::api::v1::PatchWebhookRequest;
using ::testing::HasSubstr;

const absl::Time kCreated = absl::FromUnixSeconds(1'665'000'000);
const absl::Time kNow = absl::FromUnixSeconds(1'665'689'991);

WebhookRecord Stored() {
  WebhookRecord webhook;
  webhook.id = 3;
  webhook.name = "on-call";
  webhook.url = "https://example.com/hook";
  webhook.max_in_flight = 4;
  webhook.max_requests_per_second = 2.5;
  webhook.error_state = ErrorStateName::kErrored;
  webhook.created_at = kCreated;
  webhook.triggers = {{.id = 5, .condition_json = R"({"state":"COMPLETED"})"}};
  return webhook;
}

absl::StatusOr<WebhookRecord> Patch(const WebhookRecord& webhook,
                                    const PatchWebhookRequest& request) {
  static const EgressPolicy egress{EgressPolicy::Options()};
  return PatchedWebhook(webhook, request, egress, kNow);
}

TEST(PatchedWebhook, TakesOnlyWhatIsSet) {
  PatchWebhookRequest request;
  request.mutable_webhook()->set_url("https://example.org/");
  const auto patched = Patch(Stored(), request);
  ASSERT_TRUE(patched.ok()) << patched.status();
  WebhookRecord expected = Stored();
  expected.url = "https://example.org/";
  EXPECT_EQ(*patched, expected);
}

TEST(PatchedWebhook, TakesEveryField) {
  PatchWebhookRequest request;
  pb::PatchWebhook& patch = *request.mutable_webhook();
  patch.set_url("https://example.org/");
  patch.set_name("night shift");
  patch.set_mode(pb::WEBHOOK_MODE_SPECIFIC);
  patch.set_skip_tls_verification(true);
  patch.set_max_in_flight(1);
  patch.set_max_requests_per_second(100'000);
  patch.set_disabled(true);
  patch.set_error_state("ERROR");
  pb::Trigger& trigger = *patch.add_triggers();
  trigger.set_trigger_type(pb::TRIGGER_TYPE_EXPERIMENT_STATE_CHANGE);
  (*trigger.mutable_condition()->mutable_fields())["state"].set_string_value("ERRORED");

  const auto patched = Patch(Stored(), request);
  ASSERT_TRUE(patched.ok()) << patched.status();
  WebhookRecord expected = Stored();
  expected.url = "https://example.org/";
  expected.name = "night shift";
  expected.mode = WebhookMode::kSpecific;
  expected.skip_tls_verification = true;
  expected.max_in_flight = 1;
  expected.max_requests_per_second = 100'000;
  expected.error_state = ErrorStateName::kError;
  expected.disabled_at = kNow;
  expected.disabled_reason = "disabled by request";
  expected.triggers = {{.condition_json = R"({"state":"ERRORED"})"}};
  EXPECT_EQ(*patched, expected);
}

TEST(PatchedWebhook, ZeroAndNothingGiveTheDefault) {
  PatchWebhookRequest request;
  request.mutable_webhook()->set_error_state("");
  request.mutable_webhook()->set_max_in_flight(0);
  request.mutable_webhook()->set_max_requests_per_second(0);
  const auto patched = Patch(Stored(), request);
  ASSERT_TRUE(patched.ok()) << patched.status();
  EXPECT_EQ(patched->max_in_flight, std::nullopt);
  EXPECT_EQ(patched->max_requests_per_second, std::nullopt);
  EXPECT_EQ(patched->error_state, std::nullopt);
}

TEST(PatchedWebhook, MaskChoosesFields) {
  PatchWebhookRequest request;
  request.mutable_webhook()->set_url("https://example.org/");
  request.mutable_webhook()->set_name("night shift");
  request.mutable_update_mask()->add_paths("name");
  const auto patched = Patch(Stored(), request);
  ASSERT_TRUE(patched.ok()) << patched.status();
  EXPECT_EQ(patched->url, Stored().url);
  EXPECT_EQ(patched->name, "night shift");
}

TEST(PatchedWebhook, MaskClearsWhatHasADefault) {
  WebhookRecord webhook = Stored();
  webhook.mode = WebhookMode::kSpecific;
  webhook.skip_tls_verification = true;
  webhook.disabled_at = kCreated;
  webhook.disabled_reason = "410 Gone";
  PatchWebhookRequest request;
  for (const char* path :
       {"mode", "skip_tls_verification", "disabled", "max_in_flight", "max_requests_per_second"}) {
    request.mutable_update_mask()->add_paths(path);
  }
  const auto patched = Patch(webhook, request);
  ASSERT_TRUE(patched.ok()) << patched.status();
  EXPECT_EQ(patched->mode, WebhookMode::kWorkspace);
  EXPECT_FALSE(patched->skip_tls_verification);
  EXPECT_EQ(patched->disabled_at, std::nullopt);
  EXPECT_EQ(patched->disabled_reason, "");
  EXPECT_EQ(patched->max_in_flight, std::nullopt);
  EXPECT_EQ(patched->max_requests_per_second, std::nullopt);
}

TEST(PatchedWebhook, AnEmptyMaskIsNoMask) {
  PatchWebhookRequest request;
  request.mutable_update_mask();
  request.mutable_webhook()->set_name("night shift");
  const auto patched = Patch(Stored(), request);
  ASSERT_TRUE(patched.ok()) << patched.status();
  EXPECT_EQ(patched->name, "night shift");
}

TEST(PatchedWebhook, DisablingAgainKeepsTheReason) {
  WebhookRecord webhook = Stored();
  webhook.disabled_at = kCreated;
  webhook.disabled_reason = "410 Gone";
  PatchWebhookRequest request;
  request.mutable_webhook()->set_disabled(true);
  const auto patched = Patch(webhook, request);
  ASSERT_TRUE(patched.ok()) << patched.status();
  EXPECT_EQ(patched->disabled_at, kCreated);
  EXPECT_EQ(patched->disabled_reason, "410 Gone");
}

TEST(PatchedWebhook, CanDisableWhatTheEgressPolicyNoLongerAllows) {
  WebhookRecord webhook = Stored();
  webhook.url = "http://127.0.0.1/";
  PatchWebhookRequest request;
  request.mutable_webhook()->set_disabled(true);
  EXPECT_TRUE(Patch(webhook, request).ok());
}

struct BadPatch {
  const char* name;
  std::function<void(PatchWebhookRequest&)> spoil;
  const char* field;
  const char* value;
};

class PatchedWebhookRefuses : public ::testing::TestWithParam<BadPatch> {};

TEST_P(PatchedWebhookRefuses, NamingFieldAndValue) {
  PatchWebhookRequest request;
  GetParam().spoil(request);
  const absl::Status status = Patch(Stored(), request).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
  const std::string message(status.message());
  EXPECT_EQ(message.rfind(GetParam().field, 0), 0u) << message;
  EXPECT_THAT(message, HasSubstr(GetParam().value));
}

INSTANTIATE_TEST_SUITE_P(
    BadInput, PatchedWebhookRefuses,
    ::testing::Values(
        BadPatch{"Nothing", [](auto&) {}, "webhook", "changes nothing"},
        BadPatch{"NothingSet", [](auto& r) { r.mutable_webhook(); }, "webhook", "max_in_flight"},
        BadPatch{"UnknownPath", [](auto& r) { r.mutable_update_mask()->add_paths("workspace_id"); },
                 "update_mask", "\"workspace_id\""},
        BadPatch{"NestedPath", [](auto& r) { r.mutable_update_mask()->add_paths("triggers.id"); },
                 "update_mask", "\"triggers.id\""},
        BadPatch{"MaskedUrlMissing", [](auto& r) { r.mutable_update_mask()->add_paths("url"); },
                 "url", "empty"},
        BadPatch{"MaskedNameMissing", [](auto& r) { r.mutable_update_mask()->add_paths("name"); },
                 "name", "empty"},
        BadPatch{"MaskedTriggersMissing",
                 [](auto& r) { r.mutable_update_mask()->add_paths("triggers"); }, "triggers",
                 "empty"},
        BadPatch{"EmptyUrl", [](auto& r) { r.mutable_webhook()->set_url(""); }, "url", "empty"},
        BadPatch{"BadUrl", [](auto& r) { r.mutable_webhook()->set_url("nowhere"); }, "url",
                 "nowhere"},
        BadPatch{"DeniedUrl", [](auto& r) { r.mutable_webhook()->set_url("http://[::1]/"); }, "url",
                 "loopback"},
        BadPatch{"BadName", [](auto& r) { r.mutable_webhook()->set_name("a\tb"); }, "name",
                 "byte 1"},
        BadPatch{"BadMode",
                 [](auto& r) { r.mutable_webhook()->set_mode(static_cast<pb::WebhookMode>(5)); },
                 "mode", "5"},
        BadPatch{"BadTrigger", [](auto& r) { r.mutable_webhook()->add_triggers(); },
                 "triggers[0].trigger_type", "missing"},
        BadPatch{"BadMaxInFlight", [](auto& r) { r.mutable_webhook()->set_max_in_flight(-1); },
                 "max_in_flight", "-1"},
        BadPatch{"BadRate",
                 [](auto& r) {
                   r.mutable_webhook()->set_max_requests_per_second(
                       std::numeric_limits<double>::quiet_NaN());
                 },
                 "max_requests_per_second", "nan"}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace webhookd
