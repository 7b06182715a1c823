// Who may call which RPC: every RPC × every kind of caller, through the real port.

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "server/auth/access_table.h"
#include "tests/testing/rest_client.h"
#include "tests/testing/test_server.h"

namespace webhookd {
namespace {

using Json = nlohmann::json;

constexpr char kPassword[] = "correct horse";

// One RPC. $WEBHOOK is a webhook of workspace 1, $DELIVERY one of its deliveries, $EVENT the event
// of that, $TOKEN a service token; each is there when the RPC is called.
struct Row {
  const char* rpc;
  const char* http_method;
  const char* path;
  const char* body;
  // What becomes of it for each kind of caller, in the order of the callers' names: A is admitted,
  // D denied (403), N told that there is nothing of the kind (404), U asked for credentials (401).
  const char* basic;
  const char* rbac;
};

// Basic: nobody, a user, the owner of workspace 1, an administrator; tokens of scope ingest, read
// and admin.
constexpr const char* kBasicCallers[] = {"nobody", "user", "owner", "admin",
                                         "ingest", "read", "token"};
// Roles: a user without any, Viewer, Editor and WorkspaceAdmin of workspace 1, ClusterAdmin.
constexpr const char* kRbacCallers[] = {"none", "viewer", "editor", "wsadmin", "cluster"};

#define DET "determined.api.v1.Determined."
#define EVENTS "webhookd.v1.EventService."
#define DELIVERIES "webhookd.v1.DeliveryService."
#define ADMIN "webhookd.v1.AdminService."

constexpr char kWebhook[] =
    R"({"name":"new $UNIQUE","url":"https://example.com/","webhookType":"WEBHOOK_TYPE_DEFAULT","workspaceId":1,)"
    R"("triggers":[{"triggerType":"TRIGGER_TYPE_EXPERIMENT_STATE_CHANGE","condition":{"state":"COMPLETED"}}]})";
constexpr char kDraft[] =
    R"({"webhook":{"name":"draft","url":"http://127.0.0.1:9/","webhookType":"WEBHOOK_TYPE_DEFAULT","workspaceId":1,)"
    R"("triggers":[{"triggerType":"TRIGGER_TYPE_EXPERIMENT_STATE_CHANGE","condition":{"state":"COMPLETED"}}]}})";
constexpr char kExperiment[] =
    R"({"experiment":{"id":7,"state":"STATE_COMPLETED","workspaceId":1}})";
constexpr char kDryRun[] =
    R"({"workspaceId":1,"trigger":{"triggerType":"TRIGGER_TYPE_EXPERIMENT_STATE_CHANGE","condition":{"state":"COMPLETED"}}})";

// clang-format off
constexpr Row kRows[] = {
    //                                                                                                          nuoairt    nvewc
    {DET "Login", "POST", "/api/v1/auth/login", R"({"username":"admin","password":"correct horse"})",          "AAAAAAA", "AAAAA"},
    {DET "GetMaster", "GET", "/api/v1/master", "",                                                             "AAAAAAA", "AAAAA"},
    {DET "GetTelemetry", "GET", "/api/v1/master/telemetry", "",                                                "AAAAAAA", "AAAAA"},
    {DET "CurrentUser", "GET", "/api/v1/auth/user", "",                                                        "UAAAAAA", "AAAAA"},
    {DET "GetMe", "GET", "/api/v1/me", "",                                                                     "UAAAAAA", "AAAAA"},
    {DET "GetPermissionsSummary", "GET", "/api/v1/permissions/summary", "",                                    "UAAAAAA", "AAAAA"},
    {DET "GetUsers", "GET", "/api/v1/users", "",                                                               "UAAADAA", "AAAAA"},
    {DET "GetWorkspaces", "GET", "/api/v1/workspaces", "",                                                     "UAAADAA", "AAAAA"},
    {DET "GetWorkspace", "GET", "/api/v1/workspaces/1", "",                                                    "UAAADAA", "NAAAA"},
    {DET "GetMasterConfig", "GET", "/api/v1/master/config", "",                                                "UDDADDA", "DDDDA"},
    {DET "GetWebhook", "GET", "/api/v1/webhooks/$WEBHOOK", "",                                                 "UNAADAA", "NAAAA"},
    {DET "GetWebhooks", "GET", "/api/v1/webhooks", "",                                                         "UAAADAA", "AAAAA"},
    {DET "PostWebhook", "POST", "/api/v1/webhooks", kWebhook,                                                  "UNAADDA", "NDAAA"},
    {DET "PatchWebhook", "PATCH", "/api/v1/webhooks/$WEBHOOK", R"({"url":"https://example.com/2"})",           "UNAADDA", "NDAAA"},
    {DET "DeleteWebhook", "DELETE", "/api/v1/webhooks/$WEBHOOK", "",                                           "UNAADDA", "NDAAA"},
    {DET "TestWebhook", "POST", "/api/v1/webhooks/$WEBHOOK/test", "",                                          "UNAADDA", "NDAAA"},
    {DET "PostWebhookEventData", "POST", "/api/v1/webhooks/custom", R"({"data":{"title":"t"},"experimentId":7})", "UDAAADA", "DAAAA"},
    {DET "PostTaskLogs", "POST", "/api/v1/task/logs", R"({"logs":[{"taskId":"t","log":"x"}]})",                "UDDAADA", "DDDDA"},

    {EVENTS "ReportExperimentState", "POST", "/api/v1/events/experiment-state", kExperiment,                   "UDDAADA", "DDDDA"},
    {EVENTS "ReportTaskLogs", "POST", "/api/v1/events/task-logs", R"({"logs":[{"taskId":"t","log":"x"}]})",    "UDDAADA", "DDDDA"},
    {EVENTS "ReportMetrics", "POST", "/api/v1/events/metrics", R"({})",                                        "UDDAADA", "DDDDA"},
    {EVENTS "PutExperiment", "POST", "/api/v1/events/experiments", kExperiment,                                "UDDAADA", "DDDDA"},
    {EVENTS "StreamEvents", "POST", "/api/v1/events/stream", R"({"sequence":"1"})",                            "UDDAADA", "DDDDA"},

    {DELIVERIES "ListDeliveries", "GET", "/api/v1/deliveries?webhookId=$WEBHOOK", "",                          "UNAADAA", "NAAAA"},
    {DELIVERIES "GetDelivery", "GET", "/api/v1/deliveries/$DELIVERY", "",                                      "UNAADAA", "NAAAA"},
    {DELIVERIES "RedeliverDelivery", "POST", "/api/v1/deliveries/$DELIVERY/redeliver", "{}",                   "UNAADDA", "NDAAA"},
    {DELIVERIES "ReplayDeliveries", "POST", "/api/v1/webhooks/$WEBHOOK/replay", "{}",                          "UNAADDA", "NDAAA"},
    {DELIVERIES "CancelDelivery", "POST", "/api/v1/deliveries/$DELIVERY/cancel", "{}",                         "UNAADDA", "NDAAA"},
    {DELIVERIES "ListEvents", "GET", "/api/v1/events", "",                                                     "UAAADAA", "AAAAA"},
    {DELIVERIES "GetEvent", "GET", "/api/v1/events/$EVENT", "",                                                "UNAADAA", "NAAAA"},
    {DELIVERIES "DryRunTrigger", "POST", "/api/v1/events/dry-run", kDryRun,                                    "UAAADAA", "AAAAA"},
    {DELIVERIES "TestPattern", "POST", "/api/v1/events/test-pattern", R"({"regex":"a","lines":["a"]})",        "UAAADAA", "AAAAA"},
    {DELIVERIES "PreviewWebhook", "POST", "/api/v1/webhooks/preview", kDraft,                                  "UNAADDA", "NDAAA"},
    {DELIVERIES "TryWebhook", "POST", "/api/v1/webhooks/try", kDraft,                                          "UNAADDA", "NDAAA"},

    {ADMIN "CreateUser", "POST", "/api/v1/admin/users", R"({"username":"new$UNIQUE","password":"12345678"})",  "UDDADDA", "DDDDA"},
    {ADMIN "PatchUser", "PATCH", "/api/v1/admin/users/victim", R"({"displayName":"x"})",                       "UDDADDA", "DDDDA"},
    {ADMIN "SetPassword", "POST", "/api/v1/admin/users/victim/password", R"({"password":"12345678"})",         "UDDADDA", "DDDDA"},
    {ADMIN "CreateToken", "POST", "/api/v1/admin/tokens", R"({"scope":"TOKEN_SCOPE_READ"})",                   "UDDADDA", "DDDDA"},
    {ADMIN "ListTokens", "GET", "/api/v1/admin/tokens", "",                                                    "UDDADAA", "DDDDA"},
    {ADMIN "RevokeToken", "DELETE", "/api/v1/admin/tokens/$TOKEN", "",                                         "UDDADDA", "DDDDA"},
    {ADMIN "PutWorkspace", "PUT", "/api/v1/admin/workspaces/9", R"({"name":"nine"})",                          "UDDAADA", "DDDDA"},
    {ADMIN "DeleteWorkspace", "DELETE", "/api/v1/admin/workspaces/9", "",                                      "UDDAADA", "DDDDA"},
    {ADMIN "AssignRole", "POST", "/api/v1/admin/role-assignments", R"({"assignment":{"username":"victim","roleId":5,"workspaceId":1}})", "UNDADDA", "NDDAA"},
    {ADMIN "RemoveRole", "POST", "/api/v1/admin/role-assignments/remove", R"({"assignment":{"username":"victim","roleId":4,"workspaceId":1}})", "UNDADDA", "NDDAA"},
    {ADMIN "ListRoleAssignments", "GET", "/api/v1/admin/role-assignments", "",                                 "UAAADAA", "AAAAA"},
    {ADMIN "ListAuditEntries", "GET", "/api/v1/admin/audit", "",                                               "UDDADAA", "DDDDA"},

    // Last: it ends the caller's own session.
    {DET "Logout", "POST", "/api/v1/auth/logout", "",                                                          "UAAAAAA", "AAAAA"},
};
// clang-format on

char Outcome(int status) {
  switch (status) {
    case 401:
      return 'U';
    case 403:
      return 'D';
    case 404:
      return 'N';
    case 200:
    case 400:  // what was asked for cannot be, which only those who are admitted learn
      return 'A';
    default:
      return '?';
  }
}

class Permissions : public ::testing::TestWithParam<bool> {
 protected:
  bool rbac() const { return GetParam(); }

  void SetUp() override {
    server_ = std::make_unique<TestServer>([this](Config& config) {
      config.security.authn_type = "tokens";
      config.security.authz_type = rbac() ? "rbac" : "basic";
      config.security.initial_user_password = kPassword;
      config.delivery.retry_schedule = {absl::ZeroDuration(), absl::Hours(1), absl::Hours(1)};
    });
    admin_ = std::make_unique<RestClient>(server_->address(), SignIn("admin"));
    Do("PUT", "/api/v1/admin/workspaces/1", R"({"name":"one","owners":["owner"]})");
    CreateUser("victim");
    if (rbac()) {
      for (const auto& [name, role, everywhere] :
           std::vector<std::tuple<const char*, int, bool>>{{"none", 0, false},
                                                           {"viewer", 4, false},
                                                           {"editor", 5, false},
                                                           {"wsadmin", 2, false},
                                                           {"cluster", 1, true}}) {
        CreateUser(name);
        if (role != 0) AssignRole(name, role, everywhere ? "" : R"(,"workspaceId":1)");
      }
    } else {
      CreateUser("owner");
    }
    permanent_ = CreateWebhook("permanent");
    const Json event = Do("POST", "/api/v1/events/experiment-state", kExperiment);
    event_id_ = event["eventId"];
    const Json deliveries = Do("GET", "/api/v1/deliveries", "");
    ASSERT_EQ(deliveries["deliveries"].size(), 1u);
    delivery_id_ = deliveries["deliveries"][0]["id"];
  }

  std::string SignIn(const std::string& name) {
    RestClient client(server_->address());
    const RestAnswer answer =
        client.Post("/api/v1/auth/login",
                    absl::StrCat(R"({"username":")", name, R"(","password":")", kPassword, "\"}"));
    EXPECT_EQ(answer.status, 200) << name << ": " << answer.body;
    return Json::parse(answer.body)["token"];
  }

  // As an administrator, who succeeds.
  Json Do(const std::string& method, const std::string& path, const std::string& body) {
    const RestAnswer answer = admin_->Request(method, path, body);
    EXPECT_EQ(answer.status, 200) << method << " " << path << ": " << answer.body;
    return Json::parse(answer.body);
  }

  void CreateUser(const std::string& name) {
    Do("POST", "/api/v1/admin/users",
       absl::StrCat(R"({"username":")", name, R"(","password":")", kPassword, "\"}"));
  }

