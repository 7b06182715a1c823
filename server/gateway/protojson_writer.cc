#include "server/gateway/protojson_writer.h"

#include <google/protobuf/any.pb.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/field_mask.pb.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "server/gateway/any_type.h"
#include "server/gateway/base64.h"
#include "server/gateway/message_plan.h"
#include "server/gateway/well_known_text.h"

namespace webhookd {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::ListValue;
using google::protobuf::Message;
using google::protobuf::Reflection;
using google::protobuf::Struct;
using google::protobuf::Value;

template <typename Int>
void AppendInteger(Int value, std::string& out) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof(digits), value).ptr;
  out.append(digits, end - digits);
}

// 64-bit integers are strings: JSON numbers are doubles to many readers.
template <typename Int>
void AppendQuotedInteger(Int value, std::string& out) {
  char digits[26];
  digits[0] = '"';
  char* const end = std::to_chars(digits + 1, digits + sizeof(digits) - 1, value).ptr;
  *end = '"';
  out.append(digits, end + 1 - digits);
}

// The shortest digits that read back the same, with an exponent only where Go writes one.
template <typename Float>
void AppendFloat(Float value, std::string& out) {
  if (std::isnan(value)) {
    out.append("\"NaN\"");
    return;
  }
  if (std::isinf(value)) {
    out.append(value > 0 ? "\"Infinity\"" : "\"-Infinity\"");
    return;
  }
  const Float magnitude = std::abs(value);
  const bool plain = magnitude == 0 || (magnitude >= Float{1e-6} && magnitude < Float{1e21});
  char text[64];
  const auto end = std::to_chars(text, text + sizeof(text), value,
                                 plain ? std::chars_format::fixed : std::chars_format::scientific)
                       .ptr;
  out.append(text, end - text);
}

// The message that an Any holds; null if its type is not in this program or its bytes are no such
// message. What JSON nests to its limit is several times as deep on the wire.
std::unique_ptr<Message> Unpacked(const google::protobuf::Any& any) {
  constexpr int kMaxWireDepth = 500;
  const Message* const prototype = AnyPrototype(any.type_url());
  if (prototype == nullptr) return nullptr;
  std::unique_ptr<Message> message(prototype->New());
  const std::string& bytes = any.value();
  google::protobuf::io::CodedInputStream stream(reinterpret_cast<const uint8_t*>(bytes.data()),
                                                static_cast<int>(bytes.size()));
  stream.SetRecursionLimit(kMaxWireDepth);
  if (!message->ParsePartialFromCodedStream(&stream) || !stream.ConsumedEntireMessage()) {
    message.reset();
  }
  return message;
}

// Writes one document.
class Writer {
 public:
  Writer(JsonLayout layout, std::string& out) : json_(layout, out), out_(out) {}

  void WriteMessage(const MessagePlan& plan, const Message& message);
  void WriteField(const FieldPlan& plan, const Message& message, const Reflection& reflection);

 private:
  // The members of a message's object that is open.
  void WriteMembers(const MessagePlan& plan, const Message& message);
  void WriteSingle(const FieldPlan& plan, const Message& message, const Reflection& reflection);
  void WriteElement(const FieldPlan& plan, const Message& message, const Reflection& reflection,
                    int i);
  void WriteList(const FieldPlan& plan, const Message& message, const Reflection& reflection);
  void WriteMap(const FieldPlan& plan, const Message& message, const Reflection& reflection);
  void WriteEnum(const FieldPlan& plan, int number);
  void WriteString(const FieldPlan& plan, const std::string& text);
  void WriteBytes(absl::string_view bytes);

  void WriteStruct(const Struct& value);
  void WriteListValue(const ListValue& list);
  void WriteValue(const Value& value);
  void WriteAny(const google::protobuf::Any& any);
  void WriteFieldMask(const google::protobuf::FieldMask& mask);
  void WriteTimestamp(const google::protobuf::Timestamp& time);
  void WriteDuration(const google::protobuf::Duration& duration);

  JsonOutput json_;
  std::string& out_;  // of `json_`
};

