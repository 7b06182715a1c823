#include "server/gateway/protojson_reader.h"

#include <google/protobuf/any.pb.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/field_mask.pb.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/container/inlined_vector.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/types/optional.h"
#include "base/quoted.h"
#include "base/status_macros.h"
#include "server/gateway/any_type.h"
#include "server/gateway/field_leniency.h"
#include "server/gateway/json_cursor.h"
#include "server/gateway/json_scalar.h"
#include "server/gateway/message_plan.h"
#include "server/gateway/scalar_text.h"
#include "server/gateway/well_known_text.h"

namespace webhookd {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::ListValue;
using google::protobuf::Message;
using google::protobuf::Reflection;
using google::protobuf::Struct;
using google::protobuf::Value;
using Kind = JsonCursor::Kind;
using Step = JsonCursor::Step;

// Which fields of a message were there.
class SeenFields {
 public:
  explicit SeenFields(size_t fields) : words_((fields + 63) / 64) {}

  // False if it was there before.
  bool Add(size_t field) {
    uint64_t& word = words_[field / 64];
    const uint64_t bit = uint64_t{1} << (field % 64);
    if ((word & bit) != 0) return false;
    word |= bit;
    return true;
  }

 private:
  absl::InlinedVector<uint64_t, 2> words_;
};

// Reads one value into a message. Every Read… returns false once something was wrong; the cursor
// then has the reason, and `path_` the field.
class Reader {
 public:
  explicit Reader(JsonCursor& cursor) : cursor_(cursor) {}

  bool ReadMessage(const MessagePlan& plan, Message& message);
  // The value of one field.
  bool ReadMember(const FieldPlan& plan, Message& message);
  const std::string& path() const { return path_; }

 private:
  // What an Any's own members are, which its message does not know.
  enum class Within { kMessage, kAny };

  bool ReadFields(const MessagePlan& plan, Message& message, Within within);
  // The field whose name comes next, read over, if it is one of the next few from place `likely`:
  // most texts hold fields in the order of the .proto file, without spaces, and some are left out.
  const FieldPlan* TakeLikelyField(const MessagePlan& plan, size_t likely);
  bool ReadList(const FieldPlan& plan, Message& message);
  // Sets a field that only decorates, unless its value cannot be read.
  bool ReadDecoration(const FieldPlan& plan, Message& message);
  // Sets the field, or adds to it if it is repeated.
  bool ReadSingle(const FieldPlan& plan, Message& message);
  bool ReadMap(const FieldPlan& plan, Message& message);
  // Sets the key of a map's entry; none if `text` is no such key, else the text of its only form.
  absl::optional<std::string> ReadMapKey(const FieldDescriptor& key, absl::string_view text,
                                         Message& entry);

