#include "server/gateway/protojson_writer.h"

#include <google/protobuf/any.pb.h>
#include <google/protobuf/struct.pb.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <string>

#include "tests/server/gateway/gateway_test.pb.h"
#include "tests/server/gateway/rows.h"

namespace webhookd {
namespace {

using ::google::protobuf::Message;

TEST(WriteProtoJson, WritesWhatItsTableSays) {
  for (const Row& row : ReadRows("protojson_write.json")) {
    SCOPED_TRACE(row.Text("name"));
    const std::unique_ptr<Message> message =
        MessageOf(row.Has("type") ? row.Text("type") : "Small", row.Text("message"));
    if (row.Has("json")) {
      EXPECT_EQ(WriteProtoJson(*message), row.Text("json"));
    }
    if (row.Has("indented")) {
      std::string want;
      for (const std::string& line : row.Texts("indented")) {
        if (!want.empty()) want += '\n';
        want += line;
      }
      EXPECT_EQ(WriteProtoJson(*message, JsonLayout::kIndented), want);
    }
    if (row.Has("field")) {
      std::string json;
      AppendProtoJsonField(*message, *message->GetDescriptor()->FindFieldByName(row.Text("field")),
                           JsonLayout::kCompact, json);
      EXPECT_EQ(json, row.Text("value"));
    }
  }
}

TEST(WriteProtoJson, ReplacesBytesThatAreNotUtf8) {
  std::string json;
  AppendJsonText("a\xFFz\xED\xA0\x80 é🎉\x7F", json);
  EXPECT_EQ(json, "\"a\xEF\xBF\xBDz\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD é🎉\x7F\"");
}

TEST(WriteProtoJson, ShowsAnAnyThatItCannotOpen) {
  google::protobuf::Any any;
  any.set_type_url("type.googleapis.com/nobody.Knows");
  any.set_value("\x08\x01");
  EXPECT_EQ(WriteProtoJson(any), R"({"@type":"type.googleapis.com/nobody.Knows","value":"CAE="})");
  any.set_type_url("type.googleapis.com/webhookd.sample.Small");
  any.set_value("\xFF");
  EXPECT_EQ(WriteProtoJson(any),
            R"({"@type":"type.googleapis.com/webhookd.sample.Small","value":"/w=="})");
}

TEST(WriteProtoJson, WritesEveryFloatSoThatItReadsBackEqual) {
  google::protobuf::Value value;
  for (const double number :
       {0.1, 1.0 / 3, 5e-324, 1.7976931348623157e308, 123456789012345680.0, -0.0, 1e21, 1e-7}) {
    value.set_number_value(number);
    EXPECT_EQ(std::strtod(WriteProtoJson(value).c_str(), nullptr), number);
  }
}

}  // namespace
}  // namespace webhookd