  void AssignRole(const std::string& name, int role, const std::string& where) {
    Do("POST", "/api/v1/admin/role-assignments",
       absl::StrCat(R"({"assignment":{"username":")", name, R"(","roleId":)", role, where, "}}"));
  }

  std::string CreateWebhook(const std::string& name) {
    const Json made =
        Do("POST", "/api/v1/webhooks", absl::StrReplaceAll(kWebhook, {{"new $UNIQUE", name}}));
    return absl::StrCat(made["webhook"]["id"].get<int>());
  }

  std::string CreateToken(const std::string& scope) {
    return Do("POST", "/api/v1/admin/tokens",
              absl::StrCat(R"({"scope":"TOKEN_SCOPE_)", absl::AsciiStrToUpper(scope), "\"}"))
        .value("secret", "");
  }

  std::string CredentialsOf(const std::string& caller) {
    if (caller == "nobody") return "";
    if (caller == "ingest" || caller == "read") return CreateToken(caller);
    if (caller == "token") return CreateToken("admin");
    return SignIn(caller == "user" ? "determined" : caller);
  }

  // Puts what the row is about into place, and into its texts.
  std::string Filled(const std::string& text) {
    std::string filled = absl::StrReplaceAll(
        text, {{"$DELIVERY", delivery_id_}, {"$EVENT", event_id_}, {"$UNIQUE", Unique()}});
    if (filled.find("$WEBHOOK") != std::string::npos) {
      filled = absl::StrReplaceAll(filled, {{"$WEBHOOK", CreateWebhook(Unique())}});
    }
    if (filled.find("$TOKEN") != std::string::npos) {
      const Json made = Do("POST", "/api/v1/admin/tokens", R"({"scope":"TOKEN_SCOPE_READ"})");
      filled =
          absl::StrReplaceAll(filled, {{"$TOKEN", absl::StrCat(made["token"]["id"].get<int>())}});
    }
    return filled;
  }

