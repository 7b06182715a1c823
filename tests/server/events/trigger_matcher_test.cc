#include "server/events/trigger_matcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "determined/experiment/v1/experiment.pb.h"
#include "server/events/trigger_condition.h"
#include "storage/webhook_catalog.h"
#include "tests/server/events/vectors.h"
#include "tests/server/events/webhooks.h"
#include "webhookd/v1/ingest.pb.h"

namespace webhookd {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

using Ids = std::vector<std::pair<int32_t, int32_t>>;  // webhook, trigger

class TriggerIndexTest : public testing::Test {
 protected:
  // Gives the webhook's id. Its triggers get ids of their own, counted from 1 over all webhooks.
  int32_t Add(WebhookRecord webhook) {
    webhook.id = static_cast<int32_t>(webhooks_.size()) + 1;
    for (TriggerRecord& trigger : webhook.triggers) trigger.id = ++triggers_;
    webhooks_.push_back(std::make_shared<const WebhookRecord>(std::move(webhook)));
    return webhooks_.back()->id;
  }

  Ids Matches(const v1::Experiment& experiment) {
    if (index_ == nullptr) {
      WebhookSnapshot::Webhooks webhooks;
      for (const auto& webhook : webhooks_) webhooks.Set(webhook->id, webhook);
      index_ = std::make_unique<TriggerIndex>(
          std::make_shared<const WebhookSnapshot>(1, std::move(webhooks)));
    }
    Ids ids;
    for (const Match& match : index_->MatchStateChange(experiment)) {
      ids.emplace_back(match.webhook->id, match.trigger_id);
    }
    return ids;
  }

