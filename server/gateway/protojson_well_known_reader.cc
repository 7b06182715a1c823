// How ProtoJsonReader reads the types that have a form of their own in JSON.
#include <google/protobuf/any.pb.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/field_mask.pb.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include <cmath>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/types/optional.h"
#include "base/quoted.h"
#include "server/gateway/any_type.h"
#include "server/gateway/json_cursor.h"
#include "server/gateway/json_scalar.h"
#include "server/gateway/message_plan.h"
#include "server/gateway/protojson_value_reader.h"
#include "server/gateway/well_known_text.h"

namespace webhookd {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::ListValue;
using google::protobuf::Message;
using google::protobuf::Struct;
using google::protobuf::Value;
using Kind = JsonCursor::Kind;
using Step = JsonCursor::Step;

}  // namespace

bool ProtoJsonReader::ReadStruct(Struct& value) {
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

bool ProtoJsonReader::ReadListValue(ListValue& list) {
  if (cursor_.Peek() != Kind::kArray) return FailExpected(cursor_, "a list");
  cursor_.Open();
  for (int i = 0;; ++i) {
    const Step step = cursor_.NextElement(i == 0);
    if (step != Step::kValue) return step == Step::kClosed;
    if (!CountMessage()) return false;
    if (!ReadValue(*list.add_values())) return FailedAtIndex(i);
  }
}

bool ProtoJsonReader::ReadValue(Value& value) {
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

bool ProtoJsonReader::ReadAny(google::protobuf::Any& any) {
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

bool ProtoJsonReader::ReadAnyMember(const MessagePlan& plan, Message& message) {
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

bool ProtoJsonReader::ReadEmpty() {
  if (cursor_.Peek() != Kind::kObject) return FailExpected(cursor_, "an object");
  return cursor_.Skip();
}

bool ProtoJsonReader::ReadTextForm(const MessagePlan& plan, Message& message) {
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

bool ProtoJsonReader::CheckKept(const JsonCursor::Place& place, double number) {
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

}  // namespace webhookd
