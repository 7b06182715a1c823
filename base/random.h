#ifndef WEBHOOKD_BASE_RANDOM_H_
#define WEBHOOKD_BASE_RANDOM_H_

#include <cstdint>
#include <string>

#include "absl/time/time.h"

namespace webhookd {

// The source of random bits. Implementations are thread-safe.
class RandomBits {
 public:
  virtual ~RandomBits() = default;

  // 64 independent, uniform bits. The machine's are fit for keys.
  virtual uint64_t Next() = 0;
};

// The cryptographic generator of BoringSSL. The object lives for ever.
RandomBits& SecureRandom();

// A version 4 UUID (RFC 4122, section 4.4) in lower case, such as
// "4cd26e62-60c6-4a8b-8d03-7629091a4ef5".
std::string RandomUuid(RandomBits& random);

// A version 7 UUID (RFC 9562, section 5.7): milliseconds of `now`, then random bits. Ids of one
// time lie side by side in an index, which makes storing many of them several times cheaper than
// random ones.
std::string TimeOrderedUuid(absl::Time now, RandomBits& random);

// `bytes` random bytes (a multiple of 8) as lower-case hex.
std::string RandomHex(RandomBits& random, int bytes);

}  // namespace webhookd

#endif  // WEBHOOKD_BASE_RANDOM_H_
