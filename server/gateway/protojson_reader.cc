#include "server/gateway/protojson_reader.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/struct.pb.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/container/inlined_vector.h"
#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "base/quoted.h"
#include "base/status_macros.h"
#include "server/gateway/field_leniency.h"
#include "server/gateway/json_cursor.h"
#include "server/gateway/json_scalar.h"
#include "server/gateway/message_plan.h"
#include "server/gateway/protojson_value_reader.h"
#include "server/gateway/scalar_text.h"

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

}  // namespace

bool ProtoJsonReader::ReadMessage(const MessagePlan& plan, Message& message) {
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

bool ProtoJsonReader::ReadFields(const MessagePlan& plan, Message& message, Within within) {
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

const FieldPlan* ProtoJsonReader::TakeLikelyField(const MessagePlan& plan, size_t likely) {
  constexpr size_t kTries = 3;
  const size_t end = std::min(plan.fields.size(), likely + kTries);
  for (size_t i = likely; i < end; ++i) {
    if (cursor_.TakeKey(plan.fields[i].quoted_name)) return &plan.fields[i];
  }
  return nullptr;
}

bool ProtoJsonReader::ReadMember(const FieldPlan& plan, Message& message) {
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

bool ProtoJsonReader::ReadDecoration(const FieldPlan& plan, Message& message) {
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

bool ProtoJsonReader::ReadList(const FieldPlan& plan, Message& message) {
  if (cursor_.Peek() != Kind::kArray) return FailExpected(cursor_, "a list");
  cursor_.Open();
  for (int i = 0;; ++i) {
    const Step step = cursor_.NextElement(i == 0);
    if (step != Step::kValue) return step == Step::kClosed;
    if (!ReadSingle(plan, message)) return FailedAtIndex(i);
  }
}

bool ProtoJsonReader::ReadSingle(const FieldPlan& plan, Message& message) {
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

bool ProtoJsonReader::ReadMap(const FieldPlan& plan, Message& message) {
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

absl::optional<std::string> ProtoJsonReader::ReadMapKey(const FieldDescriptor& key,
                                                        absl::string_view text, Message& entry) {
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

absl::optional<int> ProtoJsonReader::ReadEnum(const FieldPlan& plan) {
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

namespace {

// What `reader` found wrong in `json`.
absl::Status Refusal(absl::string_view json, const JsonCursor& cursor,
                     const ProtoJsonReader& reader) {
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
  ProtoJsonReader reader(cursor);
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
  ProtoJsonReader reader(cursor);
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
