#include <array>
#include <cstdio>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/client/cli/cli_fixture.h"
#include "tests/testing/temp_dir.h"

namespace webhookd {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using testing::RunCli;

// What bash offers for the last of `words`, which the script sees as quoted words.
std::string BashOffers(const std::string& words) {
  const TempDir folder;
  const std::string path = folder / "test.bash";
  std::ofstream(path) << RunCli({"completion", "bash"}).out << "COMP_WORDS=(webhookctl " << words
                      << ")\nCOMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n_webhookctl\n"
                      << "echo \" ${COMPREPLY[*]} \"\n";
  std::string output;
  FILE* const pipe = popen(absl::StrCat("bash ", path, " 2>&1").c_str(), "r");
  std::array<char, 4096> buffer;
  while (fgets(buffer.data(), buffer.size(), pipe) != nullptr) output += buffer.data();
  pclose(pipe);
  return output;
}

TEST(Completion, BashKnowsCommandsOptionsAndValues) {
  EXPECT_EQ(BashOffers("we"), " webhook \n");
  EXPECT_THAT(BashOffers("webhook ''"), HasSubstr(" list get create update delete test "));
  EXPECT_EQ(BashOffers("--json webhook create --ty"), " --type \n");
  EXPECT_EQ(BashOffers("webhook create --type ''"), " default slack \n");
  EXPECT_EQ(BashOffers("webhook create --on COM"), " COMPLETED \n");
  EXPECT_EQ(BashOffers("delivery list --state de"), " delivered \n");
  EXPECT_EQ(BashOffers("verify --body /et"), " /etc \n");
  EXPECT_THAT(BashOffers("completion ''"), HasSubstr(" bash zsh fish "));
  // A value that is also the name of a command.
  EXPECT_EQ(BashOffers("webhook create --name delivery --ur"), " --url \n");
}

TEST(Completion, OtherShellsKnowTheSame) {
  const std::string zsh = RunCli({"completion", "zsh"}).out;
  EXPECT_THAT(zsh, ::testing::StartsWith("#compdef webhookctl\n"));
  EXPECT_THAT(zsh, HasSubstr("'list:List webhooks'"));
  EXPECT_THAT(zsh, HasSubstr("(\" webhook create --type\") compadd -- default slack"));
  const std::string fish = RunCli({"completion", "fish"}).out;
  EXPECT_THAT(fish, HasSubstr("-a list -d 'List webhooks'"));
  EXPECT_THAT(fish, HasSubstr("-l type -x -a 'default slack'"));
}

TEST(Completion, RefusesOtherShells) {
  const testing::CliResult result = RunCli({"completion", "tcsh"});
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.err, HasSubstr("tcsh"));
  EXPECT_THAT(result.out, Not(HasSubstr("complete")));
}

}  // namespace
}  // namespace webhookd
