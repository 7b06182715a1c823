#include "server/config/value_checks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace webhookd {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(CheckSigningKey, TakesAnyTextOfReasonableLength) {
  for (const std::string& key : {std::string("k"), std::string(" with spaces "),
                                 std::string("ключ🔑"), std::string(4096, 'k')}) {
    EXPECT_EQ(CheckSigningKey(key).value_or(""), key);
  }
}

TEST(CheckSigningKey, RefusesWithoutRepeatingTheKey) {
  for (const std::string& key :
       {std::string(), std::string(4097, 'q'), std::string("qqqq\n"), std::string("qqqq\x7f"),
        std::string("qqqq\0", 5), std::string("qqqq\xff")}) {
    const auto checked = CheckSigningKey(key);
    EXPECT_EQ(checked.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(checked.status().message()), Not(HasSubstr("qqqq")));
  }
}

TEST(CheckBaseUrl, CutsSlashesOff) {
  EXPECT_EQ(CheckBaseUrl("").value_or("?"), "");
  EXPECT_EQ(CheckBaseUrl("https://det.example.com").value_or(""), "https://det.example.com");
  EXPECT_EQ(CheckBaseUrl("http://10.0.0.1:8080//").value_or(""), "http://10.0.0.1:8080");
  EXPECT_EQ(CheckBaseUrl("https://x.example/det/").value_or(""), "https://x.example/det");
}

TEST(CheckBaseUrl, RefusesWhatLinksCannotBeginWith) {
  for (const char* url : {"det.example.com", "ftp://a", "http://", "https:///x", "http://a/?q=1",
                          "http://a/#f", "http://u:p@a", "http://a b", "http://a:99999"}) {
    EXPECT_EQ(CheckBaseUrl(url).status().code(), absl::StatusCode::kInvalidArgument) << url;
  }
}

TEST(CheckProxy, KnowsTheSchemesAndKeepsQuietAboutTheRest) {
  for (const char* url : {"", "http://p:3128", "HTTPS://p", "socks5://u:p@h", "socks5h://h:1"}) {
    EXPECT_EQ(CheckProxy(url).value_or("?"), url);
  }
  for (const char* url :
       {"qqqq", "ftp://qqqq", "http://", "http://qqqq x", "http://qqqq\n", "http://qqqq\xff"}) {
    const auto checked = CheckProxy(url);
    EXPECT_EQ(checked.status().code(), absl::StatusCode::kInvalidArgument) << url;
    EXPECT_THAT(std::string(checked.status().message()), Not(HasSubstr("qqqq")));
  }
}

TEST(CheckListenAddress, TakesAddressesAndNames) {
  EXPECT_EQ(CheckListenAddress("0.0.0.0").value_or(""), "0.0.0.0");
  EXPECT_EQ(CheckListenAddress("::").value_or(""), "::");
  EXPECT_EQ(CheckListenAddress("[::1]").value_or(""), "::1");
  EXPECT_EQ(CheckListenAddress("localhost").value_or(""), "localhost");
  for (const char* address :
       {"", "127.0.0.1:80", "[::1]:80", "[::1", "[localhost]", "http://a", "a b", "unix:/x"}) {
    EXPECT_EQ(CheckListenAddress(address).status().code(), absl::StatusCode::kInvalidArgument)
        << address;
  }
}

TEST(CheckChoice, IgnoresCaseAndNamesTheChoices) {
  EXPECT_EQ(CheckChoice("JSON", {"json", "text"}).value_or(""), "json");
  EXPECT_EQ(CheckChoice("xml", {"json", "text"}).status().message(),
            "\"xml\" is not one of json, text");
}

TEST(CheckText, RefusesWhatCannotBeShown) {
  EXPECT_EQ(CheckText("größe").value_or(""), "größe");
  EXPECT_THAT(std::string(CheckText("a\nb").status().message()), HasSubstr("\"a\\nb\""));
  EXPECT_THAT(std::string(CheckText("a\xff").status().message()), HasSubstr("not UTF-8"));
  EXPECT_FALSE(CheckNotEmpty("").ok());
}

}  // namespace
}  // namespace webhookd
