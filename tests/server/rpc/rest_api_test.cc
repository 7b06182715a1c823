// The RPCs over HTTP, against the real port: what a caller with curl sees.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "tests/testing/last_resort.h"
#include "tests/testing/listen.h"
#include "tests/testing/receiver.h"
#include "tests/testing/rest_client.h"
#include "tests/testing/test_server.h"

namespace webhookd {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::string WebhookJson(const std::string& name, const std::string& url) {
  return absl::StrCat(R"({"name":")", name, R"(","url":")", url,
                      R"(","webhookType":"WEBHOOK_TYPE_DEFAULT","workspaceId":null,"triggers":[)"
                      R"({"triggerType":"TRIGGER_TYPE_EXPERIMENT_STATE_CHANGE",)"
                      R"("condition":{"state":"COMPLETED"}}]})");
}

constexpr char kReport[] =
    R"({"experiment":{"id":7,"name":"n","state":"STATE_COMPLETED"},"idempotencyKey":"k"})";

TEST(RestApi, ManagesAWebhookFromItsBirthToItsEnd) {
  TestServer server;
  RestClient client(server.address());
  const RestAnswer created =
      client.Post("/api/v1/webhooks", WebhookJson("ci", "http://10.1.2.3/x"));
  ASSERT_EQ(created.status, 200) << created.error << created.body;
  EXPECT_THAT(created.body, StartsWith(R"({"webhook":{"id":1,"url":"http://10.1.2.3/x",)"));
  EXPECT_EQ(created.headers.at("content-type"), "application/json");

  const RestAnswer patched =
      client.Request("PATCH", "/api/v1/webhooks/1", R"({"url":"http://10.1.2.3/y"})");
  EXPECT_EQ(patched.status, 200) << patched.body;
  EXPECT_THAT(server.GetWebhook(1).url(), "http://10.1.2.3/y");
  EXPECT_EQ(server.GetWebhook(1).name(), "ci");

  const RestAnswer listed = client.Get("/api/v1/webhooks/");
  EXPECT_EQ(listed.status, 200) << listed.body;
  EXPECT_THAT(listed.body, HasSubstr(R"("name":"ci")"));
  EXPECT_THAT(client.Get("/api/v1/webhooks?pretty").body, StartsWith("{\n    \"webhooks\": [\n"));

  EXPECT_EQ(client.Request("DELETE", "/api/v1/webhooks/1", "").status, 200);
  EXPECT_EQ(client.Get("/api/v1/webhooks").body, R"({"webhooks":[]})");
  EXPECT_EQ(client.Request("DELETE", "/api/v1/webhooks/1", "").status, 404);
}

std::string LogWebhookJson(const std::string& name, const std::string& url,
                           const std::string& regex) {
  return absl::StrCat(R"({"name":")", name, R"(","url":")", url,
                      R"(","webhookType":"WEBHOOK_TYPE_DEFAULT","triggers":[)"
                      R"({"triggerType":"TRIGGER_TYPE_TASK_LOG","condition":{"regex":")",
                      regex, R"("}}]})");
}

