#include "server/delivery/curl_http_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tests/server/delivery/http_client_fixture.h"
#include "tests/testing/receiver.h"

namespace webhookd {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class CurlHttpClientTest : public HttpClientTest {
 protected:
  static HttpRequest ByProxy(const std::string& url) {
    HttpRequest request = Post(url);
    request.addresses.clear();
    request.by_proxy = true;
    return request;
  }
};

INSTANTIATE_TEST_SUITE_P(, CurlHttpClientTest,
                         ::testing::Values(ClientKind::kCurl, ClientKind::kDirect), ClientKindName);

TEST_P(CurlHttpClientTest, SendsThroughAConfiguredProxy) {
  // The proxy's own address need not be allowed; no_proxy of the environment counts for nothing.
  Receiver proxy(Receiver::Options{.address = "127.0.0.9"});
  setenv("no_proxy", "*", 1);
  const auto client = Make(policy_, {.proxy = proxy.url()});
  HttpRequest request = ByProxy("http://hook.example/path");
  const HttpResult result = Run(*client, std::move(request));
  unsetenv("no_proxy");
  EXPECT_EQ(result.status, 200) << result.error_message;
  ASSERT_EQ(proxy.request_count(), 1);
  EXPECT_EQ(proxy.requests()[0].path, "http://hook.example/path");
  EXPECT_EQ(proxy.requests()[0].Header("Host"), "hook.example");

  request = ByProxy("http://169.254.169.254/");
  EXPECT_EQ(Run(*client, std::move(request)).error, AttemptError::kEgressDenied);
  EXPECT_EQ(proxy.request_count(), 1);
}

TEST_P(CurlHttpClientTest, SendsToTheReceiverItselfWhatIsNotForTheProxy) {
  Receiver proxy;
  const auto client = Make(policy_, {.proxy = proxy.url()});
  Receiver receiver;
  EXPECT_EQ(Run(*client, Post(receiver.url("/direct"))).status, 200);
  EXPECT_EQ(receiver.request_count(), 1);
  EXPECT_EQ(receiver.requests()[0].path, "/direct");
  EXPECT_EQ(proxy.accepted_connections(), 0);
}

TEST_P(CurlHttpClientTest, AProxySeesTheUrlAsItWasGiven) {
  Receiver proxy;
  const auto client = Make(policy_, {.proxy = proxy.url()});
  for (const char* const url :
       {"http://hook.example/h?", "http://hook.example/./a/../b//c?x=/../"}) {
    EXPECT_EQ(Run(*client, ByProxy(url)).status, 200);
    EXPECT_EQ(proxy.requests().back().path, url);
  }
}

TEST_P(CurlHttpClientTest, ReportsAProxyThatDoesNotTunnel) {
  for (const int status : {407, 502, 403, 302}) {
    Receiver proxy([&](const ReceivedRequest&) { return CannedResponse::Status(status); });
    const auto client = Make(policy_, {.proxy = proxy.url()});
    HttpRequest request = ByProxy("https://hook.example/");
    request.headers.emplace_back("X-Secret", "s");
    const HttpResult result = Run(*client, std::move(request));
    EXPECT_EQ(result.error, AttemptError::kProxy) << result.error_message;
    EXPECT_THAT(result.error_message,
                AllOf(HasSubstr("the proxy "), HasSubstr(absl::StrCat("status ", status))));
    EXPECT_EQ(result.status, 0);
    ASSERT_EQ(proxy.request_count(), 1);
    EXPECT_EQ(proxy.requests()[0].method, "CONNECT");
    EXPECT_EQ(proxy.requests()[0].CountHeader("X-Secret"), 0);
  }
}

TEST_P(CurlHttpClientTest, WhatAProxyAnswersItselfIsNotTheReceivers) {
  CannedResponse answer = CannedResponse::Status(407, "sign in");
  Receiver proxy([&](const ReceivedRequest&) { return answer; });
  const auto client = Make(policy_, {.proxy = proxy.url()});
  const HttpResult refused = Run(*client, ByProxy("http://hook.example/"));
  EXPECT_EQ(refused.error, AttemptError::kProxy);
  EXPECT_THAT(refused.error_message, AllOf(HasSubstr("the proxy "), HasSubstr("status 407"),
                                           HasSubstr("user name and password")));
  EXPECT_EQ(refused.status, 0);

  answer = CannedResponse::Status(502, "", {{"Proxy-Status", "p; error=connection_refused"}});
  const HttpResult unreachable = Run(*client, ByProxy("http://hook.example/"));
  EXPECT_EQ(unreachable.error, AttemptError::kProxy);
  EXPECT_THAT(unreachable.error_message, HasSubstr("status 502"));

  // Nothing says whose this is.
  answer = CannedResponse::Status(502);
  const HttpResult either = Run(*client, ByProxy("http://hook.example/"));
  EXPECT_EQ(either.error, AttemptError::kNone);
  EXPECT_EQ(either.status, 502);
  // A receiver may say so, too, to whoever asks it directly.
  answer = CannedResponse::Status(407);
  const HttpResult direct = Run(*client, Post(proxy.url()));
  EXPECT_EQ(direct.error, AttemptError::kNone);
  EXPECT_EQ(direct.status, 407);
}

TEST_P(CurlHttpClientTest, AProxyThatIsGoneIsToldAsTheProxy) {
  std::string url;
  {
    Receiver proxy;
    url = proxy.url();
  }
  const auto client = Make(policy_, {.proxy = url});
  const HttpResult result = Run(*client, ByProxy("http://hook.example/"));
  EXPECT_EQ(result.error, AttemptError::kProxy);
  EXPECT_THAT(result.error_message, HasSubstr("refused by the proxy 127.0.0.1"));
}

TEST_P(CurlHttpClientTest, ChecksItsOptions) {
  const std::pair<CurlHttpClient::Options, const char*> cases[] = {
      {{.proxy = "proxy:3128"}, "egress.proxy must be a URL"},
      {{.proxy = "ftp://user:hunter2@proxy"}, "egress.proxy must be a URL"},
      {{.proxy = "http://user:hunter2@:x"}, "egress.proxy must be a URL"},
      {{.ca_file = "/nowhere/ca.pem"}, "egress.ca_file /nowhere/ca.pem cannot be read"},
      {{.client_cert = "/nowhere/c.pem"}, "egress.client_cert /nowhere/c.pem cannot be read"},
      {{.client_cert = "/dev/null"}, "egress.client_key is not set"},
      {{.client_key = "/dev/null"}, "egress.client_cert is not set"},
  };
  for (const auto& [options, message] : cases) {
    const auto client = CreateHttpClient(options, policy_);
    EXPECT_EQ(client.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(client.status().message(), HasSubstr(message));
    EXPECT_THAT(client.status().message(), ::testing::Not(HasSubstr("hunter2")));
  }
  for (const char* const proxy :
       {"http://p:1", "https://u:p@p", "socks5://p", "socks5h://p:1080"}) {
    EXPECT_TRUE(CurlHttpClient::Create({.proxy = proxy}, policy_).ok()) << proxy;
  }
}

}  // namespace
}  // namespace webhookd
