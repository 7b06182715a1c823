#include "server/auth/audit_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/server/auth/accounts_fixture.h"

namespace webhookd {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

class AuditLogTest : public AccountsFixture {
 protected:
  // Newest first.
  std::vector<AuditEntry> Entries() {
    // An entry is written behind those that were handed over before.
    EXPECT_TRUE(AwaitStatus([&](auto done) {
                  store_->AppendAudit({.time = clock_.Now(), .action = "test.end"},
                                      std::move(done));
                }).ok());
    auto page = store_->ListAudit({.limit = 1'000});
    EXPECT_TRUE(page.ok()) << page.status();
    page->entries.erase(page->entries.begin());
    return std::move(page->entries);
  }
};

TEST_F(AuditLogTest, WritesDownWhoWasRefused) {
  AuditLog log({}, *store_, clock_);
  log.Denied({.kind = Caller::Kind::kUser, .name = "somebody", .peer_address = "10.1.2.3"},
             {.action = "webhook.edit", .target_type = "webhook", .target_id = "7"});
  log.SignInFailed("nobody\xff", "10.1.2.4", "invalid credentials");
  const std::vector<AuditEntry> entries = Entries();
  ASSERT_THAT(entries, SizeIs(2));
  EXPECT_EQ(entries[1].actor, "somebody");
  EXPECT_EQ(entries[1].peer_address, "10.1.2.3");
  EXPECT_EQ(entries[1].target_id, "7");
  EXPECT_EQ(entries[1].outcome, AuditOutcome::kDenied);
  EXPECT_EQ(entries[0].action, "user.login");
  EXPECT_EQ(entries[0].target_id, "nobody\xef\xbf\xbd");
  EXPECT_EQ(entries[0].outcome, AuditOutcome::kFailed);
}

TEST_F(AuditLogTest, IsNotFilledByWhoeverIsRefusedAgainAndAgain) {
  AuditLog log({.of_address = {.at_once = 3, .one_more_every = absl::Minutes(1)}}, *store_, clock_);
  for (int i = 0; i < 1'000; ++i) log.SignInFailed("admin", "10.1.2.3", "invalid credentials");
  log.SignInFailed("admin", "10.9.9.9", "invalid credentials");
  const std::vector<AuditEntry> entries = Entries();
  ASSERT_THAT(entries, SizeIs(4));
  EXPECT_EQ(entries[0].peer_address, "10.9.9.9");
  EXPECT_THAT(entries[0].detail, HasSubstr("997 more refusals"));
}

}  // namespace
}  // namespace webhookd
