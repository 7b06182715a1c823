#include "server/events/pattern_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <re2/re2.h>

#include <algorithm>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/events/pattern_syntax.h"
#include "tests/testing/seeded_random.h"

namespace webhookd {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Patterns of which about 375 in one set need more memory than RE2 gives a set by itself.
std::vector<std::string> CostlyPatterns(int count) {
  std::vector<std::string> patterns;
  for (int i = 0; i < count; ++i) patterns.push_back(absl::StrCat("a.{0,40}b", i, ".*c"));
  return patterns;
}

TEST(CheckPattern, SaysWhatIsWrong) {
  EXPECT_TRUE(CheckPattern("CUDA (out|error)").ok());
  EXPECT_TRUE(CheckPattern("\xE2\x82\xAC").ok());
  const auto expect = [](const std::string& pattern, const char* message) {
    const absl::Status status = CheckPattern(pattern);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << pattern;
    EXPECT_THAT(std::string(status.message()), HasSubstr(message));
  };
  expect("", "is empty");
  expect(std::string(1025, 'a'), "has 1025 bytes; at most 1024");
  expect("abc[", R"(missing ]: "[" (from byte 4))");
  expect("a**", R"(bad repetition operator: "**" (from byte 2))");
  expect("(\\pL{30}){30}", "too costly");
  expect("a\xff", "invalid UTF-8");
}

TEST(CheckPattern, TakesGosSyntax) {
  EXPECT_TRUE(CheckPattern("(?<year>\\d{4})-(?P<month>\\d\\d)").ok());
  EXPECT_TRUE(CheckPattern(R"([(?<]a>\(?<\Q(?<n\E)").ok());
  const auto message = [](absl::string_view pattern) {
    return std::string(CheckPattern(pattern).message());
  };
  EXPECT_THAT(message(R"(\C)"), HasSubstr("has \\C, which Go's syntax does not"));
  EXPECT_THAT(message(R"(a\Cb)"), HasSubstr("has \\C"));
  EXPECT_TRUE(CheckPattern(R"(\\C[C])").ok());
  // Neither Go nor RE2 looks behind.
  EXPECT_THAT(message("(?<=a)b"), HasSubstr("invalid perl operator"));
  EXPECT_THAT(message("(?<!a)b"), HasSubstr("invalid perl operator"));
  // The place is that in the pattern as it was written.
  EXPECT_THAT(message("(?<a>x)(?<b c>y)"), HasSubstr(R"("(?<b c>" (from byte 8))"));
  EXPECT_THAT(message("(?<a>x)["), HasSubstr(R"("[" (from byte 8))"));
}

TEST(CheckPattern, QuotesLittleOfALongPattern) {
  const std::string message(CheckPattern("(" + std::string(1'000, 'a')).message());
  EXPECT_THAT(message, HasSubstr("missing )"));
  EXPECT_LT(message.size(), 250u) << message;
}

TEST(FindPattern, FindsNamedGroupsAsGoWritesThem) {
  const auto spans = FindPattern("code (?<code>\\d+)$", {"exit code 137\n", "exit code x\n"});
  ASSERT_TRUE(spans[0].has_value());
  EXPECT_EQ(spans[0]->begin, 5u);
  EXPECT_EQ(spans[0]->end, 13u);
  EXPECT_FALSE(spans[1].has_value());
}

// Every way to match says the same of a line with its end.
TEST(PatternSet, MatchesLinesWithoutTheirEnd) {
  struct Row {
    const char* pattern;
    const char* line;
    bool matches;
  };
  const Row rows[] = {
      {"memory$", "CUDA out of memory\n", true},
      {"memory$", "CUDA out of memory\r\n", true},
      {"memory$", "CUDA out of memory\r", true},
      {"memory$", "CUDA out of memory", true},
      {"memory$", "CUDA out of memory \n", false},
      {R"(memory\z)", "CUDA out of memory\n", true},
      {"^$", "\n", true},
      {"^$", "a\n", false},
      {"(?m)^$", "a\n", false},
      {"[^a]$", "a\n", false},
      {R"(\W$)", "a\n", false},
      {"(?s)a.", "a\n", false},
      // A pattern that speaks of line ends goes on matching them.
      {R"(memory\n)", "CUDA out of memory\n", true},
      {R"(memory\n$)", "CUDA out of memory\n", true},
      {R"(memory\r\n)", "CUDA out of memory\r\n", true},
      {R"(memory\x0a)", "CUDA out of memory\n", true},
      {R"(memory\x{A})", "CUDA out of memory\n", true},
      {R"(memory\012)", "CUDA out of memory\n", true},
      {"memory[\n]", "CUDA out of memory\n", true},
      {R"(memory\s$)", "CUDA out of memory\n", true},
      {"memory[[:space:]]$", "CUDA out of memory\n", true},
      {R"(memory$|never\n)", "CUDA out of memory\n", true},
      {R"(memory\n)", "CUDA out of memory", false},
      {R"(memory\\n)", "CUDA out of memory\n", false},
      {R"(\Qmemory\n\E)", "CUDA out of memory\n", false},
      // Ends of lines within what is one line of a log.
      {R"(first\nsecond)", "first\nsecond\n", true},
      {"(?m)first$", "first\nsecond\n", true},
      {"first$", "first\nsecond\n", false},
      {"second$", "first\nsecond\n", true},
  };
  for (const Row& row : rows) {
    const std::vector<absl::string_view> lines = {row.line, "quiet\n"};
    EXPECT_EQ(!PatternSet({row.pattern}).Match(row.line).empty(), row.matches)
        << row.pattern << " alone in " << row.line;
    const PatternSet set({"another", row.pattern, "third"});
    EXPECT_EQ(!set.Match(row.line).empty(), row.matches) << row.pattern << " in " << row.line;
    EXPECT_EQ(FindPattern(row.pattern, lines)[0].has_value(), row.matches)
        << row.pattern << " found in " << row.line;
    if (row.matches) {
      EXPECT_THAT(set.Suspects(lines), testing::Contains(0)) << row.pattern << " in " << row.line;
    }
  }
}

TEST(PatternSet, MatchesNothingWithoutPatterns) {
  EXPECT_THAT(PatternSet({}).Match("anything"), IsEmpty());
}

TEST(PatternSet, GivesEveryPatternThatMatches) {
  const PatternSet set({"out of memory", "^CUDA", "loss=nan", "CUDA.*memory$", ""});
  EXPECT_THAT(set.Match("CUDA out of memory"), ElementsAre(0, 1, 3, 4));
  EXPECT_THAT(set.Match("a CUDA out of memory"), ElementsAre(0, 3, 4));
  EXPECT_THAT(set.Match("loss=nan"), ElementsAre(2, 4));
  EXPECT_THAT(set.Match(""), ElementsAre(4));
}

TEST(PatternSet, PassesOverPatternsThatDoNotCompile) {
  const PatternSet set({"a(", "b", "c["});
  EXPECT_THAT(set.Match("abc"), ElementsAre(1));
  EXPECT_THAT(PatternSet({"a("}).Match("a("), IsEmpty());
  EXPECT_THAT(PatternSet({"a(", "b["}).Match("a(b["), IsEmpty());
}

TEST(PatternSet, FindsEveryMatchWhereOneAutomatonDoesNotFit) {
  const std::vector<std::string> patterns = CostlyPatterns(400);
  std::string everything = "a";
  for (int i = 0; i < 400; ++i) absl::StrAppend(&everything, " ab", i);
  absl::StrAppend(&everything, " c");
  std::vector<int> all(400);
  std::iota(all.begin(), all.end(), 0);
  for (const int64_t max_bytes : {int64_t{64} << 20, int64_t{4} << 20, int64_t{1} << 18}) {
    const PatternSet set(patterns, max_bytes);
    EXPECT_EQ(set.Match(everything), all) << max_bytes;
    EXPECT_THAT(set.Match("ab7 and"), IsEmpty());
    EXPECT_THAT(set.Match(std::string(3'000, 'a')), IsEmpty());
  }
}

TEST(PatternSet, AgreesWithSinglePatternsOnRandomText) {
  SeededRandom random;
  std::vector<std::string> patterns = CostlyPatterns(30);
  for (const char* pattern : {"^a", "b$", "a.c", "\\x00", "[^a]b", "(ab|ca)+b", "\\bcab\\b",
                              "a{3,5}", "(?i)ABC", "\xC3\xBC", "[[:^alpha:]]"}) {
    patterns.emplace_back(pattern);
  }
  const PatternSet roomy(patterns);
  const PatternSet narrow(patterns, 200'000);
  constexpr absl::string_view kAlphabet("abc 017\n\0\xff\xc3\xbc", 12);
  for (int i = 0; i < 400; ++i) {
    std::string text(random.Next() % 60, ' ');
    for (char& c : text) c = kAlphabet[random.Next() % kAlphabet.size()];
    std::vector<int> expected;
    for (size_t p = 0; p < patterns.size(); ++p) {
      const std::string stripped(WithoutLineEnd(text));
      const bool matches =
          RE2::PartialMatch(stripped, patterns[p]) ||
          (ReadPatternSyntax(patterns[p]).names_line_end && RE2::PartialMatch(text, patterns[p]));
      if (matches) expected.push_back(static_cast<int>(p));
    }
    EXPECT_EQ(roomy.Match(text), expected) << text;
    EXPECT_EQ(narrow.Match(text), expected) << text;
  }
}

TEST(PatternSet, ReadsLongLinesWithAnyBytes) {
  const PatternSet set({"end$", "\\x00x", "needle"});
  std::string line(1 << 20, 'z');
  for (size_t i = 0; i < line.size(); i += 7) line[i] = static_cast<char>(i);
  line += std::string_view("\0x\xff\xfe\xed\xa0\x80 end", 11);
  EXPECT_THAT(set.Match(line), ElementsAre(0, 1));
}

TEST(PatternSet, IsSplitByOneOfManyThreads) {
  const PatternSet set(CostlyPatterns(400), 4 << 20);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&set, t] {
      for (int i = 0; i < 20; ++i) {
        const int wanted = (t * 20 + i) % 400;
        EXPECT_THAT(set.Match(absl::StrCat("aaaa b", wanted, " c")).empty(), false);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(PatternSetSuspects, AreNoneAmongQuietLines) {
  const PatternSet set({"CUDA out of memory", "^Traceback", "nan$"});
  std::vector<std::string> lines;
  for (int i = 0; i < 5'000; ++i) lines.push_back(absl::StrCat("step ", i, " loss=0.25"));
  const std::vector<absl::string_view> views(lines.begin(), lines.end());
  EXPECT_THAT(set.Suspects(views), IsEmpty());
  EXPECT_THAT(set.Suspects({}), IsEmpty());
}

TEST(PatternSetSuspects, AreAllLinesWherePatternsSpeakOfTheWholeText) {
  const std::vector<absl::string_view> lines = {"a", "b", "c"};
  for (const char* const pattern : {R"(\Ax)", R"(x\z)", "(?-m:^x)", "(?i-ms)x"}) {
    EXPECT_THAT(PatternSet({pattern, "y"}).Suspects(lines), ElementsAre(0, 1, 2)) << pattern;
  }
  EXPECT_THAT(PatternSet({"x"}).Suspects(lines), ElementsAre(0, 1, 2)) << "a pattern alone";
  EXPECT_THAT(PatternSet({"x", "("}).Suspects(lines), ElementsAre(0, 1, 2)) << "does not compile";
}

// Whatever Match finds in a line, its place is among the suspects.
TEST(PatternSetSuspects, MissNoLine) {
  const std::vector<std::string> parts = {"a",     "b",      ".",     "^",     "$",      R"(\b)",
                                          R"(\B)", "[^x]",   "(?m)",  "(?s)",  "(?i:A)", "a*",
                                          "b+",    "(a|bc)", R"(\s)", R"(\n)", "x?",     "é",
                                          "|",     R"(\r)",  R"(\A)", "(?-m)", R"(\z)"};
  const std::vector<std::string> bits = {"a", "b",  "c",    " ", "x", "A",
                                         "é", "\n", "\xFF", ".", "\r"};
  SeededRandom random(41);
  const auto pick = [&](const std::vector<std::string>& from) {
    return from[random.Next() % from.size()];
  };
  int matched = 0;
  int screened = 0;
  for (int round = 0; round < 800; ++round) {
    std::vector<std::string> patterns;
    while (patterns.size() < 2) {
      std::string pattern;
      for (uint64_t i = random.Next() % 5; i < 5; ++i) pattern += pick(parts);
      if (CheckPattern(pattern).ok()) patterns.push_back(pattern);
    }
    std::vector<std::string> lines(random.Next() % 8);
    for (std::string& line : lines) {
      for (uint64_t i = random.Next() % 6; i > 0; --i) line += pick(bits);
      if (random.Next() % 16 == 0) line.append(9'000, 'c');  // longer than what is read at once
    }
    const std::vector<absl::string_view> views(lines.begin(), lines.end());
    const PatternSet set(patterns);
    const std::vector<size_t> suspects = set.Suspects(views);
    screened += suspects.size() < lines.size();
    EXPECT_TRUE(std::is_sorted(suspects.begin(), suspects.end()));
    for (size_t i = 0; i < lines.size(); ++i) {
      if (set.Match(lines[i]).empty()) continue;
      ++matched;
      EXPECT_TRUE(std::binary_search(suspects.begin(), suspects.end(), i))
          << "/" << patterns[0] << "/ or /" << patterns[1] << "/ in line " << i;
    }
  }
  EXPECT_GT(matched, 300);
  EXPECT_GT(screened, 50);
}

}  // namespace
}  // namespace webhookd
