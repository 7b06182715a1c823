#include "server/delivery/sender.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/testing/fake_http_client.h"
#include "tests/testing/simulated_clock.h"

namespace webhookd {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// Answers from a table, at once.
class Names final : public Resolver {
 public:
  void Resolve(std::string host, ResolveDone done) override {
    asked.push_back(host);
    const auto found = table.find(host);
    if (found == table.end()) {
      std::move(done)(absl::NotFoundError("no such host: " + host));
    } else {
      std::move(done)(found->second);
    }
  }

  std::map<std::string, std::vector<IpAddress>> table = {
      {"public.example", {*IpAddress::Parse("203.0.113.7")}},
      {"metadata.example", {*IpAddress::Parse("169.254.169.254")}},
      {"both.example", {*IpAddress::Parse("203.0.113.7"), *IpAddress::Parse("127.0.0.1")}},
  };
  std::vector<std::string> asked;
};

class SenderTest : public ::testing::Test {
 protected:
  SendOutcome Send(const ProxyUse& proxy, const std::string& url) {
    Sender sender(
        {.connect_timeout = absl::Seconds(5), .timeout = absl::Seconds(15), .proxy = proxy},
        {.signer = signer_,
         .egress = egress_,
         .resolver = names_,
         .clock = clock_,
         .http = http_,
         .inbox = inbox_});
    std::optional<SendOutcome> outcome;
    sender.Send({.target = ParseTargetUrl(url),
                 .event_id = "event",
                 .body = std::make_shared<const std::string>("{}")},
                [&](SendOutcome got) { outcome = std::move(got); });
    for (int i = 0; i < 3; ++i) {
      for (Inbox::Task& task : inbox_->Take()) std::move(task)();
      http_.Poll(absl::ZeroDuration());
    }
    EXPECT_TRUE(outcome.has_value());
    return outcome.value_or(SendOutcome());
  }

  static ProxyUse Proxy(const std::vector<std::string>& direct = {}, bool checks_names = true) {
    return {.is_set = true, .direct = *HostList::Parse(direct), .checks_names = checks_names};
  }

  HttpResult answer_ = {.status = 200};
  const Signer signer_{"a key"};
  const EgressPolicy egress_{EgressPolicy::Options{}};
  Names names_;
  SimulatedClock clock_;
  FakeHttpClient http_{[this](const HttpRequest&) { return answer_; }};
  std::shared_ptr<Inbox> inbox_ = std::make_shared<Inbox>([] {});
};

TEST_F(SenderTest, WithoutAProxyNamesAreLookedUpAndDeniedAddressesLeftOut) {
  EXPECT_EQ(Send({}, "http://both.example/").error, AttemptError::kNone);
  ASSERT_THAT(http_.sent, SizeIs(1));
  EXPECT_FALSE(http_.sent[0].by_proxy);
  EXPECT_THAT(http_.sent[0].addresses, SizeIs(1));
  EXPECT_EQ(Send({}, "http://metadata.example/").error, AttemptError::kEgressDenied);
  EXPECT_EQ(Send({}, "http://unknown.example/").error, AttemptError::kDns);
}

TEST_F(SenderTest, AProxyIsNotAskedForNamesThatMeanDeniedAddresses) {
  EXPECT_EQ(Send(Proxy(), "http://public.example/").error, AttemptError::kNone);
  ASSERT_THAT(http_.sent, SizeIs(1));
  EXPECT_TRUE(http_.sent[0].by_proxy);

  const SendOutcome denied = Send(Proxy(), "http://metadata.example/");
  EXPECT_EQ(denied.error, AttemptError::kEgressDenied);
  EXPECT_THAT(denied.attempt.error_message, HasSubstr("169.254.169.254"));
  // The proxy might choose either.
  EXPECT_EQ(Send(Proxy(), "http://both.example/").error, AttemptError::kEgressDenied);
  EXPECT_THAT(http_.sent, SizeIs(1));
}

TEST_F(SenderTest, NamesThatCannotBeLookedUpHereAreLeftToTheProxy) {
  EXPECT_EQ(Send(Proxy(), "http://unknown.example/").error, AttemptError::kNone);
  ASSERT_THAT(http_.sent, SizeIs(1));
  EXPECT_TRUE(http_.sent[0].by_proxy);
  EXPECT_THAT(http_.sent[0].addresses, IsEmpty());
}

TEST_F(SenderTest, NamesAreLeftToTheProxyWhenItIsToldSo) {
  EXPECT_EQ(Send(Proxy({}, /*checks_names=*/false), "http://metadata.example/").error,
            AttemptError::kNone);
  EXPECT_THAT(names_.asked, IsEmpty());
  ASSERT_THAT(http_.sent, SizeIs(1));
  EXPECT_TRUE(http_.sent[0].by_proxy);
  // Addresses are judged all the same.
  EXPECT_EQ(Send(Proxy({}, false), "http://169.254.169.254/").error, AttemptError::kEgressDenied);
}

TEST_F(SenderTest, HostsWithoutProxyAreReachedDirectly) {
  const ProxyUse proxy = Proxy({"public.example", "10.0.0.0/8"});
  EXPECT_EQ(Send(proxy, "http://public.example/").error, AttemptError::kNone);
  EXPECT_EQ(Send(proxy, "http://10.1.2.3/").error, AttemptError::kNone);
  EXPECT_EQ(Send(proxy, "http://203.0.113.9/").error, AttemptError::kNone);
  ASSERT_THAT(http_.sent, SizeIs(3));
  EXPECT_FALSE(http_.sent[0].by_proxy);
  EXPECT_THAT(http_.sent[0].addresses, SizeIs(1));
  EXPECT_FALSE(http_.sent[1].by_proxy);
  EXPECT_TRUE(http_.sent[2].by_proxy);
}

TEST_F(SenderTest, AStatusThatMayBeTheProxysIsNotSaidToBeTheReceivers) {
  answer_.status = 502;
  EXPECT_EQ(Send(Proxy(), "http://public.example/").attempt.error_message,
            "the receiver, or the proxy in its place, answered with status 502");
  EXPECT_EQ(Send(Proxy(), "https://public.example/").attempt.error_message,
            "the receiver answered with status 502");
  EXPECT_EQ(Send(Proxy({"*"}), "http://public.example/").attempt.error_message,
            "the receiver answered with status 502");
}

}  // namespace
}  // namespace webhookd
