#include "server/delivery/signer.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/escaping.h"

namespace webhookd {
namespace {

// A body, key and signature that a Determined master made.
constexpr char kKey[] = "testsigningkey";
constexpr char kTimestamp[] = "1666890081";
constexpr char kBody[] =
    R"({"id":1,"state":"COMPLETED","name":"test-name","duration":1,"resource_pool":"default","slots_per_trial":1,"workspace":"workspace","project":"project"})";
constexpr char kSignature[] = "899cc042278415da7d91605ffefe81376d64a4d842aa5663cd614f497f88910f";

TEST(DeterminedSignature, GivesTheKnownVector) {
  EXPECT_EQ(DeterminedSignature(kKey, kTimestamp, kBody), kSignature);
}

// Every single bit of `text`, flipped, gives another signature.
template <typename Sign>
void ExpectEveryBitCounts(std::string text, Sign sign) {
  for (size_t i = 0; i < text.size() * 8; ++i) {
    text[i / 8] = static_cast<char>(text[i / 8] ^ (1 << i % 8));
    EXPECT_NE(sign(text), kSignature) << "bit " << i;
    text[i / 8] = static_cast<char>(text[i / 8] ^ (1 << i % 8));
  }
}

TEST(DeterminedSignature, ChangesWithEveryBitOfTheBody) {
  ExpectEveryBitCounts(
      kBody, [](const std::string& body) { return DeterminedSignature(kKey, kTimestamp, body); });
}

TEST(DeterminedSignature, ChangesWithEveryBitOfTheTimestamp) {
  ExpectEveryBitCounts(kTimestamp, [](const std::string& timestamp) {
    return DeterminedSignature(kKey, timestamp, kBody);
  });
}

TEST(DeterminedSignature, ChangesWithEveryBitOfTheKey) {
  ExpectEveryBitCounts(
      kKey, [](const std::string& key) { return DeterminedSignature(key, kTimestamp, kBody); });
}

TEST(ConstantTimeEquals, TellsEveryBit) {
  std::string other = kSignature;
  EXPECT_TRUE(ConstantTimeEquals(kSignature, other));
  for (size_t i = 0; i < other.size() * 8; ++i) {
    other[i / 8] = static_cast<char>(other[i / 8] ^ (1 << i % 8));
    EXPECT_FALSE(ConstantTimeEquals(kSignature, other)) << "bit " << i;
    other[i / 8] = static_cast<char>(other[i / 8] ^ (1 << i % 8));
  }
  EXPECT_FALSE(ConstantTimeEquals(kSignature, other.substr(1)));
  EXPECT_FALSE(ConstantTimeEquals(kSignature, ""));
  EXPECT_TRUE(ConstantTimeEquals("", ""));
}

// The example of the Standard Webhooks specification, whose secret is given there in base64.
TEST(StandardSignature, GivesTheSpecificationsExample) {
  const std::string secret =
      absl::HexStringToBytes("31f290f6bf06298aab4f08d43c3f082cf648a362da2da4b0");
  EXPECT_EQ(StandardSignature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330",
                              R"({"test": 2432232314})"),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

TEST(Signer, SignsOneMomentInBothFamilies) {
  const Signer signer(kKey);
  const auto headers = signer.SignatureHeaders(
      "4cd26e62-60c6-4a8b-8d03-7629091a4ef5",
      absl::FromUnixSeconds(1'666'890'081) + absl::Milliseconds(999), kBody);
  ASSERT_EQ(headers.size(), 5);
  EXPECT_EQ(headers[0].first, "X-Determined-AI-Signature-Timestamp");
  EXPECT_EQ(headers[0].second, kTimestamp);
  EXPECT_EQ(headers[1].first, "X-Determined-AI-Signature");
  EXPECT_EQ(headers[1].second, kSignature);
  EXPECT_EQ(headers[2].first, "webhook-id");
  EXPECT_EQ(headers[2].second, "4cd26e62-60c6-4a8b-8d03-7629091a4ef5");
  EXPECT_EQ(headers[3].first, "webhook-timestamp");
  EXPECT_EQ(headers[3].second, kTimestamp);
  EXPECT_EQ(headers[4].first, "webhook-signature");
  EXPECT_EQ(headers[4].second,
            StandardSignature(kKey, "4cd26e62-60c6-4a8b-8d03-7629091a4ef5", kTimestamp, kBody));
}

}  // namespace
}  // namespace webhookd
