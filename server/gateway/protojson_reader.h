#ifndef WEBHOOKD_SERVER_GATEWAY_PROTOJSON_READER_H_
#define WEBHOOKD_SERVER_GATEWAY_PROTOJSON_READER_H_

#include <google/protobuf/message.h>

#include <cstddef>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/gateway/json_cursor.h"

// Reads protobuf's JSON mapping as strictly as Go's protojson does, with unknown fields ignored.
//
// Fields go by their JSON or proto names, enum values by name or number; integers may be strings,
// and numbers such as 1.0 and 1e2 where they are whole; bytes are base64 of either alphabet. null
// leaves a field unset, but is a value where a Value or a NullValue is wanted. Errors are
// INVALID_ARGUMENT and name the place, the field and what was expected:
// "3:14: triggers[0].id: expected an int32, found \"x\"". They include a field given twice, two
// members of one oneof, a scalar for a list, names of enum values that there are not, and anything
// that is not JSON to the letter. Fields that only decorate an event (field_leniency.h) are not
// refused for their value.
//
// Time is linear in the size of the text. A text is refused as soon as it nests deeper than
// kMaxJsonDepth or makes more than kMaxJsonMessages messages (every value of a Struct is one),
// which keeps the stack and the memory of a small text small.
namespace webhookd {

inline constexpr size_t kMaxJsonMessages = 250'000;

// Clears `message`, which is of a generated type, and fills it from the only value in `json`. After
// an error `message` is empty.
absl::Status ReadProtoJson(absl::string_view json, google::protobuf::Message& message);

// Sets one field of `message` from the only value in `json`, as if that stood in an object under
// the field's name; null leaves it as it is. After an error the field is unset.
absl::Status ReadProtoJsonField(absl::string_view json, google::protobuf::Message& message,
                                const google::protobuf::FieldDescriptor& field);

// Reads values that stand one after another, with or without white space between. Not thread-safe.
class ProtoJsonSequence {
 public:
  // `json` outlives the sequence.
  explicit ProtoJsonSequence(absl::string_view json) : json_(json) {}

  // Fills `message` as ReadProtoJson does, from the next value. False at the end of the text. After
  // an error there is nothing to read any more.
  absl::StatusOr<bool> Next(google::protobuf::Message& message);

 private:
  const absl::string_view json_;
  size_t position_ = 0;
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_GATEWAY_PROTOJSON_READER_H_