  std::string Unique() { return absl::StrCat("n", ++unique_); }

  std::unique_ptr<TestServer> server_;
  std::unique_ptr<RestClient> admin_;
  std::string permanent_, event_id_, delivery_id_;
  int unique_ = 0;
};

TEST_P(Permissions, AreAsTheTableSaysForEveryRpcAndCaller) {
  std::vector<std::string> callers;
  if (rbac()) {
    callers.assign(std::begin(kRbacCallers), std::end(kRbacCallers));
  } else {
    callers.assign(std::begin(kBasicCallers), std::end(kBasicCallers));
  }
  std::vector<std::string> credentials;
  for (const std::string& caller : callers) credentials.push_back(CredentialsOf(caller));
  for (const Row& row : kRows) {
    const std::string expected = rbac() ? row.rbac : row.basic;
    ASSERT_EQ(expected.size(), callers.size()) << row.rpc;
    for (size_t i = 0; i < callers.size(); ++i) {
      Do("PUT", "/api/v1/admin/workspaces/9", R"({"name":"nine"})");
      AssignRole("victim", 4, R"(,"workspaceId":1)");
      RestClient client(server_->address(), credentials[i]);
      const RestAnswer answer = client.Request(row.http_method, Filled(row.path), Filled(row.body));
      EXPECT_EQ(std::string(1, Outcome(answer.status)), std::string(1, expected[i]))
          << row.rpc << " by " << callers[i] << ": " << answer.status << " " << answer.body;
    }
  }
}

