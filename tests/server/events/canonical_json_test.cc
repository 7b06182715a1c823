#include "server/events/canonical_json.h"

#include <gmock/gmock.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/text_format.h>
#include <google/protobuf/timestamp.pb.h>
#include <google/protobuf/wrappers.pb.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "tests/server/events/python.h"
#include "tests/testing/seeded_random.h"
#include "webhookd/v1/event.pb.h"

namespace webhookd {
namespace {

using ::google::protobuf::DescriptorProto;
using ::google::protobuf::FieldDescriptorProto;
using ::google::protobuf::FileDescriptorProto;
using ::testing::ElementsAreArray;
using ::testing::IsEmpty;

std::string JsonString(absl::string_view text) {
  std::string json;
  AppendJsonString(text, json);
  return json;
}

std::string JsonDouble(double value) {
  std::string json;
  AppendJsonDouble(value, json);
  return json;
}

// What Python writes for these bytes, each invalid one of them replaced.
std::vector<std::string> PythonStrings(const std::vector<std::string>& texts) {
  std::vector<std::string> lines;
  for (const std::string& text : texts) lines.push_back(absl::BytesToHexString(text));
  return RunPython(R"(
import codecs, json, sys
codecs.register_error("each", lambda error: ("\ufffd" * (error.end - error.start), error.end))
for line in sys.stdin:
    print(json.dumps(bytes.fromhex(line).decode("utf-8", "each")))
)",
                   lines);
}

void ExpectAsInPython(const std::vector<std::string>& texts) {
  std::vector<std::string> ours;
  for (const std::string& text : texts) ours.push_back(JsonString(text));
  EXPECT_THAT(ours, ElementsAreArray(PythonStrings(texts)));
}

TEST(AppendJsonString, EscapesLikePython) {
  EXPECT_EQ(JsonString(""), R"("")");
  EXPECT_EQ(JsonString("cifar10_pytorch_const"), R"("cifar10_pytorch_const")");
  EXPECT_EQ(JsonString("\"\\/<>&'"), R"("\"\\/<>&'")");
  EXPECT_EQ(JsonString("\b\f\n\r\t\x01\x7f"), R"("\b\f\n\r\t\u0001\u007f")");
  EXPECT_EQ(JsonString(absl::string_view("\0", 1)), R"("\u0000")");
  EXPECT_EQ(JsonString("é"), R"("\u00e9")");
  EXPECT_EQ(JsonString("🎉"), R"("\ud83c\udf89")");
  EXPECT_EQ(JsonString("\xED\xA0\xBD"), R"("\ufffd\ufffd\ufffd")");
}

TEST(AppendJsonString, AgreesWithPythonOnScriptsAndEdges) {
  ExpectAsInPython({
      "plain",
      "Ünïcödé façade",
      "Привет, мир",
      "Ελληνικά",
      "你好世界",
      "こんにちは",
      "안녕하세요",
      "مرحبا بالعالم",
      "שלום",
      "नमस्ते",
      "สวัสดี",
      "🎉🚀👩‍👩‍👧‍👦🏴󠁧󠁢󠁥󠁮󠁧󠁿",
      "𝔘𝔫𝔦𝔠𝔬𝔡𝔢",
      "\u2028\u2029\ufeff\u200b\u202e",
      "\uffff\ue000\U00010000\U0010ffff",
      "combining e\u0301",
      // Not UTF-8: surrogates one by one and as a pair (CESU-8), overlong forms, too high, cut off,
      // stray bytes.
      "\xED\xA0\x80",
      "\xED\xBF\xBF",
      "\xED\xA0\xBC\xED\xBE\x89",
      "\xC0\xAF",
      "\xE0\x80\xAF",
      "\xF0\x80\x80\xAF",
      "\xF4\x90\x80\x80",
      "\xF8\x88\x80\x80\x80",
      "end \xE2\x82",
      "middle \xE2\x82 rest",
      "\xF0\x9F\x8E",
      "\x80\xBF\xFE\xFF",
      "\xC3(",
  });
}

TEST(AppendJsonString, AgreesWithPythonOnEveryCharacterBelow0x3000AndEveryByte) {
  std::vector<std::string> texts;
  for (int c = 0; c < 0x3000; ++c) {
    std::string utf8;
    if (c < 0x80) {
      utf8 = {static_cast<char>(c)};
    } else if (c < 0x800) {
      utf8 = {static_cast<char>(0xC0 | c >> 6), static_cast<char>(0x80 | (c & 0x3F))};
    } else {
      utf8 = {static_cast<char>(0xE0 | c >> 12), static_cast<char>(0x80 | (c >> 6 & 0x3F)),
              static_cast<char>(0x80 | (c & 0x3F))};
    }
    texts.push_back(absl::StrCat("a", utf8, "z"));
  }
  for (int byte = 0; byte < 256; ++byte) texts.push_back({'a', static_cast<char>(byte)});
  ExpectAsInPython(texts);
}

TEST(AppendJsonString, AgreesWithPythonOnRandomBytes) {
  SeededRandom random;
  std::vector<std::string> texts;
  for (int i = 0; i < 3000; ++i) {
    std::string text(random.Next() % 40, '\0');
    for (char& c : text) c = static_cast<char>(random.Next());
    texts.push_back(text);
  }
  // Bytes that are likely to form multi-byte sequences, whole and broken.
  constexpr absl::string_view kParts[] = {"\xED", "\xA0", "\x80", "\xBF", "\xE2",
                                          "\x82", "\xF0", "\x9F", "\xF4", "\x90",
                                          "\xC3", "\xA9", "a",    "\x8F", "\xC2"};
  for (int i = 0; i < 3000; ++i) {
    std::string text;
    for (uint64_t n = random.Next() % 12; n > 0; --n) {
      absl::StrAppend(&text, kParts[random.Next() % std::size(kParts)]);
    }
    texts.push_back(text);
  }
  ExpectAsInPython(texts);
}

void ExpectAsInPython(const std::vector<double>& values) {
  std::vector<std::string> lines;
  std::vector<std::string> ours;
  for (const double value : values) {
    lines.push_back(absl::StrCat(absl::Hex(std::bit_cast<uint64_t>(value), absl::kZeroPad16)));
    ours.push_back(JsonDouble(value));
  }
  EXPECT_THAT(ours, ElementsAreArray(RunPython(R"(
import json, struct, sys
for line in sys.stdin:
    print(json.dumps(struct.unpack(">d", bytes.fromhex(line))[0]))
)",
                                               lines)));
}

