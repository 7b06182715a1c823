#ifndef WEBHOOKD_SERVER_AUTH_AUTHENTICATOR_H_
#define WEBHOOKD_SERVER_AUTH_AUTHENTICATOR_H_

#include <string>

#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/pinned_clock.h"
#include "server/auth/account_catalog.h"
#include "server/auth/caller.h"

namespace webhookd {

// Says who calls. Reads nothing but memory, so it may be asked for every call. Thread-safe.
class Authenticator {
 public:
  struct Options {
    // The client certificates that stand for a master, by their identity. Empty: all that the
    // server verified.
    absl::flat_hash_set<std::string> client_identities;
    bool rbac = false;  // whether the role ClusterAdmin makes an administrator
    // How exact the times are that are kept of the last use.
    absl::Duration usage_interval = absl::Minutes(1);
  };

  // Both must outlive it.
  Authenticator(Options options, AccountCatalog& accounts, Clock& clock);

  // A token counts before a certificate. UNAUTHENTICATED, in Determined's words: "token missing",
  // or "invalid credentials" for one that is unknown, expired or revoked.
  absl::StatusOr<Caller> Authenticate(const Credentials& credentials) const;

  // Whether what the caller showed is still good: for calls that take long.
  bool IsStillValid(const Caller& caller) const;

 private:
  absl::StatusOr<Caller> FindToken(std::string token_hash) const;

  const Options options_;
  AccountCatalog& accounts_;
  Clock& clock_;
  mutable PinnedClock session_clock_;  // whoever sets the wall clock signs nobody out
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_AUTH_AUTHENTICATOR_H_
