#include "server/events/judge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "server/events/trigger_matcher.h"
#include "tests/server/events/vectors.h"
#include "tests/server/events/webhooks.h"
#include "tests/testing/seeded_random.h"

namespace webhookd {
namespace {

using testing::HasSubstr;

class JudgeTest : public testing::Test {
 protected:
  v1::JudgementReason Reason(const Occurrence& occurrence) {
    const Verdict verdict = Judge(webhook_, trigger_, occurrence);
    EXPECT_NE(verdict.explanation, "");
    explanation_ = verdict.explanation;
    return verdict.reason;
  }

  void Listen(TriggerType type, std::string condition) {
    trigger_ = {.id = 5, .type = type, .condition_json = std::move(condition)};
  }

  v1::Experiment experiment_ = VectorExperiment();
  WebhookRecord webhook_ = {.id = 3, .name = "mine"};
  TriggerRecord trigger_ = StateTrigger("COMPLETED");
  std::string explanation_;
};

TEST_F(JudgeTest, NamesTheFirstReasonThatApplies) {
  Occurrence occurrence = {.experiment = experiment_};
  EXPECT_EQ(Reason(occurrence), v1::JUDGEMENT_REASON_FIRED);
  webhook_.disabled_at = absl::UnixEpoch();
  EXPECT_EQ(Reason(occurrence), v1::JUDGEMENT_REASON_DISABLED);
  trigger_ = StateTrigger("ERROR");
  EXPECT_EQ(Reason(occurrence), v1::JUDGEMENT_REASON_STATE);
  EXPECT_THAT(explanation_, HasSubstr("waits for ERROR, and the experiment became COMPLETED"));
  trigger_.condition_json = "spoiled";
  EXPECT_EQ(Reason(occurrence), v1::JUDGEMENT_REASON_UNREADABLE);
  webhook_.mode = WebhookMode::kSpecific;
  EXPECT_EQ(Reason(occurrence), v1::JUDGEMENT_REASON_MODE);
  EXPECT_THAT(explanation_, HasSubstr("names neither 3 nor \"mine\""));
  webhook_.workspace_id = 8;
  EXPECT_EQ(Reason(occurrence), v1::JUDGEMENT_REASON_SCOPE);
  EXPECT_THAT(explanation_, HasSubstr("workspace 8, the event to workspace 7"));
  experiment_.mutable_webhooks()->set_exclude(true);
  EXPECT_EQ(Reason(occurrence), v1::JUDGEMENT_REASON_EXCLUDED);
  occurrence.type = TriggerType::kCustom;
  EXPECT_EQ(Reason(occurrence), v1::JUDGEMENT_REASON_TYPE);
}

TEST_F(JudgeTest, ReadsLines) {
  Listen(TriggerType::kTaskLog, R"({"regex":"CUDA.*memory"})");
  const Occurrence occurrence = {.type = TriggerType::kTaskLog, .experiment = experiment_};
  const auto reason = [&](absl::string_view line) {
    return Reason({.type = occurrence.type, .experiment = experiment_, .line = line});
  };
  EXPECT_EQ(reason("CUDA out of memory"), v1::JUDGEMENT_REASON_FIRED);
  EXPECT_EQ(reason("CUDA out of memory\n"), v1::JUDGEMENT_REASON_FIRED);
  EXPECT_EQ(reason(R"(config: {"log_policies": [], "x": "CUDA and memory"})"),
            v1::JUDGEMENT_REASON_CONFIG_LINE);
  EXPECT_EQ(reason("all is well"), v1::JUDGEMENT_REASON_PATTERN);
  EXPECT_EQ(reason(R"(config: {"regex": "CUDA.*memory"})"), v1::JUDGEMENT_REASON_CONFIG_LINE);
}

TEST_F(JudgeTest, ComparesMetrics) {
  Listen(TriggerType::kMetricThresholdExceeded,
         R"({"group":"training","metric":"loss","operator":">","threshold":5.0})");
  const auto reason = [&](absl::string_view metric, absl::string_view group, double value) {
    return Reason({.type = TriggerType::kMetricThresholdExceeded,
                   .experiment = experiment_,
                   .metric = metric,
                   .group = group,
                   .value = value});
  };
  EXPECT_EQ(reason("loss", "training", 6), v1::JUDGEMENT_REASON_FIRED);
  EXPECT_EQ(reason("accuracy", "training", 6), v1::JUDGEMENT_REASON_METRIC);
  EXPECT_EQ(reason("loss", "validation", 6), v1::JUDGEMENT_REASON_GROUP);
  EXPECT_EQ(reason("loss", "training", 5), v1::JUDGEMENT_REASON_THRESHOLD);
  EXPECT_EQ(explanation_, "loss is 5, not > 5");
}

TEST_F(JudgeTest, FiresCustomTriggersInModeSpecificOnly) {
  Listen(TriggerType::kCustom, "{}");
  const Occurrence occurrence = {.type = TriggerType::kCustom, .experiment = experiment_};
  EXPECT_EQ(Reason(occurrence), v1::JUDGEMENT_REASON_MODE);
  webhook_.mode = WebhookMode::kSpecific;
  EXPECT_EQ(Reason(occurrence), v1::JUDGEMENT_REASON_MODE);
  experiment_.mutable_webhooks()->add_webhook_name("mine");
  EXPECT_EQ(Reason(occurrence), v1::JUDGEMENT_REASON_FIRED);
}

TEST(PrintsConfig, KnowsAConfigurationByItsKeys) {
  const std::string pattern = R"(CUDA\s"out")";
  EXPECT_TRUE(PrintsConfig(R"({"pattern":"CUDA\\s\"out\""})", pattern));
  EXPECT_TRUE(PrintsConfig(R"(  pattern: CUDA\s"out")", pattern));
  EXPECT_TRUE(PrintsConfig(R"(- regex: 'CUDA\s"out"')", pattern));
  EXPECT_TRUE(PrintsConfig(R"({'regex': 'CUDA\s"out"'})", pattern));
  EXPECT_TRUE(PrintsConfig(R"({\"regex\": \"CUDA\s"out"\"})", pattern));
  EXPECT_TRUE(PrintsConfig(R"("log_policies":[{"p":"CUDA\\s\"out\""}])", pattern));
  EXPECT_TRUE(PrintsConfig(R"("log_pattern_policies":[CUDA\s"out"])", pattern));
  EXPECT_TRUE(PrintsConfig(R"("log_policies":[])", pattern));
  EXPECT_FALSE(PrintsConfig(R"(the line says CUDA\s"out")", pattern));
  EXPECT_FALSE(PrintsConfig(R"(error: CUDA\s"out")", pattern));
  // An ordinary line that repeats a pattern without special characters.
  EXPECT_FALSE(PrintsConfig("torch.cuda.OutOfMemoryError: CUDA out of memory",
                            "torch.cuda.OutOfMemoryError"));
}

// As a real master has it: whatever the pattern, and in every form in which it may be printed.
TEST(PrintsConfig, KnowsLogPolicies) {
  for (const char* const key : {"log_policies", "log_pattern_policies"}) {
    for (const char* const line :
         {R"(New trial runner on agent a: {"debug": false, "$": [{"pattern": "x"}]}\n)",
          R"({"$":null,"name":"CUDA out of memory"})", R"(config: "{\"$\": []}")",
          "{'debug': False, '$': []}", "$:", "  $:\n", "- $:", "first: 1\n$:\n- pattern: x\n",
          "{debug: false, $: [{pattern: x}]}", "$: []"}) {
      const std::string shown = absl::StrReplaceAll(line, {{"$", key}});
      EXPECT_TRUE(PrintsConfig(shown, "(?i)cuda out of memory")) << shown;
    }
    for (const char* const line :
         {"ERROR: invalid $: CUDA out of memory", "see \"$\" in the documentation",
          "no $: CUDA out of memory", "$=3", "the $: of CUDA", "my_$: []", "wrong $:"}) {
      const std::string shown = absl::StrReplaceAll(line, {{"$", key}});
      EXPECT_FALSE(PrintsConfig(shown, "(?i)cuda out of memory")) << shown;
    }
  }
}

// Random webhooks and occurrences of few different values, so that they meet often.
class RandomWorld {
 public:
  explicit RandomWorld(SeededRandom& random) : random_(random) {
    for (int32_t id = 1; id <= 25; ++id) {
      WebhookRecord webhook = {.id = id, .name = absl::StrCat("hook ", Below(6))};
      if (Below(2) == 0) webhook.workspace_id = static_cast<int32_t>(1 + Below(3));
      if (Below(2) == 0) webhook.mode = WebhookMode::kSpecific;
      if (Below(4) == 0) webhook.disabled_at = absl::UnixEpoch();
      const bool taken = std::any_of(webhooks_.begin(), webhooks_.end(), [&](const auto& other) {
        return other->name == webhook.name && other->workspace_id == webhook.workspace_id;
      });
      if (taken) webhook.name = absl::StrCat("other ", id);
      for (uint64_t i = Below(4); i > 0; --i) webhook.triggers.push_back(Trigger());
      webhooks_.push_back(std::make_shared<const WebhookRecord>(std::move(webhook)));
    }
  }

