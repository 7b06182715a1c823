#include "server/gateway/field_text.h"

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/field_mask.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/types/optional.h"
#include "base/quoted.h"
#include "base/status_macros.h"
#include "base/utf8.h"
#include "server/gateway/base64.h"
#include "server/gateway/protojson_reader.h"
#include "server/gateway/well_known_text.h"

namespace webhookd {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

bool IsUtf8(absl::string_view text) {
  while (!text.empty()) {
    const Utf8Step step = DecodeUtf8(text);
    if (!step.valid) return false;
    text.remove_prefix(step.length);
  }
  return true;
}

absl::StatusOr<std::string> ParseBytes(absl::string_view text) {
  for (const Base64Alphabet alphabet : {Base64Alphabet::kStandard, Base64Alphabet::kUrlSafe}) {
    absl::optional<std::string> bytes = DecodeBase64(text, alphabet, Base64Padding::kNeeded);
    if (bytes.has_value()) return *std::move(bytes);
  }
  return absl::InvalidArgumentError(absl::StrCat(Quoted(text), " is not base64 with padding"));
}

absl::StatusOr<int> ParseEnum(const FieldDescriptor& field, absl::string_view text,
                              IntegerBase base) {
  const EnumValueDescriptor* const named = field.enum_type()->FindValueByName(std::string(text));
  if (named != nullptr) return named->number();
  const absl::StatusOr<int32_t> number = ParseIntegerText<int32_t>(text, base);
  if (number.ok() && field.enum_type()->FindValueByNumber(*number) != nullptr) return *number;
  return absl::InvalidArgumentError(absl::StrCat(
      Quoted(text), " is not valid: give a name or number of ", field.enum_type()->full_name()));
}

absl::StatusOr<SecondsAndNanos> ParseTime(absl::string_view text, const TextRules& rules) {
  if (rules.null_is_zero_time && text == "null") return SecondsAndNanos{};
  const absl::optional<SecondsAndNanos> time = ParseTimestamp(text);
  if (time.has_value()) return *time;
  return absl::InvalidArgumentError(
      absl::StrCat("bad Timestamp: ", Quoted(text), " is not a time such as 2026-01-31T12:00:00Z"));
}

absl::StatusOr<SecondsAndNanos> ParseSpan(absl::string_view text, const TextRules& rules) {
  if (rules.null_is_zero_time && text == "null") return SecondsAndNanos{};
  const absl::optional<SecondsAndNanos> span =
      rules.go_durations ? ParseGoDuration(text) : ParseDuration(text);
  if (span.has_value()) return *span;
  return absl::InvalidArgumentError(absl::StrCat("bad Duration: ", Quoted(text),
                                                 " is not a duration such as ",
                                                 rules.go_durations ? "1h30m" : "1.5s"));
}

absl::string_view WithoutQuotes(absl::string_view text, const TextRules& rules) {
  if (!rules.quoted_times) return text;
  while (absl::ConsumePrefix(&text, "\"")) continue;
  while (absl::ConsumeSuffix(&text, "\"")) continue;
  return text;
}

absl::Status SetMessage(Message& message, absl::string_view text, const TextRules& rules) {
  const Descriptor& type = *message.GetDescriptor();
  switch (type.well_known_type()) {
    case Descriptor::WELLKNOWNTYPE_TIMESTAMP: {
      ASSIGN_OR_RETURN(const SecondsAndNanos value, ParseTime(WithoutQuotes(text, rules), rules));
      auto& time = static_cast<google::protobuf::Timestamp&>(message);
      time.set_seconds(value.seconds);
      time.set_nanos(value.nanos);
      return absl::OkStatus();
    }
    case Descriptor::WELLKNOWNTYPE_DURATION: {
      ASSIGN_OR_RETURN(const SecondsAndNanos value, ParseSpan(WithoutQuotes(text, rules), rules));
      auto& duration = static_cast<google::protobuf::Duration&>(message);
      duration.set_seconds(value.seconds);
      duration.set_nanos(value.nanos);
      return absl::OkStatus();
    }
    case Descriptor::WELLKNOWNTYPE_FIELDMASK: {
      if (!IsUtf8(text)) return absl::InvalidArgumentError("the text is not UTF-8");
      auto& mask = static_cast<google::protobuf::FieldMask&>(message);
      mask.clear_paths();
      for (const absl::string_view path : absl::StrSplit(text, ',', absl::SkipEmpty())) {
        mask.add_paths(path.data(), path.size());
      }
      return absl::OkStatus();
    }
    case Descriptor::WELLKNOWNTYPE_STRUCT:
    case Descriptor::WELLKNOWNTYPE_VALUE:
      return ReadProtoJson(text, message);
    case Descriptor::WELLKNOWNTYPE_BOOLVALUE:
      if (rules.strict_wrapped_bool && text != "true" && text != "false") {
        return absl::InvalidArgumentError(
            absl::StrCat("bad BoolValue: ", Quoted(text), ": write true or false"));
      }
      break;
    default:
      break;
  }
  TextRules wrapped = rules;
  wrapped.integer_base = rules.wrapped_integer_base;
  return SetFieldFromText(message, *type.field(0), text, wrapped);
}

bool IsTextMessage(const Descriptor& type) {
  switch (type.well_known_type()) {
    case Descriptor::WELLKNOWNTYPE_UNSPECIFIED:
    case Descriptor::WELLKNOWNTYPE_ANY:
    case Descriptor::WELLKNOWNTYPE_LISTVALUE:
      return false;
    default:
      return true;
  }
}

}  // namespace

