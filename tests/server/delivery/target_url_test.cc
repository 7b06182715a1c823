#include "server/delivery/target_url.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace webhookd {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(ParseTargetUrl, TakesUrlsApart) {
  struct {
    const char* url;
    const char* normalised;
    bool https;
    const char* host;
    int port;
  } const cases[] = {
      {"https://example.com", "https://example.com/", true, "example.com", 443},
      {"http://example.com/hook?a=b", "http://example.com/hook?a=b", false, "example.com", 80},
      {"HTTPS://Example.COM:443/A", "https://example.com/A", true, "example.com", 443},
      {"https://example.com:8443/", "https://example.com:8443/", true, "example.com", 8443},
      {"http://example.com.:80/", "http://example.com./", false, "example.com.", 80},
      {"http://under_score.example/", "http://under_score.example/", false, "under_score.example",
       80},
      {"https://bücher.example/ü", "https://xn--bcher-kva.example/%c3%bc", true,
       "xn--bcher-kva.example", 443},
      {"http://ｅｘａｍｐｌｅ.com/", "http://example.com/", false, "example.com", 80},
      // What is behind the host stays as it is, but for a fragment, which is never sent.
      {"http://a/b/../c", "http://a/b/../c", false, "a", 80},
      {"http://a/./a/../b//c", "http://a/./a/../b//c", false, "a", 80},
      {"http://a/%2E%2e/x%7e", "http://a/%2E%2e/x%7e", false, "a", 80},
      {"http://a/h?", "http://a/h?", false, "a", 80},
      {"http://a?", "http://a/?", false, "a", 80},
      {"http://a?q=/../", "http://a/?q=/../", false, "a", 80},
      {"https://example.com/h?q#part", "https://example.com/h?q", true, "example.com", 443},
      {"https://example.com/#", "https://example.com/", true, "example.com", 443},
      {"https://example.com#@evil.example/", "https://example.com/", true, "example.com", 443},
      {"https://example.com:8443?#", "https://example.com:8443/?", true, "example.com", 8443},
      {"http://user.example/x@y?z=@", "http://user.example/x@y?z=@", false, "user.example", 80},
  };
  for (const auto& c : cases) {
    const auto target = ParseTargetUrl(c.url);
    ASSERT_TRUE(target.ok()) << target.status();
    EXPECT_EQ(target->url, c.normalised);
    EXPECT_EQ(target->https, c.https) << c.url;
    EXPECT_EQ(target->host, c.host);
    EXPECT_EQ(target->port, c.port) << c.url;
    EXPECT_FALSE(target->literal.has_value()) << c.url;
  }
}

TEST(ParseTargetUrl, RecognisesAddressesInAnyNotation) {
  struct {
    const char* url;
    const char* address;
    const char* normalised;
  } const cases[] = {
      {"http://192.0.2.1/x", "192.0.2.1", "http://192.0.2.1/x"},
      {"http://127.1:81/", "127.0.0.1", "http://127.0.0.1:81/"},
      {"http://0x7f.1/", "127.0.0.1", "http://127.0.0.1/"},
      {"http://0177.0.0.01/", "127.0.0.1", "http://127.0.0.1/"},
      {"http://2130706433/", "127.0.0.1", "http://127.0.0.1/"},
      {"http://127.0.0.1./", "127.0.0.1", "http://127.0.0.1/"},
      {"http://%31%32%37.0.0.1/", "127.0.0.1", "http://127.0.0.1/"},
      {"http://１２７。０。０。１/", "127.0.0.1", "http://127.0.0.1/"},
      {"https://[2001:DB8:0::1]:8443/", "2001:db8::1", "https://[2001:db8::1]:8443/"},
      {"http://[::ffff:7f00:1]/", "::ffff:127.0.0.1", "http://[::ffff:127.0.0.1]/"},
  };
  for (const auto& c : cases) {
    const auto target = ParseTargetUrl(c.url);
    ASSERT_TRUE(target.ok()) << target.status();
    ASSERT_TRUE(target->literal.has_value()) << c.url;
    EXPECT_EQ(target->literal->ToString(), c.address);
    EXPECT_EQ(target->host, c.address);
    EXPECT_EQ(target->url, c.normalised);
  }
}

