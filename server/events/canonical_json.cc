#include "server/events/canonical_json.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <google/protobuf/struct.pb.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/json_string.h"
#include "base/utf8.h"

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
void AppendInt(Int value, std::string& out) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof(digits), value).ptr;
  out.append(digits, end - digits);
}

// `Float` is float or double: a float is written with the digits that tell it from other floats.
template <typename Float>
void AppendFloat(Float value, std::string& out) {
  if (std::isnan(value)) {
    out.append("NaN");
    return;
  }
  if (std::signbit(value)) out.push_back('-');
  if (std::isinf(value)) {
    out.append("Infinity");
    return;
  }
  // d.ddde±xx: the shortest digits, and the exponent by which Python chooses the notation.
  char text[40];
  const char* const end =
      std::to_chars(text, text + sizeof(text), std::abs(value), std::chars_format::scientific).ptr;
  const char* const e = std::find(static_cast<const char*>(text), end, 'e');
  int exponent = 0;
  std::from_chars(e[1] == '+' ? e + 2 : e + 1, end, exponent);
  if (exponent < -4 || exponent >= 16) {
    out.append(text, end - text);
    return;
  }
  const absl::string_view fraction(text + 2, e > text + 2 ? e - (text + 2) : 0);
  if (exponent < 0) {
    out.append("0.");
    out.append(-exponent - 1, '0');
    out.push_back(text[0]);
    out.append(fraction.data(), fraction.size());
    return;
  }
  const size_t whole = std::min<size_t>(exponent, fraction.size());
  out.push_back(text[0]);
  out.append(fraction.data(), whole);
  out.append(exponent - whole, '0');
  out.push_back('.');
  out.append(fraction.data() + whole, fraction.size() - whole);
  if (fraction.size() == whole) out.push_back('0');
}

// JSON has no infinite numbers and no NaN, and parsers other than Python's refuse them: protobuf's
// mapping writes them as strings, which every receiver can read.
template <typename Float>
void AppendFloatField(Float value, std::string& out) {
  const bool finite = std::isfinite(value);
  if (!finite) out.push_back('"');
  AppendFloat(value, out);
  if (!finite) out.push_back('"');
}

void AppendStruct(const Struct& value, std::string& out);
void AppendMessage(const Message& message, std::string& out);

void AppendValue(const Value& value, std::string& out) {
  switch (value.kind_case()) {
    case Value::kNullValue:
    case Value::KIND_NOT_SET:
      out.append("null");
      return;
    case Value::kNumberValue:
      AppendFloat(value.number_value(), out);
      return;
    case Value::kStringValue:
      AppendJsonString(value.string_value(), out);
      return;
    case Value::kBoolValue:
      out.append(value.bool_value() ? "true" : "false");
      return;
    case Value::kStructValue:
      AppendStruct(value.struct_value(), out);
      return;
    case Value::kListValue:
      out.push_back('[');
      for (int i = 0; i < value.list_value().values_size(); ++i) {
        if (i > 0) out.push_back(',');
        AppendValue(value.list_value().values(i), out);
      }
      out.push_back(']');
      return;
  }
}

