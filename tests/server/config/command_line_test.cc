#include "server/config/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace webhookd {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

using Pairs = std::vector<std::pair<std::string, std::string>>;

// Names and values, or one pair with an empty name and the error.
Pairs Parse(const std::vector<std::string>& arguments) {
  const auto command_line = ParseCommandLine(arguments);
  if (!command_line.ok()) {
    EXPECT_EQ(command_line.status().code(), absl::StatusCode::kInvalidArgument);
    return {{"", std::string(command_line.status().message())}};
  }
  Pairs pairs;
  for (const GivenValue& value : command_line->values) {
    pairs.emplace_back(value.name, std::get<std::string>(value.text));
  }
  return pairs;
}

TEST(ParseCommandLine, TakesBothForms) {
  EXPECT_THAT(Parse({"--port", "1", "--log-level=debug"}),
              ElementsAre(Pair("--port", "1"), Pair("--log-level", "debug")));
}

TEST(ParseCommandLine, TakesThreeDashesForTwo) {
  EXPECT_THAT(Parse({"---security-webhooks-signing-key", "k", "---port=2"}),
              ElementsAre(Pair("--security-webhooks-signing-key", "k"), Pair("--port", "2")));
}

TEST(ParseCommandLine, KeepsValuesAsTheyAre) {
  EXPECT_THAT(Parse({"--webhooks-signing-key", "-k=[a],b ", "--cluster-name=", "--cluster-name", "",
                     "--webhooks-signing-key=--port"}),
              ElementsAre(Pair("--webhooks-signing-key", "-k=[a],b "), Pair("--cluster-name", ""),
                          Pair("--cluster-name", ""), Pair("--webhooks-signing-key", "--port")));
}

TEST(ParseCommandLine, SwitchNeedsNoValue) {
  EXPECT_THAT(
      Parse({"--egress-deny-private", "--egress-deny-private", "false", "--egress-deny-private=no",
             "--egress-deny-private", "--port", "1"}),
      ElementsAre(Pair("--egress-deny-private", "true"), Pair("--egress-deny-private", "false"),
                  Pair("--egress-deny-private", "no"), Pair("--egress-deny-private", "true"),
                  Pair("--port", "1")));
}

TEST(ParseCommandLine, RefusesUnknownFlagsWithTheNearest) {
  EXPECT_THAT(Parse({"--prot", "1"}),
              ElementsAre(Pair("", HasSubstr("unknown flag \"--prot\"; did you mean --port?"))));
  EXPECT_THAT(Parse({"--storage_path=x"}),
              ElementsAre(Pair("", HasSubstr("did you mean --storage-path?"))));
  EXPECT_THAT(Parse({"--completely-different"}),
              ElementsAre(Pair("", HasSubstr("unknown flag \"--completely-different\""))));
  for (const std::string dash : {"-", "--", "----port", "-port", "--=", "---"}) {
    EXPECT_THAT(Parse({dash}), ElementsAre(Pair("", HasSubstr("unknown flag"))));
  }
}

TEST(ParseCommandLine, RefusesWhatIsNoFlag) {
  EXPECT_THAT(Parse({"serve"}), ElementsAre(Pair("", HasSubstr("unexpected argument \"serve\""))));
  EXPECT_THAT(Parse({"--port", "1", "2"}), ElementsAre(Pair("", HasSubstr("\"2\""))));
  EXPECT_THAT(Parse({""}), ElementsAre(Pair("", HasSubstr("unexpected argument \"\""))));
}

TEST(ParseCommandLine, NoticesAForgottenValue) {
  EXPECT_THAT(Parse({"--port"}), ElementsAre(Pair("", "--port needs a value: --port=N")));
  EXPECT_THAT(Parse({"--webhooks-signing-key", "--port", "1"}),
              ElementsAre(Pair("", HasSubstr("--webhooks-signing-key needs a value, but "
                                             "\"--port\" follows"))));
}

TEST(ParseCommandLine, FindsActions) {
  using Action = CommandLine::Action;
  EXPECT_EQ(ParseCommandLine({})->action, Action::kRun);
  EXPECT_EQ(ParseCommandLine({"--port", "1", "--help", "--what"})->action, Action::kHelp);
  EXPECT_EQ(ParseCommandLine({"-h"})->action, Action::kHelp);
  EXPECT_EQ(ParseCommandLine({"--version"})->action, Action::kVersion);
  EXPECT_EQ(ParseCommandLine({"--help-markdown"})->action, Action::kHelpMarkdown);
  EXPECT_EQ(ParseCommandLine({"--cluster-name", "--help"})->action, Action::kRun);
}

}  // namespace
}  // namespace webhookd
