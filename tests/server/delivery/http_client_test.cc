#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <cstring>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "server/delivery/target_url.h"
#include "tests/server/delivery/http_client_fixture.h"
#include "tests/testing/listen.h"
#include "tests/testing/receiver.h"

namespace webhookd {
namespace {

using ::testing::HasSubstr;
using ::testing::Pair;

INSTANTIATE_TEST_SUITE_P(, HttpClientTest,
                         ::testing::Values(ClientKind::kCurl, ClientKind::kPlain,
                                           ClientKind::kDirect),
                         ClientKindName);

TEST_P(HttpClientTest, SendsWhatItIsGiven) {
  Receiver receiver([](const ReceivedRequest&) { return CannedResponse::Status(200, "thanks"); });
  HttpRequest request = Post(receiver.url("/hook?a=b"), "{\"ä\":1}");
  request.headers = {{"Content-Type", "application/json; charset=UTF-8"},
                     {"X-One", "1"},
                     {"X-Empty", ""},
                     {"X-One", "2"}};
  const HttpResult result = Run(std::move(request));
  EXPECT_EQ(result.error, AttemptError::kNone) << result.error_message;
  EXPECT_EQ(result.status, 200);
  EXPECT_EQ(result.body_excerpt, "thanks");
  EXPECT_EQ(result.remote_address, absl::StrCat("127.0.0.1:", receiver.port()));
  EXPECT_FALSE(result.reused_connection);
  ASSERT_EQ(receiver.request_count(), 1);
  const ReceivedRequest got = receiver.requests()[0];
  EXPECT_EQ(got.method, "POST");
  EXPECT_EQ(got.path, "/hook?a=b");
  EXPECT_EQ(got.body, "{\"ä\":1}");
  EXPECT_THAT(got.headers,
              ::testing::ElementsAre(Pair("Host", absl::StrCat("127.0.0.1:", receiver.port())),
                                     Pair("User-Agent", "webhookd"), Pair("Accept", "*/*"),
                                     Pair("Content-Type", "application/json; charset=UTF-8"),
                                     Pair("X-One", "1"), Pair("X-Empty", ""), Pair("X-One", "2"),
                                     Pair("Content-Length", "8")));
}

TEST_P(HttpClientTest, SendsPathAndQueryAsTheyAreGiven) {
  Receiver receiver;
  for (const char* const path : {"/h?", "/./a/../b//c", "/%2E%2e/x%7e?y=/../#", "/?q=?"}) {
    const std::string url = receiver.url(path);
    const std::string sent = ParseTargetUrl(url)->url;
    EXPECT_EQ(Run(Post(sent)).status, 200);
    EXPECT_EQ(receiver.requests().back().path, std::string(path, std::strcspn(path, "#")));
  }
}

TEST_P(HttpClientTest, SendsLargeAndEmptyBodies) {
  Receiver receiver;
  const std::string large(256 * 1024, 'x');
  for (const std::string& body : {large, std::string(), std::string("\0\r\n\0", 4)}) {
    HttpRequest request = Post(receiver.url(), body);
    request.headers.clear();
    EXPECT_EQ(Run(std::move(request)).status, 200);
    EXPECT_EQ(receiver.requests().back().body, body);
    EXPECT_EQ(receiver.requests().back().CountHeader("Content-Type"), 0);
    EXPECT_EQ(receiver.requests().back().CountHeader("Expect"), 0);
  }
  HttpRequest request = Post(receiver.url());
  request.body = nullptr;
  EXPECT_EQ(Run(std::move(request)).status, 200);
}

TEST_P(HttpClientTest, RefusesHeadersThatWouldBreakTheRequest) {
  Receiver receiver;
  for (const auto& header :
       HeaderList{{"X", "a\r\nY: b"}, {"X\n", "a"}, {"", "a"}, {"X", std::string("\0", 1)}}) {
    HttpRequest request = Post(receiver.url());
    request.headers = {header};
    EXPECT_EQ(Run(std::move(request)).error, AttemptError::kInternal);
  }
  EXPECT_EQ(receiver.accepted_connections(), 0);
}

TEST_P(HttpClientTest, AnswersAreNoErrorsWhateverTheirStatus) {
  Receiver receiver;
  for (const int status : {200, 201, 204, 299, 301, 302, 307, 400, 404, 410, 429, 500, 503, 599}) {
    receiver.Enqueue(CannedResponse::Status(status, status == 204 ? "" : "text",
                                            {{"Location", receiver.url("/other")}}));
    const HttpResult result = Run(Post(receiver.url()));
    EXPECT_EQ(result.error, AttemptError::kNone) << result.error_message;
    EXPECT_EQ(result.status, status);
  }
  for (const ReceivedRequest& request : receiver.requests()) EXPECT_EQ(request.path, "/");
}

TEST_P(HttpClientTest, ReportsRetryAfterOfTheFinalAnswer) {
  Receiver receiver;
  receiver.Enqueue(CannedResponse::Status(503, "", {{"retry-after", "  120 "}}));
  EXPECT_EQ(Run(Post(receiver.url())).retry_after, "120");
  receiver.Enqueue(CannedResponse::Status(503));
  EXPECT_EQ(Run(Post(receiver.url())).retry_after, "");
  receiver.Enqueue(CannedResponse::Raw(
      "HTTP/1.1 103 Early Hints\r\nRetry-After: 7\r\n\r\nHTTP/1.1 429 No\r\nContent-Length: "
      "0\r\n\r\n"));
  const HttpResult result = Run(Post(receiver.url()));
  EXPECT_EQ(result.status, 429);
  EXPECT_EQ(result.retry_after, "");
}

TEST_P(HttpClientTest, WaitsForTheFinalAnswerBehindInterimOnes) {
  Receiver receiver;
  CannedResponse response = CannedResponse::Status(202, "ok");
  response.interim = {100, 102, 103};
  receiver.Enqueue(response);
  const HttpResult result = Run(Post(receiver.url()));
  EXPECT_EQ(result.status, 202);
  EXPECT_EQ(result.body_excerpt, "ok");

  receiver.Enqueue(CannedResponse::Raw("HTTP/1.1 100 Continue\r\n\r\n"));
  const HttpResult broken = Run(Post(receiver.url()));
  EXPECT_EQ(broken.error, AttemptError::kReset) << broken.error_message;
  EXPECT_EQ(broken.status, 0);
}

TEST_P(HttpClientTest, ConfirmsOnceHeadersArrivedWhateverTheBodyDoes) {
  Receiver receiver;
  for (const auto then : {CannedResponse::Then::kClose, CannedResponse::Then::kReset}) {
    CannedResponse response = CannedResponse::Status(200, "part");
    response.content_length = 1000;
    response.then = then;
    receiver.Enqueue(response);
    const HttpResult result = Run(Post(receiver.url()));
    EXPECT_EQ(result.error, AttemptError::kNone) << result.error_message;
    EXPECT_EQ(result.status, 200);
  }
  CannedResponse garbled =
      CannedResponse::Raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzzz\r\n");
  receiver.Enqueue(garbled);
  EXPECT_EQ(Run(Post(receiver.url())).status, 200);
}

TEST_P(HttpClientTest, GivesAStalledBodyLittleTime) {
  Receiver receiver;
  CannedResponse response = CannedResponse::Status(200, "part");
  response.content_length = 1000;
  response.then = CannedResponse::Then::kStall;
  receiver.Enqueue(response);
  const absl::Duration started = RealClock().Steady();
  const HttpResult result = Run(Post(receiver.url()));
  EXPECT_EQ(result.error, AttemptError::kNone);
  EXPECT_EQ(result.status, 200);
  EXPECT_EQ(result.body_excerpt, "part");
  EXPECT_LT(RealClock().Steady() - started, absl::Seconds(10));
  EXPECT_TRUE(receiver.WaitForOpenConnections(0));
}

TEST_P(HttpClientTest, DrippingBodyEndsWithTheTimeOutAndCountsAsAnswered) {
  Receiver receiver;
  CannedResponse response = CannedResponse::Status(500, std::string(100'000, 'd'));
  response.drip = absl::Milliseconds(5);
  receiver.Enqueue(response);
  HttpRequest request = Post(receiver.url());
  request.timeout = absl::Milliseconds(300);
  const HttpResult result = Run(std::move(request));
  EXPECT_EQ(result.error, AttemptError::kNone);
  EXPECT_EQ(result.status, 500);
}

TEST_P(HttpClientTest, ReadsBoundedBodiesAndKeepsTheirBeginning) {
  Receiver receiver;
  receiver.Enqueue(CannedResponse::Status(200, std::string(5'000, 'b')));
  HttpResult result = Run(Post(receiver.url()));
  EXPECT_EQ(result.body_excerpt, std::string(2048, 'b'));

  CannedResponse endless = CannedResponse::Status(404);
  endless.endless_body = true;
  receiver.Enqueue(endless);
  result = Run(Post(receiver.url()));
  EXPECT_EQ(result.status, 404);
  EXPECT_EQ(result.body_excerpt, std::string(2048, 'e'));

  CannedResponse chunked = CannedResponse::Status(200, "twenty bytes in parts");
  chunked.chunked = true;
  receiver.Enqueue(chunked);
  EXPECT_EQ(Run(Post(receiver.url())).body_excerpt, "twenty bytes in parts");
}

TEST_P(HttpClientTest, BoundsHeaders) {
  Receiver receiver;
  CannedResponse fits = CannedResponse::Status(200);
  fits.header_padding = 50'000;
  receiver.Enqueue(fits);
  EXPECT_EQ(Run(Post(receiver.url())).status, 200);
  CannedResponse many = CannedResponse::Status(200);
  many.header_padding = 100'000;
  receiver.Enqueue(many);
  receiver.Enqueue(CannedResponse::Raw(
      absl::StrCat("HTTP/1.1 200 OK\r\nX: ", std::string(1'000'000, 'x'), "\r\n\r\n")));
  std::string interim;
  for (int i = 0; i < 5'000; ++i) absl::StrAppend(&interim, "HTTP/1.1 103 Hint\r\n\r\n");
  receiver.Enqueue(CannedResponse::Raw(interim));
  for (int i = 0; i < 3; ++i) {
    const HttpResult result = Run(Post(receiver.url()));
    EXPECT_EQ(result.error, AttemptError::kTooLarge) << i << " " << result.error_message;
    EXPECT_EQ(result.status, 0);
  }
}

TEST_P(HttpClientTest, TellsApartHowAConnectionFails) {
  Receiver receiver;
  receiver.Enqueue(CannedResponse::Close());
  HttpResult result = Run(Post(receiver.url()));
  EXPECT_EQ(result.error, AttemptError::kReset) << result.error_message;
  EXPECT_THAT(result.error_message, HasSubstr("closed the connection without an answer"));

  receiver.Enqueue(CannedResponse::Reset());
  result = Run(Post(receiver.url()));
  EXPECT_EQ(result.error, AttemptError::kReset) << result.error_message;

  for (const char* const garbage : {"SSH-2.0-OpenSSH_9.2\r\n", "\x01\x02\x03\x04",
                                    "HTTP/9.9 x\r\n\r\n", "HTTP/1.1 abc\r\n\r\n"}) {
    receiver.Enqueue(CannedResponse::Raw(garbage));
    result = Run(Post(receiver.url()));
    EXPECT_EQ(result.error, AttemptError::kProtocol) << garbage << ": " << result.error_message;
    EXPECT_EQ(result.status, 0);
  }

  const int nobody = BindTo("127.0.0.1", 0);
  const std::string closed = absl::StrCat("127.0.0.1:", PortOf(nobody));
  result = Run(Post(absl::StrCat("http://", closed, "/")));
  EXPECT_EQ(result.error, AttemptError::kConnect);
  EXPECT_EQ(result.error_message, absl::StrCat("connection refused by ", closed));
  EXPECT_EQ(result.remote_address, "");
  close(nobody);
}

TEST_P(HttpClientTest, EndsWithTheTimeOutWhenNobodyAnswers) {
  Receiver receiver([](const ReceivedRequest&) { return CannedResponse::Never(); });
  HttpRequest request = Post(receiver.url());
  request.timeout = absl::Milliseconds(100);
  const absl::Duration started = RealClock().Steady();
  const HttpResult result = Run(std::move(request));
  EXPECT_EQ(result.error, AttemptError::kTimeout);
  EXPECT_THAT(result.error_message, HasSubstr("no answer from 127.0.0.1"));
  EXPECT_THAT(result.error_message, HasSubstr("100ms"));
  EXPECT_GE(RealClock().Steady() - started, absl::Milliseconds(95));
  EXPECT_TRUE(receiver.WaitForOpenConnections(0));
}

TEST_P(HttpClientTest, KeepsConnections) {
  Receiver receiver;
  EXPECT_FALSE(Run(Post(receiver.url())).reused_connection);
  EXPECT_TRUE(Run(Post(receiver.url())).reused_connection);
  EXPECT_TRUE(Run(Post(receiver.url_with_host("127.0.0.1"))).reused_connection);
  HttpRequest fresh = Post(receiver.url());
  fresh.fresh_connection = true;
  const HttpResult result = Run(std::move(fresh));
  EXPECT_FALSE(result.reused_connection);
  EXPECT_EQ(receiver.accepted_connections(), 2);
  receiver.Enqueue(CannedResponse::ConnectionClose());
  EXPECT_EQ(Run(Post(receiver.url())).status, 200);
}

TEST_P(HttpClientTest, NeverSendsAgainByItselfWhenAKeptConnectionBreaks) {
  for (const CannedResponse& death : {CannedResponse::Close(), CannedResponse::Reset()}) {
    Receiver receiver;
    EXPECT_EQ(Run(Post(receiver.url())).status, 200);
    receiver.Enqueue(death);
    const HttpResult result = Run(Post(receiver.url()));
    EXPECT_EQ(result.error, AttemptError::kStaleConnection) << result.error_message;
    EXPECT_EQ(result.status, 0);
    EXPECT_TRUE(result.reused_connection);
    EXPECT_EQ(receiver.request_count(), 2);
    EXPECT_EQ(receiver.accepted_connections(), 1);
    HttpRequest again = Post(receiver.url());
    again.fresh_connection = true;
    EXPECT_EQ(Run(std::move(again)).status, 200);
    EXPECT_EQ(receiver.request_count(), 3);
  }
}

TEST_P(HttpClientTest, NoticesAKeptConnectionThatWasClosedMeanwhile) {
  Receiver receiver;
  CannedResponse response = CannedResponse::Status(200);
  receiver.Enqueue(response);
  EXPECT_EQ(Run(Post(receiver.url())).status, 200);
  const uint16_t port = receiver.port();
  receiver.Stop();
  Receiver::Options options;
  options.port = port;
  Receiver next(options);
  const HttpResult result = Run(Post(next.url()));
  EXPECT_EQ(result.status, 200) << result.error_message;
  EXPECT_FALSE(result.reused_connection);
}

TEST_P(HttpClientTest, BrokenAnswerOnAKeptConnectionIsNoStaleConnection) {
  Receiver receiver;
  EXPECT_EQ(Run(Post(receiver.url())).status, 200);
  receiver.Enqueue(CannedResponse::Raw("HTTP/1.1 200 OK\r\nContent-"));
  const HttpResult result = Run(Post(receiver.url()));
  EXPECT_EQ(result.error, AttemptError::kReset) << result.error_message;
}

TEST_P(HttpClientTest, ConnectsToTheGivenAddressesInOrder) {
  Receiver second(Receiver::Options{.address = "127.0.0.2"});
  HttpRequest request = Post(second.url_with_host("hook.example"));
  request.addresses = Addresses({"127.0.0.1", "127.0.0.2"});  // nobody listens on the first
  const HttpResult result = Run(std::move(request));
  EXPECT_EQ(result.status, 200) << result.error_message;
  EXPECT_EQ(result.remote_address, absl::StrCat("127.0.0.2:", second.port()));
  EXPECT_EQ(second.requests()[0].Header("Host"), absl::StrCat("hook.example:", second.port()));
}

TEST_P(HttpClientTest, UsesTheAddressesOfEachRequest) {
  Receiver one(Receiver::Options{.address = "127.0.0.1"});
  Receiver two(Receiver::Options{.address = "127.0.0.2", .port = one.port()});
  HttpRequest request = Post(one.url_with_host("hook.example"));
  EXPECT_EQ(Run(std::move(request)).status, 200);
  request = Post(one.url_with_host("hook.example"));
  request.addresses = Addresses({"127.0.0.2"});
  request.fresh_connection = true;
  EXPECT_EQ(Run(std::move(request)).status, 200);
  EXPECT_EQ(one.request_count(), 1);
  EXPECT_EQ(two.request_count(), 1);
}

TEST_P(HttpClientTest, DeniedAddressesNeverGetAPacket) {
  Receiver denied(Receiver::Options{.address = "127.0.0.3"});
  HttpRequest request = Post(denied.url_with_host("rebound.example"));
  request.addresses = Addresses({"127.0.0.3"});
  HttpResult result = Run(std::move(request));
  EXPECT_EQ(result.error, AttemptError::kEgressDenied);
  EXPECT_THAT(result.error_message, HasSubstr("127.0.0.3 is denied: it is loopback"));
  EXPECT_EQ(result.remote_address, "");

  Receiver allowed(Receiver::Options{.address = "127.0.0.2", .port = denied.port()});
  request = Post(denied.url_with_host("rebound.example"));
  request.addresses = Addresses({"127.0.0.3", "127.0.0.2"});
  result = Run(std::move(request));
  EXPECT_EQ(result.status, 200) << result.error_message;
  EXPECT_EQ(allowed.request_count(), 1);

  result = Run(Post(denied.url()));  // a literal address
  EXPECT_EQ(result.error, AttemptError::kEgressDenied);
  EXPECT_EQ(denied.accepted_connections(), 0);
}

TEST_P(HttpClientTest, DoesNotResolveNames) {
  HttpRequest request = Post("http://localhost/");
  request.addresses.clear();
  const HttpResult result = Run(std::move(request));
  EXPECT_EQ(result.error, AttemptError::kInternal);
  EXPECT_THAT(result.error_message, HasSubstr("no address was given for localhost"));
}

TEST_P(HttpClientTest, IgnoresProxiesOfTheEnvironment) {
  Receiver proxy;
  Receiver receiver;
  for (const char* const name : {"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"}) {
    setenv(name, proxy.url().c_str(), 1);
  }
  const auto client = Make(policy_);
  EXPECT_EQ(Run(*client, Post(receiver.url())).status, 200);
  for (const char* const name : {"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"}) {
    unsetenv(name);
  }
  EXPECT_EQ(proxy.accepted_connections(), 0);
  EXPECT_EQ(receiver.request_count(), 1);
}

TEST_P(HttpClientTest, RunsManyRequestsAtOnce) {
  Receiver receiver([](const ReceivedRequest&) { return CannedResponse::Held(); });
  int done = 0;
  for (int i = 0; i < 200; ++i) {
    client_->Send(Post(receiver.url(), std::to_string(i)), [&](HttpResult result) {
      EXPECT_EQ(result.status, 200) << result.error_message;
      ++done;
    });
  }
  EXPECT_TRUE(PollUntil(*client_, [&] { return receiver.request_count() == 200; }));
  EXPECT_EQ(done, 0);
  receiver.Release();
  EXPECT_TRUE(PollUntil(*client_, [&] { return done == 200; }));
}

TEST_P(HttpClientTest, NeverHoldsARequestBackForConnections) {
  Receiver tar_pit([](const ReceivedRequest&) { return CannedResponse::Never(); });
  Receiver healthy;
  const auto client = Make(policy_, {.max_connections = 4});
  for (int i = 0; i < 20; ++i) client->Send(Post(tar_pit.url()), [](HttpResult) {});
  EXPECT_TRUE(PollUntil(*client, [&] { return tar_pit.request_count() == 20; }));
  EXPECT_EQ(Run(*client, Post(healthy.url())).status, 200);
}

TEST_P(HttpClientTest, ClosesIdleConnectionsBeyondItsBound) {
  const auto client = Make(policy_, {.max_connections = 2});
  Receiver receivers[4];
  for (Receiver& receiver : receivers) EXPECT_EQ(Run(*client, Post(receiver.url())).status, 200);
  int open = 4;
  EXPECT_TRUE(PollUntil(*client, [&] {
    open = 0;
    for (Receiver& receiver : receivers) open += receiver.open_connections();
    return open <= 2;
  })) << open;
}

TEST_P(HttpClientTest, CallbacksMaySendAgain) {
  Receiver receiver;
  int done = 0;
  client_->Send(Post(receiver.url()), [&](HttpResult) {
    client_->Send(Post(receiver.url()), [&](HttpResult result) { done = result.status; });
  });
  EXPECT_TRUE(PollUntil(*client_, [&] { return done == 200; }));
  EXPECT_EQ(receiver.request_count(), 2);
}

TEST_P(HttpClientTest, CallbacksNeverRunInsideSend) {
  bool done = false;
  HttpRequest request = Post("http://127.0.0.3/");
  client_->Send(std::move(request), [&](HttpResult) { done = true; });
  EXPECT_FALSE(done);
  client_->Poll(absl::Hours(1));
  EXPECT_TRUE(done);
}

TEST_P(HttpClientTest, InterruptEndsAPoll) {
  client_->Interrupt();  // before
  client_->Poll(absl::InfiniteDuration());
  std::thread other([&] { client_->Interrupt(); });
  client_->Poll(absl::InfiniteDuration());
  other.join();
  const absl::Duration started = RealClock().Steady();
  client_->Poll(absl::Milliseconds(20));  // nothing is left over
  EXPECT_GE(RealClock().Steady() - started, absl::Milliseconds(20));
}

TEST_P(HttpClientTest, DropsRequestsUnderWayWhenDestroyed) {
  Receiver receiver([](const ReceivedRequest&) { return CannedResponse::Never(); });
  bool called = false;
  auto alive = std::make_shared<int>(1);
  for (int i = 0; i < 10; ++i) {
    client_->Send(Post(receiver.url()), [&called, alive](HttpResult) { called = true; });
  }
  client_->Send(Post("http://127.0.0.3/"), [&called, alive](HttpResult) { called = true; });
  EXPECT_TRUE(PollUntil(*client_, [&] { return receiver.request_count() == 10; }) || called);
  called = false;
  client_.reset();
  EXPECT_FALSE(called);
  EXPECT_EQ(alive.use_count(), 1);
  EXPECT_TRUE(receiver.WaitForOpenConnections(0));
}

}  // namespace
}  // namespace webhookd
