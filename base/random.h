#ifndef WEBHOOKD_BASE_RANDOM_H_
#define WEBHOOKD_BASE_RANDOM_H_

#include <cstdint>
#include <string>

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

// `bytes` random bytes (a multiple of 8) as lower-case hex.
std::string RandomHex(RandomBits& random, int bytes);

}  // namespace webhookd

#endif  // WEBHOOKD_BASE_RANDOM_H_
