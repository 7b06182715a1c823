#include "server/auth/attempt_limiter.h"

#include <arpa/inet.h>

#include <algorithm>

namespace webhookd {

std::string AddressKey(absl::string_view address) {
  in6_addr ipv6;
  std::string text(address);
  if (inet_pton(AF_INET6, text.c_str(), &ipv6) != 1) return text;
  const auto* const bytes = reinterpret_cast<const char*>(ipv6.s6_addr);
  return IN6_IS_ADDR_V4MAPPED(&ipv6) ? std::string(bytes + 12, 4) : std::string(bytes, 8);
}

absl::Duration AttemptLimiter::Take(absl::string_view key, absl::Duration now) {
  MutexLock lock(mutex_);
  Bucket& bucket = Find(key, now);
  if (bucket.attempts < 1) return (1 - bucket.attempts) * options_.one_more_every;
  bucket.attempts -= 1;
  return absl::ZeroDuration();
}

void AttemptLimiter::GiveBack(absl::string_view key, absl::Duration now) {
  MutexLock lock(mutex_);
  Bucket& bucket = Find(key, now);
  bucket.attempts = std::min<double>(bucket.attempts + 1, options_.at_once);
}

size_t AttemptLimiter::keys() const {
  MutexLock lock(mutex_);
  return buckets_.size();
}

AttemptLimiter::Bucket& AttemptLimiter::Find(absl::string_view key, absl::Duration now) {
  const auto it = by_key_.find(key);
  if (it != by_key_.end()) {
    buckets_.splice(buckets_.begin(), buckets_, it->second);
    Bucket& bucket = buckets_.front();
    const double refill = absl::FDivDuration(now - bucket.at, options_.one_more_every);
    bucket.attempts = std::min<double>(bucket.attempts + refill, options_.at_once);
    bucket.at = now;
    return bucket;
  }
  if (buckets_.size() >= options_.max_keys) {
    by_key_.erase(buckets_.back().key);
    buckets_.pop_back();
  }
  buckets_.push_front(
      {.key = std::string(key), .attempts = static_cast<double>(options_.at_once), .at = now});
  by_key_.emplace(buckets_.front().key, buckets_.begin());
  return buckets_.front();
}

}  // namespace webhookd