void Writer::WriteMessage(const MessagePlan& plan, const Message& message) {
  switch (plan.well_known) {
    case Descriptor::WELLKNOWNTYPE_UNSPECIFIED:
      json_.OpenObject();
      WriteMembers(plan, message);
      json_.CloseObject();
      return;
    case Descriptor::WELLKNOWNTYPE_STRUCT:
      WriteStruct(static_cast<const Struct&>(message));
      return;
    case Descriptor::WELLKNOWNTYPE_VALUE:
      WriteValue(static_cast<const Value&>(message));
      return;
    case Descriptor::WELLKNOWNTYPE_LISTVALUE:
      WriteListValue(static_cast<const ListValue&>(message));
      return;
    case Descriptor::WELLKNOWNTYPE_ANY:
      WriteAny(static_cast<const google::protobuf::Any&>(message));
      return;
    case Descriptor::WELLKNOWNTYPE_FIELDMASK:
      WriteFieldMask(static_cast<const google::protobuf::FieldMask&>(message));
      return;
    case Descriptor::WELLKNOWNTYPE_TIMESTAMP:
      WriteTimestamp(static_cast<const google::protobuf::Timestamp&>(message));
      return;
    case Descriptor::WELLKNOWNTYPE_DURATION:
      WriteDuration(static_cast<const google::protobuf::Duration&>(message));
      return;
    default:  // a wrapper of a scalar
      WriteSingle(plan.fields[0], message, *plan.reflection);
      return;
  }
}

void Writer::WriteMembers(const MessagePlan& plan, const Message& message) {
  const Reflection& reflection = *plan.reflection;
  for (const FieldPlan& field : plan.fields) {
    const bool set = !field.has_presence || reflection.HasField(message, field.field);
    if (!set && field.left_out_if_unset) continue;
    json_.QuotedName(field.quoted_name);
    if (set) {
      WriteField(field, message, reflection);
    } else {
      json_.Null();
    }
  }
}

void Writer::WriteField(const FieldPlan& plan, const Message& message,
                        const Reflection& reflection) {
  switch (plan.shape) {
    case FieldPlan::Shape::kSingle:
      WriteSingle(plan, message, reflection);
      return;
    case FieldPlan::Shape::kList:
      WriteList(plan, message, reflection);
      return;
    case FieldPlan::Shape::kMap:
      WriteMap(plan, message, reflection);
      return;
  }
}

void Writer::WriteSingle(const FieldPlan& plan, const Message& message,
                         const Reflection& reflection) {
  const FieldDescriptor* const field = plan.field;
  switch (plan.type) {
    case FieldDescriptor::CPPTYPE_INT32:
      AppendInteger(reflection.GetInt32(message, field), out_);
      return;
    case FieldDescriptor::CPPTYPE_INT64:
      AppendQuotedInteger(reflection.GetInt64(message, field), out_);
      return;
    case FieldDescriptor::CPPTYPE_UINT32:
      AppendInteger(reflection.GetUInt32(message, field), out_);
      return;
    case FieldDescriptor::CPPTYPE_UINT64:
      AppendQuotedInteger(reflection.GetUInt64(message, field), out_);
      return;
    case FieldDescriptor::CPPTYPE_DOUBLE:
      AppendFloat(reflection.GetDouble(message, field), out_);
      return;
    case FieldDescriptor::CPPTYPE_FLOAT:
      AppendFloat(reflection.GetFloat(message, field), out_);
      return;
    case FieldDescriptor::CPPTYPE_BOOL:
      json_.Bool(reflection.GetBool(message, field));
      return;
    case FieldDescriptor::CPPTYPE_ENUM:
      WriteEnum(plan, reflection.GetEnumValue(message, field));
      return;
    case FieldDescriptor::CPPTYPE_STRING: {
      std::string scratch;
      WriteString(plan, reflection.GetStringReference(message, field, &scratch));
      return;
    }
    case FieldDescriptor::CPPTYPE_MESSAGE:
      WriteMessage(*plan.message, reflection.GetMessage(message, field));
      return;
  }
}