TEST(AppendJsonDouble, WritesWhatPythonPrints) {
  EXPECT_EQ(JsonDouble(0), "0.0");
  EXPECT_EQ(JsonDouble(-0.0), "-0.0");
  EXPECT_EQ(JsonDouble(5), "5.0");
  EXPECT_EQ(JsonDouble(0.1), "0.1");
  EXPECT_EQ(JsonDouble(-12.75), "-12.75");
  EXPECT_EQ(JsonDouble(0.0001), "0.0001");
  EXPECT_EQ(JsonDouble(0.00001), "1e-05");
  EXPECT_EQ(JsonDouble(1.5e-7), "1.5e-07");
  EXPECT_EQ(JsonDouble(1e15), "1000000000000000.0");
  EXPECT_EQ(JsonDouble(1e16), "1e+16");
  EXPECT_EQ(JsonDouble(1e22), "1e+22");
  EXPECT_EQ(JsonDouble(1e100), "1e+100");
  EXPECT_EQ(JsonDouble(5e-324), "5e-324");
  EXPECT_EQ(JsonDouble(std::numeric_limits<double>::max()), "1.7976931348623157e+308");
  EXPECT_EQ(JsonDouble(std::numeric_limits<double>::infinity()), "Infinity");
  EXPECT_EQ(JsonDouble(-std::numeric_limits<double>::infinity()), "-Infinity");
  EXPECT_EQ(JsonDouble(std::nan("")), "NaN");
  EXPECT_EQ(JsonDouble(-std::nan("")), "NaN");
}

TEST(AppendJsonDouble, AgreesWithPythonOnEdges) {
  using Limits = std::numeric_limits<double>;
  std::vector<double> values = {Limits::min(),
                                Limits::denorm_min(),
                                Limits::max(),
                                Limits::lowest(),
                                Limits::epsilon(),
                                Limits::infinity(),
                                -Limits::infinity(),
                                Limits::quiet_NaN(),
                                2.2250738585072009e-308,
                                9007199254740993.0,
                                0.1 + 0.2,
                                1.0 / 3,
                                123456789012345680.0,
                                9.5367431640625e-07,
                                4.35};
  for (int exponent = -330; exponent <= 308; ++exponent) {
    for (const double digits : {1.0, 1.5, 9.999999999999998, 1.2345678901234567}) {
      const double value = digits * std::pow(10.0, exponent);
      for (const double near : {value, std::nextafter(value, 0.0), std::nextafter(value, 1e308)}) {
        values.push_back(near);
        values.push_back(-near);
      }
    }
  }
  for (int exponent = -1074; exponent < 1024; ++exponent)
    values.push_back(std::ldexp(1.0, exponent));
  ExpectAsInPython(values);
}