// Puts an object's members in the order of their keys. Keys that differ only in bytes that are no
// UTF-8 are written alike, and Python would drop all but one of them: so does this.
template <typename Member>
void SortMembers(std::vector<std::pair<std::string, Member>>& members) {
  std::stable_sort(members.begin(), members.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  const auto rest = std::unique(members.rbegin(), members.rend(),
                                [](const auto& a, const auto& b) { return a.first == b.first; });
  members.erase(members.begin(), rest.base());
}

std::string WithoutInvalidBytes(absl::string_view text) {
  std::string valid;
  valid.reserve(text.size());
  while (!text.empty()) {
    const Utf8Step step = DecodeUtf8(text);
    absl::StrAppend(&valid, step.valid ? text.substr(0, step.length) : "\xEF\xBF\xBD");
    text.remove_prefix(step.length);
  }
  return valid;
}

void AppendStruct(const Struct& value, std::string& out) {
  std::vector<std::pair<std::string, const Value*>> members;
  members.reserve(value.fields().size());
  for (const auto& [key, member] : value.fields()) {
    members.emplace_back(WithoutInvalidBytes(key), &member);
  }
  SortMembers(members);
  out.push_back('{');
  for (size_t i = 0; i < members.size(); ++i) {
    if (i > 0) out.push_back(',');
    AppendJsonString(members[i].first, out);
    out.push_back(':');
    AppendValue(*members[i].second, out);
  }
  out.push_back('}');
}

void AppendEnum(const FieldDescriptor& field, int number, std::string& out) {
  const EnumValueDescriptor* const value = field.enum_type()->FindValueByNumber(number);
  if (value == nullptr) {
    AppendInt(number, out);
    return;
  }
  out.push_back('"');
  out.append(value->name());
  out.push_back('"');
}

void AppendText(const FieldDescriptor& field, const std::string& text, std::string& out) {
  if (field.type() == FieldDescriptor::TYPE_BYTES) {
    AppendJsonString(absl::Base64Escape(text), out);
  } else {
    AppendJsonString(text, out);
  }
}

void AppendField(const Message& message, const Reflection& reflection, const FieldDescriptor& field,
                 std::string& out) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      AppendInt(reflection.GetInt32(message, &field), out);
      return;
    case FieldDescriptor::CPPTYPE_INT64:
      AppendInt(reflection.GetInt64(message, &field), out);
      return;
    case FieldDescriptor::CPPTYPE_UINT32:
      AppendInt(reflection.GetUInt32(message, &field), out);
      return;
    case FieldDescriptor::CPPTYPE_UINT64:
      AppendInt(reflection.GetUInt64(message, &field), out);
      return;
    case FieldDescriptor::CPPTYPE_DOUBLE:
      AppendFloatField(reflection.GetDouble(message, &field), out);
      return;
    case FieldDescriptor::CPPTYPE_FLOAT:
      AppendFloatField(reflection.GetFloat(message, &field), out);
      return;
    case FieldDescriptor::CPPTYPE_BOOL:
      out.append(reflection.GetBool(message, &field) ? "true" : "false");
      return;
    case FieldDescriptor::CPPTYPE_ENUM:
      AppendEnum(field, reflection.GetEnumValue(message, &field), out);
      return;
    case FieldDescriptor::CPPTYPE_STRING: {
      std::string scratch;
      AppendText(field, reflection.GetStringReference(message, &field, &scratch), out);
      return;
    }
    case FieldDescriptor::CPPTYPE_MESSAGE:
      AppendMessage(reflection.GetMessage(message, &field), out);
      return;
  }
}

void AppendElement(const Message& message, const Reflection& reflection,
                   const FieldDescriptor& field, int i, std::string& out) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      AppendInt(reflection.GetRepeatedInt32(message, &field, i), out);
      return;
    case FieldDescriptor::CPPTYPE_INT64:
      AppendInt(reflection.GetRepeatedInt64(message, &field, i), out);
      return;
    case FieldDescriptor::CPPTYPE_UINT32:
      AppendInt(reflection.GetRepeatedUInt32(message, &field, i), out);
      return;
    case FieldDescriptor::CPPTYPE_UINT64:
      AppendInt(reflection.GetRepeatedUInt64(message, &field, i), out);
      return;
    case FieldDescriptor::CPPTYPE_DOUBLE:
      AppendFloatField(reflection.GetRepeatedDouble(message, &field, i), out);
      return;
    case FieldDescriptor::CPPTYPE_FLOAT:
      AppendFloatField(reflection.GetRepeatedFloat(message, &field, i), out);
      return;
    case FieldDescriptor::CPPTYPE_BOOL:
      out.append(reflection.GetRepeatedBool(message, &field, i) ? "true" : "false");
      return;
    case FieldDescriptor::CPPTYPE_ENUM:
      AppendEnum(field, reflection.GetRepeatedEnumValue(message, &field, i), out);
      return;
    case FieldDescriptor::CPPTYPE_STRING: {
      std::string scratch;
      AppendText(field, reflection.GetRepeatedStringReference(message, &field, i, &scratch), out);
      return;
    }
    case FieldDescriptor::CPPTYPE_MESSAGE:
      AppendMessage(reflection.GetRepeatedMessage(message, &field, i), out);
      return;
  }
}

