// Signing in and out, tokens and passwords, through the real port.

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/auth/client_password.h"
#include "tests/testing/certificates.h"
#include "tests/testing/rest_client.h"
#include "tests/testing/temp_dir.h"
#include "tests/testing/test_server.h"

namespace webhookd {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using Json = nlohmann::json;

constexpr char kPassword[] = "correct horse";

class SessionsTest : public ::testing::Test {
 protected:
  explicit SessionsTest(const std::function<void(Config&)>& adjust = [](Config&) {})
      : server_([&](Config& config) {
          config.security.authn_type = "tokens";
          config.security.initial_user_password = kPassword;
          adjust(config);
        }) {}

  RestAnswer Login(const std::string& name, const std::string& password, bool is_hashed = false) {
    RestClient client(server_.address());
    return client.Post(
        "/api/v1/auth/login",
        Json{{"username", name}, {"password", password}, {"isHashed", is_hashed}}.dump());
  }

  std::string TokenOf(const std::string& name, const std::string& password = kPassword) {
    const RestAnswer answer = Login(name, password);
    EXPECT_EQ(answer.status, 200) << answer.body;
    return answer.status == 200 ? Json::parse(answer.body)["token"] : "";
  }

  int StatusWith(const std::string& token, const std::string& path = "/api/v1/me") {
    RestClient client(server_.address(), token);
    return client.Get(path).status;
  }

  RestAnswer AsAdmin(const std::string& method, const std::string& path,
                     const std::string& body = "") {
    RestClient client(server_.address(), TokenOf("admin"));
    return client.Request(method, path, body);
  }

  TestServer server_;
};

TEST_F(SessionsTest, LoginTakesAPasswordInClearAndHashedAndANameInAnyCase) {
  EXPECT_EQ(Login("admin", kPassword).status, 200);
  EXPECT_EQ(Login("Admin", ClientPassword(kPassword), true).status, 200);
  const Json answer = Json::parse(Login("determined", kPassword).body);
  EXPECT_EQ(answer["user"]["username"], "determined");
  EXPECT_EQ(answer["user"]["admin"], false);
  EXPECT_EQ(answer["user"]["active"], true);
}

TEST_F(SessionsTest, LoginRefusesInDeterminedsWords) {
  EXPECT_EQ(Login("", kPassword).status, 400);
  EXPECT_THAT(Login("", kPassword).body, HasSubstr("missing argument: username"));
  const RestAnswer wrong = Login("admin", "wrong");
  const RestAnswer unknown = Login("no such user", kPassword);
  const RestAnswer blank = Login("admin", "");
  EXPECT_EQ(wrong.status, 401);
  EXPECT_THAT(wrong.body, HasSubstr("invalid credentials"));
  EXPECT_EQ(unknown.body, wrong.body);
  EXPECT_EQ(blank.body, wrong.body);
  EXPECT_FALSE(wrong.headers.contains("set-cookie"));
}

TEST_F(SessionsTest, AnInactiveUserIsToldSoAndTheirSessionsAreOver) {
  const std::string token = TokenOf("determined");
  EXPECT_EQ(StatusWith(token), 200);
  ASSERT_EQ(AsAdmin("PATCH", "/api/v1/admin/users/determined", R"({"active":false})").status, 200);
  EXPECT_EQ(StatusWith(token), 401);
  const RestAnswer refused = Login("determined", kPassword);
  EXPECT_EQ(refused.status, 403);
  EXPECT_THAT(refused.body, HasSubstr("user is not active"));
  EXPECT_EQ(Login("determined", "wrong").status, 401);
}

TEST_F(SessionsTest, TheCookieOfALoginIsATokenThatScriptsCannotRead) {
  const RestAnswer login = Login("admin", kPassword);
  const std::string cookie = login.headers.at("set-cookie");
  EXPECT_THAT(cookie, AllOf(StartsWith("webhookd_session=whs_"), HasSubstr("; Path=/"),
                            HasSubstr("; HttpOnly"), HasSubstr("; SameSite=Strict"),
                            HasSubstr("; Max-Age=604800"), Not(HasSubstr("Secure"))));
  const std::string pair = cookie.substr(0, cookie.find(';'));
  RestClient browser(server_.address());
  EXPECT_EQ(browser.Get("/api/v1/me", {absl::StrCat("Cookie: other=1; ", pair)}).status, 200);
  // Another site's page, which makes the browser send a request.
  EXPECT_EQ(browser
                .Request("POST", "/api/v1/auth/logout", "",
                         {absl::StrCat("Cookie: ", pair), "Origin: https://evil.example"})
                .status,
            403);
  const RestAnswer logout =
      browser.Request("POST", "/api/v1/auth/logout", "", {absl::StrCat("Cookie: ", pair)});
  EXPECT_EQ(logout.status, 200);
  EXPECT_THAT(logout.headers.at("set-cookie"), StartsWith("webhookd_session=; Path=/; Max-Age=0"));
  EXPECT_EQ(browser.Get("/api/v1/me", {absl::StrCat("Cookie: ", pair)}).status, 401);
}

TEST_F(SessionsTest, TheCookieOfAMasterOnTheSameHostChangesNothing) {
  const RestAnswer login = Login("admin", kPassword);
  const std::string cookie = login.headers.at("set-cookie");
  const std::string pair = cookie.substr(0, cookie.find(';'));
  RestClient browser(server_.address());
  EXPECT_EQ(browser.Get("/api/v1/me", {absl::StrCat("Cookie: auth=of.a.master; ", pair)}).status,
            200);
  // Signing in needs none, and does not sign out there.
  const RestAnswer again = browser.Post(
      "/api/v1/auth/login", absl::StrCat(R"({"username":"admin","password":")", kPassword, "\"}"),
      {"Cookie: auth=of.a.master"});
  EXPECT_EQ(again.status, 200) << again.body;
  const RestAnswer logout = browser.Request("POST", "/api/v1/auth/logout", "",
                                            {absl::StrCat("Cookie: auth=of.a.master; ", pair)});
  EXPECT_EQ(logout.status, 200);
  EXPECT_THAT(logout.headers.at("set-cookie"), Not(HasSubstr("auth=")));
  // Scripts that sign in for Determined keep their token in its cookie.
  const std::string token = TokenOf("admin");
  EXPECT_EQ(browser.Get("/api/v1/me", {absl::StrCat("Cookie: auth=", token)}).status, 200);
}