// What Determined's shipper of logs sends when its own child fails, and others by hand: nothing
// that only decorates a line costs the batch.
TEST(RestApi, TakesLinesWhateverDecoratesThem) {
  TestServer server;
  RestClient client(server.address());
  ASSERT_EQ(client.Post("/api/v1/webhooks", LogWebhookJson("w", "http://10.1.2.3/", "x")).status,
            200);
  int task = 0;
  const auto logged = [&](const std::string& fields) {
    const std::string id = absl::StrCat("t", ++task);
    const RestAnswer answer = client.Post(
        "/api/v1/task/logs",
        absl::StrCat(R"({"logs":[{"taskId":")", id, R"(","log":"x\n",)", fields, "}]}"));
    EXPECT_EQ(answer.status, 200) << fields << answer.body;
    const RestAnswer events = client.Get("/api/v1/events?pageSize=1");
    EXPECT_THAT(events.body, HasSubstr(absl::StrCat(R"("taskId":")", id, "\""))) << fields;
    return events.body;
  };
  EXPECT_THAT(
      logged(
          R"("level":"ERROR","stdtype":"stderr","timestamp":"2026-12-01T02:09:16.521668+00:00")"),
      HasSubstr(R"("level":"LOG_LEVEL_ERROR")"));
  for (const char* const level : {R"("LOG_LEVEL_ERROR")", R"("error")", R"("Log_Level_Error")",
                                  R"(" ERROR ")", "5", R"("5")"}) {
    EXPECT_THAT(logged(absl::StrCat(R"("level":)", level)),
                HasSubstr(R"("level":"LOG_LEVEL_ERROR")"))
        << level;
  }
  for (const char* const level : {R"("FATAL")", R"("")", "40", R"("40")", "1.5", "-1", "true", "{}",
                                  R"([{"a":[1]}])", "99999999999999999999"}) {
    EXPECT_THAT(logged(absl::StrCat(R"("level":)", level)), Not(HasSubstr("LOG_LEVEL_E"))) << level;
  }
  EXPECT_THAT(logged(R"("agentId":5,"source":true,"stdtype":["stderr"],"rankId":"zero",)"
                     R"("timestamp":"yesterday","containerId":null,"allocationId":{"a":1})"),
              HasSubstr(R"("agentId":"5")"));
  logged(R"("timestamp":"2026-12-01T02:09:16.521668")");
  logged(R"("timestamp":1764554956)");
  logged(R"("timestamp":"0000-01-01T00:00:00Z","rankId":4294967296)");
  // What decides is as strict as ever, and so is JSON.
  for (const char* const body :
       {R"({"logs":[{"taskId":5,"log":"x"}]})", R"({"logs":[{"taskId":"t","log":7}]})",
        R"({"logs":[{"taskId":"t","log":"x","level":ERROR}]})",
        R"({"logs":[{"taskId":"t","log":"x","level":{"a"}}]})",
        R"({"logs":[{"taskId":"t","log":"x","id":1}]})"}) {
    EXPECT_EQ(client.Post("/api/v1/task/logs", body).status, 400) << body;
  }
}

TEST(RestApi, TakesReportsWhateverDecoratesThem) {
  TestServer server;
  RestClient client(server.address());
  const RestAnswer report =
      client.Post("/api/v1/events/experiment-state",
                  R"({"occurredAt":"now","experiment":{"id":7,"state":"STATE_COMPLETED","name":12,)"
                  R"("startTime":"2026-01-01T00:00:05Z","endTime":"2026-01-01T00:00:00Z",)"
                  R"("slotsPerTrial":-1,"projectId":"none"}})");
  EXPECT_EQ(report.status, 200) << report.body;
  const std::string event = client.Get("/api/v1/events?pageSize=1").body;
  EXPECT_THAT(event, HasSubstr("is before start_time 2026-01-01T00:00:05+00:00"));
  EXPECT_THAT(event, HasSubstr("slots_per_trial is -1"));
  EXPECT_THAT(event, HasSubstr(R"("name":"12")"));
  for (const char* const alert :
       {R"({"experimentId":7})", R"({"experimentId":7,"data":{}})",
        R"({"experimentId":7,"trialId":99,"data":{"title":5,"level":"loud"}})",
        R"({"experimentId":7,"trialId":0,"data":{"level":"critical"}})"}) {
    EXPECT_EQ(client.Post("/api/v1/webhooks/custom", alert).status, 200) << alert;
  }
  // What decides is refused.
  for (const char* const wrong :
       {R"({"experiment":{"id":7,"state":"DONE"}})", R"({"experiment":{"id":"x","state":6}})"}) {
    EXPECT_EQ(client.Post("/api/v1/events/experiment-state", wrong).status, 400) << wrong;
  }
}

TEST(RestApi, RefusesAThresholdThatItCannotKeep) {
  TestServer server;
  RestClient client(server.address());
  const auto created = [&](const std::string& threshold) {
    return client.Post(
        "/api/v1/webhooks",
        absl::StrCat(R"({"name":"t)", threshold,
                     R"(","url":"http://10.1.2.3/","webhookType":1,)"
                     R"("triggers":[{"triggerType":2,"condition":{"metric":"m","operator":">",)"
                     R"("threshold":)",
                     threshold, "}}]}"));
  };
  const RestAnswer refused = created("9007199254740993");
  EXPECT_EQ(refused.status, 400);
  EXPECT_THAT(refused.body, HasSubstr("condition.threshold: expected a whole "
                                      "number that can be kept exactly, such as 9007199254740992, "
                                      "found 9007199254740993"));
  EXPECT_EQ(created("-9007199254740993").status, 400);
  EXPECT_EQ(created("123456789012345678901234567890").status, 400);
  for (const char* const kept :
       {"9007199254740992", "-9007199254740992", "9007199254740994", "1e300", "0.1",
        "1000000000000000000000", "9007199254740993.0e0"}) {
    EXPECT_EQ(created(kept).status, 200) << kept;
  }
}

