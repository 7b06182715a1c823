#ifndef WEBHOOKD_TESTS_SERVER_EVENTS_VECTORS_H_
#define WEBHOOKD_TESTS_SERVER_EVENTS_VECTORS_H_

#include <string>

#include "absl/strings/string_view.h"
#include "server/events/payload.h"
#include "webhookd/v1/ingest.pb.h"

namespace webhookd {

// The body in tests/vectors/`path`, such as "bodies/default-completed.json".
std::string ReadVector(absl::string_view path);

// The event and the experiment of the bodies in tests/vectors/bodies: COMPLETED, 41 seconds, no
// base URL.
EventHeader VectorEvent();
v1::Experiment VectorExperiment();

// Latin, Cyrillic, Greek, Han, kana, Hangul, Arabic, Hebrew, Devanagari, Thai and emoji.
std::string ManyScripts();

}  // namespace webhookd

#endif  // WEBHOOKD_TESTS_SERVER_EVENTS_VECTORS_H_