TEST_F(SessionsTest, LogoutEndsOneSessionOnly) {
  const std::string first = TokenOf("admin");
  const std::string second = TokenOf("admin");
  RestClient client(server_.address(), first);
  EXPECT_EQ(client.Post("/api/v1/auth/logout", "").status, 200);
  EXPECT_EQ(StatusWith(first), 401);
  EXPECT_EQ(StatusWith(second), 200);
}

TEST_F(SessionsTest, SessionsAndTokensOutliveARestart) {
  const std::string session = TokenOf("determined");
  const Json made =
      Json::parse(AsAdmin("POST", "/api/v1/admin/tokens", R"({"scope":"TOKEN_SCOPE_READ"})").body);
  server_.Restart();
  EXPECT_EQ(StatusWith(session), 200);
  EXPECT_EQ(StatusWith(made["secret"], "/api/v1/webhooks"), 200);
}

TEST_F(SessionsTest, ARevokedTokenIsOverAtOnceInACallUnderWayToo) {
  const Json made = Json::parse(
      AsAdmin("POST", "/api/v1/admin/tokens", R"({"scope":"TOKEN_SCOPE_INGEST"})").body);
  const std::string secret = made["secret"];
  grpc::ClientContext context;
  context.AddMetadata("x-user-token", absl::StrCat("Bearer ", secret));
  const auto stream = server_.events().StreamEvents(&context);
  v1::StreamEventsRequest report;
  report.set_sequence(1);
  *report.mutable_experiment_state() = CompletedReport(1);
  v1::StreamEventsResponse answer;
  ASSERT_TRUE(stream->Write(report));
  ASSERT_TRUE(stream->Read(&answer));
  EXPECT_TRUE(answer.has_experiment_state()) << answer.DebugString();

  EXPECT_EQ(
      AsAdmin("DELETE", absl::StrCat("/api/v1/admin/tokens/", made["token"]["id"].dump())).status,
      200);
  report.set_sequence(2);
  *report.mutable_experiment_state() = CompletedReport(2);
  ASSERT_TRUE(stream->Write(report));
  ASSERT_TRUE(stream->Read(&answer));
  EXPECT_EQ(answer.error().code(), grpc::StatusCode::UNAUTHENTICATED) << answer.DebugString();
  stream->WritesDone();
  stream->Finish();
}