// Lists share the webhooks with each other; nobody may see what is not so any more.
TEST(RestApi, ListsWebhooksAsTheyAreWhileTheyChange) {
  TestServer server;
  RestClient client(server.address());
  ASSERT_EQ(client.Post("/api/v1/webhooks", WebhookJson("ci", "http://10.1.2.3/0")).status, 200);
  std::atomic<bool> changing = true;
  std::thread other([&] {
    RestClient reader(server.address());
    while (changing) EXPECT_EQ(reader.Get("/api/v1/webhooks").status, 200);
  });
  for (int i = 1; i <= 50; ++i) {
    const std::string url = absl::StrCat("http://10.1.2.3/", i);
    const RestAnswer patched =
        client.Request("PATCH", "/api/v1/webhooks/1", absl::StrCat(R"({"url":")", url, R"("})"));
    ASSERT_EQ(patched.status, 200) << patched.body;
    EXPECT_THAT(client.Get("/api/v1/webhooks").body, HasSubstr(absl::StrCat("\"", url, "\"")));
    const RestAnswer with_last = client.Get("/api/v1/webhooks?withLastDeliveries=true");
    EXPECT_THAT(with_last.body, HasSubstr(absl::StrCat("\"", url, "\"")));
    EXPECT_THAT(with_last.body, HasSubstr(R"("lastDeliveries":{)"));
  }
  changing = false;
  other.join();
}

TEST(RestApi, TellsErrorsAsDeterminedDoes) {
  TestServer server;
  RestClient client(server.address());
  ASSERT_EQ(client.Post("/api/v1/webhooks", WebhookJson("ci", "http://10.1.2.3/")).status, 200);
  struct Row {
    const char* method;
    const char* path;
    std::string body;
    int status;
    const char* error;
  };
  const std::vector<Row> rows = {
      {"GET", "/api/v1/webhooks/9", "", 404, R"({"error":{"code":5,"reason":"NotFound","error":")"},
      {"GET", "/api/v1/webhooks/x", "", 400, "type mismatch, parameter: webhook_id, error: "},
      {"POST", "/api/v1/webhooks", "{", 400, R"("reason":"InvalidArgument")"},
      {"POST", "/api/v1/webhooks", "{}", 400, R"("reason":"InvalidArgument")"},
      {"POST", "/api/v1/webhooks", WebhookJson("ci", "http://10.1.2.3/"), 409, "AlreadyExists"},
      {"POST", "/api/v1/webhooks", WebhookJson("b", "ftp://10.1.2.3/"), 400, "InvalidArgument"},
      {"GET", "/api/v1/nothing", "", 501, R"({"error":{"code":12,)"},
      {"PUT", "/api/v1/webhooks", "", 501, R"({"error":{"code":12,)"},
      {"PUT", "/info", "", 404, R"({"error":{"code":5,)"},
  };
  for (const Row& row : rows) {
    const RestAnswer answer = client.Request(row.method, row.path, row.body);
    EXPECT_EQ(answer.status, row.status) << row.method << " " << row.path << " " << answer.error;
    EXPECT_THAT(answer.body, HasSubstr(row.error)) << row.method << " " << row.path;
  }
}