TEST(AppendJsonDouble, AgreesWithPythonOnRandomBits) {
  SeededRandom random;
  std::vector<double> values;
  for (int i = 0; i < 50000; ++i) values.push_back(std::bit_cast<double>(random.Next()));
  for (int i = 0; i < 20000; ++i) {
    values.push_back(static_cast<double>(random.Next() % 1000000) / 1000);
    values.push_back(static_cast<double>(static_cast<int64_t>(random.Next())));
  }
  ExpectAsInPython(values);
}

TEST(CanonicalJson, WritesFieldsInNumberOrderWithoutSpace) {
  v1::Event event;
  event.set_event_id("4cd26e62-60c6-4a8b-8d03-7629091a4ef5");
  event.set_event_type("EXPERIMENT_STATE_CHANGE");
  event.set_timestamp(1665689991);
  event.mutable_condition()->set_state("COMPLETED");
  event.mutable_event_data()->set_data("test");
  EXPECT_EQ(CanonicalJson(event),
            R"({"event_id":"4cd26e62-60c6-4a8b-8d03-7629091a4ef5",)"
            R"("event_type":"EXPERIMENT_STATE_CHANGE","timestamp":1665689991,)"
            R"("condition":{"state":"COMPLETED"},"event_data":{"data":"test"}})");
}

TEST(CanonicalJson, LeavesOutOnlyUnsetFieldsWithPresence) {
  EXPECT_EQ(CanonicalJson(v1::Event()), R"({"event_id":"","event_type":"","timestamp":0})");
  v1::Condition condition;
  EXPECT_EQ(CanonicalJson(condition), "{}");
  condition.set_regex("");
  condition.set_threshold(0);
  EXPECT_EQ(CanonicalJson(condition), R"({"regex":"","threshold":0.0})");
}

TEST(CanonicalJson, WritesStructsAsTheJsonTheyStandFor) {
  google::protobuf::Struct value;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(R"(
    fields { key: "b" value { number_value: 5 } }
    fields { key: "a" value { list_value {
      values { null_value: NULL_VALUE } values { bool_value: true } values { string_value: "é" }
      values { list_value {} } values { struct_value {} } values {} values { number_value: -1e-7 } } } }
    fields { key: "é" value { struct_value { fields { key: "" value { bool_value: false } } } } }
    fields { key: "B" value { number_value: 1e300 } })",
                                                            &value));
  EXPECT_EQ(CanonicalJson(value), R"({"B":1e+300,"a":[null,true,"\u00e9",[],{},null,-1e-07],)"
                                  R"("b":5.0,"\u00e9":{"":false}})");
  EXPECT_EQ(CanonicalJson(value.fields().at("a")),
            CanonicalJson(value.fields().at("a").list_value()));
  EXPECT_THAT(NotFixedPoints({CanonicalJson(value)}), IsEmpty());
}

TEST(CanonicalJson, WritesNoKeyTwice) {
  google::protobuf::Struct value;
  for (const char* key : {"\xFE", "\xFF", "\xEF\xBF\xBD", "\xF0\x9F\x8E\x89"}) {
    (*value.mutable_fields())[key].set_bool_value(true);
  }
  EXPECT_EQ(CanonicalJson(value), R"({"\ufffd":true,"\ud83c\udf89":true})");
}

TEST(CanonicalJson, WritesOtherWellKnownTypesAsTheirFields) {
  google::protobuf::Timestamp timestamp;
  timestamp.set_seconds(-5);
  EXPECT_EQ(CanonicalJson(timestamp), R"({"seconds":-5,"nanos":0})");
  google::protobuf::BytesValue bytes;
  bytes.set_value(std::string("\0\xFF\xFE", 3));
  EXPECT_EQ(CanonicalJson(bytes), R"({"value":"AP/+"})");
}

// Adds a field to `message`; `type_name` for messages and enumerations.
FieldDescriptorProto& AddField(DescriptorProto& message, const char* name, int number,
                               FieldDescriptorProto::Type type, const char* type_name = "") {
  FieldDescriptorProto& field = *message.add_field();
  field.set_name(name);
  field.set_number(number);
  field.set_type(type);
  field.set_label(FieldDescriptorProto::LABEL_OPTIONAL);
  if (*type_name != '\0') field.set_type_name(type_name);
  return field;
}

