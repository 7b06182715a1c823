#include "base/json_string.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace webhookd {
namespace {

std::string Escaped(absl::string_view text, JsonEscapes escapes) {
  std::string out = "<";
  AppendJsonEscaped(text, escapes, out);
  return out.substr(1);
}

constexpr JsonEscapes kAll[] = {JsonEscapes::kRequired, JsonEscapes::kNonAscii,
                                JsonEscapes::kUnprintable};

TEST(AppendJsonEscaped, EscapesWhatJsonDemands) {
  for (const JsonEscapes escapes : kAll) {
    EXPECT_EQ(Escaped("", escapes), "");
    EXPECT_EQ(Escaped("plain text / <b> & 'c'", escapes), "plain text / <b> & 'c'");
    EXPECT_EQ(Escaped(absl::string_view("\"\\\b\f\n\r\t\0\x1f", 9), escapes),
              R"(\"\\\b\f\n\r\t\u0000\u001f)");
  }
}

TEST(AppendJsonEscaped, EscapesBeyondThatAsAsked) {
  const std::string text = "\x7f é\u2028\u202e🎉 \u0085";
  EXPECT_EQ(Escaped(text, JsonEscapes::kRequired), text);
  EXPECT_EQ(Escaped(text, JsonEscapes::kNonAscii),
            R"(\u007f \u00e9\u2028\u202e\ud83c\udf89 \u0085)");
  EXPECT_EQ(Escaped(text, JsonEscapes::kUnprintable), R"(\u007f é\u2028\u202e🎉 \u0085)");
}

TEST(AppendJsonEscaped, ReplacesEachByteThatIsNotUtf8) {
  const absl::string_view text = "a\xff\xc3z\xed\xa0\x80";
  EXPECT_EQ(Escaped(text, JsonEscapes::kRequired), "a\uFFFD\uFFFDz\uFFFD\uFFFD\uFFFD");
  EXPECT_EQ(Escaped(text, JsonEscapes::kUnprintable), "a\uFFFD\uFFFDz\uFFFD\uFFFD\uFFFD");
  EXPECT_EQ(Escaped(text, JsonEscapes::kNonAscii), R"(a\ufffd\ufffdz\ufffd\ufffd\ufffd)");
}

// Eight bytes are looked at together: a special one is found wherever it stands among others.
TEST(AppendJsonEscaped, FindsASpecialByteAtEveryPlace) {
  for (int c = 0; c < 0x80; ++c) {
    for (size_t before = 0; before < 17; ++before) {
      const std::string text =
          absl::StrCat(std::string(before, '~'), std::string(1, char(c)), "!~!~!~!~!");
      for (const JsonEscapes escapes : kAll) {
        const bool plain =
            c >= 0x20 && c != '"' && c != '\\' && (c != 0x7f || escapes == JsonEscapes::kRequired);
        EXPECT_EQ(Escaped(text, escapes) == text, plain) << c << " after " << before;
      }
      const bool plain = c >= 0x20 && c != '"' && c != '\\';
      EXPECT_EQ(PlainTextLength(text), plain ? text.size() : before) << c;
    }
  }
}

}  // namespace
}  // namespace webhookd
