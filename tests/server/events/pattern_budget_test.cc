#include "server/events/pattern_budget.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/events/pattern_set.h"

namespace webhookd {
namespace {

using testing::HasSubstr;

using Webhooks = std::vector<std::shared_ptr<const WebhookRecord>>;

WebhookRecord Listening(int32_t id, const std::string& regex,
                        std::optional<int32_t> workspace_id = std::nullopt) {
  WebhookRecord webhook = {.id = id, .workspace_id = workspace_id};
  webhook.triggers = {{.type = TriggerType::kTaskLog,
                       .condition_json = absl::StrCat(R"({"regex":")", regex, R"("})")}};
  return webhook;
}

std::string Costly(int i) { return absl::StrCat("a.{0,40}b", i, ".*c"); }

WebhookSnapshot Snapshot(const Webhooks& webhooks) {
  WebhookSnapshot::Webhooks by_id;
  for (const auto& webhook : webhooks) by_id.Set(webhook->id, webhook);
  return {1, std::move(by_id)};
}

// How many webhooks of costly patterns a scope takes.
int FillScope(Webhooks& webhooks, std::optional<int32_t> workspace_id) {
  for (int i = 0;; ++i) {
    const WebhookRecord next =
        Listening(static_cast<int32_t>(webhooks.size()) + 1, Costly(i), workspace_id);
    if (!CheckPatternBudget(Snapshot(webhooks), nullptr, next).ok()) return i;
    webhooks.push_back(std::make_shared<const WebhookRecord>(next));
  }
}

TEST(PatternBudget, IsForEachScope) {
  Webhooks webhooks;
  const int global = FillScope(webhooks, std::nullopt);
  EXPECT_GE(global, 6);
  EXPECT_LE(global, 20);
  // What one workspace spends does not take from another.
  EXPECT_EQ(FillScope(webhooks, 1), global);
  EXPECT_EQ(FillScope(webhooks, 2), global);
  const WebhookSnapshot full = Snapshot(webhooks);
  const absl::Status refused = CheckPatternBudget(full, nullptr, Listening(0, Costly(99), 2));
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(refused.message()),
              AllOf(HasSubstr("of workspace 2 take "), HasSubstr("at most 2000 are allowed")));
  EXPECT_THAT(std::string(CheckPatternBudget(full, nullptr, Listening(0, Costly(99))).message()),
              HasSubstr("without a workspace"));
  // A pattern that is there already costs nothing more, and ordinary ones cost nothing at all.
  EXPECT_TRUE(CheckPatternBudget(full, nullptr, Listening(0, Costly(0), 2)).ok());
  for (const char* const pattern : {"CUDA out of memory", "NCCL.*(timed out|system error)",
                                    "(?i)segmentation fault$", "Xid.*: (13|31|43|79)"}) {
    EXPECT_TRUE(CheckPatternBudget(full, nullptr, Listening(0, pattern, 2)).ok()) << pattern;
  }
}

TEST(PatternBudget, WhatIsMatchedTwiceCountsTwice) {
  const auto fill = [](const char* end) {
    Webhooks webhooks;
    while (true) {
      const auto id = static_cast<int32_t>(webhooks.size()) + 1;
      const WebhookRecord next = Listening(id, absl::StrCat("a[ -~]{0,200}b", id, end));
      if (!CheckPatternBudget(Snapshot(webhooks), nullptr, next).ok()) return id - 1;
      webhooks.push_back(std::make_shared<const WebhookRecord>(next));
    }
  };
  EXPECT_GE(fill("x"), 4);
  EXPECT_EQ(fill(R"(\\s)"), fill("x") / 2);
}

TEST(PatternBudget, TakesEveryChangeThatAddsNothing) {
  Webhooks webhooks;
  FillScope(webhooks, 1);
  // As an earlier version may have left it.
  const WebhookRecord over = Listening(500, Costly(500), 1);
  webhooks.push_back(std::make_shared<const WebhookRecord>(over));
  const WebhookSnapshot snapshot = Snapshot(webhooks);
  WebhookRecord renamed = over;
  renamed.name = "renamed";
  EXPECT_TRUE(CheckPatternBudget(snapshot, &over, renamed).ok());
  EXPECT_TRUE(CheckPatternBudget(snapshot, &over, Listening(500, "memory$", 1)).ok());
  EXPECT_TRUE(CheckPatternBudget(snapshot, &over, Listening(500, Costly(500), 2)).ok());
  EXPECT_FALSE(CheckPatternBudget(snapshot, &over, Listening(500, "a.{0,60}b", 1)).ok());
}

}  // namespace
}  // namespace webhookd