TEST_F(SessionsTest, TokensAreListedWithoutTheirSecretsAndKeptAsHashes) {
  const Json made = Json::parse(AsAdmin("POST", "/api/v1/admin/tokens",
                                        R"({"scope":"TOKEN_SCOPE_READ","description":"dashboard"})")
                                    .body);
  const std::string secret = made["secret"];
  const RestAnswer listed = AsAdmin("GET", "/api/v1/admin/tokens");
  EXPECT_THAT(listed.body, AllOf(HasSubstr("dashboard"), Not(HasSubstr(secret))));
  server_.Stop();
  std::ifstream database(server_.config().storage.path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(database), {}};
  EXPECT_GT(bytes.size(), 4096u);
  EXPECT_EQ(bytes.find(secret), std::string::npos);
  EXPECT_EQ(bytes.find(kPassword), std::string::npos);
  EXPECT_EQ(bytes.find(ClientPassword(kPassword)), std::string::npos);
}

TEST_F(SessionsTest, ANewPasswordEndsTheOtherSessions) {
  const std::string here = TokenOf("determined");
  const std::string elsewhere = TokenOf("determined");
  RestClient client(server_.address(), here);
  const auto set = [&](const Json& body) {
    return client.Post("/api/v1/admin/users/determined/password", body.dump());
  };
  EXPECT_EQ(set({{"password", "battery staple"}, {"currentPassword", "wrong"}}).status, 403);
  EXPECT_EQ(set({{"password", "short"}, {"currentPassword", kPassword}}).status, 400);
  EXPECT_EQ(set({{"password", ""}, {"currentPassword", kPassword}}).status, 400);
  EXPECT_EQ(Login("determined", kPassword).status, 200);
  const RestAnswer changed = set({{"password", "battery staple"}, {"currentPassword", kPassword}});
  EXPECT_EQ(changed.status, 200) << changed.body;
  EXPECT_EQ(StatusWith(here), 200);
  EXPECT_EQ(StatusWith(elsewhere), 401);
  EXPECT_EQ(Login("determined", kPassword).status, 401);
  EXPECT_EQ(Login("determined", "battery staple").status, 200);
}

TEST_F(SessionsTest, GuessingIsSlowedDownForEverybodyOnAnAddressAlike) {
  std::atomic<int> refused = 0;
  std::vector<std::thread> guesses;  // at once, because more are allowed as time passes
  guesses.reserve(25);
  for (int i = 0; i < 25; ++i) {
    guesses.emplace_back([this, i, &refused] {
      if (Login(absl::StrCat("guess", i), "wrong").status == 429) ++refused;
    });
  }
  for (std::thread& guess : guesses) guess.join();
  EXPECT_GE(refused, 3);
}

TEST_F(SessionsTest, TheLastAdministratorStays) {
  const RestAnswer refused = AsAdmin("PATCH", "/api/v1/admin/users/admin", R"({"active":false})");
  EXPECT_EQ(refused.status, 400);
  EXPECT_THAT(refused.body, HasSubstr("admin"));
  EXPECT_EQ(Login("admin", kPassword).status, 200);
}

