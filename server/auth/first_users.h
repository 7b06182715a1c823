#ifndef WEBHOOKD_SERVER_AUTH_FIRST_USERS_H_
#define WEBHOOKD_SERVER_AUTH_FIRST_USERS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/clock.h"
#include "base/random.h"
#include "server/auth/account_catalog.h"
#include "server/auth/password_hasher.h"

namespace webhookd {

// A password that was made up, in clear. Shown once, to whoever started the server, and kept
// nowhere.
struct GeneratedPassword {
  std::string username;
  std::string password;
};

// Creates the users that Determined has from the start, "admin", an administrator, and
// "determined", if there are no users yet, and waits until they are stored. Both get
// `initial_password`, or, if it is empty, each one of their own, which is returned.
absl::StatusOr<std::vector<GeneratedPassword>> CreateFirstUsers(AccountCatalog& accounts,
                                                                const PasswordHasher& hasher,
                                                                Clock& clock, RandomBits& random,
                                                                absl::string_view initial_password);

// Gives a user a new password, for somebody who has the machine and lost it, makes them active, and
// ends their sessions. NOT_FOUND.
absl::StatusOr<GeneratedPassword> ResetPassword(AccountCatalog& accounts,
                                                const PasswordHasher& hasher, Clock& clock,
                                                RandomBits& random, absl::string_view username);

// What to print about them, in lines.
std::string PasswordNotice(const std::vector<GeneratedPassword>& passwords);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_AUTH_FIRST_USERS_H_
