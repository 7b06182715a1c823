#include "server/delivery/egress_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace webhookd {
namespace {

using ::testing::HasSubstr;

std::vector<IpRange> Ranges(std::vector<const char*> texts) {
  std::vector<IpRange> ranges;
  for (const char* const text : texts) ranges.push_back(*IpRange::Parse(text));
  return ranges;
}

absl::Status CheckAddress(const EgressPolicy& policy, absl::string_view address) {
  return policy.CheckAddress(*IpAddress::Parse(address));
}

absl::Status CheckUrl(const EgressPolicy& policy, absl::string_view url) {
  const auto target = ParseTargetUrl(url);
  EXPECT_TRUE(target.ok()) << target.status();
  return policy.CheckUrl(*target);
}

TEST(EgressPolicy, DeniesWhatIsNotMeantForReceivers) {
  const EgressPolicy policy({});
  const std::pair<const char*, const char*> cases[] = {
      {"0.0.0.0", "unspecified"},
      {"0.1.2.3", "unspecified"},
      {"127.0.0.1", "loopback"},
      {"127.255.255.255", "loopback"},
      {"169.254.1.1", "link-local"},
      {"169.254.169.254", "metadata"},
      {"169.254.170.2", "metadata"},
      {"100.100.100.200", "metadata"},
      {"168.63.129.16", "metadata"},
      {"192.0.0.192", "metadata"},
      {"224.0.0.1", "multicast"},
      {"239.255.255.255", "multicast"},
      {"255.255.255.255", "broadcast"},
      {"::", "unspecified"},
      {"::1", "loopback"},
      {"fe80::1", "link-local"},
      {"febf::1", "link-local"},
      {"fe80::a9fe:a9fe", "link-local"},
      {"ff02::1", "multicast"},
      {"fd00:ec2::254", "metadata"},
      {"fd20:ce::254", "metadata"},
      {"fd00:c1::a9fe:a9fe", "metadata"},
      {"fd00:42::42", "metadata"},
  };
  for (const auto& [address, rule] : cases) {
    const absl::Status status = CheckAddress(policy, address);
    EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied) << address;
    EXPECT_THAT(status.message(), HasSubstr(address));
    EXPECT_THAT(status.message(), HasSubstr(rule));
    EXPECT_THAT(status.message(), HasSubstr("egress.allow"));
  }
}

TEST(EgressPolicy, DeniesAddressesThatCarryADeniedOne) {
  const EgressPolicy policy({});
  const std::pair<const char*, const char*> cases[] = {
      {"::ffff:127.0.0.1", "IPv4-mapped"},
      {"::ffff:169.254.169.254", "IPv4-mapped"},
      {"::127.0.0.1", "IPv4-compatible"},
      {"::ffff:0:127.0.0.1", "IPv4-translated"},
      {"64:ff9b::7f00:1", "NAT64"},
      {"64:ff9b::a9fe:a9fe", "NAT64"},
      {"64:ff9b:1::7f00:1", "local NAT64"},
      {"64:ff9b:1:7f00:0:100::", "local NAT64"},      // 48 bits of prefix
      {"64:ff9b:1:7f:0:1::", "local NAT64"},          // 56
      {"64:ff9b:1:0:a9:fea9:fe00:0", "local NAT64"},  // 64
      {"2002:7f00:1::", "6to4"},
      {"2002:a9fe:a9fe::1", "6to4"},
      {"2001:0:7f00:1::", "Teredo, server"},
      // The client's address is written with every bit inverted.
      {"2001:0:102:304:0:0:80ff:fffe", "Teredo, client"},
  };
  for (const auto& [address, form] : cases) {
    const absl::Status status = CheckAddress(policy, address);
    EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied) << address;
    EXPECT_THAT(status.message(), HasSubstr(form));
  }
}

TEST(EgressPolicy, AllowsPublicAndPrivateAddresses) {
  const EgressPolicy policy({});
  for (const char* const address :
       {"8.8.8.8", "126.255.255.255", "128.0.0.1", "1.0.0.0", "223.255.255.255", "10.0.0.1",
        "172.16.0.1", "192.168.1.1", "100.64.0.1", "240.0.0.1", "2606:4700::1111", "fd12:3456::1",
        "::ffff:8.8.8.8", "64:ff9b::808:808", "64:ff9b:1::808:808", "2002:808:808::1",
        "2001:0:808:808:0:0:f7f7:f7f7", "2001:db8::1", "2001:4860::8888"}) {
    EXPECT_TRUE(CheckAddress(policy, address).ok()) << CheckAddress(policy, address);
  }
}

