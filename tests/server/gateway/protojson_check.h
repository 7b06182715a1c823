#ifndef WEBHOOKD_TESTS_SERVER_GATEWAY_PROTOJSON_CHECK_H_
#define WEBHOOKD_TESTS_SERVER_GATEWAY_PROTOJSON_CHECK_H_

#include <google/protobuf/message.h>

#include <string>

#include "absl/strings/string_view.h"

namespace webhookd {

struct CheckedRead {
  bool accepted = false;
  std::string problem;  // what was wrong with the reader or the writer; empty if nothing was
};

// Reads `json` into `message`; if it is accepted, writes that compactly and indented, and reads
// both back: they must be the same message. If not, the message must be empty.
CheckedRead ReadWriteAndReadBack(absl::string_view json, google::protobuf::Message& message);

}  // namespace webhookd

#endif  // WEBHOOKD_TESTS_SERVER_GATEWAY_PROTOJSON_CHECK_H_
