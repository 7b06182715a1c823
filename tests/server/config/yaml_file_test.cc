#include "server/config/yaml_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/string_view.h"
#include "tests/server/config/loading.h"

namespace webhookd {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using Kind = YamlNode::Kind;

std::string ParseError(absl::string_view text) {
  const auto node = ParseYaml(text, "f");
  if (node.ok()) return "no error";
  EXPECT_EQ(node.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(node.status().message());
}

TEST(ParseYaml, KeepsTextKindsAndLines) {
  const auto root = ParseYaml("# comment\na: 0x1F\nb:\n  c: [1, 'two']\n  d:\ne: \"\"\n", "f");
  ASSERT_TRUE(root.ok()) << root.status();
  ASSERT_EQ(root->kind, Kind::kMap);
  ASSERT_EQ(root->children.size(), 3);
  const YamlNode& a = root->children[0];
  EXPECT_EQ(a.kind, Kind::kScalar);
  EXPECT_EQ(a.key, "a");
  EXPECT_EQ(a.scalar, "0x1F");
  EXPECT_EQ(a.line, 2);
  const YamlNode& b = root->children[1];
  ASSERT_EQ(b.children.size(), 2);
  EXPECT_EQ(b.children[0].kind, Kind::kList);
  EXPECT_EQ(b.children[0].line, 4);
  EXPECT_EQ(b.children[0].children[1].scalar, "two");
  EXPECT_EQ(b.children[1].kind, Kind::kEmpty);
  EXPECT_EQ(b.children[1].line, 5);
  EXPECT_EQ(root->children[2].kind, Kind::kScalar);
  EXPECT_THAT(root->children[2].scalar, IsEmpty());
}

TEST(ParseYaml, EmptyTextIsAnEmptyNode) {
  for (const absl::string_view text : {"", "\n\n", "# only a comment\n", "---\n", "\xef\xbb\xbf"}) {
    const auto node = ParseYaml(text, "f");
    ASSERT_TRUE(node.ok()) << node.status();
    EXPECT_EQ(node->kind, Kind::kEmpty);
  }
}

TEST(ParseYaml, NamesTheLineOfASyntaxError) {
  EXPECT_THAT(ParseError("a: 1\nb: [1, 2\nc: 3\n"), StartsWith("f:3: not valid YAML: "));
  EXPECT_THAT(ParseError("a: 1\n\tb: 2\n"), HasSubstr(": not valid YAML: "));
  EXPECT_THAT(ParseError("a: *nobody"), StartsWith("f:1: not valid YAML: "));
  EXPECT_THAT(ParseError("a: \"open"), HasSubstr("not valid YAML"));
}

TEST(ParseYaml, RefusesDuplicateKeys) {
  EXPECT_EQ(ParseError("a: 1\nb: 2\na: 1\n"),
            "f:3: the key \"a\" stands in line 1 already; remove one of them");
  EXPECT_EQ(ParseError("s:\n  x: 1\n  x: 2\n"),
            "f:3: the key \"x\" stands in line 2 already; remove one of them");
}

TEST(ParseYaml, RefusesWhatSettingsCannotBe) {
  EXPECT_EQ(ParseError("? [a, b]\n: 1\n"), "f:1: a key that is not plain text");
  EXPECT_EQ(ParseError("a: 1\n---\nb: 2\n"),
            "f:2: a second YAML document begins; settings must be in one");
}

TEST(ParseYaml, RefusesAliases) {
  EXPECT_EQ(ParseError("a: &x 1\nb: *x\n"),
            "f:2: aliases are not supported; write the value once more");
  EXPECT_EQ(ParseError("a: &x [*x]\n"),
            "f:1: aliases are not supported; write the value once more");
  EXPECT_TRUE(ParseYaml("a: &unused 1\n", "f").ok());
}

TEST(ParseYaml, SurvivesDeepNesting) {
  EXPECT_THAT(ParseError(std::string(100'000, '[')), HasSubstr("not valid YAML"));
  EXPECT_THAT(ParseError(std::string(100'000, '{')), HasSubstr("not valid YAML"));
}

TEST(ReadYamlFile, SaysWhyItCannot) {
  EXPECT_EQ(ReadYamlFile("/nowhere.yaml").status().code(), absl::StatusCode::kNotFound);
  const auto folder = ReadYamlFile("/tmp");
  EXPECT_FALSE(folder.ok());
  EXPECT_THAT(std::string(folder.status().message()),
              HasSubstr("cannot read the configuration file \"/tmp\""));
}

TEST(ReadYamlFile, BoundsTheSize) {
  const auto node = ReadYamlFile(NewFile(std::string(1024 * 1024 + 1, '#')));
  EXPECT_THAT(std::string(node.status().message()), HasSubstr("more than 1048576 bytes"));
}

}  // namespace
}  // namespace webhookd