TEST_P(Permissions, OfEveryRpcAreInTheTable) {
  std::set<std::string> rows;
  for (const Row& row : kRows) {
    EXPECT_TRUE(rows.insert(row.rpc).second) << row.rpc << " is there twice";
  }
  for (const AccessRule& rule : AccessRules()) {
    EXPECT_TRUE(rows.contains(rule.method)) << rule.method << " has no row";
  }
}

// What one may not see is answered in the very words that a number gets that was never used.
TEST_P(Permissions, AnswersTellNothingOfWhatOneMayNotSee) {
  const std::string token = SignIn(rbac() ? "none" : "determined");
  RestClient client(server_->address(), token);
  const auto same = [&](const std::string& method, const std::string& path,
                        const std::string& hidden, const std::string& unused) {
    const RestAnswer of_hidden =
        client.Request(method, absl::StrReplaceAll(path, {{"$", hidden}}), "{}");
    const RestAnswer of_unused =
        client.Request(method, absl::StrReplaceAll(path, {{"$", unused}}), "{}");
    EXPECT_EQ(of_hidden.status, 404) << path << of_hidden.body;
    EXPECT_EQ(of_hidden.status, of_unused.status) << path;
    EXPECT_EQ(absl::StrReplaceAll(of_hidden.body, {{hidden, "#"}}),
              absl::StrReplaceAll(of_unused.body, {{unused, "#"}}));
  };
  same("GET", "/api/v1/webhooks/$", permanent_, "999");
  same("DELETE", "/api/v1/webhooks/$", permanent_, "999");
  same("PATCH", "/api/v1/webhooks/$", permanent_, "999");
  same("POST", "/api/v1/webhooks/$/test", permanent_, "999");
  same("POST", "/api/v1/webhooks/$/replay", permanent_, "999");
  same("GET", "/api/v1/deliveries/$", delivery_id_, "999");
  same("POST", "/api/v1/deliveries/$/redeliver", delivery_id_, "999");
  same("POST", "/api/v1/deliveries/$/cancel", delivery_id_, "999");
  same("GET", "/api/v1/events/$", event_id_, "4cd26e62-60c6-4a8b-8d03-7629091a4ef5");
  // At a master, too, every user sees all workspaces, unless roles say who does.
  if (rbac()) same("GET", "/api/v1/workspaces/$", "1", "777");

  EXPECT_EQ(Json::parse(client.Get("/api/v1/webhooks").body)["webhooks"].size(), 0u);
  EXPECT_EQ(Json::parse(client.Get("/api/v1/deliveries").body)["deliveries"].size(), 0u);
  EXPECT_EQ(Json::parse(client.Get("/api/v1/events").body)["events"].size(), 0u);
  const Json tried = Json::parse(client.Post("/api/v1/events/dry-run", kDryRun).body);
  EXPECT_EQ(tried["examinedCount"], 0);
}