  bool ReadStruct(Struct& value);
  bool ReadListValue(ListValue& list);
  bool ReadValue(Value& value);
  bool ReadAny(google::protobuf::Any& any);
  bool ReadAnyMember(const MessagePlan& plan, Message& message);
  bool ReadEmpty();
  // A message that is a string in JSON.
  bool ReadTextForm(const MessagePlan& plan, Message& message);

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

bool Reader::ReadMessage(const MessagePlan& plan, Message& message) {
  if (!CountMessage()) return false;
  switch (plan.well_known) {
    case Descriptor::WELLKNOWNTYPE_STRUCT:
      return ReadStruct(static_cast<Struct&>(message));
    case Descriptor::WELLKNOWNTYPE_VALUE:
      return ReadValue(static_cast<Value&>(message));
    case Descriptor::WELLKNOWNTYPE_LISTVALUE:
      return ReadListValue(static_cast<ListValue&>(message));
    case Descriptor::WELLKNOWNTYPE_ANY:
      return ReadAny(static_cast<google::protobuf::Any&>(message));
    case Descriptor::WELLKNOWNTYPE_TIMESTAMP:
    case Descriptor::WELLKNOWNTYPE_DURATION:
    case Descriptor::WELLKNOWNTYPE_FIELDMASK:
      return ReadTextForm(plan, message);
    case Descriptor::WELLKNOWNTYPE_UNSPECIFIED:
      return plan.empty_message ? ReadEmpty() : ReadFields(plan, message, Within::kMessage);
    default:  // a wrapper of a scalar
      return ReadSingle(plan.fields[0], message);
  }
}

bool Reader::ReadFields(const MessagePlan& plan, Message& message, Within within) {
  if (cursor_.Peek() != Kind::kObject) return FailExpected(cursor_, "an object");
  cursor_.Open();
  SeenFields seen(plan.fields.size());
  bool saw_type = false;
  size_t likely = 0;  // the field after the one before
  for (bool first = true;; first = false) {
    const Step step = cursor_.NextMember(first);
    if (step != Step::kValue) return step == Step::kClosed;
    cursor_.Peek();
    const size_t position = cursor_.position();
    const FieldPlan* field = TakeLikelyField(plan, likely);
    absl::optional<absl::string_view> name;
    if (field != nullptr) {
      name = field->field->json_name();
    } else {
      name = cursor_.ReadKey();
      if (!name.has_value()) return false;
      if (within == Within::kAny && *name == "@type") {
        if (saw_type) return FailedTwice(position, *name);
        saw_type = true;
        if (!cursor_.Skip()) return false;
        continue;
      }
      field = plan.Find(*name);
      if (field == nullptr) {
        if (!cursor_.Skip()) return false;
        continue;
      }
    }
    const auto place = static_cast<size_t>(field - plan.fields.data());
    if (!seen.Add(place)) return FailedTwice(position, *name);
    likely = place + 1;
    if (!ReadMember(*field, message)) return FailedIn(field->field->name());
  }
}

const FieldPlan* Reader::TakeLikelyField(const MessagePlan& plan, size_t likely) {
  constexpr size_t kTries = 3;
  const size_t end = std::min(plan.fields.size(), likely + kTries);
  for (size_t i = likely; i < end; ++i) {
    if (cursor_.TakeKey(plan.fields[i].quoted_name)) return &plan.fields[i];
  }
  return nullptr;
}

bool Reader::ReadMember(const FieldPlan& plan, Message& message) {
  if (cursor_.Peek() == Kind::kNull && !plan.takes_null) return cursor_.ReadNull();
  const auto* const oneof = plan.field->real_containing_oneof();
  if (oneof != nullptr && message.GetReflection()->HasOneof(message, oneof)) {
    cursor_.Fail(absl::StrCat("another field of the oneof ", oneof->name(),
                              " is set already: set one of them"));
    return false;
  }
  if (plan.field->is_map()) return ReadMap(plan, message);
  if (plan.field->is_repeated()) return ReadList(plan, message);
  return plan.decorates ? ReadDecoration(plan, message) : ReadSingle(plan, message);
}

bool Reader::ReadDecoration(const FieldPlan& plan, Message& message) {
  const Kind kind = cursor_.Peek();
  const JsonCursor::Place place = cursor_.place();
  if (ReadSingle(plan, message)) return true;
  const Reflection& reflection = *message.GetReflection();
  const FieldDescriptor* const field = plan.field;
  reflection.ClearField(&message, field);
  path_.clear();
  cursor_.ReturnTo(place);
  if (field->type() == FieldDescriptor::TYPE_ENUM && kind == Kind::kString) {
    const absl::optional<absl::string_view> name = cursor_.ReadString();
    if (!name.has_value()) return false;
    const absl::optional<int> value = LooseEnumValue(*field->enum_type(), *name);
    if (value.has_value()) reflection.SetEnumValue(&message, field, *value);
    return true;
  }
  if (!cursor_.Skip()) return false;
  if (field->type() == FieldDescriptor::TYPE_STRING &&
      (kind == Kind::kNumber || kind == Kind::kBool)) {
    reflection.SetString(&message, field, std::string(cursor_.TextSince(place)));
  }
  return true;
}

bool Reader::ReadList(const FieldPlan& plan, Message& message) {
  if (cursor_.Peek() != Kind::kArray) return FailExpected(cursor_, "a list");
  cursor_.Open();
  for (int i = 0;; ++i) {
    const Step step = cursor_.NextElement(i == 0);
    if (step != Step::kValue) return step == Step::kClosed;
    if (!ReadSingle(plan, message)) return FailedAtIndex(i);
  }
}

bool Reader::ReadSingle(const FieldPlan& plan, Message& message) {
  const Reflection& reflection = *message.GetReflection();
  const FieldDescriptor* const field = plan.field;
  const bool repeated = field->is_repeated();
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32: {
      const absl::optional<int32_t> value = ReadJsonInteger<int32_t>(cursor_, "an int32");
      if (!value.has_value()) return false;
      repeated ? reflection.AddInt32(&message, field, *value)
               : reflection.SetInt32(&message, field, *value);
      return true;
    }
    case FieldDescriptor::CPPTYPE_INT64: {
      const absl::optional<int64_t> value = ReadJsonInteger<int64_t>(cursor_, "an int64");
      if (!value.has_value()) return false;
      repeated ? reflection.AddInt64(&message, field, *value)
               : reflection.SetInt64(&message, field, *value);
      return true;
    }
    case FieldDescriptor::CPPTYPE_UINT32: {
      const absl::optional<uint32_t> value = ReadJsonInteger<uint32_t>(cursor_, "a uint32");
      if (!value.has_value()) return false;
      repeated ? reflection.AddUInt32(&message, field, *value)
               : reflection.SetUInt32(&message, field, *value);
      return true;
    }
    case FieldDescriptor::CPPTYPE_UINT64: {
      const absl::optional<uint64_t> value = ReadJsonInteger<uint64_t>(cursor_, "a uint64");
      if (!value.has_value()) return false;
      repeated ? reflection.AddUInt64(&message, field, *value)
               : reflection.SetUInt64(&message, field, *value);
      return true;
    }
    case FieldDescriptor::CPPTYPE_DOUBLE: {
      const absl::optional<double> value = ReadJsonFloat<double>(cursor_, "a double");
      if (!value.has_value()) return false;
      repeated ? reflection.AddDouble(&message, field, *value)
               : reflection.SetDouble(&message, field, *value);
      return true;
    }
    case FieldDescriptor::CPPTYPE_FLOAT: {
      const absl::optional<float> value = ReadJsonFloat<float>(cursor_, "a float");
      if (!value.has_value()) return false;
      repeated ? reflection.AddFloat(&message, field, *value)
               : reflection.SetFloat(&message, field, *value);
      return true;
    }
    case FieldDescriptor::CPPTYPE_BOOL: {
      const absl::optional<bool> value = ReadJsonBool(cursor_);
      if (!value.has_value()) return false;
      repeated ? reflection.AddBool(&message, field, *value)
               : reflection.SetBool(&message, field, *value);
      return true;
    }
    case FieldDescriptor::CPPTYPE_ENUM: {
      const absl::optional<int> value = ReadEnum(plan);
      if (!value.has_value()) return false;
      repeated ? reflection.AddEnumValue(&message, field, *value)
               : reflection.SetEnumValue(&message, field, *value);
      return true;
    }
    case FieldDescriptor::CPPTYPE_STRING: {
      absl::optional<std::string> value;
      if (field->type() == FieldDescriptor::TYPE_BYTES) {
        value = ReadJsonBytes(cursor_);
      } else {
        const absl::optional<absl::string_view> text = ReadJsonText(cursor_, "a string");
        if (text.has_value()) value.emplace(*text);
      }
      if (!value.has_value()) return false;
      repeated ? reflection.AddString(&message, field, *std::move(value))
               : reflection.SetString(&message, field, *std::move(value));
      return true;
    }
    case FieldDescriptor::CPPTYPE_MESSAGE:
      exact_numbers_ = plan.exact;
      return ReadMessage(*plan.message, repeated ? *reflection.AddMessage(&message, field)
                                                 : *reflection.MutableMessage(&message, field));
  }
  return false;
}

bool Reader::ReadMap(const FieldPlan& plan, Message& message) {
  if (cursor_.Peek() != Kind::kObject) return FailExpected(cursor_, "an object");
  cursor_.Open();
  const Reflection& reflection = *message.GetReflection();
  const FieldDescriptor& key = *plan.field->message_type()->map_key();
  const FieldPlan& value = plan.message->fields[1];
  absl::flat_hash_set<std::string> keys;
  for (bool first = true;; first = false) {
    const Step step = cursor_.NextMember(first);
    if (step != Step::kValue) return step == Step::kClosed;
    if (!CountMessage()) return false;
    cursor_.Peek();
    const size_t position = cursor_.position();
    const absl::optional<absl::string_view> text = cursor_.ReadKey();
    if (!text.has_value()) return false;
    Message& entry = *reflection.AddMessage(&message, plan.field);
    absl::optional<std::string> name = ReadMapKey(key, *text, entry);
    if (!name.has_value()) {
      return FailExpected(cursor_, absl::StrCat("a key of type ", key.type_name()), position,
                          Quoted(*text));
    }
    const auto [kept, inserted] = keys.insert(*std::move(name));
    if (!inserted) {
      cursor_.Fail(position, absl::StrCat("the key ", Quoted(*kept), " is given twice"));
      return false;
    }
    cursor_.Peek();
    if (!ReadSingle(value, entry)) return FailedIn(absl::StrCat("[", Quoted(*kept), "]"));
  }
}

absl::optional<std::string> Reader::ReadMapKey(const FieldDescriptor& key, absl::string_view text,
                                               Message& entry) {
  const Reflection& reflection = *entry.GetReflection();
  switch (key.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      reflection.SetString(&entry, &key, std::string(text));
      return std::string(text);
    case FieldDescriptor::CPPTYPE_BOOL:
      if (text != "true" && text != "false") return absl::nullopt;
      reflection.SetBool(&entry, &key, text == "true");
      return std::string(text);
    case FieldDescriptor::CPPTYPE_INT32: {
      const absl::StatusOr<int32_t> number = ParseIntegerText<int32_t>(text, IntegerBase::kTen);
      if (!number.ok()) return absl::nullopt;
      reflection.SetInt32(&entry, &key, *number);
      return absl::StrCat(*number);
    }
    case FieldDescriptor::CPPTYPE_INT64: {
      const absl::StatusOr<int64_t> number = ParseIntegerText<int64_t>(text, IntegerBase::kTen);
      if (!number.ok()) return absl::nullopt;
      reflection.SetInt64(&entry, &key, *number);
      return absl::StrCat(*number);
    }
    case FieldDescriptor::CPPTYPE_UINT32: {
      const absl::StatusOr<uint32_t> number = ParseIntegerText<uint32_t>(text, IntegerBase::kTen);
      if (!number.ok()) return absl::nullopt;
      reflection.SetUInt32(&entry, &key, *number);
      return absl::StrCat(*number);
    }
    case FieldDescriptor::CPPTYPE_UINT64: {
      const absl::StatusOr<uint64_t> number = ParseIntegerText<uint64_t>(text, IntegerBase::kTen);
      if (!number.ok()) return absl::nullopt;
      reflection.SetUInt64(&entry, &key, *number);
      return absl::StrCat(*number);
    }
    default:
      return absl::nullopt;
  }
}

bool Reader::ReadStruct(Struct& value) {
  if (cursor_.Peek() != Kind::kObject) return FailExpected(cursor_, "an object");
  cursor_.Open();
  auto& fields = *value.mutable_fields();
  for (bool first = true;; first = false) {
    const Step step = cursor_.NextMember(first);
    if (step != Step::kValue) return step == Step::kClosed;
    cursor_.Peek();
    const size_t position = cursor_.position();
    const absl::optional<absl::string_view> key = cursor_.ReadKey();
    if (!key.has_value()) return false;
    const auto [member, inserted] = fields.try_emplace(std::string(*key));
    if (!inserted) {
      cursor_.Fail(position, absl::StrCat("the key ", Quoted(*key), " is given twice"));
      return false;
    }
    if (!CountMessage()) return false;
    if (!ReadValue(member->second)) return FailedIn(member->first);
  }
}

bool Reader::ReadListValue(ListValue& list) {
  if (cursor_.Peek() != Kind::kArray) return FailExpected(cursor_, "a list");
  cursor_.Open();
  for (int i = 0;; ++i) {
    const Step step = cursor_.NextElement(i == 0);
    if (step != Step::kValue) return step == Step::kClosed;
    if (!CountMessage()) return false;
    if (!ReadValue(*list.add_values())) return FailedAtIndex(i);
  }
}

bool Reader::ReadValue(Value& value) {
  switch (cursor_.Peek()) {
    case Kind::kNull:
      value.set_null_value(google::protobuf::NULL_VALUE);
      return cursor_.ReadNull();
    case Kind::kBool: {
      const absl::optional<bool> boolean = cursor_.ReadBool();
      value.set_bool_value(boolean.value_or(false));
      return boolean.has_value();
    }
    case Kind::kNumber: {
      const JsonCursor::Place place = cursor_.place();
      const absl::optional<double> number = ReadJsonFloat<double>(cursor_, "a double");
      value.set_number_value(number.value_or(0));
      if (!number.has_value()) return false;
      return !exact_numbers_ || CheckKept(place, *number);
    }
    case Kind::kString: {
      const absl::optional<absl::string_view> text = cursor_.ReadString();
      if (!text.has_value()) return false;
      value.set_string_value(text->data(), text->size());
      return true;
    }
    case Kind::kObject:
      return ReadStruct(*value.mutable_struct_value());
    case Kind::kArray:
      return ReadListValue(*value.mutable_list_value());
    case Kind::kEnd:
    case Kind::kOther:
      break;
  }
  return FailExpected(cursor_, "a JSON value");
}

bool Reader::ReadAny(google::protobuf::Any& any) {
  if (cursor_.Peek() != Kind::kObject) return FailExpected(cursor_, "an object");
  // The type is needed first, but may stand last: look ahead for it.
  JsonCursor ahead = cursor_;
  std::string type_url;
  ahead.Open();
  for (bool first = true; type_url.empty(); first = false) {
    if (ahead.NextMember(first) != Step::kValue) break;
    const absl::optional<absl::string_view> name = ahead.ReadKey();
    if (!name.has_value()) break;
    if (*name != "@type") {
      if (!ahead.Skip()) break;
      continue;
    }
    if (ahead.Peek() == Kind::kString) {
      const size_t position = ahead.position();
      type_url = std::string(ahead.ReadString().value_or(""));
      if (type_url.empty() && ahead.reason().empty()) {
        ahead.Fail(position, "expected the URL of a type as \"@type\", found an empty string");
      }
    } else {
      ahead.Fail(absl::StrCat("expected a string as \"@type\", found ", ahead.Found()));
    }
    if (type_url.empty()) break;
  }
  if (!ahead.reason().empty()) {
    cursor_.Fail(ahead.failed_at(), ahead.reason());
    return false;
  }
  // Without a type its members are unknown fields, and those are ignored.
  if (type_url.empty()) return cursor_.Skip();

  const Message* const prototype = AnyPrototype(type_url);
  if (prototype == nullptr) {
    cursor_.Fail(absl::StrCat("there is no type ", Quoted(type_url), " here (\"@type\")"));
    return false;
  }
  const std::unique_ptr<Message> message(prototype->New());
  const MessagePlan& plan = PlanOf(*message->GetDescriptor());
  if (HasOwnJsonForm(plan) ? !ReadAnyMember(plan, *message)
                           : !ReadFields(plan, *message, Within::kAny)) {
    return false;
  }
  any.set_type_url(type_url);
  google::protobuf::io::StringOutputStream stream(any.mutable_value());
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  message->SerializePartialToCodedStream(&coded);
  return true;
}

bool Reader::ReadAnyMember(const MessagePlan& plan, Message& message) {
  cursor_.Open();
  bool saw_type = false;
  bool saw_value = false;
  for (bool first = true;; first = false) {
    const Step step = cursor_.NextMember(first);
    if (step == Step::kFailed) return false;
    if (step == Step::kClosed) {
      if (saw_value || plan.empty_message) return true;
      return FailExpected(cursor_, "a member \"value\" beside \"@type\"");
    }
    cursor_.Peek();
    const size_t position = cursor_.position();
    const absl::optional<absl::string_view> name = cursor_.ReadKey();
    if (!name.has_value()) return false;
    if (*name == "@type" || *name == "value") {
      bool& saw = *name == "value" ? saw_value : saw_type;
      if (saw) return FailedTwice(position, *name);
      saw = true;
    }
    if (*name == "value" ? !ReadMessage(plan, message) : !cursor_.Skip()) return false;
  }
}

bool Reader::ReadEmpty() {
  if (cursor_.Peek() != Kind::kObject) return FailExpected(cursor_, "an object");
  return cursor_.Skip();
}

bool Reader::ReadTextForm(const MessagePlan& plan, Message& message) {
  cursor_.Peek();
  const size_t position = cursor_.position();
  if (plan.well_known == Descriptor::WELLKNOWNTYPE_FIELDMASK) {
    constexpr absl::string_view kWanted = "a string of fields such as \"name,maxInFlight\"";
    const absl::optional<absl::string_view> text = ReadJsonText(cursor_, kWanted);
    if (!text.has_value()) return false;
    absl::optional<std::vector<std::string>> paths = ParseFieldMask(*text);
    if (!paths.has_value()) return FailExpected(cursor_, kWanted, position, Quoted(*text));
    auto& mask = static_cast<google::protobuf::FieldMask&>(message);
    for (std::string& path : *paths) mask.add_paths(std::move(path));
    return true;
  }
  const bool is_time = plan.well_known == Descriptor::WELLKNOWNTYPE_TIMESTAMP;
  const absl::string_view wanted = is_time ? "a time such as \"2026-01-31T12:00:00Z\""
                                           : "a duration in seconds such as \"1.5s\"";
  const absl::optional<absl::string_view> text = ReadJsonText(cursor_, wanted);
  if (!text.has_value()) return false;
  const absl::optional<SecondsAndNanos> value =
      is_time ? ParseTimestamp(*text) : ParseDuration(*text);
  if (!value.has_value()) return FailExpected(cursor_, wanted, position, Quoted(*text));
  if (is_time) {
    auto& time = static_cast<google::protobuf::Timestamp&>(message);
    time.set_seconds(value->seconds);
    time.set_nanos(value->nanos);
  } else {
    auto& duration = static_cast<google::protobuf::Duration&>(message);
    duration.set_seconds(value->seconds);
    duration.set_nanos(value->nanos);
  }
  return true;
}

bool Reader::CheckKept(const JsonCursor::Place& place, double number) {
  const absl::string_view text = cursor_.TextSince(place);
  constexpr double kFirstGap = 9'007'199'254'740'992;  // 2⁵³
  if (std::abs(number) < kFirstGap || text.find_first_of(".eE") != absl::string_view::npos) {
    return true;
  }
  const std::string kept = absl::StrFormat("%.0f", number);
  if (kept == text) return true;
  return FailExpected(
      cursor_, absl::StrCat("a whole number that can be kept exactly, such as ", Shown(kept)),
      place.position, Shown(text));
}

absl::optional<int> Reader::ReadEnum(const FieldPlan& plan) {
  const Kind kind = cursor_.Peek();
  const size_t position = cursor_.position();
  if (kind == Kind::kNumber)
    return ReadJsonInteger<int32_t>(cursor_, "the number of an enum value");
  if (kind == Kind::kNull && plan.null_enum) {
    if (!cursor_.ReadNull()) return absl::nullopt;
    return 0;
  }
  const std::string wanted = kind == Kind::kString ? "" : "the name or number of an enum value";
  const absl::optional<absl::string_view> name = ReadJsonText(cursor_, wanted);
  if (!name.has_value()) return absl::nullopt;
  const auto value = plan.enum_values->find(*name);
  if (value == plan.enum_values->end()) {
    const google::protobuf::EnumDescriptor& type = *plan.field->enum_type();
    FailExpected(cursor_,
                 absl::StrCat("a value of ", type.full_name(), " such as ",
                              type.value(type.value_count() - 1)->name()),
                 position, Quoted(*name));
    return absl::nullopt;
  }
  return value->second;
}

// What `reader` found wrong in `json`.
absl::Status Refusal(absl::string_view json, const JsonCursor& cursor, const Reader& reader) {
  // Its path would be as long.
  if (cursor.too_deep()) return absl::InvalidArgumentError(cursor.reason());
  return absl::InvalidArgumentError(absl::StrCat(LineAndColumn(json, cursor.failed_at()), ": ",
                                                 reader.path(), reader.path().empty() ? "" : ": ",
                                                 cursor.reason()));
}

absl::Status CheckEnd(absl::string_view json, JsonCursor& cursor) {
  if (cursor.AtEnd()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(LineAndColumn(json, cursor.position()),
                                                 ": expected the end of the text, found ",
                                                 cursor.Found()));
}

// Reads the value that `cursor` stands before. `json` is what it goes through.
absl::Status ReadValueInto(absl::string_view json, JsonCursor& cursor, Message& message) {
  Reader reader(cursor);
  if (reader.ReadMessage(PlanOf(*message.GetDescriptor()), message)) return absl::OkStatus();
  message.Clear();
  return Refusal(json, cursor, reader);
}

}  // namespace

absl::Status ReadProtoJson(absl::string_view json, Message& message) {
  message.Clear();
  JsonCursor cursor(json);
  RETURN_IF_ERROR(ReadValueInto(json, cursor, message));
  absl::Status status = CheckEnd(json, cursor);
  if (!status.ok()) message.Clear();
  return status;
}

absl::Status ReadProtoJsonField(absl::string_view json, Message& message,
                                const FieldDescriptor& field) {
  const MessagePlan& plan = PlanOf(*message.GetDescriptor());
  JsonCursor cursor(json);
  Reader reader(cursor);
  absl::Status status = reader.ReadMember(plan.fields[static_cast<size_t>(field.index())], message)
                            ? CheckEnd(json, cursor)
                            : Refusal(json, cursor, reader);
  if (!status.ok()) message.GetReflection()->ClearField(&message, &field);
  return status;
}

absl::StatusOr<bool> ProtoJsonSequence::Next(Message& message) {
  message.Clear();
  JsonCursor cursor(json_, position_);
  if (cursor.AtEnd()) return false;
  const absl::Status status = ReadValueInto(json_, cursor, message);
  position_ = status.ok() ? cursor.position() : json_.size();
  RETURN_IF_ERROR(status);
  return true;
}

}  // namespace webhookd
