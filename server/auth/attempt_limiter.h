#ifndef WEBHOOKD_SERVER_AUTH_ATTEMPT_LIMITER_H_
#define WEBHOOKD_SERVER_AUTH_ATTEMPT_LIMITER_H_

#include <cstddef>
#include <list>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/mutex.h"

namespace webhookd {

// The key of whoever calls from an address: an IPv6 address stands for its whole /64, which one
// caller has for themselves.
std::string AddressKey(absl::string_view address);

// Limits how often something is tried under each of many keys, such as addresses. It remembers a
// bounded number of keys, those that tried last. Times are Clock::Steady. Thread-safe.
class AttemptLimiter {
 public:
  struct Options {
    int at_once = 10;  // attempts that may follow each other closely
    absl::Duration one_more_every = absl::Seconds(6);  // on the long run
    size_t max_keys = 10'000;
  };

  explicit AttemptLimiter(const Options& options) : options_(options) {}

  // Takes an attempt: zero, or how long to wait for the next one.
  absl::Duration Take(absl::string_view key, absl::Duration now);
  // Takes one back, which was not of the kind that is to be limited.
  void GiveBack(absl::string_view key, absl::Duration now);

  size_t keys() const;

 private:
  struct Bucket {
    std::string key;
    double attempts;  // left
    absl::Duration at;
  };

  Bucket& Find(absl::string_view key, absl::Duration now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Options options_;

  mutable Mutex mutex_;
  std::list<Bucket> buckets_ ABSL_GUARDED_BY(mutex_);  // the last one used first
  absl::flat_hash_map<std::string, std::list<Bucket>::iterator> by_key_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_AUTH_ATTEMPT_LIMITER_H_
