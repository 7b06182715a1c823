#include "server/auth/password_work.h"

#include <utility>

#include "server/auth/client_password.h"

namespace webhookd {
namespace {

constexpr size_t kMinPasswordBytes = 8;

}  // namespace

PasswordWork::PasswordWork(const PasswordHasher& hasher, Executor& executor, int max_waiting)
    : hasher_(hasher), executor_(executor), max_waiting_(max_waiting) {}

absl::Status PasswordWork::Post(absl::AnyInvocable<void(const PasswordHasher&) &&> task) {
  {
    MutexLock lock(mutex_);
    if (waiting_ >= max_waiting_) {
      return absl::ResourceExhaustedError(
          "too many people sign in at this moment: try again in a few seconds");
    }
    ++waiting_;
  }
  executor_.Post([this, task = std::move(task)]() mutable {
    {
      MutexLock lock(mutex_);
      --waiting_;
    }
    std::move(task)(hasher_);
  });
  return absl::OkStatus();
}

void PasswordWork::Hash(std::string client_password, Done<std::string> done) {
  // Both the task and the refusal need it.
  auto shared = std::make_shared<Done<std::string>>(std::move(done));
  const absl::Status posted =
      Post([client_password = std::move(client_password), shared](const PasswordHasher& hasher) {
        std::move (*shared)(hasher.Hash(client_password));
      });
  if (!posted.ok()) std::move (*shared)(posted);
}

std::string ClientPasswordOf(absl::string_view password, bool is_hashed) {
  return is_hashed ? std::string(password) : ClientPassword(password);
}

absl::StatusOr<std::string> NewClientPassword(absl::string_view password, bool is_hashed,
                                              bool allow_blank) {
  if (password.empty()) {
    if (allow_blank) return std::string();
    return absl::InvalidArgumentError(
        "the password is blank: choose one, or allow blank passwords by "
        "security.allow_blank_passwords");
  }
  if (is_hashed && !IsClientPassword(password)) {
    return absl::InvalidArgumentError(
        "the password is said to be hashed and is not: it must be 128 lower-case hexadecimal "
        "digits, of a password that is not blank");
  }
  if (!is_hashed && password.size() < kMinPasswordBytes) {
    return absl::InvalidArgumentError("the password is too short: it needs at least 8 characters");
  }
  return ClientPasswordOf(password, is_hashed);
}

}  // namespace webhookd
