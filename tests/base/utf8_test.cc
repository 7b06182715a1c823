#include "base/utf8.h"

#include <gtest/gtest.h>

#include <string>

namespace webhookd {
namespace {

// The bytes of any number below 2^21 in the pattern of UTF-8, whether or not it may be written so.
std::string Encoded(uint32_t c, int length) {
  static constexpr int kLead[] = {0, 0x00, 0xC0, 0xE0, 0xF0};
  std::string bytes(length, '\0');
  for (int i = length - 1; i > 0; --i, c >>= 6) bytes[i] = static_cast<char>(0x80 | (c & 0x3F));
  bytes[0] = static_cast<char>(kLead[length] | c);
  return bytes;
}

int ShortestLength(uint32_t c) { return c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4; }

TEST(DecodeUtf8, TakesEveryCodePointInItsShortestFormOnly) {
  for (uint32_t c = 0; c < 0x200000; ++c) {
    for (int length = ShortestLength(c); length <= 4; ++length) {
      if (length == 1 && c >= 0x80) continue;
      const bool surrogate = c >= 0xD800 && c <= 0xDFFF;
      const bool valid = length == ShortestLength(c) && !surrogate && c <= 0x10FFFF;
      const Utf8Step step = DecodeUtf8(Encoded(c, length) + "x");
      ASSERT_EQ(step.valid, valid) << c << " in " << length;
      ASSERT_EQ(step.length, valid ? length : 1) << c << " in " << length;
      ASSERT_EQ(step.code_point, valid ? c : 0xFFFD) << c << " in " << length;
      ASSERT_FALSE(step.truncated) << c << " in " << length;
    }
  }
}

TEST(DecodeUtf8, TellsACharacterThatIsCutOff) {
  for (const std::string text : {"é", "€", "🎉"}) {
    for (size_t length = 1; length < text.size(); ++length) {
      const Utf8Step step = DecodeUtf8(text.substr(0, length));
      EXPECT_FALSE(step.valid);
      EXPECT_TRUE(step.truncated);
      EXPECT_EQ(step.length, 1);
    }
  }
  EXPECT_FALSE(DecodeUtf8("\xED\xA0").truncated);  // of a surrogate
  EXPECT_FALSE(DecodeUtf8("\xC0").truncated);
  EXPECT_FALSE(DecodeUtf8("\x80").truncated);
}

TEST(DecodeUtf8, TakesNothingFromNothing) { EXPECT_EQ(DecodeUtf8("").length, 0); }

TEST(ValidUtf8, KeepsWhatIsValid) {
  EXPECT_EQ(ValidUtf8(""), "");
  EXPECT_EQ(ValidUtf8("a é € 🎉 \n\x7f"), "a é € 🎉 \n\x7f");
}

TEST(ValidUtf8, ReplacesInvalidBytesAndNul) {
  EXPECT_EQ(ValidUtf8("a\xFF\xFEz"), "a\uFFFD\uFFFDz");
  EXPECT_EQ(ValidUtf8("\xED\xA0\x80"), "\uFFFD\uFFFD\uFFFD");
  EXPECT_EQ(ValidUtf8("\xE2\x82z"), "\uFFFD\uFFFDz");
  EXPECT_EQ(ValidUtf8(std::string("a\0z", 3)), "a\uFFFDz");
}

TEST(ValidUtf8, LeavesOutACharacterThatIsCutOffAtTheEnd) {
  EXPECT_EQ(ValidUtf8("a\xE2\x82"), "a");
  EXPECT_EQ(ValidUtf8("a\xF0\x9F\x8E"), "a");
}

}  // namespace
}  // namespace webhookd