  uint64_t Below(uint64_t bound) { return random_.Next() % bound; }

  v1::Experiment Experiment() {
    v1::Experiment experiment;
    if (Below(8) == 0) return experiment;
    experiment.set_id(1);
    experiment.set_state(static_cast<determined::experiment::v1::State>(6 + Below(3)));
    experiment.set_workspace_id(static_cast<int32_t>(Below(4)));
    v1::WebhookIntegration& listed = *experiment.mutable_webhooks();
    for (uint64_t i = Below(4); i > 0; --i) {
      listed.add_webhook_id(static_cast<int32_t>(Below(30)));
      listed.add_webhook_name(absl::StrCat("hook ", Below(6)));
    }
    listed.set_exclude(Below(10) == 0);
    return experiment;
  }

  std::string Line() {
    std::string line;
    for (uint64_t i = Below(5); i > 0; --i) {
      constexpr const char* kParts[] = {"ab", "b", " ", "pattern: ", "a.b", "c", "\xff", "\n"};
      absl::StrAppend(&line, kParts[Below(8)]);
    }
    return line;
  }

  const std::vector<std::shared_ptr<const WebhookRecord>>& webhooks() const { return webhooks_; }

 private:
  TriggerRecord Trigger() {
    TriggerRecord trigger = {.id = ++triggers_, .type = static_cast<TriggerType>(1 + Below(4))};
    constexpr const char* kStates[] = {"COMPLETED", "ERROR", "ERRORED", "CANCELED"};
    constexpr const char* kRegexes[] = {"a.b", "b$", "ab", "^c"};
    switch (trigger.type) {
      case TriggerType::kExperimentStateChange:
        trigger.condition_json = absl::StrCat(R"({"state":")", kStates[Below(4)], R"("})");
        break;
      case TriggerType::kTaskLog:
        trigger.condition_json = absl::StrCat(R"({"regex":")", kRegexes[Below(4)], R"("})");
        break;
      case TriggerType::kMetricThresholdExceeded:
        trigger.condition_json = absl::StrCat(
            "{", Below(2) == 0 ? "" : R"("group":"training",)", R"("metric":"m)", Below(2),
            R"(","operator":")", Below(2) == 0 ? "<" : ">=", R"(","threshold":)", Below(3), "}");
        break;
      case TriggerType::kCustom:
        trigger.condition_json = "{}";
        break;
    }
    if (Below(12) == 0) trigger.condition_json = "spoiled";
    return trigger;
  }

  SeededRandom& random_;
  int32_t triggers_ = 0;
  std::vector<std::shared_ptr<const WebhookRecord>> webhooks_;
};

