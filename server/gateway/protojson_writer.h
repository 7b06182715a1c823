#ifndef WEBHOOKD_SERVER_GATEWAY_PROTOJSON_WRITER_H_
#define WEBHOOKD_SERVER_GATEWAY_PROTOJSON_WRITER_H_

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <string>

#include "absl/strings/string_view.h"

// Writes protobuf's JSON mapping as grpc-gateway does with EmitDefaults.
//
// Fields stand in the order of the .proto file under their JSON names (lower camel case). Fields
// without presence are always written; an unset message is null; an unset field of a oneof, or one
// declared optional, is left out. 64-bit integers are strings, enum values names (a number if they
// have none), bytes padded base64, NaN and infinite numbers strings. Map keys and Struct fields are
// sorted by bytes. What has no form in JSON is null: a Value without a kind, a Timestamp or
// Duration out of range. An Any of a type that is not in this program shows its bytes under
// "value". Bytes of a text that are not UTF-8 become U+FFFD.
namespace webhookd {

enum class JsonLayout {
  kCompact,   // one line, no white space
  kIndented,  // by four spaces
};

// Appends `message`, which is of a generated type.
void AppendProtoJson(const google::protobuf::Message& message, JsonLayout layout, std::string& out);

std::string WriteProtoJson(const google::protobuf::Message& message,
                           JsonLayout layout = JsonLayout::kCompact);

// Appends the value of one field of `message`, without its name; null if it is unset.
void AppendProtoJsonField(const google::protobuf::Message& message,
                          const google::protobuf::FieldDescriptor& field, JsonLayout layout,
                          std::string& out);

// Appends a JSON string: UTF-8, only what JSON demands is escaped.
void AppendJsonText(absl::string_view text, std::string& out);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_GATEWAY_PROTOJSON_WRITER_H_
