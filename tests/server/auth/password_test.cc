#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "server/auth/client_password.h"
#include "server/auth/password_hasher.h"
#include "server/auth/password_work.h"
#include "server/auth/token.h"
#include "tests/testing/manual_executor.h"
#include "tests/testing/seeded_random.h"

namespace webhookd {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TEST(ClientPassword, IsWhatDeterminedsClientsSend) {
  // By Python: hashlib.sha512(b"GubPEmmotfiK9TMD6Zdw" + b"correct horse").hexdigest()
  EXPECT_EQ(ClientPassword("correct horse"),
            "2447a141acc80af004f38355177c3e93343720d9dbb20a21365b074f2a12abed5cc9b027d8d9c4f818d39"
            "2b90add277818c8166fb6385b79e548a05492c2a66f");
  EXPECT_EQ(ClientPassword(""), "");
  EXPECT_TRUE(IsClientPassword(ClientPassword("x")));
  EXPECT_FALSE(IsClientPassword(""));
  EXPECT_FALSE(IsClientPassword("x"));
  EXPECT_FALSE(IsClientPassword(std::string(128, 'G')));
}

TEST(NewClientPassword, RefusesBlankShortAndNotReallyHashedOnes) {
  EXPECT_EQ(*NewClientPassword("12345678", false, false), ClientPassword("12345678"));
  EXPECT_EQ(*NewClientPassword(ClientPassword("x"), true, false), ClientPassword("x"));
  EXPECT_EQ(*NewClientPassword("", false, true), "");
  for (const auto& [password, hashed] : std::vector<std::pair<std::string, bool>>{
           {"", false}, {"", true}, {"1234567", false}, {"12345678", true}}) {
    const auto refused = NewClientPassword(password, hashed, false);
    EXPECT_EQ(refused.status().code(), absl::StatusCode::kInvalidArgument) << password;
    if (!password.empty()) {
      EXPECT_THAT(refused.status().message(), Not(HasSubstr(password)));
    }
  }
}

TEST(ScryptHasher, VerifiesWhatItHashedAndNothingElse) {
  SeededRandom random;
  const ScryptHasher hasher({.log2_n = 4}, random);
  const std::string hash = *hasher.Hash("secret");
  EXPECT_THAT(hash, Not(HasSubstr("secret")));
  EXPECT_NE(hash, *hasher.Hash("secret"));  // another salt
  EXPECT_TRUE(*hasher.Verify("secret", hash));
  EXPECT_FALSE(*hasher.Verify("Secret", hash));
  EXPECT_FALSE(*hasher.Verify("", hash));
  EXPECT_FALSE(*hasher.Verify("secret", hasher.nobody()));
}

TEST(ScryptHasher, VerifiesHashesOfOtherStrengths) {
  SeededRandom random;
  const ScryptHasher weak({.log2_n = 4}, random);
  const ScryptHasher strong({.log2_n = 5}, random);
  EXPECT_TRUE(*strong.Verify("secret", *weak.Hash("secret")));
}

TEST(ScryptHasher, RefusesWhatIsNoHash) {
  SeededRandom random;
  const ScryptHasher hasher({.log2_n = 4}, random);
  for (const char* text : {"", "x", "$scrypt$", "plain text", "$2b$12$abcdefghijklmnopqrstuv"}) {
    EXPECT_EQ(hasher.Verify("secret", text).status().code(), absl::StatusCode::kInternal) << text;
  }
}

TEST(Tokens, AreLongDifferentAndSayWhatTheyAre) {
  SeededRandom random;
  std::set<std::string> tokens;
  for (int i = 0; i < 100; ++i) {
    const std::string token = NewSessionToken(random);
    EXPECT_THAT(token, StartsWith("whs_"));
    EXPECT_GE(token.size(), 40u);  // 256 bits
    EXPECT_TRUE(tokens.insert(token).second);
  }
  EXPECT_THAT(NewServiceToken(random), StartsWith("whd_"));
  EXPECT_EQ(HashToken("a").size(), 32u);
  EXPECT_NE(HashToken("a"), HashToken("b"));
}

TEST(PasswordWork, BoundsHowManyWait) {
  SeededRandom random;
  const ScryptHasher hasher({.log2_n = 4}, random);
  ManualExecutor executor;
  PasswordWork work(hasher, executor, 2);
  int done = 0;
  const auto count = [&](absl::StatusOr<std::string> hash) {
    EXPECT_TRUE(hash.ok()) << hash.status();
    ++done;
  };
  work.Hash("a", count);
  work.Hash("b", count);
  absl::Status refused;
  work.Hash("c", [&](absl::StatusOr<std::string> hash) { refused = hash.status(); });
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  executor.RunAll();
  EXPECT_EQ(done, 2);
  work.Hash("d", count);
  executor.RunAll();
  EXPECT_EQ(done, 3);
}

}  // namespace
}  // namespace webhookd
