#include "server/delivery/curl_http_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <utility>

#include "tests/server/delivery/http_client_fixture.h"
#include "tests/testing/receiver.h"

namespace webhookd {
namespace {

using ::testing::HasSubstr;

class CurlHttpClientTest : public HttpClientTest {};

INSTANTIATE_TEST_SUITE_P(, CurlHttpClientTest,
                         ::testing::Values(ClientKind::kCurl, ClientKind::kDirect), ClientKindName);

TEST_P(CurlHttpClientTest, SendsThroughAConfiguredProxy) {
  // The proxy's own address need not be allowed; no_proxy of the environment counts for nothing.
  Receiver proxy(Receiver::Options{.address = "127.0.0.9"});
  setenv("no_proxy", "*", 1);
  const auto client = Make(policy_, {.proxy = proxy.url()});
  HttpRequest request = Post("http://hook.example/path");
  request.addresses.clear();
  const HttpResult result = Run(*client, std::move(request));
  unsetenv("no_proxy");
  EXPECT_EQ(result.status, 200) << result.error_message;
  ASSERT_EQ(proxy.request_count(), 1);
  EXPECT_EQ(proxy.requests()[0].path, "http://hook.example/path");
  EXPECT_EQ(proxy.requests()[0].Header("Host"), "hook.example");

  request = Post("http://169.254.169.254/");
  EXPECT_EQ(Run(*client, std::move(request)).error, AttemptError::kEgressDenied);
  EXPECT_EQ(proxy.request_count(), 1);
}

TEST_P(CurlHttpClientTest, ReportsAProxyThatDoesNotTunnel) {
  Receiver proxy([](const ReceivedRequest&) { return CannedResponse::Status(403); });
  const auto client = Make(policy_, {.proxy = proxy.url()});
  HttpRequest request = Post("https://hook.example/");
  request.headers.emplace_back("X-Secret", "s");
  const HttpResult result = Run(*client, std::move(request));
  EXPECT_EQ(result.error, AttemptError::kConnect) << result.error_message;
  EXPECT_EQ(result.status, 0);
  ASSERT_EQ(proxy.request_count(), 1);
  EXPECT_EQ(proxy.requests()[0].method, "CONNECT");
  EXPECT_EQ(proxy.requests()[0].CountHeader("X-Secret"), 0);
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
