#include <fstream>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/client/cli/cli_fixture.h"
#include "tests/testing/temp_dir.h"

namespace webhookd {
namespace {

using ::testing::AllOf;
using testing::CliResult;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::RunCli;

constexpr char kKey[] = "testsigningkey";
constexpr char kTimestamp[] = "1666890081";
constexpr char kBody[] =
    R"({"id":1,"state":"COMPLETED","name":"test-name","duration":1,"resource_pool":"default","slots_per_trial":1,"workspace":"workspace","project":"project"})";
constexpr char kSignature[] = "899cc042278415da7d91605ffefe81376d64a4d842aa5663cd614f497f88910f";

class VerifyCommandTest : public ::testing::Test {
 protected:
  std::string File(const std::string& name, const std::string& content) {
    std::string path = folder_ / name;
    std::ofstream(path, std::ios::binary) << content;
    return path;
  }

  TempDir folder_;
};

TEST_F(VerifyCommandTest, AcceptsTheKnownVector) {
  const CliResult result = RunCli({"verify", "--key", kKey, "--timestamp", kTimestamp,
                                   "--signature", kSignature, "--body", "-", "--tolerance", "0"},
                                  {.input = kBody});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("X-Determined-AI-Signature: valid, signed "));
}

TEST_F(VerifyCommandTest, ReadsFilesAndTheEnvironment) {
  const std::string headers =
      File("headers", std::string("X-Determined-AI-Signature-Timestamp: ") + kTimestamp +
                          "\r\nX-Determined-AI-Signature: " + kSignature + "\r\n");
  const std::string body = File("body", kBody);
  const std::vector<std::string> arguments = {"verify", "--headers",   headers, "--body",
                                              body,     "--tolerance", "0"};
  EXPECT_EQ(RunCli(arguments, {.environment = {{"WEBHOOKD_SIGNING_KEY", kKey}}}).code, 0);
  std::vector<std::string> with_file = arguments;
  with_file.insert(with_file.end(), {"--key-file", File("key", std::string(kKey) + "\n")});
  EXPECT_EQ(RunCli(with_file).code, 0);
}

TEST_F(VerifyCommandTest, SaysWhyASignatureIsNotValid) {
  const CliResult result = RunCli({"verify", "--key", "wrong-secret", "--timestamp", kTimestamp,
                                   "--signature", kSignature, "--body", "-", "--tolerance", "0"},
                                  {.input = kBody});
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.out, HasSubstr("invalid: the signature does not match"));
  EXPECT_THAT(result.out + result.err, Not(HasSubstr("wrong-secret")));

  const CliResult stale = RunCli({"verify", "--key", kKey, "--timestamp", kTimestamp, "--signature",
                                  kSignature, "--body", "-"},
                                 {.input = kBody});
  EXPECT_EQ(stale.code, 1);
  EXPECT_THAT(stale.out, HasSubstr("the signature is right, but"));
}

TEST_F(VerifyCommandTest, TakesAStandardSignature) {
  const CliResult result = RunCli({"verify", "--key", kKey, "--timestamp", "1", "--signature",
                                   "v1,AAAA", "--id", "e-1", "--body", "-", "--json"},
                                  {.input = kBody});
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.out,
              AllOf(HasSubstr(R"({"valid": false, "checks": [{"header": "webhook-signature")"),
                    HasSubstr(R"("reason": "the signature does not match)")));
}

TEST_F(VerifyCommandTest, TellsWhatIsMissing) {
  const std::string body = File("body", kBody);
  const CliResult no_key =
      RunCli({"verify", "--timestamp", "1", "--signature", "x", "--body", body});
  EXPECT_EQ(no_key.code, 2);
  EXPECT_THAT(no_key.err, HasSubstr("the signing key is missing"));
  EXPECT_EQ(RunCli({"verify", "--key", kKey, "--body", body}).code, 2);
  EXPECT_EQ(RunCli({"verify", "--key", kKey, "--headers", "-", "--body", "-"}).code, 2);
  EXPECT_EQ(RunCli({"verify", "--key", kKey, "--headers", "-", "--id", "x", "--body", body}).code,
            2);

  const CliResult no_file = RunCli({"verify", "--key", kKey, "--timestamp", "1", "--signature", "x",
                                    "--body", folder_ / "none"});
  EXPECT_EQ(no_file.code, 1);
  EXPECT_THAT(no_file.err, HasSubstr("cannot read " + (folder_ / "none")));
  const CliResult no_headers =
      RunCli({"verify", "--key", kKey, "--headers", "-", "--body", body}, {.input = "Host: x\r\n"});
  EXPECT_EQ(no_headers.code, 1);
  EXPECT_THAT(no_headers.err, HasSubstr("has no signature headers"));
}

}  // namespace
}  // namespace webhookd
