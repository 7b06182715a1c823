#include "client/cli/output.h"

#include <sstream>
#include <string>

#include "client/cli/display_width.h"
#include "gtest/gtest.h"
#include "webhookd/v1/delivery.pb.h"

namespace webhookd {
namespace {

std::string Printed(const Table& table, bool color = false) {
  std::ostringstream out;
  table.Print(out, color);
  return out.str();
}

TEST(DisplayWidth, CountsColumns) {
  EXPECT_EQ(DisplayWidth(""), 0);
  EXPECT_EQ(DisplayWidth("abc"), 3);
  EXPECT_EQ(DisplayWidth("Zürich"), 6);
  EXPECT_EQ(DisplayWidth("u\xcc\x88"), 1);  // a letter and a combining mark
  EXPECT_EQ(DisplayWidth("日本語"), 6);
  EXPECT_EQ(DisplayWidth("تجربة"), 5);
  EXPECT_EQ(DisplayWidth("🎉"), 2);
}

TEST(Printable, EscapesWhatATerminalObeys) {
  EXPECT_EQ(Printable("日本語 é 🎉"), "日本語 é 🎉");
  EXPECT_EQ(Printable("a\x1b[31mb\n\x7f\xc2\x9b"), "a\\x1b[31mb\\x0a\\x7f\\x9b");
  EXPECT_EQ(Printable("a\xe2\x80\xae"
                      "b"),
            "a\\u{202e}b");
  EXPECT_EQ(Printable("a\xff"), "a\xef\xbf\xbd");
}

TEST(Table, AlignsByWidth) {
  Table table({"ID", "NAME", "STATE"});
  table.AddRow({"1", "日本", "ok"});
  table.AddRow({"22", "Zürich", {"failed", Color::kRed}});
  EXPECT_EQ(Printed(table),
            "ID  NAME    STATE\n"
            "1   日本    ok\n"
            "22  Zürich  failed\n");
}

TEST(Table, LeavesNoSpacesAtTheEnd) {
  Table table({});
  table.AddRow({"a", "", ""});
  table.AddRow({"", "b", "c"});
  EXPECT_EQ(Printed(table), "a\n   b  c\n");
  EXPECT_EQ(Printed(Table({})), "");
}

TEST(Table, ColoursOnlyTheText) {
  Table table({});
  table.AddRow({{"a", Color::kGreen}, "b"});
  EXPECT_EQ(Printed(table, true), "\x1b[32ma\x1b[0m  b\n");
}

TEST(Table, EscapesCells) {
  Table table({});
  table.AddRow({"a\nb\x1b[2J", "c"});
  EXPECT_EQ(Printed(table), "a\\x0ab\\x1b[2J  c\n");
}

TEST(ToJson, IsProtojson) {
  v1::Delivery delivery;
  delivery.set_id(5);
  delivery.set_webhook_name("日本 \"x\"");
  delivery.set_state(v1::DELIVERY_STATE_FAILED);
  const std::string json = ToJson(delivery, JsonSpacing::kOneLine);
  EXPECT_NE(json.find(R"("id":"5")"), std::string::npos) << json;
  EXPECT_NE(json.find(R"("webhookName":"日本 \"x\"")"), std::string::npos) << json;
  EXPECT_NE(json.find(R"("state":"DELIVERY_STATE_FAILED")"), std::string::npos) << json;
  EXPECT_NE(json.find(R"("attemptCount":0)"), std::string::npos) << json;
  EXPECT_EQ(json.find('\n'), json.size() - 1);
}

TEST(JsonQuote, Escapes) {
  EXPECT_EQ(JsonQuote("a\"\\\n"), R"("a\"\\\n")");
  EXPECT_EQ(JsonQuote(""), "\"\"");
}

}  // namespace
}  // namespace webhookd
