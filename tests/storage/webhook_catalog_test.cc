#include "storage/webhook_catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "absl/strings/str_cat.h"
#include "base/executor.h"
#include "storage/sqlite/sqlite_store.h"
#include "tests/testing/blocking_store.h"
#include "tests/testing/simulated_clock.h"
#include "tests/testing/temp_dir.h"

namespace webhookd {
namespace {

using testing::ElementsAre;

std::vector<std::string> Names(const WebhookSnapshot& snapshot) {
  std::vector<std::string> names;
  for (const auto& [id, webhook] : snapshot.webhooks()) names.push_back(webhook->name);
  return names;
}

TEST(WebhookSnapshot, FollowsFromAnotherByAChange) {
  const WebhookSnapshot first(
      WebhookSet{.version = 5, .webhooks = {{.id = 2, .name = "b"}, {.id = 7, .name = "g"}}});
  EXPECT_EQ(first.version(), 5);
  const auto second = first.With(6, {.id = 4, .name = "d"});
  const auto third = second->With(7, {.id = 2, .name = "B"});
  const auto fourth = third->Without(8, 7);
  EXPECT_THAT(Names(first), ElementsAre("b", "g"));
  EXPECT_THAT(Names(*second), ElementsAre("b", "d", "g"));
  EXPECT_THAT(Names(*third), ElementsAre("B", "d", "g"));
  EXPECT_THAT(Names(*fourth), ElementsAre("B", "d"));
  EXPECT_EQ(fourth->version(), 8);
  EXPECT_EQ(fourth->Find(7), nullptr);
  EXPECT_EQ(fourth->Find(4), second->Find(4)) << "what does not change is shared";
}

TEST(WebhookCatalog, ManyThreadsEndAtTheLastVersion) {
  TempDir dir;
  SimulatedClock clock;
  ThreadExecutor executor;
  const auto store =
      SqliteStore::Create({.path = dir / "webhookd.db", .writer = executor, .clock = clock});
  ASSERT_TRUE(store.ok()) << store.status();
  const WebhookCatalog& catalog = (*store)->catalog();
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      BlockingStore writes(**store);
      int64_t version = 0;
      for (int i = 0; i < 25; ++i) {
        WebhookRecord webhook;
        webhook.name = absl::StrCat(thread, " ", i);
        webhook.url = "https://example.com/";
        const auto change = writes.CreateWebhook(webhook);
        ASSERT_TRUE(change.ok()) << change.status();
        // What was reported is there, and nothing goes back.
        const auto snapshot = catalog.Current();
        EXPECT_NE(snapshot->Find(change->webhook.id), nullptr);
        EXPECT_GE(snapshot->version(), change->version);
        EXPECT_GE(snapshot->version(), version);
        version = snapshot->version();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(catalog.Current()->webhooks().size(), 100u);
  EXPECT_EQ(catalog.Current()->version(), (*store)->LoadWebhooks()->version);
}

}  // namespace
}  // namespace webhookd
