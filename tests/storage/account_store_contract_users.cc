// Users, sessions and service tokens, as every AccountStore keeps them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/storage/account_store_contract.h"

namespace webhookd {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST_P(AccountStoreContract, CreateUser_KeepsEveryField) {
  UserRecord expected = {.username = "zo\xc3\xab'; --",
                         .display_name = "\xf0\x9f\x8e\x89 \"quoted\"",
                         .admin = true,
                         .active = false,
                         .password_hash = "$scrypt$x",
                         .created_at = absl::FromUnixMicros(1'665'689'991'123'456),
                         .modified_at = absl::FromUnixMicros(1'665'689'992'123'457),
                         .last_auth_at = At(7)};
  const auto created = writes().CreateUser(expected);
  ASSERT_TRUE(created.ok()) << created.status();
  EXPECT_GT(created->id, 0);
  expected.id = created->id;
  EXPECT_EQ(*created, expected);
  EXPECT_THAT(Load().users, ElementsAre(expected));
  Reopen();
  EXPECT_THAT(Load().users, ElementsAre(expected));
}

TEST_P(AccountStoreContract, CreateUser_RefusesATakenName) {
  AddUser("alice");
  const auto again = writes().CreateUser(NewUser("alice"), Entry("user.create", "user", "alice"));
  EXPECT_TRUE(absl::IsAlreadyExists(again.status())) << again.status();
  EXPECT_THAT(std::string(again.status().message()), HasSubstr("alice"));
  EXPECT_THAT(AuditLines(), IsEmpty());
}

TEST_P(AccountStoreContract, CreateFirstUsers_OnlyIfThereAreNone) {
  const auto first = writes().CreateFirstUsers({NewUser("admin", true), NewUser("determined")});
  ASSERT_TRUE(first.ok()) << first.status();
  ASSERT_EQ(first->size(), 2u);
  EXPECT_EQ(Load().users, *first);
  const auto second = writes().CreateFirstUsers({NewUser("other", true)});
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(*second, *first);
  EXPECT_EQ(Load().users, *first);
  EXPECT_EQ(Audit().size(), 1u);
}

TEST_P(AccountStoreContract, PatchUser_ChangesWhatIsSetAndNothingElse) {
  AddUser("root", true);
  UserRecord user = AddUser("alice");
  auto change = writes().PatchUser(
      {.username = "alice", .display_name = "Alice", .admin = true, .modified_at = At(5)});
  ASSERT_TRUE(change.ok()) << change.status();
  user.display_name = "Alice";
  user.admin = true;
  user.modified_at = At(5);
  EXPECT_EQ(change->user, user);
  EXPECT_THAT(change->ended_sessions, IsEmpty());
  EXPECT_EQ(Load().users[1], user);

  change = writes().PatchUser({.username = "alice", .password_hash = "new", .modified_at = At(6)});
  ASSERT_TRUE(change.ok()) << change.status();
  user.password_hash = "new";
  user.modified_at = At(6);
  EXPECT_EQ(Load().users[1], user);
  EXPECT_TRUE(absl::IsNotFound(writes().PatchUser({.username = "bob"}).status()));
}

TEST_P(AccountStoreContract, PatchUser_LeavesAnActiveAdministrator) {
  AddUser("root", true);
  AddUser("alice");
  for (const UserPatch& patch : {UserPatch{.username = "root", .admin = false},
                                 UserPatch{.username = "root", .active = false}}) {
    const auto change = writes().PatchUser(patch);
    EXPECT_TRUE(absl::IsFailedPrecondition(change.status())) << change.status();
  }
  EXPECT_TRUE(Load().users[0].admin);
  ASSERT_TRUE(writes().PatchUser({.username = "alice", .admin = true}).ok());
  EXPECT_TRUE(writes().PatchUser({.username = "root", .active = false}).ok());
  // One who is not active does not count.
  EXPECT_TRUE(absl::IsFailedPrecondition(
      writes().PatchUser({.username = "alice", .admin = false}).status()));
  // Nor does it matter for somebody who is none.
  AddUser("bob");
  EXPECT_TRUE(writes().PatchUser({.username = "bob", .active = false}).ok());
}

TEST_P(AccountStoreContract, PatchUser_EndsSessions) {
  AddUser("root", true);
  const UserRecord alice = AddUser("alice");
  const UserRecord bob = AddUser("bob");
  AddSession(alice, 'a', At(0));
  AddSession(alice, 'b', At(1));
  AddSession(bob, 'c', At(2));

  auto change = writes().PatchUser({.username = "alice", .end_sessions_but = Hash('b')});
  ASSERT_TRUE(change.ok()) << change.status();
  EXPECT_THAT(change->ended_sessions, ElementsAre(Hash('a')));
  EXPECT_THAT(SessionHashes(), ElementsAre(Hash('b'), Hash('c')));

  change = writes().PatchUser({.username = "bob", .active = false});
  ASSERT_TRUE(change.ok()) << change.status();
  EXPECT_THAT(change->ended_sessions, ElementsAre(Hash('c')));

  change = writes().PatchUser({.username = "alice", .end_sessions_but = ""});
  ASSERT_TRUE(change.ok()) << change.status();
  EXPECT_THAT(SessionHashes(), IsEmpty());
}

TEST_P(AccountStoreContract, CreateSession_StoresItAndWhenTheUserSignedIn) {
  const UserRecord alice = AddUser("alice");
  const SessionRecord session = AddSession(alice, 'a', At(3));
  EXPECT_THAT(Load().sessions, ElementsAre(session));
  EXPECT_EQ(Load().users[0].last_auth_at, At(3));
  Reopen();
  EXPECT_THAT(Load().sessions, ElementsAre(session));
  ASSERT_TRUE(writes().DeleteSession(Hash('a')).ok());
  EXPECT_THAT(Load().sessions, IsEmpty());
  EXPECT_TRUE(writes().DeleteSession(Hash('a')).ok());
}

TEST_P(AccountStoreContract, CreateSession_EndsTheOldestOfTheUserBeyondTheLimit) {
  const UserRecord alice = AddUser("alice");
  const UserRecord bob = AddUser("bob");
  AddSession(bob, 'z', At(0));
  AddSession(alice, 'a', At(2), 2);
  AddSession(alice, 'b', At(1), 2);
  const auto change = writes().CreateSession(
      {.token_hash = Hash('c'), .user_id = alice.id, .created_at = At(3), .expires_at = At(90)},
      alice.password_hash, 2);
  ASSERT_TRUE(change.ok()) << change.status();
  EXPECT_THAT(change->ended_sessions, ElementsAre(Hash('b')));
  EXPECT_THAT(SessionHashes(), ElementsAre(Hash('a'), Hash('c'), Hash('z')));
}

TEST_P(AccountStoreContract, CreateSession_EndsExpiredOnesOfAll) {
  const UserRecord alice = AddUser("alice");
  const UserRecord bob = AddUser("bob");
  AddSession(alice, 'a', At(0));
  AddSession(bob, 'b', At(50));
  const auto change = writes().CreateSession(
      {.token_hash = Hash('c'), .user_id = bob.id, .created_at = At(100), .expires_at = At(200)},
      bob.password_hash);
  ASSERT_TRUE(change.ok()) << change.status();
  EXPECT_THAT(change->ended_sessions, ElementsAre(Hash('a')));
  EXPECT_THAT(SessionHashes(), ElementsAre(Hash('b'), Hash('c')));
}

TEST_P(AccountStoreContract, CreateSession_RefusesWhatChangedMeanwhile) {
  AddUser("root", true);
  const UserRecord alice = AddUser("alice");
  const SessionRecord session = {
      .token_hash = Hash('a'), .user_id = alice.id, .created_at = At(0), .expires_at = At(9)};
  ASSERT_TRUE(writes().PatchUser({.username = "alice", .password_hash = "other"}).ok());
  EXPECT_TRUE(
      absl::IsFailedPrecondition(writes().CreateSession(session, alice.password_hash).status()));
  ASSERT_TRUE(writes().PatchUser({.username = "alice", .active = false}).ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(writes().CreateSession(session, "other").status()));
  SessionRecord nobody = session;
  nobody.user_id = 99;
  EXPECT_TRUE(absl::IsFailedPrecondition(writes().CreateSession(nobody, "").status()));
  EXPECT_THAT(Load().sessions, IsEmpty());
}

TEST_P(AccountStoreContract, RecordUsage_OnlyRaises) {
  const UserRecord alice = AddUser("alice");
  const auto token = writes().CreateToken({.token_hash = Hash('t'), .created_at = At(0)});
  ASSERT_TRUE(token.ok()) << token.status();
  const auto record = [&](absl::Time time) {
    return AwaitStatus([&](auto done) {
      accounts().RecordUsage(
          {.users = {{alice.id, time}, {99, time}}, .tokens = {{token->id, time}, {99, time}}},
          std::move(done));
    });
  };
  ASSERT_TRUE(record(At(5)).ok());
  ASSERT_TRUE(record(At(3)).ok());
  EXPECT_EQ(Load().users[0].last_auth_at, At(5));
  EXPECT_EQ(Load().tokens[0].last_used_at, At(5));
}

TEST_P(AccountStoreContract, Tokens_AreKeptWithEveryFieldUntilDeleted) {
  ServiceTokenRecord expected = {.token_hash = Hash('\xff'),
                                 .description = "master in Z\xc3\xbcrich",
                                 .scope = TokenScope::kIngest,
                                 .created_at = At(1),
                                 .created_by = "alice",
                                 .expires_at = At(100),
                                 .last_used_at = At(2)};
  const auto created = writes().CreateToken(expected, Entry("token.create", "token"));
  ASSERT_TRUE(created.ok()) << created.status();
  expected.id = created->id;
  EXPECT_EQ(*created, expected);
  Reopen();
  EXPECT_THAT(Load().tokens, ElementsAre(expected));
  const auto deleted = writes().DeleteToken(expected.id);
  ASSERT_TRUE(deleted.ok()) << deleted.status();
  EXPECT_EQ(*deleted, expected);
  EXPECT_THAT(Load().tokens, IsEmpty());
  EXPECT_TRUE(absl::IsNotFound(writes().DeleteToken(expected.id).status()));
  EXPECT_THAT(AuditLines(), ElementsAre("token.create token/" + std::to_string(expected.id)));
  // Numbers are not given twice.
  const auto next = writes().CreateToken({.token_hash = Hash('n'), .created_at = At(0)});
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_GT(next->id, expected.id);
}

}  // namespace
}  // namespace webhookd
