#ifndef WEBHOOKD_SERVER_AUTH_SIGN_IN_H_
#define WEBHOOKD_SERVER_AUTH_SIGN_IN_H_

#include <string>

#include "absl/time/time.h"
#include "base/clock.h"
#include "base/pinned_clock.h"
#include "base/random.h"
#include "server/auth/account_catalog.h"
#include "server/auth/attempt_limiter.h"
#include "server/auth/audit_log.h"
#include "server/auth/password_work.h"
#include "storage/store.h"

namespace webhookd {

// Turns names and passwords into sessions. Thread-safe.
//
// It takes one scrypt for every attempt, whether there is such a user or not, so that the time
// tells nothing. Attempts that fail are limited by name and by address.
class SignIn {
 public:
  struct Options {
    bool allow_blank_passwords = false;
    absl::Duration session_lifetime = absl::Hours(7 * 24);
    int max_sessions_per_user = 100;
    AttemptLimiter::Options by_name = {.at_once = 10, .one_more_every = absl::Seconds(6)};
    AttemptLimiter::Options by_address = {.at_once = 20, .one_more_every = absl::Seconds(3)};
  };

  // All must outlive this and the attempts under way.
  struct Dependencies {
    AccountCatalog& accounts;
    PasswordWork& passwords;
    AuditLog& audit;
    Clock& clock;
    RandomBits& random;
  };

  struct Request {
    std::string username;         // in any case
    std::string client_password;  // see ClientPasswordOf
    std::string peer_address;
  };

  struct SignedIn {
    std::string token;
    UserRecord user;
  };

  SignIn(const Options& options, Dependencies dependencies);

  // Errors, in Determined's words: INVALID_ARGUMENT (no name), UNAUTHENTICATED (no such user, or
  // another password), PERMISSION_DENIED (the user is not active), RESOURCE_EXHAUSTED (too many
  // attempts; too many at once).
  void Start(Request request, Done<SignedIn> done);

  // Whether `client_password` is the user's; limited and recorded as an attempt to sign in. Errors
  // as those of Start.
  void CheckPassword(Request request, DoneStatus done);

 private:
  // The user, if the password is theirs. On the thread of PasswordWork.
  absl::StatusOr<UserRecord> Verify(const Request& request, const PasswordHasher& hasher);
  // Takes an attempt. RESOURCE_EXHAUSTED.
  absl::Status TakeAttempt(const Request& request);
  void GiveAttemptBack(const Request& request);
  // Gives the user to `next`, which must be called once.
  void Attempt(Request request, Done<UserRecord> next);

  const Options options_;
  const Dependencies dependencies_;
  PinnedClock session_clock_;  // as Authenticator's
  AttemptLimiter by_name_;
  AttemptLimiter by_address_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_AUTH_SIGN_IN_H_
