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
using testing::IsEmpty;

class WebhookCatalogTest : public testing::Test {
 protected:
  WebhookCatalogTest() {
    absl::StatusOr<std::unique_ptr<SqliteStore>> store =
        SqliteStore::Create({.path = dir_ / "webhookd.db", .writer = executor_, .clock = clock_});
    EXPECT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
    writes_.emplace(*store_);
    catalog_.emplace(*store_);
  }

  WebhookChange Create(const std::string& name) {
    WebhookRecord webhook;
    webhook.name = name;
    webhook.url = "https://example.com/";
    return *writes_->CreateWebhook(webhook);
  }

  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& webhook : catalog_->Current()->webhooks()) names.push_back(webhook->name);
    return names;
  }

  TempDir dir_;
  SimulatedClock clock_;
  ThreadExecutor executor_;
  std::unique_ptr<SqliteStore> store_;
  std::optional<BlockingStore> writes_;
  std::optional<WebhookCatalog> catalog_;
};

TEST_F(WebhookCatalogTest, Reload_TakesWhatIsStored) {
  EXPECT_THAT(Names(), IsEmpty());
  const WebhookChange change = Create("a");
  ASSERT_TRUE(catalog_->Reload().ok());
  EXPECT_THAT(Names(), ElementsAre("a"));
  EXPECT_EQ(catalog_->Current()->version(), change.version);
  ASSERT_NE(catalog_->Current()->Find(change.webhook.id), nullptr);
  EXPECT_EQ(*catalog_->Current()->Find(change.webhook.id), change.webhook);
  EXPECT_EQ(catalog_->Current()->Find(change.webhook.id + 1), nullptr);
  EXPECT_EQ(catalog_->Current()->Find(0), nullptr);
}

TEST_F(WebhookCatalogTest, Apply_TakesChangesInOrderWithoutTheStore) {
  ASSERT_TRUE(catalog_->Reload().ok());
  const WebhookChange a = Create("a");
  const WebhookChange b = Create("b");
  const WebhookChange c = Create("c");
  WebhookRecord changed = b.webhook;
  changed.name = "B";
  const WebhookChange update = *writes_->UpdateWebhook(changed, c.version);
  const WebhookDeletion deletion = *writes_->DeleteWebhook(a.webhook.id, absl::UnixEpoch());
  // What follows cannot read.
  store_->Stop();

  ASSERT_TRUE(catalog_->Apply(a).ok());
  EXPECT_THAT(Names(), ElementsAre("a"));
  ASSERT_TRUE(catalog_->Apply(b).ok());
  ASSERT_TRUE(catalog_->Apply(c).ok());
  EXPECT_THAT(Names(), ElementsAre("a", "b", "c"));
  const auto before = catalog_->Current();
  ASSERT_TRUE(catalog_->Apply(update).ok());
  EXPECT_THAT(Names(), ElementsAre("a", "B", "c"));
  ASSERT_TRUE(catalog_->ApplyDeletion(a.webhook.id, deletion.version).ok());
  EXPECT_THAT(Names(), ElementsAre("B", "c"));
  EXPECT_EQ(catalog_->Current()->version(), deletion.version);
  // A snapshot never changes, and webhooks that did not change are shared.
  EXPECT_EQ(before->webhooks().size(), 3u);
  EXPECT_EQ(before->Find(c.webhook.id), catalog_->Current()->Find(c.webhook.id));
}

TEST_F(WebhookCatalogTest, Apply_ReloadsWhenAChangeIsMissing) {
  ASSERT_TRUE(catalog_->Reload().ok());
  const WebhookChange a = Create("a");
  const WebhookChange b = Create("b");
  ASSERT_TRUE(catalog_->Apply(b).ok());
  EXPECT_THAT(Names(), ElementsAre("a", "b"));
  EXPECT_EQ(catalog_->Current()->version(), b.version);
  // The late change is in already, and undoes nothing that came after it.
  const WebhookDeletion deletion = *writes_->DeleteWebhook(a.webhook.id, absl::UnixEpoch());
  ASSERT_TRUE(catalog_->ApplyDeletion(a.webhook.id, deletion.version).ok());
  ASSERT_TRUE(catalog_->Apply(a).ok());
  EXPECT_THAT(Names(), ElementsAre("b"));
}

TEST_F(WebhookCatalogTest, KeepsWhatItHasWhenTheStoreFails) {
  Create("a");
  ASSERT_TRUE(catalog_->Reload().ok());
  Create("b");
  const WebhookChange c = Create("c");
  store_->Stop();
  EXPECT_TRUE(absl::IsUnavailable(catalog_->Reload()));
  EXPECT_TRUE(absl::IsUnavailable(catalog_->Apply(c)));
  EXPECT_THAT(Names(), ElementsAre("a"));
}

TEST_F(WebhookCatalogTest, ManyThreadsEndAtTheLastVersion) {
  ASSERT_TRUE(catalog_->Reload().ok());
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < 25; ++i) {
        const WebhookChange change = Create(absl::StrCat(thread, "/", i));
        ASSERT_TRUE(catalog_->Apply(change).ok());
        // Whoever was answered sees its change.
        EXPECT_NE(catalog_->Current()->Find(change.webhook.id), nullptr);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(catalog_->Current()->webhooks().size(), 100u);
  EXPECT_EQ(catalog_->Current()->version(), store_->LoadWebhooks()->version);
}

}  // namespace
}  // namespace webhookd