void Writer::WriteElement(const FieldPlan& plan, const Message& message,
                          const Reflection& reflection, int i) {
  const FieldDescriptor* const field = plan.field;
  switch (plan.type) {
    case FieldDescriptor::CPPTYPE_INT32:
      AppendInteger(reflection.GetRepeatedInt32(message, field, i), out_);
      return;
    case FieldDescriptor::CPPTYPE_INT64:
      AppendQuotedInteger(reflection.GetRepeatedInt64(message, field, i), out_);
      return;
    case FieldDescriptor::CPPTYPE_UINT32:
      AppendInteger(reflection.GetRepeatedUInt32(message, field, i), out_);
      return;
    case FieldDescriptor::CPPTYPE_UINT64:
      AppendQuotedInteger(reflection.GetRepeatedUInt64(message, field, i), out_);
      return;
    case FieldDescriptor::CPPTYPE_DOUBLE:
      AppendFloat(reflection.GetRepeatedDouble(message, field, i), out_);
      return;
    case FieldDescriptor::CPPTYPE_FLOAT:
      AppendFloat(reflection.GetRepeatedFloat(message, field, i), out_);
      return;
    case FieldDescriptor::CPPTYPE_BOOL:
      json_.Bool(reflection.GetRepeatedBool(message, field, i));
      return;
    case FieldDescriptor::CPPTYPE_ENUM:
      WriteEnum(plan, reflection.GetRepeatedEnumValue(message, field, i));
      return;
    case FieldDescriptor::CPPTYPE_STRING: {
      std::string scratch;
      WriteString(plan, reflection.GetRepeatedStringReference(message, field, i, &scratch));
      return;
    }
    case FieldDescriptor::CPPTYPE_MESSAGE:
      WriteMessage(*plan.message, reflection.GetRepeatedMessage(message, field, i));
      return;
  }
}

void Writer::WriteList(const FieldPlan& plan, const Message& message,
                       const Reflection& reflection) {
  json_.OpenList();
  const int size = reflection.FieldSize(message, plan.field);
  for (int i = 0; i < size; ++i) {
    json_.BeginElement();
    WriteElement(plan, message, reflection, i);
  }
  json_.CloseList();
}