TEST(EgressPolicy, DeniesPrivateRangesWhenToldTo) {
  const EgressPolicy policy({.deny_private = true});
  for (const char* const address :
       {"10.0.0.1", "172.31.0.1", "192.168.1.1", "100.64.0.1", "198.18.0.1", "240.0.0.1", "fd12::1",
        "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::"}) {
    const absl::Status status = CheckAddress(policy, address);
    EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied) << address;
    EXPECT_THAT(status.message(), HasSubstr("egress.deny_private"));
  }
  EXPECT_TRUE(CheckAddress(policy, "8.8.8.8").ok());
}

TEST(EgressPolicy, AllowOpensWhatItNames) {
  const EgressPolicy policy(
      {.allow = Ranges({"127.0.0.1", "fd00:ec2::/32", "10.1.0.0/16"}), .deny_private = true});
  EXPECT_TRUE(CheckAddress(policy, "127.0.0.1").ok());
  EXPECT_FALSE(CheckAddress(policy, "127.0.0.2").ok());
  EXPECT_TRUE(CheckAddress(policy, "::ffff:127.0.0.1").ok());
  EXPECT_FALSE(CheckAddress(policy, "::ffff:127.0.0.2").ok());
  EXPECT_TRUE(CheckAddress(policy, "fd00:ec2::254").ok());
  EXPECT_TRUE(CheckAddress(policy, "10.1.2.3").ok());
  EXPECT_FALSE(CheckAddress(policy, "10.2.2.3").ok());
  EXPECT_FALSE(CheckAddress(policy, "::1").ok());
}

TEST(EgressPolicy, DenyWinsOverAllow) {
  const EgressPolicy policy({.allow = Ranges({"127.0.0.0/8", "8.0.0.0/8", "::/0"}),
                             .deny = Ranges({"127.0.0.53", "8.8.8.8"})});
  EXPECT_TRUE(CheckAddress(policy, "127.0.0.1").ok());
  for (const char* const address :
       {"127.0.0.53", "8.8.8.8", "::ffff:8.8.8.8", "64:ff9b::808:808"}) {
    const absl::Status status = CheckAddress(policy, address);
    EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied) << address;
    EXPECT_THAT(status.message(), HasSubstr("egress.deny, which wins over egress.allow"));
  }
}

TEST(EgressPolicy, JudgesLiteralUrlsInAnyNotation) {
  const EgressPolicy policy({});
  for (const char* const url :
       {"http://127.0.0.1/", "http://127.1/", "http://2130706433/", "http://0x7f000001/",
        "http://0177.0.0.1/", "http://0x7f.0.0.1/", "http://127.0.0.1./", "http://0/",
        "http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://[0:0:0:0:0:0:0:1]/",
        "http://%31%32%37.0.0.1/", "http://１２７.0.0.1/", "http://127。0。0。1/",
        "http://2852039166/latest/meta-data/"}) {
    EXPECT_EQ(CheckUrl(policy, url).code(), absl::StatusCode::kPermissionDenied) << url;
  }
  EXPECT_TRUE(CheckUrl(policy, "http://134744072/").ok());  // 8.8.8.8
}

TEST(EgressPolicy, JudgesNamesThatMeanThisMachine) {
  const EgressPolicy strict({});
  const EgressPolicy open({.allow = Ranges({"127.0.0.0/8"})});
  for (const char* const url :
       {"http://localhost/", "http://LOCALHOST:8080/x", "http://localhost./", "http://a.localhost/",
        "http://ⓛocalhost/", "http://localhost.localdomain/", "http://ip6-localhost/",
        "http://ip6-loopback/", "http://localhost6/"}) {
    const absl::Status status = CheckUrl(strict, url);
    EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied) << url;
    EXPECT_THAT(status.message(), HasSubstr("loopback"));
    EXPECT_TRUE(CheckUrl(open, url).ok()) << url;
  }
  EXPECT_THAT(CheckUrl(strict, "http://metadata.google.internal/").message(),
              HasSubstr("metadata.google.internal means 169.254.169.254"));
  EXPECT_FALSE(CheckUrl(open, "http://metadata.google.internal/").ok());
}

TEST(EgressPolicy, LeavesOtherNamesToTheMomentOfConnecting) {
  const EgressPolicy policy({});
  for (const char* const url :
       {"http://example.com/", "http://notlocalhost/", "http://localhost.example.com/",
        "http://my-metadata.goog.example/"}) {
    EXPECT_TRUE(CheckUrl(policy, url).ok()) << url;
  }
}

}  // namespace
}  // namespace webhookd
