#include "tests/server/gateway/protojson_check.h"

#include <google/protobuf/text_format.h>

#include <memory>

#include "absl/strings/str_cat.h"
#include "server/gateway/protojson_reader.h"
#include "server/gateway/protojson_writer.h"

namespace webhookd {

CheckedRead ReadWriteAndReadBack(absl::string_view json, google::protobuf::Message& message) {
  if (!ReadProtoJson(json, message).ok()) {
    std::string rest;
    google::protobuf::TextFormat::PrintToString(message, &rest);
    return {.problem = rest.empty() ? "" : "refused, but the message is not empty"};
  }
  CheckedRead read = {.accepted = true};
  // Compared as text: equal for equal messages, NaN included. An unset Value and one that is null
  // are told apart by nothing that the mapping writes.
  const std::string compact = WriteProtoJson(message);
  for (const JsonLayout layout : {JsonLayout::kCompact, JsonLayout::kIndented}) {
    const std::string written = WriteProtoJson(message, layout);
    const std::unique_ptr<google::protobuf::Message> again(message.New());
    const absl::Status status = ReadProtoJson(written, *again);
    if (!status.ok()) {
      read.problem = absl::StrCat(status.message(), " in what was written: ", written);
    } else if (WriteProtoJson(*again) != compact) {
      read.problem = absl::StrCat("another message from what was written: ", written);
    }
  }
  return read;
}

}  // namespace webhookd
