#include "client/cli/webhookctl.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/client/cli/cli_fixture.h"

namespace webhookd {
namespace {

using testing::CliResult;
using testing::CliTest;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::RunCli;
using ::testing::StartsWith;

TEST(Webhookctl, HelpAndVersionSucceed) {
  for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
           {"--help"}, {"webhook", "-h"}, {"webhook", "create", "--help"}, {"verify", "--help"}}) {
    const CliResult result = RunCli(arguments);
    EXPECT_EQ(result.code, 0);
    EXPECT_THAT(result.out, HasSubstr("Usage: webhookctl"));
    EXPECT_THAT(result.err, IsEmpty());
  }
  EXPECT_THAT(RunCli({"--version"}).out, StartsWith("webhookctl "));
}

TEST(Webhookctl, WrongUsageIsTwo) {
  const auto expect = [](const std::vector<std::string>& arguments, const std::string& message) {
    const CliResult result = RunCli(arguments);
    EXPECT_EQ(result.code, 2) << message;
    EXPECT_THAT(result.err, StartsWith("webhookctl: "));
    EXPECT_THAT(result.err, HasSubstr(message));
    EXPECT_THAT(result.out, IsEmpty());
  };
  expect({}, "a command is missing; webhookctl has webhook, report");
  expect({"foo"}, "unknown command \"foo\"; webhookctl has");
  expect({"webhook"}, "webhookctl webhook has list, get");
  expect({"webhook", "lst"}, "unknown command \"lst\"; webhookctl webhook has list");
  expect({"webhook", "list", "--nope"}, "--nope");
  expect({"webhook", "get"}, "ID is required");
  expect({"webhook", "get", "x"}, "ID = x");
  expect({"--timeout", "soon", "version"}, "\"soon\" is not a duration");
  expect({"--server", "host:http", "version"}, "port \"http\"");
  expect({"--server", "https://host/path", "version"}, "contains '/'");
}

TEST_F(CliTest, SaysWhenNoServerIsThere) {
  server_.Stop();
  const CliResult result = Run({"webhook", "list"});
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.err, StartsWith("webhookctl: UNAVAILABLE: cannot connect to " +
                                     server_.address() + ": Connection refused\n"));
  EXPECT_THAT(result.err, HasSubstr("is webhookd running at " + server_.address()));
  EXPECT_THAT(result.out, IsEmpty());
}

TEST_F(CliTest, TakesTheServerInEveryForm) {
  EXPECT_EQ(Run({"version"}).code, 0);
  EXPECT_EQ(RunCli({"version", "--server", "http://" + server_.address() + "/"}).code, 0);
  // The option is stronger than the environment.
  EXPECT_EQ(Run({"--server", "host:http", "version"}).code, 2);
}

TEST_F(CliTest, PrintsTheServersErrors) {
  const CliResult result = Run({"webhook", "get", "7"});
  EXPECT_EQ(result.code, 1);
  EXPECT_EQ(result.err, "webhookctl: NOT_FOUND: webhook 7 does not exist\n");
}

TEST_F(CliTest, ShowsVersions) {
  const CliResult text = Run({"version"});
  EXPECT_THAT(text.out, HasSubstr("1.2.3 at " + server_.address()));
  EXPECT_THAT(text.out, HasSubstr("fake cluster"));
  const CliResult json = Run({"version", "--json"});
  EXPECT_THAT(json.out, StartsWith("{\"client\": {\"version\": \""));
  EXPECT_THAT(json.out, HasSubstr("\"server\": {\"version\":\"1.2.3\""));
}

TEST_F(CliTest, ShowsTheConfiguration) {
  EXPECT_EQ(Run({"config", "show"}).out,
            "SETTING               VALUE\n"
            "port                  8080\n"
            "webhooks.signing_key  testsigningkey\n");
  EXPECT_THAT(Run({"config", "show", "--json"}).out,
              HasSubstr("\"signing_key\": \"testsigningkey\""));
}

TEST_F(CliTest, ColoursOnlyATerminal) {
  determined::webhook::v1::Webhook webhook;
  webhook.set_id(1);
  webhook.set_name("a");
  determined_.Add(webhook);
  const std::vector<std::string> list = {"webhook", "list"};
  EXPECT_THAT(Run(list).out, Not(HasSubstr("\x1b[")));
  EXPECT_THAT(Run(list, {.out_is_terminal = true}).out, HasSubstr("\x1b["));
  EXPECT_THAT(Run(list, {.out_is_terminal = true, .environment = {{"NO_COLOR", "1"}}}).out,
              Not(HasSubstr("\x1b[")));
  EXPECT_THAT(Run({"webhook", "list", "--no-color"}, {.out_is_terminal = true}).out,
              Not(HasSubstr("\x1b[")));
}

}  // namespace
}  // namespace webhookd
