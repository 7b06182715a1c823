#include "server/gateway/struct_reader.h"

#include <string>

#include "absl/types/optional.h"
#include "server/gateway/json_scalar.h"

namespace webhookd {

using google::protobuf::ListValue;
using google::protobuf::Struct;
using google::protobuf::Value;
using Kind = JsonCursor::Kind;
using Step = JsonCursor::Step;

bool ReadStruct(JsonReading& reading, Struct& value) {
  JsonCursor& cursor = reading.cursor;
  if (cursor.Peek() != Kind::kObject) return FailExpected(cursor, "an object");
  if (!cursor.Open()) return false;
  auto& fields = *value.mutable_fields();
  for (bool first = true;; first = false) {
    const Step step = cursor.NextMember(first);
    if (step != Step::kValue) return step == Step::kClosed;
    cursor.Peek();
    const size_t position = cursor.position();
    const absl::optional<absl::string_view> key = cursor.ReadKey();
    if (!key.has_value()) return false;
    const auto [member, inserted] = fields.try_emplace(std::string(*key));
    if (!inserted) return reading.FailTwice(position, "key", *key);
    if (!reading.CountMessage()) return false;
    if (!ReadValue(reading, member->second)) return reading.FailedIn(member->first);
  }
}

bool ReadListValue(JsonReading& reading, ListValue& list) {
  JsonCursor& cursor = reading.cursor;
  if (cursor.Peek() != Kind::kArray) return FailExpected(cursor, "a list");
  if (!cursor.Open()) return false;
  for (int i = 0;; ++i) {
    const Step step = cursor.NextElement(i == 0);
    if (step != Step::kValue) return step == Step::kClosed;
    if (!reading.CountMessage()) return false;
    if (!ReadValue(reading, *list.add_values())) return reading.FailedAtIndex(i);
  }
}

bool ReadValue(JsonReading& reading, Value& value) {
  JsonCursor& cursor = reading.cursor;
  switch (cursor.Peek()) {
    case Kind::kNull:
      value.set_null_value(google::protobuf::NULL_VALUE);
      return cursor.ReadNull();
    case Kind::kBool: {
      const absl::optional<bool> boolean = cursor.ReadBool();
      value.set_bool_value(boolean.value_or(false));
      return boolean.has_value();
    }
    case Kind::kNumber: {
      const absl::optional<double> number = ReadJsonFloat<double>(cursor, "a double");
      value.set_number_value(number.value_or(0));
      return number.has_value();
    }
    case Kind::kString: {
      const absl::optional<absl::string_view> text = cursor.ReadString();
      if (!text.has_value()) return false;
      value.set_string_value(text->data(), text->size());
      return true;
    }
    case Kind::kObject:
      return ReadStruct(reading, *value.mutable_struct_value());
    case Kind::kArray:
      return ReadListValue(reading, *value.mutable_list_value());
    case Kind::kEnd:
    case Kind::kOther:
      break;
  }
  return FailExpected(cursor, "a JSON value");
}

}  // namespace webhookd
