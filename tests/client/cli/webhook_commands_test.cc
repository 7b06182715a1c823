#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/client/cli/cli_fixture.h"

namespace webhookd {
namespace {

using testing::CliResult;
using testing::CliTest;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class WebhookCommandsTest : public CliTest {
 protected:
  CliResult Create(std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {"webhook", "create",   "--name",
                                          "日本",    "--url",    "http://127.0.0.1:9000/hook",
                                          "--on",    "completed"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Run(arguments);
  }
};

TEST_F(WebhookCommandsTest, CreatesListsAndShows) {
  const CliResult created =
      Create({"--on", "ERRORED", "--type", "slack", "--mode", "specific", "--workspace-id", "3",
              "--max-in-flight", "5", "--rate", "2.5", "--skip-tls-verification", "--trigger",
              R"({"triggerType":"TRIGGER_TYPE_TASK_LOG","condition":{"regex":"OOM"}})"});
  EXPECT_EQ(created.code, 0) << created.err;
  EXPECT_THAT(created.out, HasSubstr("Created webhook 1. Try it with webhookctl webhook test 1."));

  EXPECT_EQ(Run({"webhook", "list"}).out,
            "ID  NAME  WORKSPACE  MODE      TYPE   TRIGGERS                                    "
            "URL                         STATUS\n"
            "1   日本  3          specific  slack  COMPLETED, ERROR, TASK_LOG {\"regex\":\"OOM\"}  "
            "http://127.0.0.1:9000/hook  enabled\n");

  const CliResult shown = Run({"webhook", "get", "1"});
  EXPECT_THAT(shown.out, HasSubstr("Trigger 2  ERROR\n"));
  EXPECT_THAT(shown.out, HasSubstr("5 at most"));
  EXPECT_THAT(shown.out, HasSubstr("2.5 requests per second at most"));
  EXPECT_THAT(shown.out, HasSubstr("certificate is not verified"));

  const CliResult json = Run({"--json", "webhook", "get", "1"});
  EXPECT_THAT(json.out, HasSubstr("\"webhookType\": \"WEBHOOK_TYPE_SLACK\""));
  EXPECT_THAT(json.out, HasSubstr("\"workspaceId\": 3"));
}

TEST_F(WebhookCommandsTest, CreateLeavesOutWhatIsNotGiven) {
  const CliResult created = Create({"--json"});
  EXPECT_EQ(created.code, 0) << created.err;
  EXPECT_THAT(created.out, HasSubstr("\"webhookType\": \"WEBHOOK_TYPE_DEFAULT\""));
  EXPECT_THAT(created.out, HasSubstr("\"mode\": \"WEBHOOK_MODE_WORKSPACE\""));
  EXPECT_THAT(created.out, ::testing::Not(HasSubstr("maxInFlight")));
  EXPECT_THAT(created.out, ::testing::Not(HasSubstr("workspaceId")));
}

TEST_F(WebhookCommandsTest, CreateNeedsATrigger) {
  const CliResult result = Run({"webhook", "create", "--name", "a", "--url", "http://x"});
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.err, HasSubstr("a webhook needs a trigger"));
  EXPECT_EQ(determined_.webhook_count(), 0);
}

TEST_F(WebhookCommandsTest, CreateRefusesUnknownWords) {
  EXPECT_THAT(Create({"--type", "teams"}).err, HasSubstr("\"teams\" is not one of DEFAULT, SLACK"));
  EXPECT_THAT(Create({"--mode", "x"}).err, HasSubstr("not one of WORKSPACE, SPECIFIC"));
  EXPECT_THAT(Create({"--on", "DONE"}).err, HasSubstr("\"DONE\" is not one of ACTIVE"));
  EXPECT_THAT(Create({"--trigger", R"({"type":1})"}).err, HasSubstr("is not a trigger"));
  EXPECT_EQ(determined_.webhook_count(), 0);
}

TEST_F(WebhookCommandsTest, ListsNone) {
  EXPECT_THAT(Run({"webhook", "list"}).out, HasSubstr("No webhooks."));
}

TEST_F(WebhookCommandsTest, UpdatesOnlyWhatIsGiven) {
  Create();
  const CliResult result = Run({"webhook", "update", "1", "--url", "http://new", "--disable"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("http://new"));
  const auto patch = determined_.last_patch();
  EXPECT_EQ(patch.id(), 1);
  EXPECT_EQ(patch.webhook().url(), "http://new");
  EXPECT_TRUE(patch.webhook().disabled());
  EXPECT_FALSE(patch.webhook().has_name());
  EXPECT_FALSE(patch.webhook().has_mode());
  EXPECT_FALSE(patch.webhook().has_max_in_flight());
  EXPECT_FALSE(patch.webhook().has_skip_tls_verification());
  EXPECT_THAT(patch.webhook().triggers(), IsEmpty());

  EXPECT_EQ(
      Run({"webhook", "update", "1", "--enable", "--verify-tls", "--rate", "0", "--on", "ERROR",
           "--name", "b", "--mode", "workspace", "--max-in-flight", "0", "--error-state", "ERROR"})
          .code,
      0);
  const auto all = determined_.last_patch().webhook();
  EXPECT_TRUE(all.has_disabled() && !all.disabled());
  EXPECT_TRUE(all.has_skip_tls_verification() && !all.skip_tls_verification());
  EXPECT_TRUE(all.has_max_requests_per_second() && all.max_requests_per_second() == 0);
  EXPECT_TRUE(all.has_max_in_flight() && all.max_in_flight() == 0);
  EXPECT_EQ(all.error_state(), "ERROR");
  EXPECT_EQ(all.triggers_size(), 1);
}

TEST_F(WebhookCommandsTest, UpdateNeedsAChange) {
  EXPECT_EQ(Run({"webhook", "update", "1"}).code, 2);
  EXPECT_EQ(Run({"webhook", "update", "1", "--enable", "--disable"}).code, 2);
}

TEST_F(WebhookCommandsTest, DeleteAsksOnlyOnATerminal) {
  Create();
  const std::vector<std::string> arguments = {"webhook", "delete", "1"};
  const CliResult refused = Run(arguments, {.input = "n\n", .in_is_terminal = true});
  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(refused.err, HasSubstr("Delete webhook 1 (日本, http://127.0.0.1:9000/hook)"));
  EXPECT_THAT(refused.err, HasSubstr("Nothing was deleted."));
  EXPECT_EQ(Run(arguments, {.input = "", .in_is_terminal = true}).code, 1);
  EXPECT_EQ(determined_.webhook_count(), 1);

  const CliResult deleted = Run(arguments, {.input = " Yes \n", .in_is_terminal = true});
  EXPECT_EQ(deleted.code, 0);
  EXPECT_EQ(deleted.out, "Deleted webhook 1; deliveries canceled: 2.\n");
  EXPECT_EQ(determined_.webhook_count(), 0);

  Create();
  EXPECT_THAT(Run(arguments).err, IsEmpty());
  Create();
  EXPECT_THAT(Run({"webhook", "delete", "1", "--yes"}, {.in_is_terminal = true}).err, IsEmpty());
  EXPECT_EQ(determined_.webhook_count(), 0);
}

TEST_F(WebhookCommandsTest, TestShowsWhatCameBack) {
  Create();
  v1::TryWebhookResponse response;
  response.set_completed(true);
  response.set_request_body(R"({"event_data":{"data":"test"}})");
  response.mutable_attempt()->set_status(200);
  response.mutable_attempt()->mutable_duration()->set_nanos(12'000'000);
  response.mutable_attempt()->set_response_excerpt("ok");
  deliveries_.SetTestResponse(response);
  const CliResult confirmed = Run({"webhook", "test", "1"});
  EXPECT_EQ(confirmed.code, 0);
  EXPECT_EQ(deliveries_.last_test().webhook_id(), 1);
  EXPECT_EQ(confirmed.out,
            "Result  confirmed\n"
            "Status  200\n"
            "Time    12ms\n"
            "Sent    {\"event_data\":{\"data\":\"test\"}}\n"
            "Answer  ok\n");

  response.set_completed(false);
  response.mutable_attempt()->set_status(0);
  response.mutable_attempt()->set_error_class("timeout");
  response.mutable_attempt()->set_error_message("no answer within 15s");
  deliveries_.SetTestResponse(response);
  const CliResult failed = Run({"webhook", "test", "1"});
  EXPECT_EQ(failed.code, 1);
  EXPECT_THAT(failed.out, HasSubstr("not confirmed"));
  EXPECT_THAT(failed.out, HasSubstr("timeout: no answer within 15s"));
  const CliResult json = Run({"webhook", "test", "1", "--json"});
  EXPECT_EQ(json.code, 1);
  EXPECT_THAT(json.out, HasSubstr("\"errorClass\": \"timeout\""));
}

}  // namespace
}  // namespace webhookd