using Ids = std::vector<std::pair<int32_t, int32_t>>;  // webhook, trigger

Ids IdsOf(const std::vector<Match>& matches) {
  Ids ids;
  for (const Match& match : matches) ids.emplace_back(match.webhook->id, match.trigger_id);
  return ids;
}

TEST(TriggerIndex, AgreesWithTheJudgeOnRandomEvents) {
  SeededRandom random;
  int fired = 0;
  std::unique_ptr<const TriggerIndex> index;
  for (int round = 0; round < 60; ++round) {
    RandomWorld world(random);
    // Now and then one that takes over the automatons of another.
    index = std::make_unique<const TriggerIndex>(
        std::make_shared<const WebhookSnapshot>(round, world.webhooks()), index.get());
    const auto by_the_book = [&](const Occurrence& occurrence) {
      Ids ids;
      for (const auto& webhook : world.webhooks()) {
        for (const TriggerRecord& trigger : webhook->triggers) {
          if (Judge(*webhook, trigger, occurrence).fires())
            ids.emplace_back(webhook->id, trigger.id);
        }
      }
      fired += static_cast<int>(ids.size());
      return ids;
    };
    for (int i = 0; i < 40; ++i) {
      const v1::Experiment experiment = world.Experiment();
      EXPECT_EQ(IdsOf(index->MatchStateChange(experiment)),
                by_the_book({.experiment = experiment}));
      EXPECT_EQ(IdsOf(index->MatchCustom(experiment)),
                by_the_book({.type = TriggerType::kCustom, .experiment = experiment}));

      const std::string line = world.Line();
      const absl::string_view lines[] = {line};
      const std::vector<MatchedLine> matched = index->MatchLogs(experiment, lines);
      EXPECT_EQ(
          matched.empty() ? Ids() : IdsOf(matched[0].matches),
          by_the_book({.type = TriggerType::kTaskLog, .experiment = experiment, .line = line}))
          << line;

      const std::string metric = absl::StrCat("m", world.Below(2));
      const std::string group = world.Below(2) == 0 ? "training" : "validation";
      const auto value = static_cast<double>(world.Below(4));
      std::vector<Match> listening = index->MatchMetric(experiment, metric, group);
      std::erase_if(listening,
                    [&](const Match& match) { return !match.condition->metric.Holds(value); });
      EXPECT_EQ(IdsOf(listening), by_the_book({.type = TriggerType::kMetricThresholdExceeded,
                                               .experiment = experiment,
                                               .metric = metric,
                                               .group = group,
                                               .value = value}));
    }
  }
  EXPECT_GT(fired, 2'000);
}

}  // namespace
}  // namespace webhookd