// A map's key as the text of a JSON key.
std::string MapKey(const Message& entry, const FieldDescriptor& key) {
  std::string text;
  const Reflection& reflection = *entry.GetReflection();
  if (key.cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
    text = WithoutInvalidBytes(reflection.GetString(entry, &key));
  } else {
    AppendField(entry, reflection, key, text);
  }
  return text;
}

void AppendMap(const Message& message, const Reflection& reflection, const FieldDescriptor& field,
               std::string& out) {
  const Descriptor& entry_type = *field.message_type();
  std::vector<std::pair<std::string, const Message*>> members;
  for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
    const Message& entry = reflection.GetRepeatedMessage(message, &field, i);
    members.emplace_back(MapKey(entry, *entry_type.map_key()), &entry);
  }
  SortMembers(members);
  out.push_back('{');
  for (size_t i = 0; i < members.size(); ++i) {
    if (i > 0) out.push_back(',');
    AppendJsonString(members[i].first, out);
    out.push_back(':');
    const Message& entry = *members[i].second;
    AppendField(entry, *entry.GetReflection(), *entry_type.map_value(), out);
  }
  out.push_back('}');
}

void AppendRepeated(const Message& message, const Reflection& reflection,
                    const FieldDescriptor& field, std::string& out) {
  out.push_back('[');
  for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
    if (i > 0) out.push_back(',');
    AppendElement(message, reflection, field, i, out);
  }
  out.push_back(']');
}

// Appends the member of one field to the object that `out` ends with; nothing for an unset field
// with presence.
void AppendMember(const Message& message, const Reflection& reflection,
                  const FieldDescriptor& field, std::string& out) {
  if (field.has_presence() && !reflection.HasField(message, &field)) return;
  if (out.back() != '{') out.push_back(',');
  out.push_back('"');
  out.append(field.name());
  out.append("\":");
  if (field.is_map()) {
    AppendMap(message, reflection, field, out);
  } else if (field.is_repeated()) {
    AppendRepeated(message, reflection, field, out);
  } else {
    AppendField(message, reflection, field, out);
  }
}

bool FieldsAreInNumberOrder(const Descriptor& type) {
  for (int i = 1; i < type.field_count(); ++i) {
    if (type.field(i)->number() < type.field(i - 1)->number()) return false;
  }
  return true;
}

void AppendFields(const Message& message, const Descriptor& type, std::string& out) {
  const Reflection& reflection = *message.GetReflection();
  out.push_back('{');
  // Descriptors list fields as they stand in the .proto file, which most often is by number.
  if (FieldsAreInNumberOrder(type)) {
    for (int i = 0; i < type.field_count(); ++i) {
      AppendMember(message, reflection, *type.field(i), out);
    }
  } else {
    std::vector<const FieldDescriptor*> fields;
    for (int i = 0; i < type.field_count(); ++i) fields.push_back(type.field(i));
    std::sort(fields.begin(), fields.end(),
              [](const auto* a, const auto* b) { return a->number() < b->number(); });
    for (const FieldDescriptor* field : fields) {
      AppendMember(message, reflection, *field, out);
    }
  }
  out.push_back('}');
}

void AppendMessage(const Message& message, std::string& out) {
  const Descriptor& type = *message.GetDescriptor();
  switch (type.well_known_type()) {
    case Descriptor::WELLKNOWNTYPE_STRUCT:
      AppendStruct(static_cast<const Struct&>(message), out);
      return;
    case Descriptor::WELLKNOWNTYPE_VALUE:
      AppendValue(static_cast<const Value&>(message), out);
      return;
    case Descriptor::WELLKNOWNTYPE_LISTVALUE: {
      const auto& list = static_cast<const ListValue&>(message);
      out.push_back('[');
      for (int i = 0; i < list.values_size(); ++i) {
        if (i > 0) out.push_back(',');
        AppendValue(list.values(i), out);
      }
      out.push_back(']');
      return;
    }
    default:
      AppendFields(message, type, out);
      return;
  }
}

}  // namespace

void AppendJsonString(absl::string_view text, std::string& out) {
  out.push_back('"');
  AppendJsonEscaped(text, JsonEscapes::kNonAscii, out);
  out.push_back('"');
}

void AppendJsonDouble(double value, std::string& out) { AppendFloat(value, out); }

std::string CanonicalJson(const Message& message) {
  std::string json;
  json.reserve(512);
  AppendMessage(message, json);
  return json;
}

}  // namespace webhookd
