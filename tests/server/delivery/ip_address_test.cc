#include "server/delivery/ip_address.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <string>

namespace webhookd {
namespace {

using ::testing::HasSubstr;

TEST(IpAddress, PrintsCanonicalText) {
  const std::pair<const char*, const char*> cases[] = {
      {"192.0.2.1", "192.0.2.1"},
      {"2001:DB8:0:0:0:0:0:1", "2001:db8::1"},
      {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},  // one group is not shortened
      {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},           // the longest run is
      {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},     // the first of equal runs is
      {"::ffff:192.0.2.1", "::ffff:192.0.2.1"},
      {"::", "::"},
  };
  for (const auto& [text, canonical] : cases) {
    const auto address = IpAddress::Parse(text);
    ASSERT_TRUE(address.ok()) << address.status();
    EXPECT_EQ(address->ToString(), canonical);
  }
}

TEST(IpAddress, RefusesWhatIsNotAnAddress) {
  for (const char* const text :
       {"", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "0x7f.0.0.1", " 1.2.3.4", "1.2.3.4 ",
        "[::1]", "::1]", "fe80::1%eth0", "1:2:3:4:5:6:7", "::g", "example.com", "1.2.3.4:80"}) {
    const auto address = IpAddress::Parse(text);
    EXPECT_EQ(address.status().code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(address.status().message(), HasSubstr(text));
  }
  EXPECT_FALSE(IpAddress::Parse(absl::string_view("1.2.3.4\0", 8)).ok());
  EXPECT_LT(IpAddress::Parse(std::string(100'000, 'x')).status().message().size(), 300U);
}

TEST(IpAddress, ReadsSocketAddresses) {
  sockaddr_in v4 = {};
  v4.sin_family = AF_INET;
  v4.sin_addr.s_addr = htonl(0xc0000201);
  EXPECT_EQ(*IpAddress::FromSockaddr(reinterpret_cast<const sockaddr&>(v4)),
            *IpAddress::Parse("192.0.2.1"));
  sockaddr_in6 v6 = {};
  v6.sin6_family = AF_INET6;
  v6.sin6_addr = in6addr_loopback;
  EXPECT_EQ(*IpAddress::FromSockaddr(reinterpret_cast<const sockaddr&>(v6)),
            *IpAddress::Parse("::1"));
  sockaddr_un local = {};
  local.sun_family = AF_UNIX;
  EXPECT_EQ(IpAddress::FromSockaddr(reinterpret_cast<const sockaddr&>(local)).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(IpAddress, TellsFamiliesApart) {
  EXPECT_TRUE(IpAddress::Parse("0.0.0.0")->is_v4());
  EXPECT_FALSE(IpAddress::Parse("::")->is_v4());
  EXPECT_FALSE(*IpAddress::Parse("0.0.0.0") == *IpAddress::Parse("::"));
  EXPECT_EQ(IpAddress::V4({192, 0, 2, 1}), *IpAddress::Parse("192.0.2.1"));
}

TEST(IpRange, ContainsWhatSharesThePrefix) {
  struct {
    const char* range;
    const char* inside;
    const char* outside;
  } const cases[] = {
      {"10.0.0.0/8", "10.255.255.255", "11.0.0.0"},
      {"172.16.0.0/12", "172.31.255.255", "172.32.0.0"},
      {"192.0.2.128/25", "192.0.2.128", "192.0.2.127"},
      {"192.0.2.1", "192.0.2.1", "192.0.2.2"},
      {"0.0.0.0/0", "255.255.255.255", "::1"},
      {"::/0", "ffff::", "1.2.3.4"},
      {"fe80::/10", "febf::1", "fec0::1"},
      {"2001:db8::1", "2001:db8::1", "2001:db8::2"},
  };
  for (const auto& c : cases) {
    const auto range = IpRange::Parse(c.range);
    ASSERT_TRUE(range.ok()) << range.status();
    EXPECT_TRUE(range->Contains(*IpAddress::Parse(c.inside))) << c.range;
    EXPECT_FALSE(range->Contains(*IpAddress::Parse(c.outside))) << c.range;
  }
}

TEST(IpRange, SaysWhatIsWrong) {
  const std::pair<const char*, const char*> cases[] = {
      {"10.0.0.1/8", "write 10.0.0.0/8 or the single address 10.0.0.1"},
      {"10.0.0.0/33", "must be a number from 0 to 32"},
      {"fd00::/129", "must be a number from 0 to 128"},
      {"10.0.0.0/", "prefix length \"\""},
      {"10.0.0.0/-1", "prefix length \"-1\""},
      {"10.0.0.0/ 8", "prefix length \" 8\""},
      {"10.0.0.0/8/8", "prefix length \"8/8\""},
      {"10.0.0.0/99999999999999999999", "must be a number"},
      {"10.0/8", "is not an IP address"},
      {"", "is not an IP address"},
      {"fe80::%eth0/10", "zones are not supported"},
  };
  for (const auto& [text, message] : cases) {
    const auto range = IpRange::Parse(text);
    EXPECT_EQ(range.status().code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(range.status().message(), HasSubstr(message));
  }
}

TEST(IpRange, PrintsWhatItParses) {
  EXPECT_EQ(IpRange::Parse("10.0.0.0/8")->ToString(), "10.0.0.0/8");
  EXPECT_EQ(IpRange::Parse("::1")->ToString(), "::1/128");
}

}  // namespace
}  // namespace webhookd
