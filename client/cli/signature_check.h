#ifndef WEBHOOKD_CLIENT_CLI_SIGNATURE_CHECK_H_
#define WEBHOOKD_CLIENT_CLI_SIGNATURE_CHECK_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace webhookd {

// What a receiver got, as far as signatures go. An empty text: there was none.
struct SignedRequest {
  std::string determined_timestamp;  // X-Determined-AI-Signature-Timestamp
  std::string determined_signature;  // X-Determined-AI-Signature
  std::string standard_id;           // webhook-id
  std::string standard_timestamp;    // webhook-timestamp
  std::string standard_signature;    // webhook-signature: one or more, separated by spaces
  std::string body;                  // the raw bytes
};

// Takes the signature headers out of raw header lines ("Name: value"); a request line and other
// headers are passed over, and an empty line ends them. INVALID_ARGUMENT when a signature header is
// there twice with different values.
absl::StatusOr<SignedRequest> ParseSignatureHeaders(absl::string_view lines);

// The result for one family of headers.
struct SignatureCheck {
  std::string header;  // that holds the signature
  bool valid = false;
  std::string reason;                 // why it is not valid; else empty
  std::optional<absl::Duration> age;  // unknown when there is no usable timestamp
};

// Checks every family that `request` has a part of. `tolerance` is how far from `now` a timestamp
// may be, before and after; zero: any. Empty when there is nothing to check. Pure.
std::vector<SignatureCheck> CheckSignatures(const SignedRequest& request, absl::string_view key,
                                            absl::Time now, absl::Duration tolerance);

}  // namespace webhookd

#endif  // WEBHOOKD_CLIENT_CLI_SIGNATURE_CHECK_H_
