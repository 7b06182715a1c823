#include "tests/storage/account_store_contract.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace webhookd {

// Every backend's test program has these files; one without a backend does not.
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(AccountStoreContract);

void AccountStoreContract::SetUp() {
  database_ = GetParam().create(clock_);
  Reopen();
}

void AccountStoreContract::Reopen(const AuditRetention& retention) {
  const absl::Status opened = database_->Open(retention);
  ASSERT_TRUE(opened.ok()) << opened;
}

absl::Time AccountStoreContract::At(int64_t seconds) {
  return absl::FromUnixSeconds(1'665'689'991 + seconds);
}

UserRecord AccountStoreContract::NewUser(const std::string& username, bool admin) {
  return {.username = username,
          .display_name = absl::StrCat("The one called ", username),
          .admin = admin,
          .password_hash = absl::StrCat("hash of ", username),
          .created_at = At(0),
          .modified_at = At(0)};
}

AuditEntry AccountStoreContract::Entry(const std::string& action, const std::string& target_type,
                                       const std::string& target_id) {
  return {.time = At(0),
          .actor_kind = AuditActor::kUser,
          .actor = "alice",
          .peer_address = "192.0.2.1",
          .action = action,
          .target_type = target_type,
          .target_id = target_id};
}

UserRecord AccountStoreContract::AddUser(const std::string& username, bool admin) {
  const absl::StatusOr<UserRecord> user = writes().CreateUser(NewUser(username, admin));
  EXPECT_TRUE(user.ok()) << user.status();
  return user.ok() ? *user : UserRecord();
}

SessionRecord AccountStoreContract::AddSession(const UserRecord& user, char letter,
                                               absl::Time created_at, int max_per_user) {
  SessionRecord session = {.token_hash = Hash(letter),
                           .user_id = user.id,
                           .created_at = created_at,
                           .expires_at = created_at + absl::Seconds(100)};
  const absl::StatusOr<SessionChange> change =
      writes().CreateSession(session, user.password_hash, max_per_user);
  EXPECT_TRUE(change.ok()) << change.status();
  return session;
}

WebhookRecord AccountStoreContract::AddWebhook(const std::string& name,
                                               std::optional<int32_t> workspace_id) {
  WebhookRecord webhook = {.name = name,
                           .url = "https://example.com/hook",
                           .workspace_id = workspace_id,
                           .created_at = At(0)};
  webhook.triggers = {
      {.type = TriggerType::kExperimentStateChange, .condition_json = R"({"state":"COMPLETED"})"}};
  const absl::StatusOr<WebhookChange> change = Await<WebhookChange>(
      [&](auto done) { store().CreateWebhook(std::move(webhook), std::nullopt, std::move(done)); });
  EXPECT_TRUE(change.ok()) << change.status();
  return change.ok() ? change->webhook : WebhookRecord();
}

std::vector<std::pair<int32_t, std::optional<int32_t>>> AccountStoreContract::Webhooks() {
  const absl::StatusOr<WebhookSet> set = store().LoadWebhooks();
  EXPECT_TRUE(set.ok()) << set.status();
  std::vector<std::pair<int32_t, std::optional<int32_t>>> webhooks;
  if (set.ok()) {
    for (const WebhookRecord& webhook : set->webhooks) {
      webhooks.emplace_back(webhook.id, webhook.workspace_id);
    }
  }
  return webhooks;
}

AccountSet AccountStoreContract::Load() {
  absl::StatusOr<AccountSet> set = accounts().LoadAccounts();
  EXPECT_TRUE(set.ok()) << set.status();
  return set.ok() ? *std::move(set) : AccountSet();
}

std::vector<std::string> AccountStoreContract::SessionHashes() {
  std::vector<std::string> hashes;
  for (const SessionRecord& session : Load().sessions) hashes.push_back(session.token_hash);
  return hashes;
}

std::vector<AuditEntry> AccountStoreContract::Audit(const AuditFilter& filter) {
  absl::StatusOr<AuditPage> page = accounts().ListAudit(filter);
  EXPECT_TRUE(page.ok()) << page.status();
  return page.ok() ? std::move(page->entries) : std::vector<AuditEntry>();
}

std::vector<std::string> AccountStoreContract::AuditLines() {
  std::vector<std::string> lines;
  for (const AuditEntry& entry : Audit({.limit = 1'000})) {
    if (entry.action == "test") continue;
    lines.push_back(absl::StrCat(entry.action, " ", entry.target_type, "/", entry.target_id));
  }
  std::reverse(lines.begin(), lines.end());
  return lines;
}

}  // namespace webhookd
