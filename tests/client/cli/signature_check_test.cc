#include "client/cli/signature_check.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/delivery/signer.h"

namespace webhookd {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kKey[] = "testsigningkey";
constexpr char kTimestamp[] = "1666890081";
constexpr char kBody[] =
    R"({"id":1,"state":"COMPLETED","name":"test-name","duration":1,"resource_pool":"default","slots_per_trial":1,"workspace":"workspace","project":"project"})";
constexpr char kSignature[] = "899cc042278415da7d91605ffefe81376d64a4d842aa5663cd614f497f88910f";
const absl::Time kNow = absl::FromUnixSeconds(1'666'890'090);

SignedRequest Request() {
  SignedRequest request;
  request.determined_timestamp = kTimestamp;
  request.determined_signature = kSignature;
  request.standard_id = "4cd26e62-60c6-4a8b-8d03-7629091a4ef5";
  request.standard_timestamp = kTimestamp;
  request.standard_signature = StandardSignature(kKey, request.standard_id, kTimestamp, kBody);
  request.body = kBody;
  return request;
}

// The reason of each family, "valid" for none.
std::vector<std::string> Reasons(const SignedRequest& request, absl::string_view key = kKey,
                                 absl::Time now = kNow,
                                 absl::Duration tolerance = absl::Seconds(300)) {
  std::vector<std::string> reasons;
  for (const SignatureCheck& check : CheckSignatures(request, key, now, tolerance)) {
    EXPECT_EQ(check.valid, check.reason.empty());
    reasons.push_back(check.valid ? "valid" : check.reason);
  }
  return reasons;
}

TEST(CheckSignatures, KnownVectorIsValid) {
  EXPECT_THAT(Reasons(Request()), ::testing::ElementsAre("valid", "valid"));
  const auto checks = CheckSignatures(Request(), kKey, kNow, absl::Seconds(300));
  EXPECT_EQ(checks[0].header, "X-Determined-AI-Signature");
  EXPECT_EQ(checks[0].age, absl::Seconds(9));
  EXPECT_EQ(checks[1].header, "webhook-signature");
}

TEST(CheckSignatures, ChecksOnlyWhatIsThere) {
  EXPECT_THAT(Reasons(SignedRequest()), IsEmpty());
  SignedRequest request;
  request.determined_timestamp = kTimestamp;
  request.determined_signature = kSignature;
  request.body = kBody;
  EXPECT_THAT(Reasons(request), ::testing::ElementsAre("valid"));
}

TEST(CheckSignatures, EveryBitOfTheBodyCounts) {
  for (size_t i = 0; i < std::string(kBody).size() * 8; ++i) {
    SignedRequest request = Request();
    request.body[i / 8] ^= static_cast<char>(1 << (i % 8));
    for (const std::string& reason : Reasons(request)) {
      EXPECT_THAT(reason, HasSubstr("does not match"));
    }
  }
}

TEST(CheckSignatures, TellsAnotherKey) {
  for (const std::string& reason : Reasons(Request(), "other")) {
    EXPECT_THAT(reason, HasSubstr("the key, the timestamp or the body is another one"));
  }
}

TEST(CheckSignatures, TellsAChangedNewline) {
  SignedRequest request = Request();
  request.body += "\r\n";
  for (const std::string& reason : Reasons(request)) {
    EXPECT_THAT(reason, HasSubstr("without its last newline"));
  }
}

TEST(CheckSignatures, TellsAStaleOrFutureTimestamp) {
  for (const std::string& reason : Reasons(Request(), kKey, kNow + absl::Hours(1))) {
    EXPECT_EQ(reason, "the signature is right, but 1h9s old; at most 5m are tolerated");
  }
  for (const std::string& reason : Reasons(Request(), kKey, kNow - absl::Hours(1))) {
    EXPECT_THAT(reason, HasSubstr("59m51s in the future"));
  }
  EXPECT_THAT(Reasons(Request(), kKey, kNow + absl::Hours(1), absl::ZeroDuration()),
              ::testing::ElementsAre("valid", "valid"));
}

TEST(CheckSignatures, TellsABadTimestamp) {
  SignedRequest request = Request();
  request.determined_timestamp = "soon";
  request.determined_signature = DeterminedSignature(kKey, "soon", kBody);
  EXPECT_EQ(Reasons(request)[0], "the timestamp \"soon\" is not a number of Unix seconds");
}

TEST(CheckSignatures, TellsMissingHeaders) {
  SignedRequest request = Request();
  request.determined_timestamp.clear();
  request.standard_id.clear();
  EXPECT_THAT(Reasons(request),
              ::testing::ElementsAre("header X-Determined-AI-Signature-Timestamp is missing",
                                     "header webhook-id is missing"));
  request = Request();
  request.determined_signature.clear();
  request.standard_signature.clear();
  EXPECT_THAT(Reasons(request),
              ::testing::ElementsAre("header X-Determined-AI-Signature is missing",
                                     "header webhook-signature is missing"));
}

TEST(CheckSignatures, OneOfSeveralStandardSignaturesIsEnough) {
  SignedRequest request = Request();
  request.standard_signature =
      absl::StrCat("v1a,AAAA v1,AAAA ", request.standard_signature, " v2,x");
  EXPECT_EQ(Reasons(request)[1], "valid");
  request.standard_signature = "v1a,AAAA";
  EXPECT_THAT(Reasons(request)[1], HasSubstr("no signature begins with \"v1,\""));
}

TEST(ParseSignatureHeaders, ReadsRawLines) {
  const absl::StatusOr<SignedRequest> request = ParseSignatureHeaders(
      "POST /hook HTTP/1.1\r\nHost: x\r\nX-DETERMINED-AI-SIGNATURE:  abc \r\n"
      "x-determined-ai-signature-timestamp: 12\r\nWebhook-Id: i:d\r\n\r\nwebhook-timestamp: 9\r\n");
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_EQ(request->determined_signature, "abc");
  EXPECT_EQ(request->determined_timestamp, "12");
  EXPECT_EQ(request->standard_id, "i:d");
  EXPECT_EQ(request->standard_timestamp, "");
}

TEST(ParseSignatureHeaders, RefusesDifferentValuesOfOneHeader) {
  EXPECT_TRUE(ParseSignatureHeaders("webhook-id: a\nWebhook-Id: a\n").ok());
  EXPECT_THAT(
      std::string(ParseSignatureHeaders("webhook-id: a\nWebhook-Id: b\n").status().message()),
      HasSubstr("header webhook-id is there twice"));
}

}  // namespace
}  // namespace webhookd
