#ifndef WEBHOOKD_CLIENT_CPP_SIGNATURE_VERIFIER_H_
#define WEBHOOKD_CLIENT_CPP_SIGNATURE_VERIFIER_H_

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace webhookd {

// Whether a request may be trusted.
enum class SignatureVerdict {
  kOk,
  kMissingHeader,
  kDoubledHeader,
  kMalformedHeader,
  kWrongSignature,
  kStale,   // signed rightly, but too long ago
  kFuture,  // signed rightly, but too far ahead of this machine's clock
};

// What a SignatureVerifier found.
struct SignatureResult {
  SignatureVerdict verdict = SignatureVerdict::kOk;
  std::string message;    // what is wrong; empty when nothing is
  int64_t timestamp = 0;  // when the request was made, in Unix seconds, if all is right
  std::string event_id;   // webhook-id, the same for every repetition; empty if there was none

  explicit operator bool() const { return verdict == SignatureVerdict::kOk; }
};

// Tells whether a request comes from webhookd and is fresh. This header and its source need the
// C++17 standard library and nothing else. Immutable, thread-safe.
//
// It checks Determined's signature headers and those of Standard Webhooks. A request may bear
// either family or both; every family that it bears must be whole and right.
class SignatureVerifier {
 public:
  using Headers = std::vector<std::pair<std::string, std::string>>;  // names in any case
  using Clock = std::chrono::system_clock;

  // `keys`: the signing key; during a rotation the new and the old one. Empty keys vouch for
  // nothing. `tolerance`: how far a request's time may lie from the clock, before and after.
  explicit SignatureVerifier(std::vector<std::string> keys,
                             std::chrono::seconds tolerance = std::chrono::minutes(5));

  // `body` as it came, before anything parsed it. Answer 401 unless the result is true.
  SignatureResult Verify(std::string_view body, const Headers& headers,
                         Clock::time_point now = Clock::now()) const;

 private:
  const std::vector<std::string> keys_;
  const std::chrono::seconds tolerance_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_CLIENT_CPP_SIGNATURE_VERIFIER_H_
