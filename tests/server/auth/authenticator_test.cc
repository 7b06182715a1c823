#include "server/auth/authenticator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "server/auth/roles.h"
#include "tests/server/auth/accounts_fixture.h"

namespace webhookd {
namespace {

class AuthenticatorTest : public AccountsFixture {
 protected:
  absl::StatusOr<Caller> Authenticate(const std::string& token,
                                      Authenticator::Options options = {}) {
    const Authenticator authenticator(std::move(options), *accounts_, clock_);
    return authenticator.Authenticate({.token = token, .peer_address = "10.1.2.3"});
  }

  void CreateToken(const std::string& token, TokenScope scope,
                   std::optional<absl::Time> expires_at = std::nullopt,
                   const std::string& description = "master") {
    const auto made = Await<ServiceTokenRecord>([&](auto done) {
      accounts_->CreateToken({.token_hash = HashToken(token),
                              .description = description,
                              .scope = scope,
                              .created_at = clock_.Now(),
                              .created_by = "admin",
                              .expires_at = expires_at},
                             {.time = clock_.Now(), .action = "token.create"}, std::move(done));
    });
    EXPECT_TRUE(made.ok()) << made.status();
  }
};

TEST_F(AuthenticatorTest, KnowsWhoASessionBelongsTo) {
  const UserRecord user = CreateUser("somebody");
  CreateSession(user, "session");
  const auto caller = Authenticate("session");
  ASSERT_TRUE(caller.ok()) << caller.status();
  EXPECT_EQ(caller->kind, Caller::Kind::kUser);
  EXPECT_EQ(caller->user_id, user.id);
  EXPECT_EQ(caller->name, "somebody");
  EXPECT_EQ(caller->peer_address, "10.1.2.3");
  EXPECT_FALSE(caller->admin);
}

TEST_F(AuthenticatorTest, RefusesInDeterminedsWords) {
  const auto missing = Authenticate("");
  EXPECT_EQ(missing.status(), absl::UnauthenticatedError("token missing"));
  const auto unknown = Authenticate("whs_unknown");
  EXPECT_EQ(unknown.status(), absl::UnauthenticatedError("invalid credentials"));
}

TEST_F(AuthenticatorTest, EndsSessionsWhenTheyExpire) {
  CreateSession(CreateUser("somebody"), "session");
  clock_.Advance(absl::Hours(1) - absl::Seconds(1));
  EXPECT_TRUE(Authenticate("session").ok());
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(Authenticate("session").status(), absl::UnauthenticatedError("invalid credentials"));
}

TEST_F(AuthenticatorTest, ASessionLastsForATimeThatReallyPasses) {
  CreateSession(CreateUser("somebody"), "session");
  const Authenticator authenticator({}, *accounts_, clock_);
  const absl::Time start = clock_.Now();
  for (const absl::Duration jump : {absl::Hours(24 * 3650), -absl::Hours(24 * 3650)}) {
    clock_.SetWall(start + jump);
    EXPECT_TRUE(authenticator.Authenticate({.token = "session"}).ok()) << jump;
  }
  clock_.Advance(absl::Hours(1));
  EXPECT_FALSE(authenticator.Authenticate({.token = "session"}).ok());
}

TEST_F(AuthenticatorTest, KnowsNoSessionOfAUserWhoIsNoLongerActive) {
  CreateUser("other", true);
  CreateSession(CreateUser("somebody"), "session");
  const Authenticator authenticator({}, *accounts_, clock_);
  const auto caller = authenticator.Authenticate({.token = "session"});
  ASSERT_TRUE(caller.ok());
  EXPECT_TRUE(authenticator.IsStillValid(*caller));
  ASSERT_TRUE(blocking_->PatchUser({.username = "somebody", .active = false}).ok());
  EXPECT_FALSE(authenticator.Authenticate({.token = "session"}).ok());
  EXPECT_FALSE(authenticator.IsStillValid(*caller));
}

TEST_F(AuthenticatorTest, KnowsServiceTokensByTheirScope) {
  CreateToken("ingest", TokenScope::kIngest);
  CreateToken("read", TokenScope::kRead);
  CreateToken("admin", TokenScope::kAdmin);
  EXPECT_EQ(Authenticate("ingest")->scope, TokenScope::kIngest);
  EXPECT_EQ(Authenticate("ingest")->kind, Caller::Kind::kService);
  EXPECT_FALSE(Authenticate("ingest")->admin);
  EXPECT_FALSE(Authenticate("read")->admin);
  EXPECT_TRUE(Authenticate("admin")->admin);
  EXPECT_THAT(Authenticate("read")->name, ::testing::HasSubstr("master"));
}

TEST_F(AuthenticatorTest, EndsServiceTokensWhenTheyExpire) {
  CreateToken("token", TokenScope::kRead, clock_.Now() + absl::Minutes(1));
  EXPECT_TRUE(Authenticate("token").ok());
  clock_.Advance(absl::Minutes(1));
  EXPECT_EQ(Authenticate("token").status(), absl::UnauthenticatedError("invalid credentials"));
}

TEST_F(AuthenticatorTest, TakesAClusterAdminForAnAdministratorOnlyWhereRolesCount) {
  const UserRecord user = CreateUser("somebody");
  CreateSession(user, "session");
  const absl::Status assigned = AwaitStatus([&](auto done) {
    accounts_->AssignRole({.user_id = user.id, .role_id = kClusterAdmin},
                          {.time = clock_.Now(), .action = "role.assign"}, std::move(done));
  });
  ASSERT_TRUE(assigned.ok()) << assigned;
  EXPECT_FALSE(Authenticate("session")->admin);
  EXPECT_TRUE(Authenticate("session", {.rbac = true})->admin);
}

TEST_F(AuthenticatorTest, TakesVerifiedCertificatesForMasters) {
  const Authenticator all({}, *accounts_, clock_);
  const auto caller = all.Authenticate({.client_certificate = "master.example"});
  ASSERT_TRUE(caller.ok()) << caller.status();
  EXPECT_EQ(caller->kind, Caller::Kind::kService);
  EXPECT_EQ(caller->scope, TokenScope::kIngest);
  EXPECT_EQ(caller->name, "master.example");

  const Authenticator some({.client_identities = {"other.example"}}, *accounts_, clock_);
  EXPECT_EQ(some.Authenticate({.client_certificate = "master.example"}).status(),
            absl::UnauthenticatedError("token missing"));
  // A token counts before a certificate.
  EXPECT_EQ(all.Authenticate({.token = "x", .client_certificate = "master.example"}).status(),
            absl::UnauthenticatedError("invalid credentials"));
}

// Idempotency keys belong to it: a master that goes over to a new token is still the same.
TEST_F(AuthenticatorTest, OneIdentityStandsForACallerWhateverTheyShow) {
  CreateToken("old", TokenScope::kIngest);
  CreateToken("new", TokenScope::kIngest);
  CreateToken("other", TokenScope::kIngest, std::nullopt, "another master");
  CreateToken("bare", TokenScope::kIngest, std::nullopt, "");
  CreateToken("bare too", TokenScope::kIngest, std::nullopt, "");
  EXPECT_EQ(Authenticate("old")->identity, Authenticate("new")->identity);
  EXPECT_NE(Authenticate("old")->identity, Authenticate("other")->identity);
  EXPECT_NE(Authenticate("bare")->identity, Authenticate("bare too")->identity);
  const UserRecord user = CreateUser("master");
  CreateSession(user, "one");
  CreateSession(user, "two");
  EXPECT_EQ(Authenticate("one")->identity, Authenticate("two")->identity);
  EXPECT_NE(Authenticate("one")->identity, Authenticate("old")->identity);
  const Authenticator authenticator({}, *accounts_, clock_);
  EXPECT_EQ(authenticator.Authenticate({.client_certificate = "master"})->identity,
            Authenticate("old")->identity);
}

TEST_F(AuthenticatorTest, WritesDownWhenATokenWasUsedAndNotEveryTime) {
  CreateToken("token", TokenScope::kRead);
  const auto last_use = [&] {
    return accounts_->Current()->FindToken(HashToken("token"))->last_use->time();
  };
  EXPECT_EQ(last_use(), std::nullopt);
  EXPECT_TRUE(Authenticate("token").ok());
  const absl::Time first = clock_.Now();
  EXPECT_EQ(last_use(), first);
  clock_.Advance(absl::Seconds(59));
  EXPECT_TRUE(Authenticate("token").ok());
  EXPECT_EQ(last_use(), first);
  clock_.Advance(absl::Seconds(1));
  EXPECT_TRUE(Authenticate("token").ok());
  EXPECT_EQ(last_use(), clock_.Now());
}

}  // namespace
}  // namespace webhookd
