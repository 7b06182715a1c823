#ifndef WEBHOOKD_TESTS_SERVER_DELIVERY_HTTP_CLIENT_FIXTURE_H_
#define WEBHOOKD_TESTS_SERVER_DELIVERY_HTTP_CLIENT_FIXTURE_H_

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "server/delivery/curl_http_client.h"
#include "server/delivery/direct_http_client.h"
#include "server/delivery/egress_policy.h"
#include "server/delivery/plain_http_client.h"
#include "tests/testing/last_resort.h"

namespace webhookd {

enum class ClientKind { kCurl, kPlain, kDirect };

inline std::string ClientKindName(const ::testing::TestParamInfo<ClientKind>& info) {
  return info.param == ClientKind::kCurl    ? "Curl"
         : info.param == ClientKind::kPlain ? "Plain"
                                            : "Direct";
}

// An HttpClient of each kind, which may reach 127.0.0.1 and 127.0.0.2, but no other loopback
// address.
class HttpClientTest : public ::testing::TestWithParam<ClientKind> {
 protected:
  static std::vector<IpAddress> Addresses(std::vector<const char*> texts) {
    std::vector<IpAddress> addresses;
    for (const char* const text : texts) addresses.push_back(*IpAddress::Parse(text));
    return addresses;
  }

  static HttpRequest Post(std::string url, std::string body = "{}") {
    HttpRequest request;
    request.url = std::move(url);
    request.headers = {{"Content-Type", "application/json"}};
    request.body = std::make_shared<const std::string>(std::move(body));
    request.addresses = Addresses({"127.0.0.1"});
    request.connect_timeout = absl::Seconds(10);
    request.timeout = absl::Seconds(20);
    return request;
  }

  static std::unique_ptr<HttpClient> Make(const EgressPolicy& policy,
                                          CurlHttpClient::Options options = {}) {
    switch (GetParam()) {
      case ClientKind::kCurl:
        return Checked(CurlHttpClient::Create(std::move(options), policy));
      case ClientKind::kPlain:
        return Checked(PlainHttpClient::Create(
            {.max_connections = options.max_connections, .user_agent = options.user_agent},
            policy));
      case ClientKind::kDirect:
        return Checked(CreateHttpClient(std::move(options), policy));
    }
    return nullptr;
  }

  // Polls until `condition` holds.
  template <typename Condition>
  static bool PollUntil(HttpClient& client, Condition condition) {
    const absl::Duration deadline = RealClock().Steady() + kLastResort;
    while (!condition()) {
      if (RealClock().Steady() > deadline) return false;
      client.Poll(absl::Milliseconds(10));
    }
    return true;
  }

  static HttpResult Run(HttpClient& client, HttpRequest request) {
    std::optional<HttpResult> result;
    client.Send(std::move(request), [&](HttpResult got) { result = std::move(got); });
    EXPECT_TRUE(PollUntil(client, [&] { return result.has_value(); }));
    return result.value_or(HttpResult());
  }

  HttpResult Run(HttpRequest request) { return Run(*client_, std::move(request)); }

  const EgressPolicy policy_{EgressPolicy::Options{
      .allow = {*IpRange::Parse("127.0.0.1"), *IpRange::Parse("127.0.0.2")}, .deny = {}}};
  std::unique_ptr<HttpClient> client_ = Make(policy_);

 private:
  template <typename Client>
  static std::unique_ptr<HttpClient> Checked(absl::StatusOr<std::unique_ptr<Client>> client) {
    EXPECT_TRUE(client.ok()) << client.status();
    return *std::move(client);
  }
};

}  // namespace webhookd

#endif  // WEBHOOKD_TESTS_SERVER_DELIVERY_HTTP_CLIENT_FIXTURE_H_
