#include "server/auth/account_catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "tests/server/auth/accounts_fixture.h"

namespace webhookd {
namespace {

// Sessions while the store takes no writes.
class SessionsInMemoryTest : public AccountsFixture {
 protected:
  void BreakStore() { std::filesystem::rename(folder_ / "webhookd.db", folder_ / "aside"); }
  void MendStore() { std::filesystem::rename(folder_ / "aside", folder_ / "webhookd.db"); }

  bool SignedIn(const std::string& token) {
    return accounts_->Current()->FindSession(HashToken(token)) != nullptr;
  }
};

TEST_F(SessionsInMemoryTest, LastUntilTheServerEnds) {
  const UserRecord user = CreateUser("a");
  CreateSession(user, "stored");
  BreakStore();
  CreateSession(user, "kept");
  EXPECT_TRUE(SignedIn("stored"));
  EXPECT_TRUE(SignedIn("kept"));
  MendStore();
  EXPECT_TRUE(SignedIn("kept"));
  ASSERT_TRUE(accounts_->Load().ok());
  EXPECT_TRUE(SignedIn("stored"));
  EXPECT_FALSE(SignedIn("kept"));
}

TEST_F(SessionsInMemoryTest, EndByThemselvesEvenWhileNothingCanBeStored) {
  const UserRecord user = CreateUser("a");
  CreateSession(user, "stored");
  BreakStore();
  CreateSession(user, "kept");
  EXPECT_TRUE(blocking_->DeleteSession(HashToken("kept")).ok());
  EXPECT_FALSE(SignedIn("kept"));
  // This one would be back after the next start.
  EXPECT_FALSE(blocking_->DeleteSession(HashToken("stored")).ok());
  EXPECT_TRUE(SignedIn("stored"));
}

TEST_F(SessionsInMemoryTest, EndWithTheOthersOfTheirUser) {
  const UserRecord a = CreateUser("a");
  const UserRecord b = CreateUser("b");
  BreakStore();
  for (const std::string token : {"1", "2"}) {
    CreateSession(a, "a" + token);
    CreateSession(b, "b" + token);
  }
  MendStore();
  ASSERT_TRUE(blocking_->PatchUser({.username = "a", .end_sessions_but = HashToken("a1")}).ok());
  EXPECT_TRUE(SignedIn("a1"));
  EXPECT_FALSE(SignedIn("a2"));
  ASSERT_TRUE(blocking_->PatchUser({.username = "a", .display_name = "A"}).ok());
  EXPECT_TRUE(SignedIn("a1"));
  ASSERT_TRUE(blocking_->PatchUser({.username = "a", .active = false}).ok());
  EXPECT_FALSE(SignedIn("a1"));
  EXPECT_TRUE(SignedIn("b1"));
  EXPECT_TRUE(SignedIn("b2"));
}

TEST_F(SessionsInMemoryTest, AreForWhoeverKnowsThePasswordOfNow) {
  UserRecord user = CreateUser("a");
  user.password_hash = "of yesterday";
  BreakStore();
  const auto change = blocking_->CreateSession(
      {.token_hash = HashToken("t"), .user_id = user.id, .expires_at = absl::InfiniteFuture()},
      user.password_hash);
  EXPECT_TRUE(absl::IsFailedPrecondition(change.status())) << change.status();
  EXPECT_FALSE(SignedIn("t"));
}

TEST_F(SessionsInMemoryTest, OneUserHasSoManyOfThem) {
  const UserRecord user = CreateUser("a");
  BreakStore();
  for (const std::string token : {"1", "2", "3"}) {
    ASSERT_TRUE(blocking_
                    ->CreateSession({.token_hash = HashToken(token),
                                     .user_id = user.id,
                                     .expires_at = clock_.Now() + absl::Hours(1)},
                                    user.password_hash, /*max_per_user=*/2)
                    .ok());
  }
  EXPECT_FALSE(SignedIn("1"));
  EXPECT_TRUE(SignedIn("2"));
  EXPECT_TRUE(SignedIn("3"));
}

}  // namespace
}  // namespace webhookd
