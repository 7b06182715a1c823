#include "server/config/help.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "server/config/setting.h"
#include "tests/testing/paths.h"

namespace webhookd {
namespace {

using ::testing::HasSubstr;

TEST(HelpText, NamesEveryFlagVariableAndDefault) {
  const std::string text = HelpText();
  for (const Setting& setting : Settings()) {
    for (const std::string& flag : setting.Flags()) EXPECT_THAT(text, HasSubstr(flag));
    for (const std::string& name : setting.Variables()) EXPECT_THAT(text, HasSubstr(name));
  }
  EXPECT_THAT(
      text,
      HasSubstr("  --port N\n"
                "      Port to serve gRPC and HTTP on. 0 takes any free one. With TLS the default\n"
                "      is 8443.\n"
                "      Value: whole number from 0 to 65535\n"
                "      Default: 8080\n"
                "      Environment: DET_PORT\n"));
}

TEST(HelpText, FitsATerminal) {
  for (const absl::string_view line : absl::StrSplit(HelpText(), '\n')) {
    EXPECT_LE(line.size(), 80) << line;
    EXPECT_EQ(line, absl::StripTrailingAsciiWhitespace(line));
  }
}

TEST(SettingsMarkdown, IsTheTableOfTheDocumentation) {
  std::ifstream file(SourcePath("docs/configuration.md"));
  std::stringstream document;
  document << file.rdbuf();
  const std::string begin = "<!-- webhookd --help-markdown -->\n";
  const std::string end = "<!-- end -->\n";
  const std::string text = document.str();
  const size_t from = text.find(begin);
  const size_t to = text.find(end);
  ASSERT_NE(from, std::string::npos);
  ASSERT_NE(to, std::string::npos);
  EXPECT_EQ(text.substr(from + begin.size(), to - from - begin.size()), SettingsMarkdown())
      << "put the output of webhookd --help-markdown between the comments in docs/configuration.md";
}

TEST(SettingsMarkdown, HasOneRowOfSixCellsForEachSetting) {
  size_t rows = 0;
  for (const absl::string_view line : absl::StrSplit(SettingsMarkdown(), '\n', absl::SkipEmpty())) {
    EXPECT_EQ(std::count(line.begin(), line.end(), '|'), 7) << line;
    ++rows;
  }
  EXPECT_EQ(rows, Settings().size() + 2);
}

}  // namespace
}  // namespace webhookd