absl::Status SetFieldFromText(Message& message, const FieldDescriptor& field,
                              absl::string_view text, const TextRules& rules) {
  const Reflection& reflection = *message.GetReflection();
  const bool repeated = field.is_repeated();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32: {
      ASSIGN_OR_RETURN(const int32_t value, ParseIntegerText<int32_t>(text, rules.integer_base));
      repeated ? reflection.AddInt32(&message, &field, value)
               : reflection.SetInt32(&message, &field, value);
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_INT64: {
      ASSIGN_OR_RETURN(const int64_t value, ParseIntegerText<int64_t>(text, rules.integer_base));
      repeated ? reflection.AddInt64(&message, &field, value)
               : reflection.SetInt64(&message, &field, value);
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_UINT32: {
      ASSIGN_OR_RETURN(const uint32_t value, ParseIntegerText<uint32_t>(text, rules.integer_base));
      repeated ? reflection.AddUInt32(&message, &field, value)
               : reflection.SetUInt32(&message, &field, value);
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_UINT64: {
      ASSIGN_OR_RETURN(const uint64_t value, ParseIntegerText<uint64_t>(text, rules.integer_base));
      repeated ? reflection.AddUInt64(&message, &field, value)
               : reflection.SetUInt64(&message, &field, value);
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_DOUBLE: {
      ASSIGN_OR_RETURN(const double value, ParseFloatText<double>(text));
      repeated ? reflection.AddDouble(&message, &field, value)
               : reflection.SetDouble(&message, &field, value);
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_FLOAT: {
      ASSIGN_OR_RETURN(const float value, ParseFloatText<float>(text));
      repeated ? reflection.AddFloat(&message, &field, value)
               : reflection.SetFloat(&message, &field, value);
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_BOOL: {
      ASSIGN_OR_RETURN(const bool value, ParseBoolText(text));
      repeated ? reflection.AddBool(&message, &field, value)
               : reflection.SetBool(&message, &field, value);
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_ENUM: {
      ASSIGN_OR_RETURN(const int value, ParseEnum(field, text, rules.enum_base));
      repeated ? reflection.AddEnumValue(&message, &field, value)
               : reflection.SetEnumValue(&message, &field, value);
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_STRING: {
      std::string value(text);
      if (field.type() == FieldDescriptor::TYPE_BYTES) {
        ASSIGN_OR_RETURN(value, ParseBytes(text));
      } else if (!IsUtf8(text)) {
        return absl::InvalidArgumentError(absl::StrCat(Quoted(text), " is not UTF-8"));
      }
      repeated ? reflection.AddString(&message, &field, std::move(value))
               : reflection.SetString(&message, &field, std::move(value));
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_MESSAGE:
      if (!IsTextMessage(*field.message_type())) {
        return absl::InvalidArgumentError(absl::StrCat(
            field.message_type()->full_name(), " cannot be given as a text: set its fields"));
      }
      return SetMessage(repeated ? *reflection.AddMessage(&message, &field)
                                 : *reflection.MutableMessage(&message, &field),
                        text, rules);
  }
  return absl::InternalError("unknown type of field");
}

bool HasTextForm(const FieldDescriptor& field) {
  return field.message_type() == nullptr || IsTextMessage(*field.message_type());
}

}  // namespace webhookd
