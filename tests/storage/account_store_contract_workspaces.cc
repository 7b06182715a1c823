// Workspaces, roles and the audit log, as every AccountStore keeps them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "tests/storage/account_store_contract.h"
#include "tests/testing/blocking_store.h"

namespace webhookd {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

using Webhooks = WorkspaceRemoval::Webhooks;

TEST_P(AccountStoreContract, PutWorkspace_AddsAndReplaces) {
  WorkspaceRecord workspace = {.id = 7, .name = "vision", .owners = {"bob", "alice"}};
  ASSERT_TRUE(writes().PutWorkspace(workspace).ok());
  EXPECT_THAT(Load().workspaces, ElementsAre(workspace));
  workspace.name = "speech";
  workspace.archived = true;
  workspace.owners = {"carol"};
  ASSERT_TRUE(writes().PutWorkspace(workspace).ok());
  // A master that is told late of a deletion gives a name again.
  const WorkspaceRecord other = {.id = 3, .name = "speech"};
  ASSERT_TRUE(writes().PutWorkspace(other).ok());
  Reopen();
  EXPECT_THAT(Load().workspaces, ElementsAre(other, workspace));
}

TEST_P(AccountStoreContract, PutWorkspace_IsAuditedIfItChangesSomething) {
  const WorkspaceRecord workspace = {.id = 7, .name = "vision", .owners = {"bob"}};
  ASSERT_TRUE(writes().PutWorkspace(workspace).ok());
  ASSERT_TRUE(writes().PutWorkspace(workspace).ok());
  EXPECT_EQ(Audit().size(), 1u);
}

TEST_P(AccountStoreContract, DeleteWorkspace_DeletesItsWebhooks) {
  ASSERT_TRUE(writes().PutWorkspace({.id = 7, .name = "vision", .owners = {"bob"}}).ok());
  const UserRecord alice = AddUser("alice");
  ASSERT_TRUE(writes().AssignRole({.user_id = alice.id, .role_id = 5, .workspace_id = 7}).ok());
  ASSERT_TRUE(writes().AssignRole({.user_id = alice.id, .role_id = 4}).ok());
  const WebhookRecord a = AddWebhook("a", 7);
  const WebhookRecord b = AddWebhook("b", 7);
  const WebhookRecord global = AddWebhook("a", std::nullopt);
  const int64_t version = store().LoadWebhooks()->version;
  const auto accepted = Await<AcceptedEvent>([&](auto done) {
    AcceptEvent(store(),
                {.event_id = "e",
                 .accepted_at = At(0),
                 .bodies = {std::make_shared<const std::string>("body")},
                 .deliveries = {{.webhook_id = a.id}, {.webhook_id = global.id}}},
                std::move(done));
  });
  ASSERT_TRUE(accepted.ok()) << accepted.status();

  const auto removed =
      writes().DeleteWorkspace({.workspace_id = 7, .webhooks = Webhooks::kDelete, .now = At(9)},
                               Entry("workspace.delete", "workspace", "7"));
  ASSERT_TRUE(removed.ok()) << removed.status();
  EXPECT_THAT(removed->deleted_webhooks, ElementsAre(a.id, b.id));
  EXPECT_THAT(removed->moved_webhooks, IsEmpty());
  EXPECT_EQ(removed->canceled_deliveries, 1);
  EXPECT_THAT(Webhooks(), ElementsAre(Pair(global.id, std::nullopt)));
  EXPECT_EQ(store().LoadWebhooks()->version, version + 2);
  EXPECT_EQ(store().catalog().Current()->version(), version + 2);
  EXPECT_EQ(store().catalog().Current()->webhooks().size(), 1u);
  const AccountSet set = Load();
  EXPECT_THAT(set.workspaces, IsEmpty());
  EXPECT_THAT(set.roles, ElementsAre(RoleAssignmentRecord{.user_id = alice.id, .role_id = 4}));
  EXPECT_THAT(AuditLines(), ElementsAre(absl::StrCat("webhook.delete webhook/", a.id),
                                        absl::StrCat("webhook.delete webhook/", b.id),
                                        "workspace.delete workspace/7"));
}

TEST_P(AccountStoreContract, DeleteWorkspace_MovesItsWebhooks) {
  ASSERT_TRUE(writes().PutWorkspace({.id = 7, .name = "vision"}).ok());
  ASSERT_TRUE(writes().PutWorkspace({.id = 8, .name = "speech"}).ok());
  const WebhookRecord a = AddWebhook("a", 7);
  const WebhookRecord b = AddWebhook("b", 8);
  auto removed = writes().DeleteWorkspace(
      {.workspace_id = 7, .webhooks = Webhooks::kMove, .move_to = 8, .now = At(9)});
  ASSERT_TRUE(removed.ok()) << removed.status();
  EXPECT_THAT(removed->moved_webhooks, ElementsAre(a.id));
  EXPECT_THAT(Webhooks(), ElementsAre(Pair(a.id, 8), Pair(b.id, 8)));

  const int64_t version = store().LoadWebhooks()->version;
  removed = writes().DeleteWorkspace({.workspace_id = 8, .webhooks = Webhooks::kMove});
  ASSERT_TRUE(removed.ok()) << removed.status();
  EXPECT_THAT(removed->moved_webhooks, ElementsAre(a.id, b.id));
  EXPECT_THAT(Webhooks(), ElementsAre(Pair(a.id, std::nullopt), Pair(b.id, std::nullopt)));
  EXPECT_EQ(store().LoadWebhooks()->version, version + 2);
  EXPECT_THAT(Load().workspaces, IsEmpty());
}

TEST_P(AccountStoreContract, DeleteWorkspace_ChangesNothingWhenItCannotBeDoneAsAsked) {
  ASSERT_TRUE(writes().PutWorkspace({.id = 7, .name = "vision", .owners = {"bob"}}).ok());
  ASSERT_TRUE(writes().PutWorkspace({.id = 8, .name = "speech"}).ok());
  AddWebhook("a", 7);
  AddWebhook("b", 7);
  AddWebhook("b", std::nullopt);
  AddWebhook("b", 8);
  const auto webhooks = Webhooks();
  const auto expect = [&](absl::StatusCode code, const WorkspaceRemoval& removal) {
    const auto removed =
        writes().DeleteWorkspace(removal, Entry("workspace.delete", "workspace", "7"));
    EXPECT_EQ(removed.status().code(), code) << removed.status();
  };
  expect(absl::StatusCode::kFailedPrecondition, {.workspace_id = 7});
  expect(absl::StatusCode::kAlreadyExists, {.workspace_id = 7, .webhooks = Webhooks::kMove});
  expect(absl::StatusCode::kAlreadyExists,
         {.workspace_id = 7, .webhooks = Webhooks::kMove, .move_to = 8});
  expect(absl::StatusCode::kNotFound,
         {.workspace_id = 7, .webhooks = Webhooks::kMove, .move_to = 9});
  expect(absl::StatusCode::kNotFound, {.workspace_id = 9, .webhooks = Webhooks::kDelete});
  EXPECT_EQ(Webhooks(), webhooks);
  EXPECT_EQ(Load().workspaces.size(), 2u);
  EXPECT_EQ(Load().workspaces[0].owners.size(), 1u);
  EXPECT_THAT(AuditLines(), IsEmpty());
}

TEST_P(AccountStoreContract, DeleteWorkspace_OfOneThatOnlyWebhooksName) {
  AddWebhook("a", 7);
  const auto removed = writes().DeleteWorkspace({.workspace_id = 7, .webhooks = Webhooks::kDelete});
  ASSERT_TRUE(removed.ok()) << removed.status();
  EXPECT_THAT(Webhooks(), IsEmpty());
}

TEST_P(AccountStoreContract, Roles_AreAssignedOnceAndRemoved) {
  const UserRecord alice = AddUser("alice");
  ASSERT_TRUE(writes().PutWorkspace({.id = 7, .name = "vision"}).ok());
  const RoleAssignmentRecord everywhere = {.user_id = alice.id, .role_id = 4};
  const RoleAssignmentRecord in_vision = {.user_id = alice.id, .role_id = 5, .workspace_id = 7};
  const size_t entries = Audit().size();
  ASSERT_TRUE(writes().AssignRole(in_vision).ok());
  ASSERT_TRUE(writes().AssignRole(everywhere).ok());
  ASSERT_TRUE(writes().AssignRole(everywhere).ok());
  EXPECT_EQ(Audit().size(), entries + 2);
  EXPECT_TRUE(absl::IsNotFound(writes().AssignRole({.user_id = 99, .role_id = 4})));
  EXPECT_TRUE(absl::IsNotFound(
      writes().AssignRole({.user_id = alice.id, .role_id = 4, .workspace_id = 8})));
  Reopen();
  EXPECT_THAT(Load().roles, ElementsAre(everywhere, in_vision));
  ASSERT_TRUE(writes().RemoveRole(everywhere).ok());
  EXPECT_TRUE(absl::IsNotFound(writes().RemoveRole(everywhere)));
  EXPECT_THAT(Load().roles, ElementsAre(in_vision));
}

TEST_P(AccountStoreContract, Webhooks_ChangeWithTheirAuditEntries) {
  WebhookRecord webhook = {.name = "a", .url = "https://example.com/"};
  const auto created = Await<WebhookChange>([&](auto done) {
    store().CreateWebhook(webhook, Entry("webhook.create", "webhook"), std::move(done));
  });
  ASSERT_TRUE(created.ok()) << created.status();
  webhook = created->webhook;
  const std::string id = absl::StrCat(webhook.id);
  const auto refused = Await<WebhookChange>([&](auto done) {
    store().CreateWebhook(webhook, Entry("webhook.create", "webhook"), std::move(done));
  });
  EXPECT_TRUE(absl::IsAlreadyExists(refused.status())) << refused.status();
  webhook.url = "https://example.com/other";
  const auto updated = Await<WebhookChange>([&](auto done) {
    store().UpdateWebhook(
        webhook.id, [&](const WebhookRecord&) { return webhook; },
        Entry("webhook.patch", "webhook", id), std::move(done));
  });
  ASSERT_TRUE(updated.ok()) << updated.status();
  EXPECT_EQ(updated->webhook.url, webhook.url);
  const auto denied = Await<WebhookChange>([&](auto done) {
    store().UpdateWebhook(
        webhook.id, [](const WebhookRecord&) { return absl::PermissionDeniedError("no"); },
        Entry("webhook.patch", "webhook", id), std::move(done));
  });
  EXPECT_TRUE(absl::IsPermissionDenied(denied.status())) << denied.status();
  // The dispatcher disables of its own accord; what is disabled already is not disabled again.
  for (const char* reason : {"410 Gone", "too many failures"}) {
    ASSERT_TRUE(Await<WebhookChange>([&](auto done) {
                  store().DisableWebhook(webhook.id, webhook.url, reason, At(5), std::move(done));
                }).ok());
  }
  const auto deleted = Await<WebhookDeletion>([&](auto done) {
    store().DeleteWebhook(webhook.id, At(6), Entry("webhook.delete", "webhook", id),
                          std::move(done));
  });
  ASSERT_TRUE(deleted.ok()) << deleted.status();
  EXPECT_THAT(AuditLines(),
              ElementsAre("webhook.create webhook/" + id, "webhook.patch webhook/" + id,
                          "webhook.disable webhook/" + id, "webhook.delete webhook/" + id));
  EXPECT_EQ(Audit({.action = "webhook.disable"}).at(0).actor_kind, AuditActor::kServer);
  EXPECT_EQ(Audit({.action = "webhook.disable"}).at(0).detail, "410 Gone");
}

TEST_P(AccountStoreContract, Audit_KeepsEveryFieldAndTheOrder) {
  AuditEntry entry = {.time = absl::FromUnixMicros(1'665'689'991'123'456),
                      .actor_kind = AuditActor::kService,
                      .actor = "token 3",
                      .peer_address = "2001:db8::1",
                      .action = "user.login",
                      .target_type = "user",
                      .target_id = "zo\xc3\xab",
                      .outcome = AuditOutcome::kFailed,
                      .detail = "invalid credentials"};
  const auto append = [&](const AuditEntry& each) {
    return AwaitStatus([&](auto done) { accounts().AppendAudit(each, std::move(done)); });
  };
  ASSERT_TRUE(append(entry).ok());
  // Time may go back; the order is that of the numbers.
  ASSERT_TRUE(append(Entry("later")).ok());
  Reopen();
  const std::vector<AuditEntry> entries = Audit();
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0].action, "later");
  EXPECT_GT(entries[0].id, entries[1].id);
  entry.id = entries[1].id;
  EXPECT_EQ(entries[1], entry);
}