TEST(RestApi, ProfileV2TellsErrorsAsGrpcGateway2Does) {
  TestServer server([](Config& config) { config.gateway.profile = "v2"; });
  RestClient client(server.address());
  const RestAnswer missing = client.Get("/api/v1/webhooks/9");
  EXPECT_EQ(missing.status, 404);
  EXPECT_THAT(missing.body, StartsWith(R"({"code":5,"message":")"));
  const RestAnswer nowhere = client.Get("/api/v1/nothing");
  EXPECT_EQ(nowhere.status, 404);
  EXPECT_EQ(nowhere.body, R"({"code":5,"message":"Not Found","details":[]})");
}

TEST(RestApi, ReportsOnceAndDelivers) {
  TestServer server;
  Receiver receiver;
  RestClient client(server.address());
  ASSERT_EQ(client.Post("/api/v1/webhooks", WebhookJson("ci", receiver.url())).status, 200);
  const RestAnswer first = client.Post("/api/v1/events/experiment-state", kReport);
  ASSERT_EQ(first.status, 200) << first.body;
  EXPECT_THAT(first.body, HasSubstr(R"("deliveryCount":"1","duplicate":false)"));
  const RestAnswer second = client.Post("/api/v1/events/experiment-state", kReport);
  EXPECT_THAT(second.body, HasSubstr(R"("duplicate":true)"));
  server.WaitForDelivery(1, v1::DELIVERY_STATE_DELIVERED);
  EXPECT_THAT(client.Get("/api/v1/deliveries?webhookId=1").body,
              HasSubstr("DELIVERY_STATE_DELIVERED"));
}

TEST(RestApi, AnswersEachReportOfAStream) {
  TestServer server;
  RestClient client(server.address());
  std::string body;
  constexpr int kReports = 3'000;
  for (int i = 1; i <= kReports; ++i) {
    absl::StrAppend(&body, R"({"sequence":")", i, R"(","experimentState":{"experiment":{"id":)", i,
                    R"(,"state":"STATE_COMPLETED"}}})");
  }
  const RestAnswer answer = client.Post("/api/v1/events/stream", body);
  ASSERT_EQ(answer.status, 200) << answer.error;
  const std::vector<std::string> lines = absl::StrSplit(answer.body, '\n', absl::SkipEmpty());
  ASSERT_EQ(lines.size(), kReports);
  for (const std::string& line : lines) {
    EXPECT_THAT(line, StartsWith(R"({"result":{"sequence":")"));
    EXPECT_THAT(line, HasSubstr(R"("experimentState":{"eventId":")"));
  }
}

TEST(RestApi, RefusesSeveralReportsInOneMessageOfAStream) {
  TestServer server;
  RestClient client(server.address());
  const RestAnswer answer = client.Post(
      "/api/v1/events/stream", R"({"sequence":"7","experimentState":{"experiment":{"id":1,)"
                               R"("state":"STATE_COMPLETED"}},"more":[{"sequence":"8"}]})");
  ASSERT_EQ(answer.status, 200) << answer.error;
  EXPECT_THAT(answer.body, StartsWith(R"({"result":{"sequence":"7","error":{"code":3,)"));
  EXPECT_THAT(answer.body, HasSubstr("send a message for each report"));
}

TEST(RestApi, EndsAStreamAtWhatItCannotRead) {
  TestServer server;
  RestClient client(server.address());
  const RestAnswer answer = client.Post(
      "/api/v1/events/stream",
      R"({"sequence":"1","experimentState":{"experiment":{"id":3,"state":"STATE_COMPLETED"}}} {"seq)");
  EXPECT_EQ(answer.status, 200) << answer.error;
  const std::vector<std::string> lines = absl::StrSplit(answer.body, '\n', absl::SkipEmpty());
  ASSERT_EQ(lines.size(), 2) << answer.body;
  EXPECT_THAT(lines[0], StartsWith(R"({"result":)"));
  EXPECT_THAT(lines[1], StartsWith(R"({"error":)"));

  const RestAnswer refused = client.Post("/api/v1/events/stream", "[1]");
  EXPECT_EQ(refused.status, 400) << refused.body;
  EXPECT_EQ(client.Post("/api/v1/events/stream", "").status, 200);
}

TEST(RestApi, AnswersAtTheLatestWhenTheCallersTimeIsOver) {
  const int silent = ListenOn("127.0.0.1", 0);
  TestServer server([](Config& config) { config.delivery.timeout = absl::Minutes(4); });
  RestClient client(server.address());
  const std::string url = absl::StrCat("http://127.0.0.1:", PortOf(silent), "/");
  ASSERT_EQ(client.Post("/api/v1/webhooks", WebhookJson("silent", url)).status, 200);
  const absl::Time start = absl::Now();
  const RestAnswer late = client.Post("/api/v1/webhooks/1/test", "", {"Grpc-Timeout: 100m"});
  EXPECT_EQ(late.status, 504) << late.body;
  EXPECT_THAT(late.body, HasSubstr(R"({"error":{"code":4,)"));
  EXPECT_GE(absl::Now() - start, absl::Milliseconds(100));
  // Long before the attempt is over.
  EXPECT_LT(absl::Now() - start, server.config().delivery.timeout / 2);
  EXPECT_EQ(client.Request("GET", "/api/v1/webhooks", "", {"Grpc-Timeout: 1H"}).status, 200);
  close(silent);
}

TEST(RestApi, ATestWhoseReceiverFailsIsAnErrorWithTheAttempt) {
  Receiver receiver([](const ReceivedRequest&) { return CannedResponse::Status(500, "oops"); });
  for (const char* const profile : {"determined", "v2"}) {
    TestServer server([&](Config& config) { config.gateway.profile = profile; });
    RestClient client(server.address());
    ASSERT_EQ(client.Post("/api/v1/webhooks", WebhookJson("failing", receiver.url())).status, 200);
    const RestAnswer answer = client.Post("/api/v1/webhooks/1/test", "");
    EXPECT_EQ(answer.status, 400);
    const nlohmann::json json = nlohmann::json::parse(answer.body);
    const bool v2 = std::string(profile) == "v2";
    const nlohmann::json& error = v2 ? json : json["error"];
    EXPECT_EQ(error["code"], 3);
    EXPECT_THAT(error[v2 ? "message" : "error"], StartsWith("received error from webhook server"));
    ASSERT_EQ(error["details"].size(), 1u) << answer.body;
    EXPECT_EQ(error["details"][0]["@type"], "type.googleapis.com/webhookd.v1.Attempt");
    EXPECT_EQ(error["details"][0]["status"], 500);
    EXPECT_EQ(error["details"][0]["responseExcerpt"], "oops");
    // Other errors look as they always did.
    const RestAnswer missing = client.Post("/api/v1/webhooks/9/test", "");
    EXPECT_EQ(missing.status, 404);
    const nlohmann::json other = nlohmann::json::parse(missing.body);
    if (v2) {
      EXPECT_EQ(other["details"], nlohmann::json::array());
    } else {
      EXPECT_FALSE(other["error"].contains("details"));
    }
  }
}

TEST(RestApi, GlobalWebhooksShowWorkspaceZero) {
  TestServer server;
  RestClient client(server.address());
  const RestAnswer created =
      client.Post("/api/v1/webhooks", WebhookJson("global", "http://127.0.0.1:9/"));
  EXPECT_EQ(nlohmann::json::parse(created.body)["webhook"]["workspaceId"], 0);
  EXPECT_EQ(
      nlohmann::json::parse(client.Get("/api/v1/webhooks").body)["webhooks"][0]["workspaceId"], 0);
}

// Names of the workspaces that a query finds, in their order.
std::vector<std::string> FindWorkspaces(RestClient& client, const std::string& query) {
  const RestAnswer answer = client.Get("/api/v1/workspaces?" + query);
  EXPECT_EQ(answer.status, 200) << answer.body;
  std::vector<std::string> names;
  const nlohmann::json found = nlohmann::json::parse(answer.body);
  for (const nlohmann::json& workspace : found["workspaces"]) {
    names.push_back(workspace["name"]);
  }
  return names;
}

TEST(RestApi, WorkspacesAreFoundByTheirWholeName) {
  using ::testing::ElementsAre;
  using ::testing::IsEmpty;
  TestServer server;
  RestClient client(server.address());
  int id = 0;
  for (const char* const name : {"w-one", "one", "One more", "a_b", "a%b", "axb", "größe"}) {
    const nlohmann::json body = {{"name", name}};
    const std::string path = absl::StrCat("/api/v1/admin/workspaces/", ++id);
    ASSERT_EQ(client.Request("PUT", path, body.dump()).status, 200);
  }
  EXPECT_THAT(FindWorkspaces(client, "name=one"), ElementsAre("one"));
  EXPECT_THAT(FindWorkspaces(client, "name=ONE"), ElementsAre("one"));
  EXPECT_THAT(FindWorkspaces(client, "name=on"), IsEmpty());
  // PostgreSQL's ILIKE, as a master has it.
  EXPECT_THAT(FindWorkspaces(client, "name=%25one"), ElementsAre("w-one", "one"));
  EXPECT_THAT(FindWorkspaces(client, "name=%25ONE%25"), ElementsAre("w-one", "one", "One more"));
  EXPECT_THAT(FindWorkspaces(client, "name=a_b"), ElementsAre("a_b", "a%b", "axb"));
  EXPECT_THAT(FindWorkspaces(client, "name=a%5C_b"), ElementsAre("a_b"));
  EXPECT_THAT(FindWorkspaces(client, "name=a%5C%25b"), ElementsAre("a%b"));
  EXPECT_THAT(FindWorkspaces(client, "name=gr__e"), ElementsAre("größe"));
  EXPECT_THAT(FindWorkspaces(client, "name=%25%25"), ::testing::SizeIs(7));
  EXPECT_THAT(FindWorkspaces(client, "name=one%5C"), IsEmpty());
  EXPECT_THAT(FindWorkspaces(client, "nameCaseSensitive=one"), ElementsAre("one"));
  EXPECT_THAT(FindWorkspaces(client, "nameCaseSensitive=One"), IsEmpty());
  EXPECT_THAT(FindWorkspaces(client, "nameCaseSensitive=a_b"), ElementsAre("a_b"));
  EXPECT_THAT(FindWorkspaces(client, ""), ::testing::SizeIs(7));
}

TEST(RestApi, WorkspacesThatReportsNamedAreListed) {
  TestServer server;
  v1::ReportExperimentStateRequest report = CompletedReport(1);
  report.mutable_experiment()->set_workspace_id(5);
  report.mutable_experiment()->set_workspace_name("vision");
  server.Report(report);
  report = CompletedReport(2);
  report.mutable_experiment()->set_workspace_id(6);
  report.mutable_experiment()->set_workspace_name("audio");
  server.Report(report);
  for (int start = 0; start < 2; ++start) {
    RestClient client(server.address());
    EXPECT_THAT(FindWorkspaces(client, ""), ::testing::ElementsAre("vision", "audio"));
    EXPECT_THAT(FindWorkspaces(client, "name=Vision"), ::testing::ElementsAre("vision"));
    EXPECT_EQ(nlohmann::json::parse(client.Get("/api/v1/workspaces/5").body)["workspace"]["name"],
              "vision");
    EXPECT_EQ(client.Get("/api/v1/workspaces/7").status, 404);
    server.Restart();
  }
  // What somebody put counts.
  RestClient client(server.address());
  ASSERT_EQ(client.Request("PUT", "/api/v1/admin/workspaces/5", R"({"name":"images"})").status,
            200);
  EXPECT_THAT(FindWorkspaces(client, ""), ::testing::ElementsAre("images", "audio"));
}

TEST(RestApi, RefusesOtherSitesPages) {
  TestServer server([](Config& config) { config.http.cors_origins = {"https://known.example"}; });
  RestClient client(server.address());
  const std::string own = absl::StrCat("Origin: http://", server.address());
  EXPECT_EQ(client.Get("/api/v1/webhooks", {own}).status, 200);
  EXPECT_EQ(client.Get("/api/v1/webhooks", {"Origin: https://known.example"}).status, 200);
  EXPECT_EQ(client.Get("/api/v1/webhooks", {"Host: localhost:1"}).status, 200);
  for (const char* header : {"Origin: http://evil.example", "Origin: null", "Host: evil.example"}) {
    const RestAnswer answer = client.Get("/api/v1/master/config", {header});
    EXPECT_EQ(answer.status, 403) << header << " " << answer.body;
    EXPECT_THAT(answer.body, Not(HasSubstr(TestServer::kSigningKey))) << header;
    EXPECT_EQ(
        client.Post("/api/v1/webhooks", WebhookJson("x", "http://10.1.2.3/"), {header}).status,
        403);
  }
  EXPECT_EQ(client.Get("/api/v1/webhooks").body, R"({"webhooks":[]})");
}

TEST(RestApi, ServesManyAtOnce) {
  TestServer server;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&server, i] {
      RestClient client(server.address());
      for (int n = 0; n < 50; ++n) {
        EXPECT_EQ(client.Get("/api/v1/webhooks").status, 200);
        const RestAnswer answer = client.Post(
            "/api/v1/webhooks", WebhookJson(absl::StrCat("w", i, "-", n), "http://10.1.2.3/"));
        EXPECT_EQ(answer.status, 200) << answer.error << answer.body;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace webhookd