void AddMap(DescriptorProto& message, const char* name, const char* entry, int number,
            FieldDescriptorProto::Type key, FieldDescriptorProto::Type value,
            const char* value_type_name = "") {
  DescriptorProto& type = *message.add_nested_type();
  type.set_name(entry);
  type.mutable_options()->set_map_entry(true);
  AddField(type, "key", 1, key);
  AddField(type, "value", 2, value, value_type_name);
  AddField(message, name, number, FieldDescriptorProto::TYPE_MESSAGE, entry)
      .set_label(FieldDescriptorProto::LABEL_REPEATED);
}

// message Any { string last = 30; int32 i32 = 2; … } with every kind of field, the first and the
// last by number declared in the other order.
FileDescriptorProto AnyFile() {
  using Field = FieldDescriptorProto;
  FileDescriptorProto file;
  file.set_name("any.proto");
  file.set_syntax("proto3");
  google::protobuf::EnumDescriptorProto& color = *file.add_enum_type();
  color.set_name("Color");
  for (const auto& [name, number] : {std::pair("RED", 0), std::pair("BLUE", 2)}) {
    color.add_value()->set_name(name);
    color.mutable_value()->rbegin()->set_number(number);
  }
  DescriptorProto& inner = *file.add_message_type();
  inner.set_name("Inner");
  AddField(inner, "n", 1, Field::TYPE_UINT32);

  DescriptorProto& any = *file.add_message_type();
  any.set_name("Any");
  AddField(any, "last", 30, Field::TYPE_STRING);
  const std::vector<std::tuple<const char*, const char*, Field::Type, const char*>> kinds = {
      {"i32", "i32s", Field::TYPE_INT32, ""},
      {"i64", "i64s", Field::TYPE_INT64, ""},
      {"u32", "u32s", Field::TYPE_UINT32, ""},
      {"u64", "u64s", Field::TYPE_FIXED64, ""},
      {"f", "fs", Field::TYPE_FLOAT, ""},
      {"d", "ds", Field::TYPE_DOUBLE, ""},
      {"b", "bs", Field::TYPE_BOOL, ""},
      {"raw", "raws", Field::TYPE_BYTES, ""},
      {"color", "colors", Field::TYPE_ENUM, "Color"},
      {"text", "texts", Field::TYPE_STRING, ""},
      {"inner", "inners", Field::TYPE_MESSAGE, "Inner"}};
  int number = 2;
  for (const auto& [single, many, type, type_name] : kinds) {
    AddField(any, single, number++, type, type_name);
    AddField(any, many, number++, type, type_name).set_label(Field::LABEL_REPEATED);
  }
  AddMap(any, "by_name", "ByNameEntry", 24, Field::TYPE_STRING, Field::TYPE_MESSAGE, "Inner");
  AddMap(any, "by_number", "ByNumberEntry", 25, Field::TYPE_SINT64, Field::TYPE_DOUBLE);
  AddMap(any, "by_flag", "ByFlagEntry", 26, Field::TYPE_BOOL, Field::TYPE_ENUM, "Color");
  any.add_oneof_decl()->set_name("choice");
  AddField(any, "chosen", 27, Field::TYPE_STRING).set_oneof_index(0);
  AddField(any, "number", 28, Field::TYPE_INT32).set_oneof_index(0);
  AddField(any, "first", 1, Field::TYPE_INT32);
  return file;
}

class CanonicalJsonOfAnyMessage : public testing::Test {
 protected:
  CanonicalJsonOfAnyMessage() : factory_(&pool_) {
    const google::protobuf::FileDescriptor* const file = pool_.BuildFile(AnyFile());
    if (file != nullptr) type_ = file->FindMessageTypeByName("Any");
  }

  void SetUp() override { ASSERT_NE(type_, nullptr); }

  std::string Json(const std::string& text) {
    const std::unique_ptr<google::protobuf::Message> message(factory_.GetPrototype(type_)->New());
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, message.get())) << text;
    return CanonicalJson(*message);
  }

  google::protobuf::DescriptorPool pool_;
  google::protobuf::DynamicMessageFactory factory_;
  const google::protobuf::Descriptor* type_ = nullptr;
};

TEST_F(CanonicalJsonOfAnyMessage, WritesEveryFieldOfAnEmptyOne) {
  const std::string json = Json("");
  EXPECT_EQ(json, R"({"first":0,"i32":0,"i32s":[],"i64":0,"i64s":[],"u32":0,"u32s":[],"u64":0,)"
                  R"("u64s":[],"f":0.0,"fs":[],"d":0.0,"ds":[],"b":false,"bs":[],"raw":"",)"
                  R"("raws":[],"color":"RED","colors":[],"text":"","texts":[],"inners":[],)"
                  R"("by_name":{},"by_number":{},"by_flag":{},"last":""})");
  EXPECT_THAT(NotFixedPoints({json}), IsEmpty());
}

