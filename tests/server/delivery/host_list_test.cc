#include "server/delivery/host_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace webhookd {
namespace {

using ::testing::HasSubstr;

bool Contains(const std::vector<std::string>& entries, const std::string& url) {
  const auto list = HostList::Parse(entries);
  EXPECT_TRUE(list.ok()) << list.status();
  const auto target = ParseTargetUrl(url);
  EXPECT_TRUE(target.ok()) << target.status();
  return list->Contains(*target);
}

TEST(HostList, ANameStandsForItselfAndAllUnderIt) {
  for (const char* const entry : {"example.com", "Example.COM", "example.com."}) {
    EXPECT_TRUE(Contains({entry}, "http://example.com/"));
    EXPECT_TRUE(Contains({entry}, "https://a.b.EXAMPLE.com:8443/"));
    EXPECT_TRUE(Contains({entry}, "http://example.com./"));
    EXPECT_FALSE(Contains({entry}, "http://notexample.com/"));
    EXPECT_FALSE(Contains({entry}, "http://example.com.evil.example/"));
    EXPECT_FALSE(Contains({entry}, "http://com/"));
  }
}

TEST(HostList, WithADotInFrontOnlyForThoseUnderIt) {
  EXPECT_TRUE(Contains({".example.com"}, "http://a.example.com/"));
  EXPECT_FALSE(Contains({".example.com"}, "http://example.com/"));
}

TEST(HostList, AddressesAreForHostsThatAreAddresses) {
  const std::vector<std::string> entries = {"10.0.0.0/8", "192.0.2.1", "[2001:db8::1]", "fd00::/8"};
  EXPECT_TRUE(Contains(entries, "http://10.200.0.1/"));
  EXPECT_TRUE(Contains(entries, "http://0xc0.0.2.1/"));
  EXPECT_TRUE(Contains(entries, "http://[2001:db8::1]/"));
  EXPECT_TRUE(Contains(entries, "http://[fd12::1]:81/"));
  EXPECT_FALSE(Contains(entries, "http://192.0.2.2/"));
  EXPECT_FALSE(Contains(entries, "http://a10.example/"));
}

TEST(HostList, AStarIsForAllAndNothingForNone) {
  EXPECT_TRUE(Contains({"a.example", "*"}, "http://192.0.2.1/"));
  EXPECT_FALSE(Contains({}, "http://a.example/"));
}

TEST(HostList, SaysWhatIsNoHost) {
  for (const char* const entry : {"", ".", "http://a.example", "a.example:80", "*.example.com",
                                  "a..b", "10.0.0.1/8", "a b"}) {
    const auto list = HostList::Parse({"b.example", entry});
    EXPECT_EQ(list.status().code(), absl::StatusCode::kInvalidArgument) << entry;
    EXPECT_THAT(list.status().message(), HasSubstr("is not a host name")) << entry;
  }
}

}  // namespace
}  // namespace webhookd