// Both ways lead through one gate.
TEST_P(Permissions, AreTheSameOverGrpc) {
  const std::string token = SignIn(rbac() ? "none" : "determined");
  grpc::ClientContext nobody;
  determined::api::v1::GetWebhooksResponse webhooks;
  EXPECT_EQ(server_->determined().GetWebhooks(&nobody, {}, &webhooks).error_code(),
            grpc::StatusCode::UNAUTHENTICATED);
  grpc::ClientContext user;
  user.AddMetadata("x-user-token", absl::StrCat("Bearer ", token));
  determined::api::v1::GetMasterConfigResponse config;
  EXPECT_EQ(server_->determined().GetMasterConfig(&user, {}, &config).error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
  grpc::ClientContext hidden;
  hidden.AddMetadata("authorization", absl::StrCat("Bearer ", token));
  determined::api::v1::GetWebhookRequest request;
  request.set_webhook_id(std::stoi(permanent_));
  determined::api::v1::GetWebhookResponse webhook;
  EXPECT_EQ(server_->determined().GetWebhook(&hidden, request, &webhook).error_code(),
            grpc::StatusCode::NOT_FOUND);
}

// Who was refused, and who did what, is written down.
TEST_P(Permissions, LeaveATraceInTheAuditLog) {
  RestClient client(server_->address(), SignIn(rbac() ? "viewer" : "determined"));
  EXPECT_EQ(
      Outcome(client.Request("DELETE", absl::StrCat("/api/v1/webhooks/", permanent_), "").status),
      rbac() ? 'D' : 'N');
  Do("DELETE", absl::StrCat("/api/v1/webhooks/", permanent_), "");
  const Json entries = Do("GET", "/api/v1/admin/audit?targetType=webhook", "")["entries"];
  ASSERT_GE(entries.size(), 3u);
  EXPECT_EQ(entries[0]["action"], "webhook.delete");
  EXPECT_EQ(entries[0]["actor"], "admin");
  EXPECT_EQ(entries[0]["outcome"], "AUDIT_OUTCOME_DONE");
  EXPECT_EQ(entries[1]["outcome"], "AUDIT_OUTCOME_DENIED");
  EXPECT_EQ(entries[1]["actor"], rbac() ? "viewer" : "determined");
  EXPECT_EQ(entries[1]["targetId"], permanent_);
  EXPECT_EQ(entries[2]["action"], "webhook.create");
}

INSTANTIATE_TEST_SUITE_P(Modes, Permissions, ::testing::Bool(),
                         [](const auto& info) { return info.param ? "Rbac" : "Basic"; });

}  // namespace
}  // namespace webhookd
