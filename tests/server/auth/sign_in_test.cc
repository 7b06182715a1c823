#include "server/auth/sign_in.h"

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <string>

#include "base/random.h"
#include "server/auth/authenticator.h"
#include "tests/server/auth/accounts_fixture.h"

namespace webhookd {
namespace {

class SignInTest : public AccountsFixture {
 protected:
  SignInTest() : audit_(AuditLog::Options(), *store_, clock_) {
    SignIn::Options options;
    options.by_address.at_once = 3;
    options.by_name.at_once = 5;
    sign_in_ = std::make_unique<SignIn>(options, SignIn::Dependencies{.accounts = *accounts_,
                                                                      .passwords = passwords_,
                                                                      .audit = audit_,
                                                                      .clock = clock_,
                                                                      .random = SecureRandom()});
  }
  ~SignInTest() override { hashing_.Stop(); }

  absl::StatusCode Guess(const std::string& name, const std::string& address) {
    std::promise<absl::Status> done;
    sign_in_->CheckPassword({.username = name, .client_password = "wrong", .peer_address = address},
                            [&](const absl::Status& status) { done.set_value(status); });
    return done.get_future().get().code();
  }

  ThreadExecutor hashing_;
  const ScryptHasher hasher_{ScryptHasher::Options(), SecureRandom()};
  PasswordWork passwords_{hasher_, hashing_, 64};
  AuditLog audit_;
  std::unique_ptr<SignIn> sign_in_;
};

TEST_F(SignInTest, AClockThatJumpsEndsNobodysSession) {
  ASSERT_TRUE(blocking_
                  ->CreateUser({.username = "somebody",
                                .password_hash = *hasher_.Hash("right"),
                                .created_at = clock_.Now(),
                                .modified_at = clock_.Now()})
                  .ok());
  const Authenticator authenticator({}, *accounts_, clock_);
  const auto token = [this] {
    std::promise<absl::StatusOr<SignIn::SignedIn>> done;
    sign_in_->Start({.username = "somebody", .client_password = "right", .peer_address = "::1"},
                    [&](absl::StatusOr<SignIn::SignedIn> in) { done.set_value(std::move(in)); });
    const absl::StatusOr<SignIn::SignedIn> in = done.get_future().get();
    EXPECT_TRUE(in.ok()) << in.status();
    return in.ok() ? in->token : "";
  };
  const std::string before = token();
  clock_.SetWall(clock_.Now() + absl::Hours(24 * 3650));
  const std::string meanwhile = token();  // sessions that expired are deleted then
  clock_.SetWall(clock_.Now() - absl::Hours(24 * 3650));
  EXPECT_TRUE(authenticator.Authenticate({.token = before}).ok());
  EXPECT_TRUE(authenticator.Authenticate({.token = meanwhile}).ok());
}

TEST_F(SignInTest, AnAddressThatHasToWaitDoesNotUseUpANamesGuesses) {
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(Guess("admin", "10.0.0.1"), absl::StatusCode::kUnauthenticated);
  }
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(Guess("admin", "10.0.0.1"), absl::StatusCode::kResourceExhausted);
  }
  // Two of the name's five are left.
  EXPECT_EQ(Guess("admin", "10.0.0.2"), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(Guess("admin", "10.0.0.2"), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(Guess("admin", "10.0.0.2"), absl::StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace webhookd