TEST(ParseTargetUrl, SaysWhatIsWrong) {
  const std::pair<std::string, const char*> cases[] = {
      {"", "the URL is empty"},
      {"example.com/hook", "must begin with https:// or http://"},
      {"//example.com/", "must begin with https:// or http://"},
      {"https:/example.com/", "must begin with https:// or http://"},
      {"ftp://example.com/", "scheme \"ftp\" is not supported"},
      {"file:///etc/passwd", "scheme \"file\" is not supported"},
      {"gopher://example.com/", "scheme \"gopher\" is not supported"},
      {" https://example.com/", "a space at byte 1"},
      {"https://example.com/ x", "a space at byte 21"},
      {"https://example.com/\r\nX: y", "a control character at byte 21"},
      {"https://example.com/\t", "a control character at byte 21"},
      {std::string("https://example.com/\0x", 22), "a control character at byte 21"},
      {"https://example.com\\@evil.example/", "a back-slash at byte 20"},
      {"https:///hook", "the host is missing"},
      {"https://", "the host is missing"},
      {"https://:443/", "the host is missing"},
      {"https://?x", "the host is missing"},
      {"https://example.com:0/", "port must be a number from 1 to 65535"},
      {"https://example.com:65536/", "port must be a number from 1 to 65535"},
      {"https://example.com:99999999999999999999/", "port must be a number from 1 to 65535"},
      {"https://example.com:x/", "port must be a number from 1 to 65535"},
      {"https://example.com:-1/", "port must be a number from 1 to 65535"},
      {"https://user@example.com/", "user name or password"},
      {"https://@example.com/", "user name or password"},
      {"http://[::1/", "IPv6 address in brackets"},
      {"http://[fe80::1%25eth0]/", "zone"},
      {"http://[1.2.3.4]/", "IPv6 address in brackets"},
      {"http://::1/", ""},
      {"http://256.1.1.1/", "is not an IPv4 address"},
      {"http://1.2.3.4.5/", "is not an IPv4 address"},
      {"http://example.0x10/", "is not an IPv4 address"},
      {"http://a..b/", "empty part"},
      {"http://.a/", "empty part"},
      {"http://exa%6dple%2f.com/", "not a valid name"},
      {"http://exa$mple.com/", "not a valid name"},
      {"http://exa~mple.com/", "cannot contain \"~\""},
      {"http://\xff.com/", "not a valid name"},
      {absl::StrCat("http://", std::string(64, 'a'), ".com/"), "at most 63"},
      {absl::StrCat("http://", std::string(300, 'a'), ".com/"), "at most 253"},
      {absl::StrCat("http://a/", std::string(2048, 'a')), "at most 2048"},
      {absl::StrCat("http://a/", std::string(2 << 20, 'a')), "at most 2048"},
  };
  for (const auto& [url, message] : cases) {
    const auto target = ParseTargetUrl(url);
    EXPECT_EQ(target.status().code(), absl::StatusCode::kInvalidArgument) << url.substr(0, 80);
    EXPECT_THAT(target.status().message(), HasSubstr(message));
    EXPECT_LT(target.status().message().size(), 500U);
  }
}

TEST(ParseTargetUrl, DoesNotRepeatAPassword) {
  for (const char* const url :
       {"https://user:hunter2@example.com/", "https://hunter2@example.com/",
        "ftp://user:hunter2@example.com/", "https://a:b@hunter2@example.com/",
        "https://user:hunter2@example.com/ x", "//user:hunter2@example.com"}) {
    const auto target = ParseTargetUrl(url);
    ASSERT_FALSE(target.ok());
    EXPECT_THAT(target.status().message(), Not(HasSubstr("hunter2")));
    EXPECT_THAT(target.status().message(), HasSubstr("example.com"));
  }
}

TEST(ParseTargetUrl, NormalisedUrlsStayAsTheyAre) {
  for (const char* const url :
       {"https://bücher.example/ü?q=é&x=%41", "http://127.1:81/a//b?", "https://[::0:1]/"}) {
    const auto once = ParseTargetUrl(url);
    ASSERT_TRUE(once.ok()) << once.status();
    const auto twice = ParseTargetUrl(once->url);
    ASSERT_TRUE(twice.ok()) << twice.status();
    EXPECT_EQ(twice->url, once->url);
  }
}

}  // namespace
}  // namespace webhookd