TEST_F(CanonicalJsonOfAnyMessage, WritesEveryKindOfField) {
  const std::string json = Json(R"(
    first: 1 i32: -2147483648 i32s: [2147483647, -1]
    i64: -9223372036854775808 i64s: [9223372036854775807, -1] u32: 4294967295 u32s: [0]
    u64: 18446744073709551615 u64s: [18446744073709551615] f: 0.1 fs: [1e-45, 16777216] d: 1e16
    ds: [1, -0.0] b: true bs: [true, false] raw: "\377" raws: ["a"] color: BLUE colors: [RED, 9]
    text: "\303\251" texts: ["", "b"] inner { n: 3 } inners: [{}, {n: 1}]
    by_name { key: "b" value { n: 2 } } by_name { key: "a" value { n: 1 } }
    by_number { key: 10 value: 0.5 } by_number { key: -2 value: 2 }
    by_flag { key: true value: BLUE } by_flag { key: false value: RED }
    number: 0 last: "end")");
  EXPECT_EQ(json, R"({"first":1,"i32":-2147483648,"i32s":[2147483647,-1],)"
                  R"("i64":-9223372036854775808,"i64s":[9223372036854775807,-1],"u32":4294967295,)"
                  R"("u32s":[0],"u64":18446744073709551615,"u64s":[18446744073709551615],"f":0.1,)"
                  R"("fs":[1e-45,16777216.0],"d":1e+16,"ds":[1.0,-0.0],"b":true,"bs":[true,false],)"
                  R"("raw":"/w==","raws":["YQ=="],"color":"BLUE","colors":["RED",9],)"
                  R"("text":"\u00e9","texts":["","b"],"inner":{"n":3},"inners":[{"n":0},{"n":1}],)"
                  R"("by_name":{"a":{"n":1},"b":{"n":2}},"by_number":{"-2":2.0,"10":0.5},)"
                  R"("by_flag":{"false":"RED","true":"BLUE"},"number":0,"last":"end"})");
  EXPECT_THAT(NotFixedPoints({json}), IsEmpty());
}

// A random JSON value, nested at most `depth` deep.
google::protobuf::Value RandomValue(SeededRandom& random, int depth) {
  google::protobuf::Value value;
  switch (random.Next() % (depth > 0 ? 6 : 4)) {
    case 0:
      value.set_null_value(google::protobuf::NULL_VALUE);
      break;
    case 1:
      value.set_number_value(std::bit_cast<double>(random.Next()));
      break;
    case 2:
      value.set_bool_value(random.Next() % 2 == 0);
      break;
    case 3: {
      std::string text(random.Next() % 8, '\0');
      for (char& c : text) c = static_cast<char>(random.Next());
      value.set_string_value(text);
      break;
    }
    case 4:
      value.mutable_list_value();
      for (uint64_t n = random.Next() % 4; n > 0; --n) {
        *value.mutable_list_value()->add_values() = RandomValue(random, depth - 1);
      }
      break;
    default:
      value.mutable_struct_value();
      for (uint64_t n = random.Next() % 4; n > 0; --n) {
        const std::string key = RandomValue(random, 0).string_value();
        (*value.mutable_struct_value()->mutable_fields())[key] = RandomValue(random, depth - 1);
      }
      break;
  }
  return value;
}

TEST(CanonicalJson, IsAFixedPointOfPythonForRandomValues) {
  SeededRandom random;
  std::vector<std::string> bodies;
  for (int i = 0; i < 3000; ++i) bodies.push_back(CanonicalJson(RandomValue(random, 6)));
  EXPECT_THAT(NotFixedPoints(bodies), IsEmpty());
}

TEST(CanonicalJson, WritesInfiniteNumbersOfFieldsAsStrings) {
  v1::MetricData metric;
  std::vector<std::string> bodies;
  for (const auto& [value, expected] :
       {std::pair(HUGE_VAL, R"("Infinity")"), std::pair(-HUGE_VAL, R"("-Infinity")"),
        std::pair(std::nan(""), R"("NaN")"), std::pair(1.5, "1.5")}) {
    metric.set_value(value);
    bodies.push_back(CanonicalJson(metric));
    EXPECT_EQ(bodies.back(), absl::StrCat(R"({"name":"","value":)", expected,
                                          R"(,"steps_completed":0,"group":""})"));
  }
  EXPECT_THAT(NotFixedPoints(bodies), testing::IsEmpty());
}

}  // namespace
}  // namespace webhookd