void Writer::WriteMap(const FieldPlan& plan, const Message& message, const Reflection& reflection) {
  const Reflection& entries = *plan.message->reflection;
  const FieldPlan& key = plan.message->fields[0];
  const FieldPlan& value = plan.message->fields[1];
  std::vector<std::pair<std::string, const Message*>> members;
  const int size = reflection.FieldSize(message, plan.field);
  members.reserve(static_cast<size_t>(size));
  for (int i = 0; i < size; ++i) {
    const Message& entry = reflection.GetRepeatedMessage(message, plan.field, i);
    std::string name;
    if (key.type == FieldDescriptor::CPPTYPE_STRING) {
      name = entries.GetString(entry, key.field);
    } else {
      // A number without the quotes that one of 64 bits has, or true or false.
      Writer(JsonLayout::kCompact, name).WriteSingle(key, entry, entries);
      name.erase(std::remove(name.begin(), name.end(), '"'), name.end());
    }
    members.emplace_back(std::move(name), &entry);
  }
  std::sort(members.begin(), members.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  json_.OpenObject();
  for (const auto& [name, entry] : members) {
    json_.Name(name);
    WriteSingle(value, *entry, entries);
  }
  json_.CloseObject();
}

void Writer::WriteEnum(const FieldPlan& plan, int number) {
  if (plan.null_enum) {
    json_.Null();
    return;
  }
  const EnumValueDescriptor* const value = plan.field->enum_type()->FindValueByNumber(number);
  if (value == nullptr) {
    AppendInteger(number, out_);
    return;
  }
  out_.push_back('"');
  out_.append(value->name());
  out_.push_back('"');
}

void Writer::WriteString(const FieldPlan& plan, const std::string& text) {
  if (plan.bytes) {
    WriteBytes(text);
  } else {
    json_.Text(text);
  }
}

void Writer::WriteBytes(absl::string_view bytes) {
  out_.push_back('"');
  AppendBase64(bytes, out_);
  out_.push_back('"');
}

void Writer::WriteStruct(const Struct& value) {
  absl::InlinedVector<std::pair<absl::string_view, const Value*>, 8> members;
  for (const auto& [name, member] : value.fields()) members.emplace_back(name, &member);
  std::sort(members.begin(), members.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  json_.OpenObject();
  for (const auto& [name, member] : members) {
    json_.Name(name);
    WriteValue(*member);
  }
  json_.CloseObject();
}

void Writer::WriteListValue(const ListValue& list) {
  json_.OpenList();
  for (const Value& value : list.values()) {
    json_.BeginElement();
    WriteValue(value);
  }
  json_.CloseList();
}

void Writer::WriteValue(const Value& value) {
  switch (value.kind_case()) {
    case Value::kNullValue:
    case Value::KIND_NOT_SET:
      json_.Null();
      return;
    case Value::kNumberValue:
      AppendFloat(value.number_value(), out_);
      return;
    case Value::kStringValue:
      json_.Text(value.string_value());
      return;
    case Value::kBoolValue:
      json_.Bool(value.bool_value());
      return;
    case Value::kStructValue:
      WriteStruct(value.struct_value());
      return;
    case Value::kListValue:
      WriteListValue(value.list_value());
      return;
  }
}

void Writer::WriteAny(const google::protobuf::Any& any) {
  json_.OpenObject();
  if (!any.type_url().empty() || !any.value().empty()) {
    json_.Name("@type");
    json_.Text(any.type_url());
    const std::unique_ptr<Message> message = Unpacked(any);
    const MessagePlan* const plan =
        message == nullptr ? nullptr : &PlanOf(*message->GetDescriptor());
    if (plan == nullptr) {
      json_.Name("value");
      WriteBytes(any.value());
    } else if (HasOwnJsonForm(*plan)) {
      json_.Name("value");
      WriteMessage(*plan, *message);
    } else {
      WriteMembers(*plan, *message);
    }
  }
  json_.CloseObject();
}

void Writer::WriteFieldMask(const google::protobuf::FieldMask& mask) {
  std::string paths;
  for (const std::string& path : mask.paths()) {
    if (!paths.empty()) paths.push_back(',');
    AppendFieldMaskPath(path, paths);
  }
  json_.Text(paths);
}

void Writer::WriteTimestamp(const google::protobuf::Timestamp& time) {
  const size_t begin = out_.size();
  out_.push_back('"');
  if (AppendTimestamp({.seconds = time.seconds(), .nanos = time.nanos()}, out_)) {
    out_.push_back('"');
  } else {
    out_.replace(begin, std::string::npos, "null");
  }
}

void Writer::WriteDuration(const google::protobuf::Duration& duration) {
  const size_t begin = out_.size();
  out_.push_back('"');
  if (AppendDuration({.seconds = duration.seconds(), .nanos = duration.nanos()}, out_)) {
    out_.push_back('"');
  } else {
    out_.replace(begin, std::string::npos, "null");
  }
}

}  // namespace

void AppendProtoJson(const Message& message, JsonLayout layout, std::string& out) {
  Writer(layout, out).WriteMessage(PlanOf(*message.GetDescriptor()), message);
}

std::string WriteProtoJson(const Message& message, JsonLayout layout) {
  std::string json;
  json.reserve(512);
  AppendProtoJson(message, layout, json);
  return json;
}

void AppendProtoJsonField(const Message& message, const FieldDescriptor& field, JsonLayout layout,
                          std::string& out) {
  const MessagePlan& plan = PlanOf(*message.GetDescriptor());
  const Reflection& reflection = *plan.reflection;
  if (field.has_presence() && !reflection.HasField(message, &field)) {
    out.append("null");
    return;
  }
  Writer(layout, out)
      .WriteField(plan.fields[static_cast<size_t>(field.index())], message, reflection);
}

}  // namespace webhookd
