#include "server/auth/sign_in.h"

#include <memory>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "server/auth/token.h"

namespace webhookd {

SignIn::SignIn(const Options& options, Dependencies dependencies)
    : options_(options),
      dependencies_(dependencies),
      session_clock_(dependencies.clock, dependencies.clock.Now()),
      by_name_(options.by_name),
      by_address_(options.by_address) {}

void SignIn::Start(Request request, Done<SignedIn> done) {
  std::string peer_address = request.peer_address;
  Attempt(std::move(request), [this, peer_address = std::move(peer_address),
                               done = std::move(done)](absl::StatusOr<UserRecord> user) mutable {
    if (!user.ok()) return std::move(done)(user.status());
    const absl::Time now = session_clock_.Now();
    std::string token = NewSessionToken(dependencies_.random);
    SessionRecord session = {.token_hash = HashToken(token),
                             .user_id = user->id,
                             .created_at = now,
                             .expires_at = now + options_.session_lifetime};
    AuditEntry audit = {.time = dependencies_.clock.Now(),
                        .actor_kind = AuditActor::kUser,
                        .actor = user->username,
                        .peer_address = std::move(peer_address),
                        .action = "user.login",
                        .target_type = "user",
                        .target_id = user->username};
    std::string password_hash = user->password_hash;
    dependencies_.accounts.CreateSession(
        std::move(session), std::move(password_hash), options_.max_sessions_per_user,
        std::move(audit),
        [token = std::move(token), user = *std::move(user),
         done = std::move(done)](absl::StatusOr<SessionChange> change) mutable {
          if (!change.ok()) return std::move(done)(change.status());
          user.last_auth_at = change->session.created_at;
          std::move(done)(SignedIn{.token = std::move(token), .user = std::move(user)});
        });
  });
}

void SignIn::CheckPassword(Request request, DoneStatus done) {
  Attempt(std::move(request), [done = std::move(done)](absl::StatusOr<UserRecord> user) mutable {
    std::move(done)(user.status());
  });
}

void SignIn::Attempt(Request request, Done<UserRecord> next) {
  request.username = absl::AsciiStrToLower(request.username);
  if (request.username.empty()) {
    return std::move(next)(absl::InvalidArgumentError("missing argument: username"));
  }
  const absl::Status allowed = TakeAttempt(request);
  if (!allowed.ok()) return std::move(next)(allowed);
  // Both the task and the refusal need it.
  auto shared = std::make_shared<Done<UserRecord>>(std::move(next));
  const absl::Status posted =
      dependencies_.passwords.Post([this, request, shared](const PasswordHasher& hasher) {
        absl::StatusOr<UserRecord> user = Verify(request, hasher);
        if (user.ok()) {
          GiveAttemptBack(request);
        } else {
          dependencies_.audit.SignInFailed(request.username, request.peer_address,
                                           user.status().message());
        }
        std::move (*shared)(std::move(user));
      });
  if (posted.ok()) return;
  GiveAttemptBack(request);
  std::move (*shared)(posted);
}

absl::Status SignIn::TakeAttempt(const Request& request) {
  const absl::Duration now = dependencies_.clock.Steady();
  // An address that has to wait must not use up what a name has left for others.
  absl::Duration wait = by_address_.Take(AddressKey(request.peer_address), now);
  if (wait == absl::ZeroDuration()) wait = by_name_.Take(request.username, now);
  if (wait == absl::ZeroDuration()) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      absl::StrCat("too many attempts to sign in failed: try again in ",
                   absl::FormatDuration(absl::Ceil(wait, absl::Seconds(1)))));
}

void SignIn::GiveAttemptBack(const Request& request) {
  const absl::Duration now = dependencies_.clock.Steady();
  by_address_.GiveBack(AddressKey(request.peer_address), now);
  by_name_.GiveBack(request.username, now);
}

absl::StatusOr<UserRecord> SignIn::Verify(const Request& request, const PasswordHasher& hasher) {
  absl::Status invalid = absl::UnauthenticatedError("invalid credentials");
  const auto accounts = dependencies_.accounts.Current();
  const AccountSnapshot::User* const user = accounts->FindUser(request.username);
  const bool has_password = user != nullptr && !user->record.password_hash.empty();
  ASSIGN_OR_RETURN(const bool matches,
                   hasher.Verify(request.client_password,
                                 has_password ? user->record.password_hash : hasher.nobody()));
  if (user == nullptr) return invalid;
  const bool blank_matches =
      !has_password && request.client_password.empty() && options_.allow_blank_passwords;
  if (!(has_password && matches) && !blank_matches) return invalid;
  if (!user->record.active) return absl::PermissionDeniedError("user is not active");
  return user->record;
}

}  // namespace webhookd
