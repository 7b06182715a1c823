#include "server/auth/sign_in.h"

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <string>

#include "base/random.h"
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
