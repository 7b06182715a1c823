#ifndef WEBHOOKD_SERVER_RPC_RPC_ERROR_H_
#define WEBHOOKD_SERVER_RPC_RPC_ERROR_H_

#include <google/protobuf/message.h>

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

// What RPCs answer when a request is wrong. Messages name the field, the value and what to do.
namespace webhookd {

// `text`, or its beginning followed by "…" when it is longer than `max_bytes`. No character is cut
// in two; bytes that are not UTF-8 become U+FFFD.
std::string Shortened(absl::string_view text, size_t max_bytes);

// INVALID_ARGUMENT: "FIELD PROBLEM", such as "name is empty: give the webhook a name".
absl::Status InvalidField(absl::string_view field, absl::string_view problem);

// Adds a message that programs can read to an error: over gRPC and REST it is among the details of
// google.rpc.Status.
void AddDetail(const google::protobuf::Message& detail, absl::Status& status);

// OK for a number from 1.
absl::Status CheckId(absl::string_view field, int64_t id);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_RPC_RPC_ERROR_H_
