#ifndef WEBHOOKD_SERVER_GATEWAY_PROTOJSON_VALUE_READER_H_
#define WEBHOOKD_SERVER_GATEWAY_PROTOJSON_VALUE_READER_H_

#include <google/protobuf/any.pb.h>
#include <google/protobuf/message.h>
#include <google/protobuf/struct.pb.h>

#include <cstddef>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "base/quoted.h"
#include "server/gateway/json_cursor.h"
#include "server/gateway/message_plan.h"
#include "server/gateway/protojson_reader.h"

namespace webhookd {

// Reads one value into a message. Every Read… returns false once something was wrong; the cursor
// then has the reason, and `path_` the field.
class ProtoJsonReader {
 public:
  explicit ProtoJsonReader(JsonCursor& cursor) : cursor_(cursor) {}

  bool ReadMessage(const MessagePlan& plan, google::protobuf::Message& message);
  // The value of one field.
  bool ReadMember(const FieldPlan& plan, google::protobuf::Message& message);
  const std::string& path() const { return path_; }

 private:
  // What an Any's own members are, which its message does not know.
  enum class Within { kMessage, kAny };

  bool ReadFields(const MessagePlan& plan, google::protobuf::Message& message, Within within);
  // The field whose name comes next, read over, if it is one of the next few from place `likely`:
  // most texts hold fields in the order of the .proto file, without spaces, and some are left out.
  const FieldPlan* TakeLikelyField(const MessagePlan& plan, size_t likely);
  bool ReadList(const FieldPlan& plan, google::protobuf::Message& message);
  // Sets a field that only decorates, unless its value cannot be read.
  bool ReadDecoration(const FieldPlan& plan, google::protobuf::Message& message);
  // Sets the field, or adds to it if it is repeated.
  bool ReadSingle(const FieldPlan& plan, google::protobuf::Message& message);
  bool ReadMap(const FieldPlan& plan, google::protobuf::Message& message);
  // Sets the key of a map's entry; none if `text` is no such key, else the text of its only form.
  absl::optional<std::string> ReadMapKey(const google::protobuf::FieldDescriptor& key,
                                         absl::string_view text, google::protobuf::Message& entry);

  bool ReadStruct(google::protobuf::Struct& value);
  bool ReadListValue(google::protobuf::ListValue& list);
  bool ReadValue(google::protobuf::Value& value);
  bool ReadAny(google::protobuf::Any& any);
  bool ReadAnyMember(const MessagePlan& plan, google::protobuf::Message& message);
  bool ReadEmpty();
  // A message that is a string in JSON.
  bool ReadTextForm(const MessagePlan& plan, google::protobuf::Message& message);

  absl::optional<int> ReadEnum(const FieldPlan& plan);
  // Whether the double is the whole number that stands from `place` to here.
  bool CheckKept(const JsonCursor::Place& place, double number);
  // Puts a name in front of the path of what failed.
  bool FailedIn(absl::string_view name) {
    path_ = absl::StrCat(name, path_.empty() || path_[0] == '[' ? "" : ".", path_);
    return false;
  }
  bool FailedTwice(size_t position, absl::string_view name) {
    cursor_.Fail(position, absl::StrCat("the field ", Quoted(name), " is given twice"));
    return false;
  }
  bool FailedAtIndex(int index) { return FailedIn(absl::StrCat("[", index, "]")); }
  bool CountMessage() {
    if (++messages_ <= kMaxJsonMessages) return true;
    cursor_.Fail(absl::StrCat("more than ", kMaxJsonMessages, " objects and values: send less"));
    return false;
  }

  JsonCursor& cursor_;
  std::string path_;
  size_t messages_ = 0;
  bool exact_numbers_ = false;
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_GATEWAY_PROTOJSON_VALUE_READER_H_
