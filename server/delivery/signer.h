#ifndef WEBHOOKD_SERVER_DELIVERY_SIGNER_H_
#define WEBHOOKD_SERVER_DELIVERY_SIGNER_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace webhookd {

// Signs request bodies. Immutable, thread-safe.
class Signer {
 public:
  // `key` as configured: its bytes are the HMAC key.
  explicit Signer(std::string key);

  // The headers of one attempt, in two families over the same key:
  // - X-Determined-AI-Signature-Timestamp, X-Determined-AI-Signature: lower-case hex of HMAC-SHA256
  // over
  //   timestamp + "," + body (the seed, "Signed Payload");
  // - webhook-id, webhook-timestamp, webhook-signature: "v1," + base64 of HMAC-SHA256 over
  // id.timestamp.body
  //   (the Standard Webhooks specification).
  // `now` is cut to Unix seconds.
  std::vector<std::pair<std::string, std::string>> SignatureHeaders(absl::string_view event_id,
                                                                    absl::Time now,
                                                                    absl::string_view body) const;

 private:
  const std::string key_;
};

// The seed's signature: lower-case hex of HMAC-SHA256(key, timestamp + "," + body).
std::string DeterminedSignature(absl::string_view key, absl::string_view timestamp,
                                absl::string_view body);

// The Standard Webhooks signature: "v1," + base64 of HMAC-SHA256(key, id + "." + timestamp + "." +
// body).
std::string StandardSignature(absl::string_view key, absl::string_view id,
                              absl::string_view timestamp, absl::string_view body);

// Whether two signatures are equal, in a time that depends on their lengths only.
bool ConstantTimeEquals(absl::string_view a, absl::string_view b);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_DELIVERY_SIGNER_H_