TEST_P(AccountStoreContract, ListAudit_Filters) {
  const auto append = [&](AuditEntry entry) {
    ASSERT_TRUE(
        AwaitStatus([&](auto done) { accounts().AppendAudit(entry, std::move(done)); }).ok());
  };
  AuditEntry entry = Entry("webhook.create", "webhook", "1");
  append(entry);
  entry = Entry("webhook.delete", "webhook", "2");
  entry.time = At(10);
  append(entry);
  entry = Entry("webhooks", "workspace", "1");
  entry.actor = "bob";
  entry.time = At(20);
  entry.outcome = AuditOutcome::kDenied;
  append(entry);

  const auto actions = [&](const AuditFilter& filter) {
    std::vector<std::string> found;
    for (const AuditEntry& each : Audit(filter)) found.push_back(each.action);
    return found;
  };
  EXPECT_THAT(actions({.actor = "alice"}), ElementsAre("webhook.delete", "webhook.create"));
  EXPECT_THAT(actions({.action = "webhook."}), ElementsAre("webhook.delete", "webhook.create"));
  EXPECT_THAT(actions({.action = "webhook.create"}), ElementsAre("webhook.create"));
  EXPECT_THAT(actions({.target_type = "webhook", .target_id = "2"}), ElementsAre("webhook.delete"));
  EXPECT_THAT(actions({.target_id = "1"}), ElementsAre("webhooks", "webhook.create"));
  EXPECT_THAT(actions({.outcome = AuditOutcome::kDenied}), ElementsAre("webhooks"));
  EXPECT_THAT(actions({.from = At(10), .before = At(20)}), ElementsAre("webhook.delete"));
  EXPECT_THAT(actions({.limit = 1}), ElementsAre("webhooks"));
  EXPECT_THAT(actions({.before_id = Audit()[0].id, .limit = 1}), ElementsAre("webhook.delete"));
}

