#include "client/cpp/channel.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace webhookd {
namespace {

using ::testing::HasSubstr;

std::string Parsed(absl::string_view text) {
  const absl::StatusOr<ServerAddress> address = ParseServerAddress(text);
  return address.ok() ? address->ToString() : address.status().ToString();
}

TEST(ParseServerAddress, TakesHostAndPortInEveryForm) {
  EXPECT_EQ(Parsed("127.0.0.1:8080"), "127.0.0.1:8080");
  EXPECT_EQ(Parsed("example.com"), "example.com:8080");
  EXPECT_EQ(Parsed("http://example.com:81"), "example.com:81");
  EXPECT_EQ(Parsed("HTTP://example.com:81/"), "example.com:81");
  EXPECT_EQ(Parsed("[::1]"), "[::1]:8080");
  EXPECT_EQ(Parsed("http://[fe80::1%eth0]:65535/"), "[fe80::1%eth0]:65535");
}

TEST(ParseServerAddress, KnowsTlsByItsScheme) {
  EXPECT_EQ(Parsed("https://example.com"), "example.com:8443");
  EXPECT_EQ(Parsed("https://example.com:81/"), "example.com:81");
  EXPECT_TRUE(ParseServerAddress("https://example.com")->tls);
  EXPECT_FALSE(ParseServerAddress("http://example.com")->tls);
  EXPECT_FALSE(ParseServerAddress("example.com")->tls);
}

TEST(ParseServerAddress, SaysWhatIsWrong) {
  EXPECT_THAT(Parsed(""), HasSubstr("the host is missing"));
  EXPECT_THAT(Parsed(":8080"), HasSubstr("the host is missing"));
  EXPECT_THAT(Parsed("[]:8080"), HasSubstr("the host is missing"));
  EXPECT_THAT(Parsed("::1"), HasSubstr("needs brackets"));
  EXPECT_THAT(Parsed("[::1"), HasSubstr("']' is missing"));
  EXPECT_THAT(Parsed("[::1]8080"), HasSubstr("':' must follow"));
  EXPECT_THAT(Parsed("host:"), HasSubstr("port \"\""));
  EXPECT_THAT(Parsed("host:0"), HasSubstr("port \"0\""));
  EXPECT_THAT(Parsed("host:65536"), HasSubstr("port \"65536\""));
  EXPECT_THAT(Parsed("host:http"), HasSubstr("port \"http\""));
  EXPECT_THAT(Parsed("ho st"), HasSubstr("white space"));
  EXPECT_THAT(Parsed("http://host/path"), HasSubstr("contains '/'"));
  EXPECT_THAT(Parsed("http://user@host"), HasSubstr("contains '@'"));
  EXPECT_THAT(Parsed("https://host/path"), HasSubstr("write HOST:PORT"));
}

}  // namespace
}  // namespace webhookd
