#ifndef WEBHOOKD_TESTS_SERVER_AUTH_ACCOUNTS_FIXTURE_H_
#define WEBHOOKD_TESTS_SERVER_AUTH_ACCOUNTS_FIXTURE_H_

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "base/executor.h"
#include "server/auth/account_catalog.h"
#include "server/auth/token.h"
#include "storage/sqlite/sqlite_store.h"
#include "tests/testing/blocking_accounts.h"
#include "tests/testing/simulated_clock.h"
#include "tests/testing/temp_dir.h"

namespace webhookd {

// Accounts in a database of their own, and a clock that stands still.
class AccountsFixture : public ::testing::Test {
 protected:
  AccountsFixture() {
    auto store =
        SqliteStore::Create({.path = folder_ / "webhookd.db", .writer = writer_, .clock = clock_});
    EXPECT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
    accounts_ = std::make_unique<AccountCatalog>(*store_);
    EXPECT_TRUE(accounts_->Load().ok());
    blocking_ = std::make_unique<BlockingAccounts<AccountCatalog>>(*accounts_);
  }

  UserRecord CreateUser(const std::string& name, bool admin = false) {
    const auto user = blocking_->CreateUser({.username = name,
                                             .admin = admin,
                                             .password_hash = "hash",
                                             .created_at = clock_.Now(),
                                             .modified_at = clock_.Now()});
    EXPECT_TRUE(user.ok()) << user.status();
    return *user;
  }

  // Gives `token` to a user for an hour.
  void CreateSession(const UserRecord& user, const std::string& token) {
    const auto change = blocking_->CreateSession({.token_hash = HashToken(token),
                                                  .user_id = user.id,
                                                  .created_at = clock_.Now(),
                                                  .expires_at = clock_.Now() + absl::Hours(1)},
                                                 user.password_hash);
    EXPECT_TRUE(change.ok()) << change.status();
  }

  TempDir folder_;
  SimulatedClock clock_;
  ThreadExecutor writer_;
  std::unique_ptr<SqliteStore> store_;
  std::unique_ptr<AccountCatalog> accounts_;
  std::unique_ptr<BlockingAccounts<AccountCatalog>> blocking_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_TESTS_SERVER_AUTH_ACCOUNTS_FIXTURE_H_