  std::vector<std::shared_ptr<const WebhookRecord>> webhooks_;
  int32_t triggers_ = 0;
  std::unique_ptr<TriggerIndex> index_;  // made of the webhooks added before the first match
};

TEST_F(TriggerIndexTest, FiresForTheStateOnly) {
  Add(Webhook("completed", {"COMPLETED"}));
  Add(Webhook("error", {"ERROR"}));
  Add(Webhook("errored", {"ERRORED"}));
  Add(Webhook("running", {"RUNNING"}));
  v1::Experiment experiment = VectorExperiment();
  EXPECT_THAT(Matches(experiment), ElementsAre(Pair(1, 1)));
  experiment.set_state(determined::experiment::v1::STATE_ERROR);
  EXPECT_THAT(Matches(experiment), ElementsAre(Pair(2, 2), Pair(3, 3)));
  experiment.set_state(determined::experiment::v1::STATE_STOPPING_ERROR);
  EXPECT_THAT(Matches(experiment), IsEmpty());
}

TEST_F(TriggerIndexTest, FiresEachTriggerOfAWebhook) {
  Add(Webhook("both", {"ERROR", "COMPLETED", "COMPLETED"}));
  EXPECT_THAT(Matches(VectorExperiment()), ElementsAre(Pair(1, 2), Pair(1, 3)));
}

TEST_F(TriggerIndexTest, SortsByWebhookAndTrigger) {
  WebhookRecord own = Webhook("own", {"COMPLETED"});
  own.workspace_id = 7;
  WebhookRecord specific = Webhook("specific", {"COMPLETED"});
  specific.mode = WebhookMode::kSpecific;
  Add(specific);
  Add(own);
  Add(Webhook("global", {"COMPLETED"}));
  v1::Experiment experiment = VectorExperiment();
  experiment.mutable_webhooks()->add_webhook_id(1);
  EXPECT_THAT(Matches(experiment), ElementsAre(Pair(1, 1), Pair(2, 2), Pair(3, 3)));
}

TEST_F(TriggerIndexTest, FiresOnceForAWebhookThatIsListedTwice) {
  WebhookRecord webhook = Webhook("mine", {"COMPLETED", "ERROR"});
  webhook.mode = WebhookMode::kSpecific;
  Add(webhook);
  v1::Experiment experiment = VectorExperiment();
  for (int i = 0; i < 3; ++i) {
    experiment.mutable_webhooks()->add_webhook_id(1);
    experiment.mutable_webhooks()->add_webhook_name("mine");
  }
  EXPECT_THAT(Matches(experiment), ElementsAre(Pair(1, 1)));
}

TEST_F(TriggerIndexTest, LooksForANameInTheScopesThatTheExperimentIsSeenFrom) {
  for (const int32_t workspace_id : {0, 7, 8}) {
    WebhookRecord webhook = Webhook("mine", {"COMPLETED"});
    webhook.mode = WebhookMode::kSpecific;
    if (workspace_id != 0) webhook.workspace_id = workspace_id;
    Add(webhook);
  }
  v1::Experiment experiment = VectorExperiment();
  experiment.mutable_webhooks()->add_webhook_name("mine");
  EXPECT_THAT(Matches(experiment), ElementsAre(Pair(1, 1), Pair(2, 2)));
  experiment.set_workspace_id(8);
  EXPECT_THAT(Matches(experiment), ElementsAre(Pair(1, 1), Pair(3, 3)));
  experiment.set_workspace_id(0);
  EXPECT_THAT(Matches(experiment), ElementsAre(Pair(1, 1)));
}

TEST_F(TriggerIndexTest, IgnoresNumbersAndNamesOfNoWebhook) {
  Add(Webhook("all", {"COMPLETED"}));
  WebhookRecord webhook = Webhook("mine", {"COMPLETED"});
  webhook.mode = WebhookMode::kSpecific;
  Add(webhook);
  v1::Experiment experiment = VectorExperiment();
  experiment.mutable_webhooks()->add_webhook_id(99);
  experiment.mutable_webhooks()->add_webhook_name("Mine");
  EXPECT_THAT(Matches(experiment), ElementsAre(Pair(1, 1)));
}

TEST_F(TriggerIndexTest, IgnoresTriggersOfOtherTypesAndUnreadableConditions) {
  WebhookRecord webhook = Webhook("mixed", {"COMPLETED"});
  webhook.triggers.push_back({.type = TriggerType::kTaskLog, .condition_json = R"({"regex":"x"})"});
  webhook.triggers.push_back(
      {.type = TriggerType::kExperimentStateChange, .condition_json = "spoiled"});
  Add(webhook);
  EXPECT_THAT(Matches(VectorExperiment()), ElementsAre(Pair(1, 1)));
}

// The rules as one reads them, tried on every webhook in turn.
Ids MatchesByTheBook(const std::vector<std::shared_ptr<const WebhookRecord>>& webhooks,
                     const v1::Experiment& experiment) {
  Ids ids;
  if (experiment.webhooks().exclude()) return ids;
  for (const auto& webhook : webhooks) {
    bool listed = false;
    for (const int32_t id : experiment.webhooks().webhook_id()) listed |= id == webhook->id;
    for (const std::string& name : experiment.webhooks().webhook_name()) {
      listed |= name == webhook->name;
    }
    const bool sees =
        !webhook->workspace_id.has_value() || *webhook->workspace_id == experiment.workspace_id();
    const bool listens = webhook->mode == WebhookMode::kWorkspace || listed;
    if (!sees || !listens) continue;
    for (const TriggerRecord& trigger : webhook->triggers) {
      if (StateOfCondition(trigger.condition_json).value() == experiment.state()) {
        ids.emplace_back(webhook->id, trigger.id);
      }
    }
  }
  return ids;
}

TEST_F(TriggerIndexTest, FollowsTheRulesInEveryCombination) {
  for (const char* state : {"COMPLETED", "ERROR", "ERRORED", "CANCELED"}) {
    for (const std::optional<int32_t> workspace_id :
         {std::optional<int32_t>(), std::optional<int32_t>(7), std::optional<int32_t>(8)}) {
      for (const WebhookMode mode : {WebhookMode::kWorkspace, WebhookMode::kSpecific}) {
        for (const bool disabled : {false, true}) {
          WebhookRecord webhook =
              Webhook(absl::StrCat(state, static_cast<int>(mode), disabled), {state});
          webhook.workspace_id = workspace_id;
          webhook.mode = mode;
          if (disabled) webhook.disabled_at = absl::UnixEpoch();
          Add(webhook);
        }
      }
    }
  }
  int matches = 0;
  for (int state = 1; state <= 16; ++state) {
    for (const int32_t workspace_id : {0, 7, 8, 9}) {
      for (const bool exclude : {false, true}) {
        for (int listing = 0; listing < 4; ++listing) {
          v1::Experiment experiment;
          experiment.set_id(1);
          experiment.set_state(static_cast<determined::experiment::v1::State>(state));
          experiment.set_workspace_id(workspace_id);
          experiment.mutable_webhooks()->set_exclude(exclude);
          for (const auto& webhook : webhooks_) {
            if (listing & 1) experiment.mutable_webhooks()->add_webhook_id(webhook->id);
            if (listing & 2) experiment.mutable_webhooks()->add_webhook_name(webhook->name);
          }
          const Ids expected = MatchesByTheBook(webhooks_, experiment);
          EXPECT_EQ(Matches(experiment), expected) << experiment.ShortDebugString();
          matches += static_cast<int>(expected.size());
        }
      }
    }
  }
  EXPECT_GT(matches, 100);
}

TEST_F(TriggerIndexTest, FindsOneAmongTenThousand) {
  for (int i = 0; i < 10000; ++i) {
    WebhookRecord webhook = Webhook(absl::StrCat("webhook ", i), {"COMPLETED", "ERROR"});
    webhook.workspace_id = 1000 + i;
    Add(webhook);
  }
  v1::Experiment experiment = VectorExperiment();
  experiment.set_workspace_id(1000 + 5000);
  EXPECT_THAT(Matches(experiment), ElementsAre(Pair(5001, 10001)));
}

TEST(TriggerIndex, KeepsItsLogTriggersWhenOthersChange) {
  WebhookRecord logs = Webhook("logs", {});
  logs.id = 1;
  logs.triggers = {{.id = 1, .type = TriggerType::kTaskLog, .condition_json = R"({"regex":"x"})"}};
  WebhookRecord states = Webhook("states", {"COMPLETED"});
  states.id = 2;
  auto snapshot =
      std::make_shared<const WebhookSnapshot>(WebhookSet{.version = 1, .webhooks = {logs, states}});
  const TriggerIndex first(snapshot);
  states.url = "https://example.com/other";
  snapshot = snapshot->With(2, states);
  const TriggerIndex second(snapshot, first);
  EXPECT_TRUE(second.HasLogTriggersOf(first));
  logs.url = "https://example.com/other";
  const TriggerIndex third(snapshot->With(3, logs), second);
  EXPECT_FALSE(third.HasLogTriggersOf(second));
  const std::string line = "x";
  const absl::string_view lines[] = {line};
  const std::vector<MatchedLine> matched = third.MatchLogs(VectorExperiment(), lines);
  ASSERT_EQ(matched.size(), 1u);
  ASSERT_EQ(matched[0].matches.size(), 1u);
  EXPECT_EQ(matched[0].matches[0].webhook->url, logs.url);
}

TEST(TriggerMatcher, FollowsTheCatalog) {
  WebhookCatalog catalog(std::make_shared<const WebhookSnapshot>(WebhookSet()));
  TriggerMatcher matcher(catalog);
  const std::shared_ptr<const TriggerIndex> empty = matcher.Current();
  EXPECT_THAT(empty->MatchStateChange(VectorExperiment()), IsEmpty());
  EXPECT_EQ(matcher.Current(), empty);

  WebhookRecord webhook = Webhook("new", {"COMPLETED"});
  webhook.id = 1;
  const auto next = catalog.Current()->With(1, webhook);
  // In the write, before anybody else sees it.
  const auto in_write = matcher.InWrite(next);
  EXPECT_EQ(in_write->MatchStateChange(VectorExperiment()).size(), 1);
  EXPECT_EQ(matcher.InWrite(next), in_write);
  EXPECT_EQ(matcher.Current(), empty);
  // A commit that failed, and then another change.
  const auto other = catalog.Current()->With(1, {.id = 2, .name = "other"});
  EXPECT_THAT(matcher.InWrite(other)->MatchStateChange(VectorExperiment()), IsEmpty());

  catalog.Publish(next);
  EXPECT_EQ(matcher.Current()->snapshot(), next);
  EXPECT_EQ(matcher.Current()->MatchStateChange(VectorExperiment()).size(), 1);
  EXPECT_EQ(matcher.InWrite(next), matcher.Current());
  // Whoever holds the old one keeps it.
  EXPECT_THAT(empty->MatchStateChange(VectorExperiment()), IsEmpty());
}

}  // namespace
}  // namespace webhookd