TEST_P(AccountStoreContract, ListAudit_APageEndsWhenItHasLookedAtEnough) {
  for (const char* action : {"old", "x", "x", "x", "x"}) {
    ASSERT_TRUE(AwaitStatus([&](auto done) {
                  accounts().AppendAudit(Entry(action), std::move(done));
                }).ok());
  }
  const std::vector<AuditEntry> all = Audit();
  for (const std::string& actor : {std::string(), all.back().actor}) {
    AuditFilter filter = {.actor = actor, .action = "old", .limit = 1, .max_examined = 2};
    std::vector<int64_t> next;
    while (next.size() < 2) {
      const auto page = accounts().ListAudit(filter);
      ASSERT_TRUE(page.ok()) << page.status();
      EXPECT_TRUE(page->entries.empty());
      next.push_back(filter.before_id = page->next_before_id);
    }
    EXPECT_THAT(next, ElementsAre(all[1].id, all[3].id));
    const auto last = accounts().ListAudit(filter);
    ASSERT_TRUE(last.ok()) << last.status();
    EXPECT_THAT(last->entries, ElementsAre(all.back()));
    EXPECT_EQ(last->next_before_id, 0);
  }
}

TEST_P(AccountStoreContract, Audit_ForgetsTheOldestBeyondItsRetention) {
  const auto append = [&](absl::Time time) {
    AuditEntry entry = Entry("x");
    entry.time = time;
    clock().Advance(std::max(time - clock().Now(), absl::ZeroDuration()));
    ASSERT_TRUE(
        AwaitStatus([&](auto done) { accounts().AppendAudit(entry, std::move(done)); }).ok());
  };
  Reopen({.max_age = absl::Hours(1), .max_entries = 3});
  for (int i = 0; i < 5; ++i) append(At(i));
  EXPECT_EQ(Audit().size(), 3u);
  EXPECT_EQ(Audit().back().time, At(2));
  append(At(3'603));
  EXPECT_EQ(Audit().size(), 3u);
  EXPECT_EQ(Audit().back().time, At(3));
  append(At(9'000));
  EXPECT_EQ(Audit().size(), 1u);
  // A shorter one is reached step by step.
  Reopen();
  for (int i = 0; i < 30; ++i) append(At(9'000));
  Reopen({.max_entries = 1});
  for (int i = 0; i < 5; ++i) append(At(9'000));
  EXPECT_EQ(Audit().size(), 1u);
}

}  // namespace
}  // namespace webhookd
