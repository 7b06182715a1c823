// The commands about accounts, against the real server.

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "gmock/gmock.h"
#include "tests/client/cli/cli_fixture.h"
#include "tests/testing/temp_dir.h"
#include "tests/testing/webhookd_process.h"

namespace webhookd::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr char kPassword[] = "correct horse";

class AccountCommandsTest : public ::testing::Test {
 protected:
  explicit AccountCommandsTest(const std::string& authz_type = "basic")
      : server_(
            {"--config-file=", "--port=0", absl::StrCat("--storage-path=", folder_ / "webhookd.db"),
             absl::StrCat("--security-authz-type=", authz_type), "--egress-allow=127.0.0.0/8",
             "--log-level=error"},
            {absl::StrCat("DET_SECURITY_INITIAL_USER_PASSWORD=", kPassword)}),
        address_(server_.WaitUntilListening()) {}

  // As somebody whose home is `home`.
  CliResult Run(const std::vector<std::string>& arguments, const std::string& input = "",
                std::map<std::string, std::string> more = {}, const std::string& home = "home") {
    CliWorld world = {.input = input};
    world.environment = std::move(more);
    world.environment["WEBHOOKCTL_SERVER"] = address_;
    world.environment["HOME"] = folder_ / home;
    return RunCli(arguments, world);
  }

  void SignIn(const std::string& user = "admin", const std::string& home = "home") {
    const CliResult result =
        Run({"login", "--user", user}, absl::StrCat(kPassword, "\n"), {}, home);
    ASSERT_EQ(result.code, 0) << result.err;
  }

  std::string CreateToken(const std::string& scope) {
    const CliResult result = Run({"token", "create", "--scope", scope});
    EXPECT_EQ(result.code, 0) << result.err;
    return std::string(absl::StripSuffix(result.out, "\n"));
  }

  std::string TokensPath() const { return folder_ / "home/.config/webhookctl/tokens.json"; }

  TempDir folder_;
  WebhookdProcess server_;
  const std::string address_;
};