TEST_F(SessionsTest, EveryNameOfATokenIsTakenOverGrpc) {
  const std::string token = TokenOf("admin");
  for (const char* name :
       {"x-user-token", "grpcgateway-authorization", "x-allocation-token", "authorization"}) {
    grpc::ClientContext context;
    context.AddMetadata(name, absl::StrCat("Bearer ", token));
    determined::api::v1::GetMeResponse me;
    const grpc::Status status = server_.determined().GetMe(&context, {}, &me);
    EXPECT_TRUE(status.ok()) << name << ": " << status.error_message();
    EXPECT_EQ(me.user().username(), "admin");
  }
}

class BlankPasswordsTest : public SessionsTest {
 protected:
  BlankPasswordsTest()
      : SessionsTest([](Config& config) { config.security.allow_blank_passwords = true; }) {}
};

TEST_F(BlankPasswordsTest, AreAllowedWhenTheConfigurationSaysSo) {
  ASSERT_EQ(AsAdmin("POST", "/api/v1/admin/users", R"({"username":"blank","password":""})").status,
            200);
  EXPECT_EQ(Login("blank", "").status, 200);
  EXPECT_EQ(Login("blank", "x").status, 401);
  EXPECT_EQ(Login("admin", "").status, 401);
}

class ExpiringSessionsTest : public SessionsTest {
 protected:
  ExpiringSessionsTest()
      : SessionsTest([](Config& config) { config.security.session_lifetime = absl::Hours(3); }) {}
};

TEST_F(ExpiringSessionsTest, TheCookieLivesAsLongAsTheSession) {
  EXPECT_THAT(Login("admin", kPassword).headers.at("set-cookie"), HasSubstr("; Max-Age=10800"));
}

// A master that shows a certificate needs no token to report, and may do nothing else.
class ClientCertificateTest : public ::testing::Test {
 protected:
  static std::string Read(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return std::string{std::istreambuf_iterator<char>(file), {}};
  }

  std::unique_ptr<v1::EventService::Stub> Events(const CertificateFiles* shown) {
    grpc::SslCredentialsOptions options;
    options.pem_root_certs = Read(server_files_.certificate);
    if (shown != nullptr) {
      options.pem_cert_chain = Read(shown->certificate);
      options.pem_private_key = Read(shown->key);
    }
    channel_ = grpc::CreateChannel(address_, grpc::SslCredentials(options));
    return v1::EventService::NewStub(channel_);
  }

  grpc::Status Report(const CertificateFiles* shown) {
    grpc::ClientContext context;
    v1::ReportExperimentStateResponse response;
    return Events(shown)->ReportExperimentState(&context, CompletedReport(1), &response);
  }

  TempDir folder_;
  const CertificateFiles server_files_ = WriteSelfSignedCertificate(folder_.path());
  const CertificateFiles master_files_ =
      WriteSelfSignedCertificate(folder_.path(), "DNS:master.example");
  std::string address_;
  std::shared_ptr<grpc::Channel> channel_;
};

TEST_F(ClientCertificateTest, StandsForAMaster) {
  const auto start = [&](std::vector<std::string> identities) {
    return std::make_unique<TestServer>([&](Config& config) {
      config.security.authn_type = "tokens";
      config.security.initial_user_password = kPassword;
      config.tls = {.cert = server_files_.certificate,
                    .key = server_files_.key,
                    .client_ca = master_files_.certificate,
                    .client_identities = std::move(identities)};
    });
  };
  {
    const auto server = start({});
    address_ = server->address();
    EXPECT_TRUE(Report(&master_files_).ok()) << Report(&master_files_).error_message();
    EXPECT_EQ(Report(nullptr).error_code(), grpc::StatusCode::UNAUTHENTICATED);
    grpc::ClientContext context;
    determined::api::v1::GetWebhooksResponse webhooks;
    Events(&master_files_);
    const auto determined = determined::api::v1::Determined::NewStub(channel_);
    EXPECT_EQ(determined->GetWebhooks(&context, {}, &webhooks).error_code(),
              grpc::StatusCode::PERMISSION_DENIED);
  }
  {
    const auto server = start({"another.example"});
    address_ = server->address();
    EXPECT_EQ(Report(&master_files_).error_code(), grpc::StatusCode::UNAUTHENTICATED);
  }
}

}  // namespace
}  // namespace webhookd
