#ifndef WEBHOOKD_SERVER_AUTH_PASSWORD_HASHER_H_
#define WEBHOOKD_SERVER_AUTH_PASSWORD_HASHER_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/random.h"

namespace webhookd {

// Makes what is kept of a password. Slow on purpose: not on a thread that others wait for.
// Implementations are thread-safe.
class PasswordHasher {
 public:
  virtual ~PasswordHasher() = default;

  // What to keep of a password in its client form (see ClientPassword): another text each time.
  // RESOURCE_EXHAUSTED: not enough memory.
  virtual absl::StatusOr<std::string> Hash(absl::string_view client_password) const = 0;

  // Whether `hash` was made of this password. Takes as long for a wrong password as for the right
  // one. INTERNAL: `hash` is none of this kind. RESOURCE_EXHAUSTED.
  virtual absl::StatusOr<bool> Verify(absl::string_view client_password,
                                      absl::string_view hash) const = 0;

  // A hash of no password, which takes as long to verify as any.
  virtual absl::string_view nobody() const = 0;
};

// scrypt (RFC 7914).
class ScryptHasher final : public PasswordHasher {
 public:
  struct Options {
    int log2_n = 15;  // with r = 8: 32 MB of memory
    int r = 8;
    int p = 1;
  };

  // `random` must outlive it.
  ScryptHasher(const Options& options, RandomBits& random);

  absl::StatusOr<std::string> Hash(absl::string_view client_password) const override;
  absl::StatusOr<bool> Verify(absl::string_view client_password,
                              absl::string_view hash) const override;
  absl::string_view nobody() const override { return nobody_; }

 private:
  const Options options_;
  RandomBits& random_;
  const std::string nobody_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_AUTH_PASSWORD_HASHER_H_
