#ifndef WEBHOOKD_SERVER_AUTH_PASSWORD_WORK_H_
#define WEBHOOKD_SERVER_AUTH_PASSWORD_WORK_H_

#include <memory>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/executor.h"
#include "base/mutex.h"
#include "server/auth/password_hasher.h"
#include "storage/store.h"

namespace webhookd {

// Hashes passwords, one at a time, on a thread that nothing else waits for. Thread-safe.
class PasswordWork {
 public:
  // Both must outlive it. At most `max_waiting` callers wait.
  PasswordWork(const PasswordHasher& hasher, Executor& executor, int max_waiting);

  // Runs `task` there. RESOURCE_EXHAUSTED: too many wait; `task` is then dropped.
  absl::Status Post(absl::AnyInvocable<void(const PasswordHasher&) &&> task);

  // Hashes a password in its client form. The errors of Post, and of PasswordHasher::Hash.
  void Hash(std::string client_password, Done<std::string> done);

 private:
  const PasswordHasher& hasher_;
  Executor& executor_;
  const int max_waiting_;

  Mutex mutex_;
  int waiting_ ABSL_GUARDED_BY(mutex_) = 0;
};

// The client form of a password that a request holds, hashed already or not.
std::string ClientPasswordOf(absl::string_view password, bool is_hashed);

// As ClientPasswordOf, for one that is to be kept. INVALID_ARGUMENT: it is blank and `allow_blank`
// is false, it is shorter than 8 characters, or said to be hashed and is not.
absl::StatusOr<std::string> NewClientPassword(absl::string_view password, bool is_hashed,
                                              bool allow_blank);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_AUTH_PASSWORD_WORK_H_
