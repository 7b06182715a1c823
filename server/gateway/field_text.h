#ifndef WEBHOOKD_SERVER_GATEWAY_FIELD_TEXT_H_
#define WEBHOOKD_SERVER_GATEWAY_FIELD_TEXT_H_

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "server/gateway/scalar_text.h"

namespace webhookd {

// How texts of a URL become values: paths and queries differ, and so do grpc-gateway's versions.
struct TextRules {
  IntegerBase integer_base = IntegerBase::kTen;
  IntegerBase wrapped_integer_base = IntegerBase::kTen;
  IntegerBase enum_base = IntegerBase::kTen;  // of a value's number
  bool quoted_times = false;         // a Timestamp or Duration may have the quotes it has in JSON
  bool strict_wrapped_bool = false;  // a BoolValue is only "true" or "false"
  bool null_is_zero_time = false;    // "null" is the Timestamp or Duration of 0 seconds
  bool go_durations = false;         // "1h30m" instead of "5400s"
};

// Sets a field of `message` to what `text` says, or adds that if the field is repeated. Takes
// scalars, enum values by name or known number, padded base64 of either alphabet, wrappers, times,
// durations, comma-separated field masks, and JSON for Struct and Value. INVALID_ARGUMENT
// otherwise.
absl::Status SetFieldFromText(google::protobuf::Message& message,
                              const google::protobuf::FieldDescriptor& field,
                              absl::string_view text, const TextRules& rules);

// Whether any text can be the value of the field, or of an element of it.
bool HasTextForm(const google::protobuf::FieldDescriptor& field);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_GATEWAY_FIELD_TEXT_H_
