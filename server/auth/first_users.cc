#include "server/auth/first_users.h"

#include <future>
#include <memory>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "server/auth/client_password.h"

namespace webhookd {
namespace {

// 128 bits in letters and digits that are not taken for one another, in groups.
std::string RandomPassword(RandomBits& random) {
  constexpr absl::string_view kLetters = "abcdefghjkmnpqrstuvwxyz23456789z";
  static_assert(kLetters.size() == 32);
  constexpr int kGroups = 5;
  constexpr int kLettersInGroup = 5;
  std::string password;
  for (int group = 0; group < kGroups; ++group) {
    uint64_t bits = random.Next();
    if (group > 0) password += '-';
    for (int i = 0; i < kLettersInGroup; ++i, bits >>= 5) password += kLetters[bits & 31];
  }
  return password;
}

// Starts a write and waits for it.
template <typename T, typename Start>
absl::StatusOr<T> Wait(Start start) {
  auto promise = std::make_shared<std::promise<absl::StatusOr<T>>>();
  std::future<absl::StatusOr<T>> result = promise->get_future();
  start(Done<T>([promise](absl::StatusOr<T> value) { promise->set_value(std::move(value)); }));
  return result.get();
}

AuditEntry ByServer(absl::Time now, absl::string_view action, absl::string_view target,
                    absl::string_view detail) {
  return {.time = now,
          .actor_kind = AuditActor::kServer,
          .actor = "webhookd",
          .action = std::string(action),
          .target_type = "user",
          .target_id = std::string(target),
          .detail = std::string(detail)};
}

}  // namespace

absl::StatusOr<std::vector<GeneratedPassword>> CreateFirstUsers(
    AccountCatalog& accounts, const PasswordHasher& hasher, Clock& clock, RandomBits& random,
    absl::string_view initial_password) {
  std::vector<GeneratedPassword> generated;
  if (!accounts.Current()->users().empty()) return generated;
  const absl::Time now = clock.Now();
  std::vector<UserRecord> users;
  for (const char* const username : {"admin", "determined"}) {
    std::string password(initial_password);
    if (password.empty()) {
      password = RandomPassword(random);
      generated.push_back({.username = username, .password = password});
    }
    UserRecord user = {
        .username = username, .admin = users.empty(), .created_at = now, .modified_at = now};
    ASSIGN_OR_RETURN(user.password_hash, hasher.Hash(ClientPassword(password)));
    users.push_back(std::move(user));
  }
  RETURN_IF_ERROR(Wait<std::vector<UserRecord>>([&](Done<std::vector<UserRecord>> done) {
                    accounts.CreateFirstUsers(
                        std::move(users),
                        ByServer(now, "user.create", "admin", "the first users, with determined"),
                        std::move(done));
                  }).status());
  return generated;
}

absl::StatusOr<GeneratedPassword> ResetPassword(AccountCatalog& accounts,
                                                const PasswordHasher& hasher, Clock& clock,
                                                RandomBits& random, absl::string_view username) {
  GeneratedPassword generated = {.username = absl::AsciiStrToLower(username),
                                 .password = RandomPassword(random)};
  UserPatch patch = {.username = generated.username,
                     .active = true,
                     .end_sessions_but = "",
                     .modified_at = clock.Now()};
  ASSIGN_OR_RETURN(patch.password_hash, hasher.Hash(ClientPassword(generated.password)));
  RETURN_IF_ERROR(Wait<UserChange>([&](Done<UserChange> done) {
                    AuditEntry audit =
                        ByServer(patch.modified_at, "user.set_password", generated.username,
                                 "on the machine that the server runs on");
                    accounts.PatchUser(std::move(patch), std::move(audit), std::move(done));
                  }).status());
  return generated;
}

std::string PasswordNotice(const std::vector<GeneratedPassword>& passwords) {
  std::string text = "Passwords that are shown only now:\n";
  for (const GeneratedPassword& generated : passwords) {
    absl::StrAppend(&text, "  ", generated.username, ": ", generated.password, "\n");
  }
  absl::StrAppend(&text, "Sign in with `webhookctl login --user ", passwords.front().username,
                  "`, and change each with `webhookctl user set-password NAME`.\n");
  return text;
}

}  // namespace webhookd