TEST_F(AccountCommandsTest, LoginKeepsTheTokenForItsOwnerAlone) {
  const CliResult before = Run({"webhook", "list"});
  EXPECT_EQ(before.code, 1);
  EXPECT_THAT(before.err, AllOf(HasSubstr("token missing"), HasSubstr("webhookctl login")));

  const CliResult login = Run({"login", "--user", "admin"}, absl::StrCat(kPassword, "\n"));
  EXPECT_EQ(login.code, 0) << login.err;
  EXPECT_THAT(login.out, AllOf(HasSubstr("as admin, administrator"), HasSubstr(TokensPath())));
  struct stat status = {};
  ASSERT_EQ(stat(TokensPath().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  EXPECT_EQ(Run({"whoami"}).out, "admin, administrator\n");
  EXPECT_EQ(Run({"webhook", "list"}).code, 0);

  // Another server's token is another one.
  EXPECT_EQ(Run({"--server", "127.0.0.1:1", "whoami"}).code, 1);

  const CliResult logout = Run({"logout"});
  EXPECT_EQ(logout.code, 0) << logout.err;
  EXPECT_EQ(Run({"whoami"}).code, 1);
}

TEST_F(AccountCommandsTest, LoginTellsAWrongPasswordAsSuch) {
  const CliResult wrong = Run({"login"}, "wrong\n");
  EXPECT_EQ(wrong.code, 1);
  EXPECT_THAT(wrong.err, AllOf(HasSubstr("invalid credentials"), Not(HasSubstr("wrong")),
                               Not(HasSubstr("WEBHOOKCTL_TOKEN"))));
  EXPECT_FALSE(std::filesystem::exists(TokensPath()));
  const CliResult none = Run({"login"}, "");
  EXPECT_EQ(none.code, 1);
  EXPECT_THAT(none.err, HasSubstr("no password was given"));
}

TEST_F(AccountCommandsTest, AFileThatOthersMayReadIsRefused) {
  SignIn();
  std::filesystem::permissions(TokensPath(), std::filesystem::perms(0644));
  const CliResult result = Run({"whoami"});
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.err, HasSubstr("chmod 600"));
}

TEST_F(AccountCommandsTest, ATokenComesFromTheEnvironmentOrAFileToo) {
  SignIn();
  const std::string token = CreateToken("read");
  EXPECT_THAT(token, StartsWith("whd_"));
  EXPECT_EQ(Run({"webhook", "list"}, "", {{"WEBHOOKCTL_TOKEN", token}}, "elsewhere").code, 0);
  const std::string file = folder_ / "token";
  std::ofstream(file) << token << "\n";
  EXPECT_EQ(Run({"--token-file", file, "webhook", "list"}, "", {}, "elsewhere").code, 0);
  const CliResult missing = Run({"--token-file", folder_ / "none", "whoami"});
  EXPECT_EQ(missing.code, 1);
  EXPECT_THAT(missing.err, HasSubstr(folder_ / "none"));
}

TEST_F(AccountCommandsTest, ScopesLimitWhatATokenIsFor) {
  SignIn();
  const std::vector<std::string> report = {"report", "experiment-state", "--id",
                                           "1",      "--state",          "COMPLETED"};
  const std::vector<std::string> list = {"webhook", "list"};
  const std::vector<std::string> config = {"config", "show"};
  const auto code = [&](const std::string& scope, const std::vector<std::string>& arguments) {
    return Run(arguments, "", {{"WEBHOOKCTL_TOKEN", CreateToken(scope)}}).code;
  };
  EXPECT_EQ(code("ingest", report), 0);
  EXPECT_EQ(code("ingest", list), 1);
  EXPECT_EQ(code("read", report), 1);
  EXPECT_EQ(code("read", list), 0);
  EXPECT_EQ(code("read", config), 1);
  EXPECT_EQ(code("admin", report), 0);
  EXPECT_EQ(code("admin", config), 0);
}

TEST_F(AccountCommandsTest, TokensAreListedAndRevoked) {
  SignIn();
  const CliResult made =
      Run({"token", "create", "--scope", "ingest", "--description", "master", "--expires", "1h"});
  EXPECT_EQ(made.code, 0) << made.err;
  EXPECT_THAT(made.err, HasSubstr("shown only this once"));
  const CliResult listed = Run({"token", "list"});
  EXPECT_THAT(listed.out, AllOf(HasSubstr("ingest"), HasSubstr("master"), HasSubstr("admin"),
                                Not(HasSubstr(made.out.substr(0, 20)))));
  EXPECT_THAT(Run({"token", "list", "--json"}).out, HasSubstr("\"TOKEN_SCOPE_INGEST\""));
  const CliResult revoked = Run({"token", "revoke", "1"});
  EXPECT_EQ(revoked.out, "Token 1 is no longer valid\n");
  EXPECT_THAT(Run({"token", "list"}).out, Not(HasSubstr("master")));
  EXPECT_EQ(Run({"token", "revoke", "1"}).code, 1);
  EXPECT_EQ(Run({"token", "create", "--scope", "some"}).code, 2);
}

TEST_F(AccountCommandsTest, UsersAreManaged) {
  SignIn();
  const CliResult created =
      Run({"user", "create", "Alice", "--display-name", "Alice A."}, "battery staple\n");
  EXPECT_EQ(created.out, "Created user alice\n") << created.err;
  EXPECT_EQ(Run({"user", "create", "alice"}, "battery staple\n").code, 1);
  EXPECT_EQ(Run({"user", "create", "bob"}, "short\n").code, 1);
  EXPECT_THAT(Run({"user", "list"}).out, AllOf(HasSubstr("alice"), HasSubstr("Alice A.")));
  EXPECT_EQ(Run({"user", "deactivate", "alice"}).out, "User alice is not active\n");
  EXPECT_EQ(Run({"user", "activate", "alice"}).out, "User alice is active\n");
  EXPECT_EQ(Run({"user", "grant-admin", "alice"}).out, "User alice is active, administrator\n");
  EXPECT_EQ(Run({"user", "revoke-admin", "alice"}).out, "User alice is active\n");
  const CliResult set = Run({"user", "set-password", "alice"}, "another password\n");
  EXPECT_EQ(set.code, 0) << set.err;
  EXPECT_EQ(Run({"login", "--user", "alice"}, "another password\n", {}, "alice").code, 0);
}

TEST_F(AccountCommandsTest, OnesOwnPasswordIsChangedWithThePresentOne) {
  SignIn("determined");
  EXPECT_EQ(Run({"user", "set-password", "determined"}, "wrong\nbattery staple\n").code, 1);
  const CliResult set =
      Run({"user", "set-password", "determined"}, absl::StrCat(kPassword, "\nbattery staple\n"));
  EXPECT_EQ(set.code, 0) << set.err;
  EXPECT_EQ(Run({"whoami"}).out, "determined\n");
  EXPECT_EQ(Run({"user", "deactivate", "admin"}).code, 1);
}

TEST_F(AccountCommandsTest, APersonIsAskedTwiceWithoutEcho) {
  SignIn();
  CliWorld world = {.input = "battery staple\nbattery stable\n", .in_is_terminal = true};
  world.environment = {{"WEBHOOKCTL_SERVER", address_}, {"HOME", folder_ / "home"}};
  const CliResult differ = RunCli({"user", "create", "alice"}, world);
  EXPECT_EQ(differ.code, 1);
  EXPECT_THAT(differ.err, AllOf(HasSubstr("Password of alice: "), HasSubstr("again"),
                                HasSubstr("differ"), Not(HasSubstr("staple"))));
}

TEST_F(AccountCommandsTest, WorkspacesAndTheirOwners) {
  SignIn();
  EXPECT_EQ(Run({"workspace", "put", "3", "vision", "--owner", "determined"}).out,
            "Workspace 3 is vision\n");
  EXPECT_THAT(Run({"workspace", "list"}).out, AllOf(HasSubstr("vision"), HasSubstr("determined")));
  SignIn("determined", "other");
  const CliResult created = Run({"webhook", "create", "--name", "mine", "--url",
                                 "http://127.0.0.1:9/", "--on", "COMPLETED", "--workspace-id", "3"},
                                "", {}, "other");
  EXPECT_EQ(created.code, 0) << created.err;
  const CliResult refused = Run({"workspace", "delete", "3"});
  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(Run({"workspace", "delete", "3", "--delete-webhooks"}).out,
              HasSubstr("webhooks deleted: 1"));
  EXPECT_EQ(Run({"workspace", "delete", "3", "--delete-webhooks", "--make-webhooks-global"}).code,
            2);
}

TEST_F(AccountCommandsTest, TheAuditLogSaysWhoDidWhat) {
  SignIn();
  CreateToken("read");
  SignIn("determined", "other");
  EXPECT_EQ(Run({"config", "show"}, "", {}, "other").code, 1);
  const CliResult all = Run({"audit", "list"});
  EXPECT_EQ(all.code, 0) << all.err;
  EXPECT_THAT(all.out, AllOf(HasSubstr("token.create"), HasSubstr("user.login"),
                             HasSubstr("GetMasterConfig")));
  const CliResult denied = Run({"audit", "list", "--outcome", "denied", "--actor", "determined"});
  EXPECT_THAT(denied.out, AllOf(HasSubstr("GetMasterConfig"), Not(HasSubstr("token.create"))));
  EXPECT_THAT(Run({"audit", "list", "--limit", "1"}).err, HasSubstr("--page-token"));
  EXPECT_THAT(Run({"audit", "list", "--action", "token.", "--json"}).out,
              HasSubstr("\"token.create\""));
}

class RoleCommandsTest : public AccountCommandsTest {
 protected:
  RoleCommandsTest() : AccountCommandsTest("rbac") {}
};

TEST_F(RoleCommandsTest, RolesAreGivenByNameAndTaken) {
  SignIn();
  ASSERT_EQ(Run({"workspace", "put", "3", "vision"}).code, 0);
  EXPECT_EQ(Run({"role", "assign", "determined", "editor", "--workspace", "3"}).out,
            "determined is editor in workspace 3\n");
  EXPECT_THAT(Run({"role", "list"}).out, AllOf(HasSubstr("determined"), HasSubstr("Editor")));
  EXPECT_THAT(Run({"role", "list", "--user", "admin"}).out, Not(HasSubstr("determined")));
  const CliResult unknown = Run({"role", "assign", "determined", "king"});
  EXPECT_EQ(unknown.code, 1);
  EXPECT_THAT(unknown.err, HasSubstr("WorkspaceAdmin"));
  EXPECT_EQ(Run({"role", "remove", "determined", "Editor", "--workspace", "3"}).code, 0);
  EXPECT_EQ(Run({"role", "remove", "determined", "Editor", "--workspace", "3"}).code, 1);
}

}  // namespace
}  // namespace webhookd::testing
