// Webhooks and settings, as every Store keeps them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/storage/store_contract.h"

namespace webhookd {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

WebhookRecord FullWebhook() {
  WebhookRecord webhook;
  webhook.name =
      "t\xc3\xa4glich \xe5\xae\x9f\xe9\xa8\x93 \xf0\x9f\x8e\x89 'quoted' \"twice\" %s;--";
  webhook.url = "https://example.com/hook?a=b&c=%20#fragment";
  webhook.type = WebhookType::kSlack;
  webhook.mode = WebhookMode::kSpecific;
  webhook.workspace_id = 7;
  webhook.skip_tls_verification = true;
  webhook.max_in_flight = 3;
  webhook.max_requests_per_second = 0.1;
  webhook.error_state = ErrorStateName::kError;
  webhook.disabled_at = absl::FromUnixMicros(1'665'689'991'123'456);
  webhook.disabled_reason = "410 Gone";
  webhook.failing_since = absl::FromUnixMicros(1'665'600'000'000'001);
  webhook.created_at = absl::FromUnixMicros(1'665'500'000'999'999);
  webhook.triggers = {
      {.type = TriggerType::kCustom, .condition_json = "{}"},
      {.type = TriggerType::kTaskLog, .condition_json = R"({"regex":"a\\d+"})"},
      {.type = TriggerType::kMetricThresholdExceeded, .condition_json = R"({"metric":"loss"})"}};
  return webhook;
}

TEST_P(StoreContract, CreateWebhook_GivesIdsAndKeepsEveryField) {
  WebhookRecord expected = FullWebhook();
  const auto change = writes().CreateWebhook(expected);
  ASSERT_TRUE(change.ok()) << change.status();

  expected.id = change->webhook.id;
  ASSERT_EQ(change->webhook.triggers.size(), 3u);
  for (size_t i = 0; i < 3; ++i) expected.triggers[i].id = change->webhook.triggers[i].id;
  EXPECT_GT(expected.id, 0);
  EXPECT_GT(expected.triggers[0].id, 0);
  EXPECT_LT(expected.triggers[0].id, expected.triggers[1].id);
  EXPECT_LT(expected.triggers[1].id, expected.triggers[2].id);
  expected.changed_version = change->version;
  EXPECT_EQ(change->webhook, expected);
  EXPECT_EQ(Load(expected.id), expected);
  Reopen();
  EXPECT_EQ(Load(expected.id), expected);
}

TEST_P(StoreContract, EveryChangeOfAWebhookRaisesTheVersionByOne) {
  const int64_t start = Version();
  WebhookRecord webhook = AddWebhook("a");
  EXPECT_EQ(Version(), start + 1);
  webhook.url = "https://example.com/other";
  const auto update = writes().UpdateWebhook(webhook);
  ASSERT_TRUE(update.ok()) << update.status();
  EXPECT_EQ(update->version, start + 2);
  const auto disabling = writes().DisableWebhook(webhook.id, "why", At(1));
  ASSERT_TRUE(disabling.ok()) << disabling.status();
  EXPECT_EQ(disabling->version, start + 3);
  ASSERT_TRUE(writes().SetFailingSince(webhook.id, At(2)).ok());
  EXPECT_EQ(Version(), start + 3);
  const auto deletion = writes().DeleteWebhook(webhook.id, At(3));
  ASSERT_TRUE(deletion.ok()) << deletion.status();
  EXPECT_EQ(deletion->version, start + 4);
  Reopen();
  EXPECT_EQ(Version(), start + 4);
}

TEST_P(StoreContract, LoadWebhooks_IsSortedById) {
  const int32_t a = AddWebhook("z").id;
  const int32_t b = AddWebhook("a").id;
  const int32_t c = AddWebhook("m", 3).id;
  ASSERT_TRUE(writes().DeleteWebhook(b, At(1)).ok());
  const auto set = store().LoadWebhooks();
  ASSERT_TRUE(set.ok());
  std::vector<int32_t> ids;
  for (const WebhookRecord& webhook : set->webhooks) ids.push_back(webhook.id);
  EXPECT_THAT(ids, ElementsAre(a, c));
  EXPECT_EQ(set->webhooks[1].triggers.size(), 1u);
}

TEST_P(StoreContract, ANameIsTakenInItsScopeOnly) {
  AddWebhook("same");
  AddWebhook("same", 1);
  AddWebhook("same", 2);
  const int64_t version = Version();

  WebhookRecord webhook = FullWebhook();
  webhook.name = "same";
  webhook.workspace_id.reset();
  const auto global = writes().CreateWebhook(webhook);
  EXPECT_TRUE(absl::IsAlreadyExists(global.status())) << global.status();
  EXPECT_THAT(std::string(global.status().message()), HasSubstr("\"same\""));
  webhook.workspace_id = 2;
  const auto in_workspace = writes().CreateWebhook(webhook);
  EXPECT_TRUE(absl::IsAlreadyExists(in_workspace.status())) << in_workspace.status();
  EXPECT_THAT(std::string(in_workspace.status().message()), HasSubstr("workspace 2"));
  EXPECT_EQ(Version(), version);
}

TEST_P(StoreContract, AFailedWriteLeavesTheOthersOfItsBatch) {
  AddWebhook("taken");
  WebhookRecord webhook = FullWebhook();
  std::vector<Pending<WebhookChange>> results(5);
  for (size_t i = 0; i < results.size(); ++i) {
    webhook.name = i == 2 ? "taken" : absl::StrCat("new ", i);
    webhook.workspace_id.reset();
    store().CreateWebhook(webhook, std::nullopt, results[i].done());
  }
  for (size_t i = 0; i < results.size(); ++i) {
    EXPECT_EQ(results[i].Wait().status().code(),
              i == 2 ? absl::StatusCode::kAlreadyExists : absl::StatusCode::kOk);
  }
  EXPECT_EQ(store().LoadWebhooks()->webhooks.size(), 5u);
}

TEST_P(StoreContract, ADeletedWebhooksNameIsFreeAndItsIdsAreNot) {
  const WebhookRecord old = AddWebhook("name");
  ASSERT_TRUE(writes().DeleteWebhook(old.id, At(1)).ok());
  Reopen();
  const WebhookRecord added = AddWebhook("name");
  EXPECT_GT(added.id, old.id);
  EXPECT_GT(added.triggers[0].id, old.triggers[0].id);
}

TEST_P(StoreContract, UpdateWebhook_ReplacesAndKeepsWhatItMust) {
  const WebhookRecord old = AddWebhook("name", 4);
  ASSERT_TRUE(writes().SetFailingSince(old.id, At(5)).ok());

  WebhookRecord webhook = FullWebhook();
  webhook.id = old.id;
  webhook.url = old.url;  // another one ends failing_since
  webhook.triggers.push_back(old.triggers[0]);
  webhook.triggers.back().id = 0;
  webhook.created_at = At(1000);
  webhook.failing_since = At(1000);
  const auto change = writes().UpdateWebhook(webhook);
  ASSERT_TRUE(change.ok()) << change.status();

  EXPECT_EQ(change->webhook.name, webhook.name);
  EXPECT_EQ(change->webhook.workspace_id, 7);
  EXPECT_EQ(change->webhook.created_at, old.created_at);
  EXPECT_EQ(change->webhook.failing_since, At(5));
  ASSERT_EQ(change->webhook.triggers.size(), 4u);
  EXPECT_EQ(change->webhook.triggers[0], old.triggers[0]);
  EXPECT_EQ(change->webhook.triggers[3].condition_json, webhook.triggers[2].condition_json);
  EXPECT_EQ(Load(old.id), change->webhook);
}

TEST_P(StoreContract, UpdateWebhook_NeverUsesATriggersIdAgain) {
  WebhookRecord webhook = AddWebhook("name");
  const TriggerRecord first = webhook.triggers[0];
  webhook.triggers = {{.type = TriggerType::kTaskLog, .condition_json = "{}"}};
  webhook = writes().UpdateWebhook(webhook)->webhook;
  ASSERT_EQ(webhook.triggers.size(), 1u);
  EXPECT_GT(webhook.triggers[0].id, first.id);
  const int32_t second = webhook.triggers[0].id;
  webhook.triggers = {first};
  webhook = writes().UpdateWebhook(webhook)->webhook;
  ASSERT_EQ(webhook.triggers.size(), 1u);
  EXPECT_GT(webhook.triggers[0].id, second);
}

TEST_P(StoreContract, UpdateWebhook_KeepsEqualTriggersApart) {
  WebhookRecord webhook = AddWebhook("name");
  webhook.triggers.push_back(webhook.triggers[0]);
  const auto change = writes().UpdateWebhook(webhook);
  ASSERT_TRUE(change.ok()) << change.status();
  ASSERT_EQ(change->webhook.triggers.size(), 2u);
  EXPECT_EQ(change->webhook.triggers[0].id, webhook.triggers[0].id);
  EXPECT_NE(change->webhook.triggers[1].id, webhook.triggers[0].id);
}

TEST_P(StoreContract, UpdateWebhook_ChangesWhatIsThereAtThatMoment) {
  const WebhookRecord webhook = AddWebhook("name");
  std::vector<Pending<WebhookChange>> results(20);
  for (Pending<WebhookChange>& result : results) {
    store().UpdateWebhook(
        webhook.id,
        [](const WebhookRecord& old) -> absl::StatusOr<WebhookRecord> {
          WebhookRecord changed = old;
          changed.max_in_flight = old.max_in_flight.value_or(0) + 1;
          return changed;
        },
        std::nullopt, result.done());
  }
  for (size_t i = 0; i < results.size(); ++i) {
    const auto change = results[i].Wait();
    ASSERT_TRUE(change.ok()) << change.status();
    EXPECT_EQ(change->webhook.max_in_flight, static_cast<int32_t>(i + 1));
  }
  EXPECT_EQ(Load(webhook.id).max_in_flight, 20);
}

TEST_P(StoreContract, UpdateWebhook_ChangesNothingWhenTheUpdateRefuses) {
  const WebhookRecord webhook = AddWebhook("name");
  for (const absl::Status& refusal :
       {absl::PermissionDeniedError("not yours"), absl::InvalidArgumentError("wrong")}) {
    Pending<WebhookChange> refused;
    Pending<WebhookChange> other;
    store().UpdateWebhook(
        webhook.id, [refusal](const WebhookRecord&) { return refusal; }, std::nullopt,
        refused.done());
    store().DisableWebhook(webhook.id, webhook.url, "why", At(1), other.done());
    EXPECT_EQ(refused.Wait().status(), refusal);
    EXPECT_TRUE(other.Wait().ok());
  }
}

TEST_P(StoreContract, Catalog_HasEveryChangeWhenItIsReported) {
  const auto ids = [&] {
    std::vector<int32_t> ids;
    for (const auto& [id, webhook] : store().catalog().Current()->webhooks()) ids.push_back(id);
    return ids;
  };
  const WebhookRecord a = AddWebhook("a");
  const WebhookRecord b = AddWebhook("b");
  EXPECT_THAT(ids(), ElementsAre(a.id, b.id));
  const auto before = store().catalog().Current();
  WebhookRecord changed = b;
  changed.url = "https://example.com/other";
  const auto change = writes().UpdateWebhook(changed);
  EXPECT_EQ(*store().catalog().Current()->Find(b.id), change->webhook);
  ASSERT_TRUE(writes().DisableWebhook(b.id, "why", At(1)).ok());
  EXPECT_EQ(store().catalog().Current()->Find(b.id)->disabled_reason, "why");
  ASSERT_TRUE(writes().DeleteWebhook(a.id, At(2)).ok());
  EXPECT_THAT(ids(), ElementsAre(b.id));
  EXPECT_EQ(store().catalog().Current()->version(), Version());
  EXPECT_EQ(before->Find(b.id)->url, b.url);
  Reopen();
  EXPECT_THAT(ids(), ElementsAre(b.id));
  EXPECT_EQ(store().catalog().Current()->version(), Version());
}

TEST_P(StoreContract, UpdateWebhook_RefusesATakenNameAndAnUnknownId) {
  AddWebhook("taken");
  const WebhookRecord webhook = AddWebhook("name");
  WebhookRecord changed = webhook;
  changed.url = "https://example.com/changed";
  changed.name = "taken";
  changed.triggers.clear();
  EXPECT_TRUE(absl::IsAlreadyExists(writes().UpdateWebhook(changed).status()));
  EXPECT_EQ(Load(webhook.id), webhook);
  changed.id = 12345;
  EXPECT_TRUE(absl::IsNotFound(writes().UpdateWebhook(changed).status()));
}

TEST_P(StoreContract, FailingSinceEndsWhenAWebhookIsEnabledAgain) {
  WebhookRecord webhook = AddWebhook("name");
  ASSERT_TRUE(writes().SetFailingSince(webhook.id, At(5)).ok());
  webhook = writes().DisableWebhook(webhook.id, "failing for 5 days", At(6))->webhook;
  EXPECT_EQ(webhook.disabled_at, At(6));
  EXPECT_EQ(webhook.disabled_reason, "failing for 5 days");
  EXPECT_EQ(webhook.failing_since, At(5));
  webhook.disabled_at.reset();
  webhook.disabled_reason.clear();
  webhook = writes().UpdateWebhook(webhook)->webhook;
  EXPECT_EQ(webhook.disabled_at, std::nullopt);
  EXPECT_EQ(webhook.failing_since, std::nullopt);

  ASSERT_TRUE(writes().SetFailingSince(webhook.id, At(7)).ok());
  EXPECT_EQ(Load(webhook.id).failing_since, At(7));
  ASSERT_TRUE(writes().SetFailingSince(webhook.id, std::nullopt).ok());
  EXPECT_EQ(Load(webhook.id).failing_since, std::nullopt);
}

TEST_P(StoreContract, FailingSinceEndsWithAnotherUrlAndNothingLess) {
  WebhookRecord webhook = AddWebhook("name");
  ASSERT_TRUE(writes().SetFailingSince(webhook.id, At(5)).ok());
  webhook.name = "another name";
  webhook = writes().UpdateWebhook(webhook)->webhook;
  EXPECT_EQ(webhook.failing_since, At(5));
  webhook.url = "https://example.com/another";
  webhook = writes().UpdateWebhook(webhook)->webhook;
  EXPECT_EQ(webhook.failing_since, std::nullopt);
  EXPECT_EQ(Load(webhook.id).failing_since, std::nullopt);
}

TEST_P(StoreContract, DisableWebhook_KeepsTheFirstReason) {
  const WebhookRecord webhook = AddWebhook("name");
  ASSERT_TRUE(writes().DisableWebhook(webhook.id, "first", At(1)).ok());
  const int64_t version = Version();
  const auto again = writes().DisableWebhook(webhook.id, "second", At(2));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->version, version + 1) << "it would pass for the change that made the version";
  EXPECT_EQ(again->webhook.disabled_reason, "first");
  EXPECT_EQ(Load(webhook.id).disabled_at, At(1));
}

TEST_P(StoreContract, DisableWebhook_LeavesOneWithAnotherUrlEnabled) {
  WebhookRecord webhook = AddWebhook("name");
  const std::string old_url = webhook.url;
  webhook.url = "https://example.com/another";
  ASSERT_TRUE(writes().UpdateWebhook(webhook).ok());
  Pending<WebhookChange> pending;
  store().DisableWebhook(webhook.id, old_url, "410 Gone", At(2), pending.done());
  const absl::StatusOr<WebhookChange> change = pending.Wait();
  ASSERT_TRUE(change.ok()) << change.status();
  EXPECT_EQ(change->webhook.disabled_at, std::nullopt);
  EXPECT_EQ(change->webhook.disabled_reason, "");
  EXPECT_EQ(Load(webhook.id).disabled_at, std::nullopt);
}

TEST_P(StoreContract, AMissingOrDeletedWebhookIsNotFound) {
  const WebhookRecord webhook = AddWebhook("name");
  ASSERT_TRUE(writes().DeleteWebhook(webhook.id, At(1)).ok());
  for (const int32_t id : {webhook.id, 12345, 0, -1}) {
    WebhookRecord changed = webhook;
    changed.id = id;
    EXPECT_TRUE(absl::IsNotFound(writes().UpdateWebhook(changed).status()));
    EXPECT_TRUE(absl::IsNotFound(writes().DeleteWebhook(id, At(2)).status()));
    EXPECT_TRUE(absl::IsNotFound(writes().DisableWebhook(id, "why", At(2)).status()));
    EXPECT_TRUE(writes().SetFailingSince(id, At(2)).ok());
  }
}

TEST_P(StoreContract, DeleteWebhook_CancelsWhatIsPending) {
  const WebhookRecord webhook = AddWebhook("name");
  const WebhookRecord other = AddWebhook("other");
  const int64_t delivered = AcceptOne(webhook);
  const int64_t failed = AcceptOne(webhook);
  const int64_t retried = AcceptOne(webhook);
  const int64_t waiting = AcceptOne(webhook);
  const int64_t others = AcceptOne(other);
  Claim(webhook.id, At(1));
  Finish({Delivered(delivered), Failed(failed), Retried(retried)});

  const auto deletion = writes().DeleteWebhook(webhook.id, At(100));
  ASSERT_TRUE(deletion.ok()) << deletion.status();
  EXPECT_EQ(deletion->canceled_deliveries, 2);
  EXPECT_EQ(Get(delivered).state, DeliveryState::kDelivered);
  EXPECT_EQ(Get(failed).state, DeliveryState::kFailed);
  EXPECT_EQ(Get(retried).state, DeliveryState::kCanceled);
  EXPECT_EQ(Get(waiting).state, DeliveryState::kCanceled);
  EXPECT_EQ(Get(waiting).finished_at, At(100));
  EXPECT_EQ(Get(waiting).webhook_name, "name");
  EXPECT_EQ(Get(others).state, DeliveryState::kPending);
}

TEST_P(StoreContract, LoadOrCreateSetting_GivesWhatWasStoredFirst) {
  EXPECT_EQ(*writes().LoadOrCreateSetting("signing_key", "first"), "first");
  EXPECT_EQ(*writes().LoadOrCreateSetting("signing_key", "second"), "first");
  EXPECT_EQ(*writes().LoadOrCreateSetting("other", ""), "");
  Reopen();
  EXPECT_EQ(*writes().LoadOrCreateSetting("signing_key", "third"), "first");
  EXPECT_EQ(*writes().LoadOrCreateSetting("other", "x"), "");
}

}  // namespace
}  // namespace webhookd
