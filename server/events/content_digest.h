#ifndef WEBHOOKD_SERVER_EVENTS_CONTENT_DIGEST_H_
#define WEBHOOKD_SERVER_EVENTS_CONTENT_DIGEST_H_

#include <string>

#include "google/protobuf/message.h"

namespace webhookd {

// What a report and its repetitions have in common and other reports have not: 16 bytes of a
// SHA-256 over its kind and its fields, without idempotency_key and occurred_at. Whoever repeats a
// report may well say once more that it occurred "now".
//
// Those two fields are taken out of `report` for the while.
std::string ContentDigest(google::protobuf::Message& report);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_EVENTS_CONTENT_DIGEST_H_
