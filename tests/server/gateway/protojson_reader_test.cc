#include "server/gateway/protojson_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/gateway/protojson_writer.h"
#include "tests/server/gateway/gateway_test.pb.h"
#include "tests/server/gateway/rows.h"

namespace webhookd {
namespace {

using ::google::protobuf::Message;
using sample::Kinds;
using sample::Small;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// `count` opening brackets, and as many closing ones.
std::string Nested(int count) {
  return absl::StrCat(std::string(count, '['), std::string(count, ']'));
}

TEST(ReadProtoJson, TakesWhatItsTableTakes) {
  for (const Row& row : ReadRows("protojson_read.json")) {
    if (row.Has("error")) continue;
    SCOPED_TRACE(row.Text("name"));
    const std::string type = row.Has("type") ? row.Text("type") : "Kinds";
    const std::unique_ptr<Message> message = NewMessage(type);
    const absl::Status status = ReadProtoJson(row.Text("json"), *message);
    EXPECT_TRUE(status.ok()) << status << "\n" << row.Text("json");
    EXPECT_EQ(TextOf(*message), TextOf(*MessageOf(type, row.Text("want"))));
  }
}

TEST(ReadProtoJson, RefusesWhatItsTableRefuses) {
  for (const Row& row : ReadRows("protojson_read.json")) {
    if (!row.Has("error")) continue;
    SCOPED_TRACE(row.Text("name"));
    const std::unique_ptr<Message> message =
        NewMessage(row.Has("type") ? row.Text("type") : "Kinds");
    const absl::Status status = ReadProtoJson(row.Text("json"), *message);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << TextOf(*message);
    EXPECT_THAT(std::string(status.message()), HasSubstr(row.Text("error")));
    EXPECT_EQ(TextOf(*message), "");
  }
}

TEST(ReadProtoJson, ClearsTheMessageFirst) {
  Kinds kinds;
  kinds.set_int32_value(7);
  EXPECT_TRUE(ReadProtoJson(R"({"boolValue":true})", kinds).ok());
  EXPECT_EQ(TextOf(kinds), "bool_value: true ");
}

TEST(ReadProtoJson, NestsToItsLimitAndNoDeeper) {
  constexpr auto kLimit = static_cast<int>(kMaxJsonDepth);
  google::protobuf::Value value;
  EXPECT_TRUE(ReadProtoJson(Nested(kLimit), value).ok());
  EXPECT_EQ(WriteProtoJson(value), Nested(kLimit));
  for (const int depth : {kLimit + 1, 1'000'000}) {
    const absl::Status status = ReadProtoJson(Nested(depth), value);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()), HasSubstr("deeper than 100"));
    EXPECT_EQ(value.kind_case(), google::protobuf::Value::KIND_NOT_SET);
  }
}

TEST(ReadProtoJson, CountsDepthOnlyOutsideOfTexts) {
  google::protobuf::Value value;
  const std::string brackets(1000, '[');
  EXPECT_TRUE(ReadProtoJson(absl::StrCat("[\"", brackets, "\\\"", brackets, "\"]"), value).ok());
}

TEST(ReadProtoJson, ChecksTheDepthOfWhatItIgnores) {
  Kinds kinds;
  EXPECT_TRUE(ReadProtoJson(absl::StrCat(R"({"nothing":)", Nested(99), "}"), kinds).ok());
  EXPECT_FALSE(ReadProtoJson(absl::StrCat(R"({"nothing":)", Nested(100), "}"), kinds).ok());
}

TEST(ReadProtoJson, RefusesATextThatWouldTakeMuchMemory) {
  const auto json_of = [](size_t messages) {
    std::string json = R"({"nesteds":[{})";
    for (size_t i = 1; i < messages; ++i) json += ",{}";
    return json + "]}";
  };
  Kinds kinds;
  EXPECT_TRUE(ReadProtoJson(json_of(kMaxJsonMessages - 1), kinds).ok());
  const absl::Status status = ReadProtoJson(json_of(kMaxJsonMessages), kinds);
  EXPECT_THAT(std::string(status.message()), HasSubstr("more than 250000"));
  EXPECT_EQ(kinds.nesteds_size(), 0);
}

TEST(ReadProtoJsonField, ReadsOneFieldOfAnyKind) {
  Kinds kinds;
  kinds.set_int32_value(7);
  const auto read = [&kinds](const char* field, const char* json) {
    return ReadProtoJsonField(json, kinds, *Kinds::descriptor()->FindFieldByName(field));
  };
  EXPECT_TRUE(read("strings", R"(["a", "b"])").ok());
  EXPECT_TRUE(read("int64_value", R"("9")").ok());
  EXPECT_TRUE(read("nested", R"({"name":"x"})").ok());
  EXPECT_TRUE(read("text_map", R"({"k":"v"})").ok());
  EXPECT_TRUE(read("color", "null").ok());
  EXPECT_EQ(TextOf(kinds),
            R"(int32_value: 7 int64_value: 9 nested { name: "x" } strings: "a" strings: "b" )"
            R"(text_map { key: "k" value: "v" } )");
  EXPECT_FALSE(read("strings", R"(["a"] x)").ok());
  EXPECT_FALSE(read("nested", "[]").ok());
  EXPECT_EQ(TextOf(kinds), R"(int32_value: 7 int64_value: 9 text_map { key: "k" value: "v" } )");
}

// What a sequence holds: the names of its messages, or the message of the error that ends it.
std::vector<std::string> NamesIn(const std::string& json) {
  ProtoJsonSequence sequence(json);
  std::vector<std::string> names;
  Small small;
  while (true) {
    const absl::StatusOr<bool> read = sequence.Next(small);
    if (!read.ok()) names.emplace_back(read.status().message());
    if (!read.ok() || !*read) return names;
    names.push_back(small.name());
  }
}

TEST(ProtoJsonSequence, ReadsOneValueAfterTheOther) {
  EXPECT_THAT(NamesIn(""), ElementsAre());
  EXPECT_THAT(NamesIn(" \n"), ElementsAre());
  EXPECT_THAT(NamesIn(R"({"name":"a"}{"name":"b"} {}
{"name":"c"})"),
              ElementsAre("a", "b", "", "c"));
}

TEST(ProtoJsonSequence, EndsAtAnError) {
  EXPECT_THAT(NamesIn("{\"name\":\"a\"}\n{\"name\":1}{}"),
              ElementsAre("a", "2:9: name: expected a string, found 1"));
  EXPECT_THAT(NamesIn("{},{}"), ElementsAre("", "1:3: expected an object, found ,"));
  EXPECT_THAT(NamesIn(absl::StrCat(R"({"name":"a"} {"nothing":)", Nested(100), "} {}")),
              ElementsAre("a", HasSubstr("deeper than 100")));
  Small small;
  ProtoJsonSequence sequence("[] {}");
  EXPECT_FALSE(sequence.Next(small).ok());
  EXPECT_FALSE(*sequence.Next(small));
}

}  // namespace
}  // namespace webhookd
