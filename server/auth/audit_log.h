#ifndef WEBHOOKD_SERVER_AUTH_AUDIT_LOG_H_
#define WEBHOOKD_SERVER_AUTH_AUDIT_LOG_H_

#include <atomic>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "base/clock.h"
#include "server/auth/attempt_limiter.h"
#include "server/auth/caller.h"
#include "storage/account_store.h"

namespace webhookd {

// What is being done, and to what.
struct AuditAction {
  absl::string_view action;       // "webhook.create"
  absl::string_view target_type;  // "webhook"
  std::string target_id = "";     // empty for something new: the store knows its number
  std::string detail = "";        // for people; no secrets
};

// The entry for what `caller` is about to do, for the write that does it.
AuditEntry AuditEntryOf(const Caller& caller, absl::Time now, AuditAction action);

// Writes down what was refused, which no other write does. Thread-safe.
//
// Whoever is refused again and again must not fill the log: entries of one address, and of all
// together, are limited; the next entry that is written says how many were left out.
class AuditLog {
 public:
  struct Options {
    AttemptLimiter::Options of_address = {.at_once = 30, .one_more_every = absl::Seconds(10)};
    AttemptLimiter::Options of_all = {
        .at_once = 300, .one_more_every = absl::Seconds(1), .max_keys = 1};
  };

  // Both must outlive it.
  AuditLog(const Options& options, AccountStore& store, Clock& clock);

  // The caller was not allowed to.
  void Denied(const Caller& caller, AuditAction action);
  // `name` could not sign in.
  void SignInFailed(absl::string_view name, absl::string_view peer_address,
                    absl::string_view reason);

 private:
  void Write(AuditEntry entry);

  AccountStore& store_;
  Clock& clock_;
  AttemptLimiter of_address_;
  AttemptLimiter of_all_;
  std::atomic<int64_t> left_out_ = 0;
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_AUTH_AUDIT_LOG_H_
