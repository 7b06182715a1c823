// A SqliteStore whose file loses some of its content while it works.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/executor.h"
#include "storage/sqlite/sqlite_store.h"
#include "tests/storage/sqlite_probe.h"
#include "tests/testing/blocking_accounts.h"
#include "tests/testing/blocking_store.h"
#include "tests/testing/simulated_clock.h"
#include "tests/testing/temp_dir.h"

namespace webhookd {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr int kPageSize = 4096;

class SqliteDamageTest : public testing::Test {
 protected:
  std::unique_ptr<SqliteStore> Open(const std::string& path) {
    auto store = SqliteStore::Create({.path = path, .writer = executor_, .clock = clock_});
    EXPECT_TRUE(store.ok()) << store.status();
    return store.ok() ? *std::move(store) : nullptr;
  }

  // Something of every kind of read and write. Gives the errors.
  std::vector<absl::Status> UseAll(SqliteStore& store, bool delete_webhook = true) {
    std::vector<absl::Status> errors;
    const auto note = [&](const absl::Status& status) {
      if (!status.ok()) errors.push_back(status);
    };
    BlockingStore writes(store);
    BlockingAccounts<AccountStore> accounts(store);
    const absl::Time now = clock_.Now();
    ++rounds_;
    const std::string name = absl::StrCat("name ", rounds_);

    note(store.LoadWebhooks().status());
    note(store.LoadAccounts().status());
    note(store.ListEvents({}).status());
    note(store.PendingEndpoints().status());
    note(store.LoadMetricStates(10).status());
    note(store.LoadKnown(absl::InfinitePast(), 10).status());
    note(store.ListAudit({}).status());
    note(store.ListDeliveries({.now = now}).status());
    if (delivery_id_ != 0) note(store.GetDelivery(delivery_id_).status());

    note(writes.LoadOrCreateSetting(name, "value").status());
    note(accounts.CreateUser({.username = name, .created_at = now, .modified_at = now}).status());
    note(accounts
             .CreateSession({.token_hash = std::string(31, 't') + static_cast<char>(rounds_),
                             .user_id = 1,
                             .created_at = now,
                             .expires_at = now + absl::Hours(1)},
                            "")
             .status());
    note(accounts
             .CreateToken({.token_hash = std::string(31, 's') + static_cast<char>(rounds_),
                           .created_at = now})
             .status());
    note(accounts.PutWorkspace({.id = rounds_, .name = name, .owners = {"somebody"}}));
    note(accounts.AssignRole({.user_id = 1, .role_id = rounds_}));
    WebhookRecord webhook;
    webhook.name = name;
    webhook.url = "http://localhost/";
    webhook.triggers = {{.condition_json = "{}"}};
    const absl::StatusOr<WebhookChange> created = writes.CreateWebhook(webhook);
    note(created.status());
    note(writes.SaveKnown({.experiments = {{rounds_, "e", now}},
                           .tasks = {{name, 1, 1, now}},
                           .trials = {{rounds_, 1, now}}},
                          absl::InfinitePast()));
    if (!created.ok()) return errors;
    AcceptEventRequest event;
    event.event_id = name;
    event.idempotency_key = name;
    event.accepted_at = now;
    event.bodies = {std::make_shared<const std::string>(std::string(6'000, 'b'))};
    event.deliveries = {{.webhook_id = created->webhook.id, .trigger_id = 1},
                        {.webhook_id = created->webhook.id, .trigger_id = 2, .once_scope = name}};
    // So many that they are canceled in steps.
    event.deliveries.resize(600, {.webhook_id = created->webhook.id, .trigger_id = 1});
    event.metric_states = {{.trigger_id = 1, .trial_id = rounds_, .fired_at = now}};
    const absl::StatusOr<AcceptedEvent> accepted = writes.AcceptEvent(event);
    note(accepted.status());
    if (!accepted.ok()) return errors;
    delivery_id_ = accepted->deliveries[0].delivery_id;
    note(writes.ClaimDeliveries({created->webhook.id, now, now + absl::Minutes(5), 10}).status());
    note(writes.FinishAttempts({{.delivery_id = delivery_id_,
                                 .attempt = {.number = 1, .started_at = now, .status = 200},
                                 .state = DeliveryState::kDelivered}}));
    if (delete_webhook) note(writes.DeleteWebhook(created->webhook.id, now).status());
    return errors;
  }

  static void Overwrite(const std::string& path, int64_t page) {
    std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
    file.seekp((page - 1) * kPageSize);
    const std::string garbage(kPageSize, '\x55');
    file.write(garbage.data(), kPageSize);
    ASSERT_TRUE(file.flush());
  }

  TempDir dir_;
  SimulatedClock clock_;
  ThreadExecutor executor_;
  int rounds_ = 0;
  int64_t delivery_id_ = 0;
};

TEST_F(SqliteDamageTest, OfAnyTableIsNoticedAndStopsWhatWouldBeAcknowledged) {
  const std::string whole = dir_ / "whole.db";
  for (int i = 0; i < 3; ++i) {
    const auto store = Open(whole);
    EXPECT_THAT(UseAll(*store), testing::IsEmpty());
    EXPECT_TRUE(store->CheckHealth().ok());
  }
  std::vector<std::string> tables;
  std::vector<int64_t> pages;
  {
    SqliteProbe probe(whole);
    constexpr char kTables[] = "SELECT name, rootpage FROM sqlite_schema WHERE type = 'table'";
    tables = probe.Column(kTables);
    for (const std::string& page : probe.Column(kTables, 1)) pages.push_back(std::stoll(page));
  }
  ASSERT_GT(tables.size(), 15u);
  for (size_t i = 0; i < tables.size(); ++i) {
    SCOPED_TRACE(tables[i]);
    const std::string path = dir_ / absl::StrCat(tables[i], ".db");
    std::filesystem::copy_file(whole, path);
    const auto store = Open(path);
    // Somebody else's write makes the store forget the pages that it has read.
    SqliteProbe(path).Execute(tables[i] == "settings"
                                  ? "INSERT INTO known_trials VALUES (999, 1, 1)"
                                  : "INSERT INTO settings VALUES ('a', 'b')");
    // Opening the store wrote to the log, which would hide what is in the file.
    SqliteProbe(path).Execute("PRAGMA wal_checkpoint(TRUNCATE)");
    Overwrite(path, pages[i]);
    EXPECT_TRUE(store->CheckHealth().ok());

    const std::vector<absl::Status> errors = UseAll(*store);
    ASSERT_FALSE(errors.empty());
    EXPECT_TRUE(absl::IsDataLoss(errors[0])) << errors[0];
    EXPECT_THAT(std::string(errors[0].message()),
                AllOf(HasSubstr(path), HasSubstr("damaged"), HasSubstr("restore")));
    const absl::Status health = store->CheckHealth();
    EXPECT_TRUE(absl::IsDataLoss(health)) << health;

    BlockingStore writes(*store);
    EXPECT_TRUE(absl::IsDataLoss(writes.AcceptEvent({.event_id = "late"}).status()));
    EXPECT_TRUE(absl::IsDataLoss(writes.CreateWebhook({.name = "late"}).status()));
  }
}

TEST_F(SqliteDamageTest, NamesTheTableAndLetsDeliveriesGoOn) {
  const std::string path = dir_ / "webhookd.db";
  ASSERT_THAT(UseAll(*Open(path), /*delete_webhook=*/false), testing::IsEmpty());
  const int64_t page =
      SqliteProbe(path).Int("SELECT rootpage FROM sqlite_schema WHERE name = 'audit_entries'");
  const auto store = Open(path);
  Overwrite(path, page);
  EXPECT_TRUE(absl::IsDataLoss(store->ListAudit({}).status()));
  EXPECT_THAT(std::string(store->CheckHealth().message()), HasSubstr("audit_entries"));

  BlockingStore writes(*store);
  const absl::Time now = clock_.Now();
  const auto claimed = writes.ClaimDeliveries({1, now, now + absl::Minutes(5), 10});
  ASSERT_TRUE(claimed.ok()) << claimed.status();
  ASSERT_EQ(claimed->deliveries.size(), 10u);
  EXPECT_TRUE(writes
                  .FinishAttempts({{.delivery_id = claimed->deliveries[0].id,
                                    .attempt = {.number = 1, .started_at = now, .status = 200},
                                    .state = DeliveryState::kDelivered}})
                  .ok());
  EXPECT_TRUE(store->GetDelivery(claimed->deliveries[0].id).ok());
}

}  // namespace
}  // namespace webhookd
