#include "server/http/http_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/http/gzip.h"
#include "tests/server/http/fake_handler.h"
#include "tests/server/http/http_connection.h"
#include "tests/testing/last_resort.h"
#include "tests/testing/simulated_clock.h"

// Real sockets; time limits by a simulated clock, so that nothing ends before a test says so.
namespace webhookd {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr char kGet[] = "GET /a?b=c HTTP/1.1\r\nHost: a\r\n\r\n";

class HttpServerTest : public testing::Test {
 protected:
  void Start(HttpServer::Options options = {}) {
    // The clock stands still, so short limits only make the server look at it often.
    options.header_timeout = absl::Milliseconds(40);
    options.body_timeout = absl::Milliseconds(41);
    options.write_timeout = absl::Milliseconds(42);
    options.idle_timeout = absl::Milliseconds(43);
    auto server = HttpServer::Create(std::move(options), handler_, clock_);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }
  int port() const { return server_->port(); }
  // Lets time pass until so many connections are open.
  bool PassTimeUntilOpen(int count) {
    return Eventually([&] {
      clock_.Advance(absl::Milliseconds(10));
      return server_->connections() == count;
    });
  }

  // Waits for what other threads do.
  template <typename Condition>
  static bool Eventually(Condition condition) {
    const absl::Time deadline = absl::Now() + kLastResort;
    while (!condition()) {
      if (absl::Now() > deadline) return false;
      std::this_thread::yield();
    }
    return true;
  }

  SimulatedClock clock_;
  FakeHandler handler_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpServerTest, AnswersOnOneConnectionAgainAndAgain) {
  Start();
  HttpConnection connection(port());
  for (int i = 0; i < 3; ++i) {
    const auto answer = connection.Ask(kGet);
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(answer->body, "GET /a?b=c ");
    EXPECT_EQ(answer->Header("content-length"), "11");
    EXPECT_EQ(answer->Header("date"), "Thu, 13 Oct 2022 19:39:51 GMT");
    EXPECT_EQ(answer->Header("x-content-type-options"), "nosniff");
    EXPECT_EQ(answer->Header("x-frame-options"), "SAMEORIGIN");
    EXPECT_EQ(answer->Header("connection"), "");
  }
  EXPECT_EQ(server_->connections(), 1);
}

TEST_F(HttpServerTest, HandlerSeesWhoAsks) {
  std::promise<WebRequest> seen;
  FakeHandler handler([&seen](WebRequest request, std::unique_ptr<WebResponder> responder) {
    seen.set_value(std::move(request));
    responder->Send({});
  });
  const auto server = HttpServer::Create({}, handler, clock_);
  ASSERT_TRUE(server.ok());
  HttpConnection connection((*server)->port());
  EXPECT_TRUE(connection
                  .Ask("POST /x HTTP/1.1\r\nHost: a\r\nX-Y: z\r\nContent-Length: "
                       "2\r\n\r\nhi")
                  .has_value());
  const WebRequest request = seen.get_future().get();
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.path, "/x");
  EXPECT_EQ(request.body, "hi");
  EXPECT_EQ(request.peer_address, "127.0.0.1");
  EXPECT_FALSE(request.tls);
  EXPECT_EQ(request.client_certificate, "");
  ASSERT_EQ(request.headers.size(), 2u);
  EXPECT_EQ(request.headers[1].name, "X-Y");
}

TEST_F(HttpServerTest, AnswersPipelinedRequestsInOrder) {
  Start();
  HttpConnection connection(port());
  std::string requests;
  for (int i = 0; i < 1'000; ++i) {
    const std::string path = i % 10 == 5 ? "/held/" : "/";
    absl::StrAppend(&requests, "GET ", path, i, " HTTP/1.1\r\nHost: a\r\n\r\n");
  }
  std::thread sender([&] { connection.Send(requests); });
  std::thread answerer([&] {
    for (int i = 0; i < 100; ++i) handler_.TakeHeld()->Send({.body = "held"});
  });
  for (int i = 0; i < 1'000; ++i) {
    const auto answer = connection.Receive();
    ASSERT_TRUE(answer.has_value()) << i;
    EXPECT_EQ(answer->body, i % 10 == 5 ? "held" : absl::StrCat("GET /", i, "? "));
  }
  sender.join();
  answerer.join();
}

TEST_F(HttpServerTest, RequestsOfAClientThatDoesNotReadAreNotServed) {
  std::atomic<int> served{0};
  FakeHandler handler([&](WebRequest request, std::unique_ptr<WebResponder> responder) {
    if (request.path == "/other") {
      responder->Send({});
      return;
    }
    ++served;
    responder->Send({.body = std::string(100'000, 'x')});
  });
  const auto server = HttpServer::Create({}, handler, clock_);
  ASSERT_TRUE(server.ok());
  HttpConnection connection((*server)->port());
  std::string requests;
  for (int i = 0; i < 2'000; ++i) requests += kGet;
  std::thread sender([&] { connection.Send(requests); });
  EXPECT_TRUE(Eventually([&] { return served > 3; }));
  HttpConnection other((*server)->port());
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(other.Ask("GET /other HTTP/1.1\r\nHost: a\r\n\r\n").has_value());
  }
  EXPECT_LT(served, 500);  // the kernel's buffers hold some MB
  for (int i = 0; i < 2'000; ++i) {
    const auto answer = connection.Receive();
    ASSERT_TRUE(answer.has_value()) << i;
    ASSERT_EQ(answer->body.size(), 100'000u);
  }
  sender.join();
}

TEST_F(HttpServerTest, ReadsBodiesOfEveryForm) {
  Start();
  HttpConnection connection(port());
  EXPECT_EQ(connection.Ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc")->body,
            "POST /? abc");
  EXPECT_EQ(connection
                .Ask("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                     "2\r\nab\r\n1\r\nc\r\n0\r\n\r\n")
                ->body,
            "POST /? abc");
  const std::string packed = Gzip("abc");
  EXPECT_EQ(connection
                .Ask(absl::StrCat("POST / HTTP/1.1\r\nHost: a\r\nContent-Encoding: gzip\r\n"
                                  "Content-Length: ",
                                  packed.size(), "\r\n\r\n", packed))
                ->body,
            "POST /? abc");
  const std::string large(4 << 20, 'x');
  EXPECT_EQ(connection
                .Ask(absl::StrCat("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ", large.size(),
                                  "\r\n\r\n", large))
                ->body,
            "POST /? " + large);
}

TEST_F(HttpServerTest, TellsToContinueWhenAsked) {
  Start();
  HttpConnection connection(port());
  const auto go_on = connection.Ask(
      "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
  ASSERT_TRUE(go_on.has_value());
  EXPECT_EQ(go_on->status, 100);
  EXPECT_EQ(connection.Ask("abc")->body, "POST /? abc");
  // Not when the body is there already.
  EXPECT_EQ(connection
                .Ask("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
                     "Content-Length: 3\r\n\r\nabc")
                ->status,
            200);
  // Not when it would be refused.
  EXPECT_EQ(connection
                .Ask("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
                     "Content-Length: 999999999\r\n\r\n")
                ->status,
            413);
}

TEST_F(HttpServerTest, LimitsBodiesByPath) {
  HttpServer::Options options;
  options.body_limit = [](absl::string_view method, absl::string_view path) {
    return method == "POST" && path == "/logs" ? 2'000 : 1'000;
  };
  Start(std::move(options));
  const auto status = [this](const std::string& path, const std::string& headers,
                             const std::string& body) {
    HttpConnection connection(port());
    const auto answer = connection.Ask(
        absl::StrCat("POST ", path, " HTTP/1.1\r\nHost: a\r\n", headers, "\r\n", body));
    if (!answer.has_value()) return std::string("none");
    return absl::StrCat(answer->status, answer->status == 200 ? "" : answer->body);
  };
  const std::string body(1'001, 'x');
  const std::string length = "Content-Length: 1001\r\n";
  const std::string chunked = "Transfer-Encoding: chunked\r\n";
  const std::string chunks = absl::StrCat("3e9\r\n", body, "\r\n0\r\n\r\n");
  EXPECT_EQ(status("/logs", length, body), "200");
  EXPECT_EQ(status("/logs", chunked, chunks), "200");
  EXPECT_EQ(status("/", length, body),
            "413{\"error\":{\"code\":8,\"reason\":\"ResourceExhausted\",\"error\":\"the body has "
            "1001 bytes; the most are 1000\"}}");
  EXPECT_THAT(status("/", chunked, chunks), HasSubstr("413"));
  const std::string bomb = Gzip(std::string(1'000'000, 'x'));
  EXPECT_THAT(
      status("/logs",
             absl::StrCat("Content-Encoding: gzip\r\nContent-Length: ", bomb.size(), "\r\n"), bomb),
      HasSubstr("413"));
}

TEST_F(HttpServerTest, AClientStillReadsWhyItsLongBodyIsRefused) {
  Start();
  HttpConnection connection(port());
  const std::string body(8 << 20, 'x');
  std::thread sender([&] {
    connection.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 8388608\r\n\r\n" + body);
  });
  const auto answer = connection.Receive();
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->status, 413);
  EXPECT_EQ(answer->Header("connection"), "close");
  connection.FinishSending();
  sender.join();
}

TEST_F(HttpServerTest, RefusedRequestsEndTheConnection) {
  Start();
  HttpConnection connection(port());
  EXPECT_TRUE(connection.Ask(kGet).has_value());
  const auto answer = connection.Ask("GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->status, 400);
  EXPECT_EQ(answer->Header("content-type"), "application/json");
  EXPECT_EQ(answer->body,
            "{\"error\":{\"code\":3,\"reason\":\"InvalidArgument\",\"error\":\"the request has no "
            "Host\"}}");
  connection.FinishSending();
  bool ended = false;
  EXPECT_EQ(connection.ReadToEnd(&ended), "");
  EXPECT_TRUE(ended);
}

TEST_F(HttpServerTest, RefusalsCanBeWrittenOtherwise) {
  HttpServer::Options options;
  options.refusal = [](int status, int code, absl::string_view message) {
    return WebResponse{.status = status, .body = absl::StrCat(code, ": ", message)};
  };
  Start(std::move(options));
  HttpConnection connection(port());
  EXPECT_EQ(connection.Ask("GET / HTTP/1.1\r\n\r\n")->body, "3: the request has no Host");
}

TEST_F(HttpServerTest, ClosesWhenTheClientAsks) {
  Start();
  for (const char* request :
       {"GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "GET /a HTTP/1.0\r\n\r\n"}) {
    HttpConnection connection(port());
    const auto answer = connection.Ask(request);
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(answer->Header("connection"), "close");
    bool ended = false;
    EXPECT_EQ(connection.ReadToEnd(&ended), "");
    EXPECT_TRUE(ended);
  }
  HttpConnection connection(port());
  EXPECT_EQ(
      connection.Ask("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")->Header("connection"),
      "keep-alive");
  EXPECT_TRUE(connection.Ask(kGet).has_value());
}

TEST_F(HttpServerTest, AnswersAClientThatOnlyStopsSending) {
  Start();
  HttpConnection connection(port());
  connection.Send("GET /held HTTP/1.1\r\nHost: a\r\n\r\n");
  connection.FinishSending();
  handler_.TakeHeld()->Send({.body = "late"});
  EXPECT_EQ(connection.Receive()->body, "late");
  bool ended = false;
  connection.ReadToEnd(&ended);
  EXPECT_TRUE(ended);
}

TEST_F(HttpServerTest, WhoStoppedSendingCountsAsGoneASecondLater) {
  Start();
  HttpConnection connection(port());
  connection.Send("GET /held HTTP/1.1\r\nHost: a\r\n\r\n");
  const std::unique_ptr<WebResponder> responder = handler_.TakeHeld();
  clock_.Advance(absl::Minutes(1));
  EXPECT_FALSE(responder->IsGone());
  connection.FinishSending();
  EXPECT_TRUE(Eventually([&] {
    clock_.Advance(absl::Milliseconds(10));
    return responder->IsGone();
  }));
  responder->Send({.body = "late"});
  EXPECT_EQ(connection.Receive()->body, "late");

  HttpConnection other(port());
  other.Send("GET /held HTTP/1.1\r\nHost: a\r\n\r\n");
  const std::unique_ptr<WebResponder> reset = handler_.TakeHeld();
  other.Reset();
  EXPECT_TRUE(Eventually([&] { return reset->IsGone(); }));
}

TEST_F(HttpServerTest, HeadHasTheLengthOfABodyThatIsNotSent) {
  Start();
  HttpConnection connection(port());
  const auto answer = connection.Ask("HEAD /a HTTP/1.1\r\nHost: a\r\n\r\n", "HEAD");
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->Header("content-length"), "9");
  EXPECT_EQ(connection.Ask(kGet)->body, "GET /a?b=c ");
}

TEST_F(HttpServerTest, StatusesWithoutABodyHaveNone) {
  FakeHandler handler([](WebRequest, std::unique_ptr<WebResponder> responder) {
    responder->Send({.status = 204, .body = "left out"});
  });
  const auto server = HttpServer::Create({}, handler, clock_);
  ASSERT_TRUE(server.ok());
  HttpConnection connection((*server)->port());
  for (int i = 0; i < 2; ++i) {
    const auto answer = connection.Ask(kGet);
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(answer->status, 204);
    EXPECT_EQ(answer->headers.count("content-length"), 0u);
  }
}

TEST_F(HttpServerTest, PacksAnswersForThoseWhoAccept) {
  const std::string text(5'000, 'x');
  FakeHandler handler([&](WebRequest, std::unique_ptr<WebResponder> responder) {
    responder->Send({.headers = {{"Content-Type", "application/json"}}, .body = text});
  });
  const auto server = HttpServer::Create({}, handler, clock_);
  ASSERT_TRUE(server.ok());
  HttpConnection connection((*server)->port());
  const auto packed =
      connection.Ask("GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: br, gzip\r\n\r\n");
  ASSERT_TRUE(packed.has_value());
  EXPECT_EQ(packed->Header("content-encoding"), "gzip");
  EXPECT_EQ(packed->Header("vary"), "Accept-Encoding");
  EXPECT_EQ(*Gunzip(packed->body, 10'000), text);
  EXPECT_EQ(connection.Ask(kGet)->body, text);
}

TEST_F(HttpServerTest, AnswersOtherSitesOnlyWhenConfigured) {
  HttpServer::Options options;
  options.cors_origins = {"https://a.example"};
  Start(std::move(options));
  HttpConnection connection(port());
  EXPECT_EQ(connection.Ask("GET / HTTP/1.1\r\nHost: a\r\nOrigin: https://a.example\r\n\r\n")
                ->Header("access-control-allow-origin"),
            "https://a.example");
  const auto preflight = connection.Ask(
      "OPTIONS / HTTP/1.1\r\nHost: a\r\nOrigin: https://a.example\r\n"
      "Access-Control-Request-Method: POST\r\n\r\n");
  ASSERT_TRUE(preflight.has_value());
  EXPECT_EQ(preflight->status, 204);
  EXPECT_EQ(preflight->Header("access-control-allow-origin"), "https://a.example");
  EXPECT_TRUE(connection.Ask(kGet).has_value());
}

// ---- Answers that come late, in parts, or not at all

TEST_F(HttpServerTest, StreamsParts) {
  Start();
  HttpConnection connection(port());
  connection.Send("GET /held HTTP/1.1\r\nHost: a\r\n\r\n");
  const std::unique_ptr<WebResponder> responder = handler_.TakeHeld();
  responder->Start({.headers = {{"Content-Type", "text/plain"}}, .body = "one\n"});
  // Each part arrives before the next is made.
  absl::optional<std::string> line;
  do {
    line = connection.ReadLine();
    ASSERT_TRUE(line.has_value());
  } while (!line->empty());
  EXPECT_EQ(*connection.ReadLine(), "4");
  EXPECT_EQ(*connection.ReadLine(), "one\n");
  EXPECT_TRUE(responder->Write("two\n"));
  EXPECT_EQ(*connection.ReadLine(), "4");
  EXPECT_EQ(*connection.ReadLine(), "two\n");
  responder->End();
  EXPECT_EQ(*connection.ReadLine(), "0");
  EXPECT_EQ(*connection.ReadLine(), "");
  EXPECT_TRUE(connection.Ask(kGet).has_value());
}

TEST_F(HttpServerTest, StreamsToHttp10UntilItCloses) {
  Start();
  HttpConnection connection(port());
  connection.Send("GET /held HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  const std::unique_ptr<WebResponder> responder = handler_.TakeHeld();
  responder->Start({.body = "one"});
  EXPECT_TRUE(responder->Write("two"));
  responder->End();
  const auto answer = connection.Receive();
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->Header("connection"), "close");
  EXPECT_EQ(answer->body, "onetwo");
}

TEST_F(HttpServerTest, StreamsMuchFromAnotherThread) {
  Start();
  HttpConnection connection(port());
  connection.Send("GET /held HTTP/1.1\r\nHost: a\r\n\r\n");
  std::thread writer([this] {
    const std::unique_ptr<WebResponder> responder = handler_.TakeHeld();
    responder->Start({});
    for (int i = 0; i < 10'000; ++i) {
      if (!responder->Write(absl::StrCat(i, "\n"))) return;
    }
    responder->End();
  });
  const auto answer = connection.Receive();
  writer.join();
  ASSERT_TRUE(answer.has_value());
  std::string expected;
  for (int i = 0; i < 10'000; ++i) absl::StrAppend(&expected, i, "\n");
  EXPECT_EQ(answer->body, expected);
}

TEST_F(HttpServerTest, AResponderThatIsDroppedAnswers503) {
  FakeHandler handler([](WebRequest, std::unique_ptr<WebResponder>) {});
  const auto server = HttpServer::Create({}, handler, clock_);
  ASSERT_TRUE(server.ok());
  HttpConnection connection((*server)->port());
  EXPECT_EQ(connection.Ask(kGet)->status, 503);
  EXPECT_EQ(connection.Ask(kGet)->status, 503);
}

TEST_F(HttpServerTest, AStreamThatIsDroppedIsCutOff) {
  Start();
  HttpConnection connection(port());
  connection.Send("GET /held HTTP/1.1\r\nHost: a\r\n\r\n");
  {
    const std::unique_ptr<WebResponder> responder = handler_.TakeHeld();
    responder->Start({.body = "one"});
  }
  EXPECT_FALSE(connection.Receive().has_value());
}

TEST_F(HttpServerTest, WriteTellsThatTheClientIsGone) {
  Start();
  for (const bool reset : {false, true}) {
    HttpConnection connection(port());
    connection.Send("GET /held HTTP/1.1\r\nHost: a\r\n\r\n");
    const std::unique_ptr<WebResponder> responder = handler_.TakeHeld();
    responder->Start({.body = "one"});
    if (reset) {
      connection.Reset();
    } else {
      connection.Close();
    }
    EXPECT_TRUE(Eventually([&] { return server_->connections() == 0; }));
    EXPECT_FALSE(responder->Write("two"));
    responder->End();
  }
}

TEST_F(HttpServerTest, AnAnswerForAClientThatIsGoneIsDropped) {
  Start();
  HttpConnection connection(port());
  connection.Send("GET /held HTTP/1.1\r\nHost: a\r\n\r\n");
  const std::unique_ptr<WebResponder> responder = handler_.TakeHeld();
  connection.Reset();
  EXPECT_TRUE(Eventually([&] { return server_->connections() == 0; }));
  responder->Send({.body = "for nobody"});
  HttpConnection other(port());
  EXPECT_TRUE(other.Ask(kGet).has_value());
}

TEST_F(HttpServerTest, AnAnswerMayComeWhenTheServerIsGone) {
  Start();
  HttpConnection connection(port());
  connection.Send("GET /held/1 HTTP/1.1\r\nHost: a\r\n\r\n");
  HttpConnection other(port());
  other.Send("GET /held/2 HTTP/1.1\r\nHost: a\r\n\r\n");
  const std::unique_ptr<WebResponder> first = handler_.TakeHeld();
  const std::unique_ptr<WebResponder> second = handler_.TakeHeld();
  second->Start({});
  server_.reset();
  first->Send({.body = "late"});
  EXPECT_FALSE(second->Write("late"));
  EXPECT_EQ(connection.ReadToEnd(), "");
}

TEST_F(HttpServerTest, AClientThatReadsTooSlowlyIsCutOff) {
  HttpServer::Options options;
  options.max_unsent_bytes = 1'000'000;
  Start(std::move(options));
  HttpConnection connection(port());
  connection.Send("GET /held HTTP/1.1\r\nHost: a\r\n\r\n");
  const std::unique_ptr<WebResponder> responder = handler_.TakeHeld();
  responder->Start({});
  const std::string part(100'000, 'x');
  int written = 0;
  while (responder->Write(part)) {
    ASSERT_LT(++written, 1'000);  // the kernel's buffers hold some MB
  }
  EXPECT_TRUE(Eventually([&] { return server_->connections() == 0; }));
}

TEST_F(HttpServerTest, AHandlerMayAnswerAnothersRequest) {
  std::vector<std::unique_ptr<WebResponder>> waiting;
  FakeHandler handler([&](WebRequest request, std::unique_ptr<WebResponder> responder) {
    if (request.path == "/wait") {
      waiting.push_back(std::move(responder));
      return;
    }
    // On the server's thread, in the midst of this request.
    for (auto& other : std::exchange(waiting, {})) other->Send({.body = "woken"});
    responder->Send({.body = "done " + request.body});
  });
  const auto server = HttpServer::Create({}, handler, clock_);
  ASSERT_TRUE(server.ok());
  std::vector<std::unique_ptr<HttpConnection>> waiters;
  for (int i = 0; i < 100; ++i) {
    waiters.push_back(std::make_unique<HttpConnection>((*server)->port()));
    // Pipelined, so that there is something to read as soon as it is woken.
    waiters.back()->Send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
    waiters.back()->Send("POST /next HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi");
  }
  HttpConnection connection((*server)->port());
  const std::string body(100'000, 'b');
  EXPECT_EQ(connection
                .Ask(absl::StrCat("POST /wake HTTP/1.1\r\nHost: a\r\nContent-Length: ", body.size(),
                                  "\r\n\r\n", body))
                ->body,
            "done " + body);
  for (const auto& waiter : waiters) {
    HttpConnection again((*server)->port());
    again.Ask(kGet);
    EXPECT_EQ(waiter->Receive()->body, "woken");
    EXPECT_EQ(waiter->Receive()->body, "done hi");
  }
}

// ---- Time limits

TEST_F(HttpServerTest, DropsConnectionsThatSayNothingOrTooLittle) {
  Start();
  HttpConnection silent(port());
  HttpConnection undecided(port());
  undecided.Send("PRI");
  EXPECT_TRUE(Eventually([&] { return server_->connections() == 2; }));
  EXPECT_TRUE(PassTimeUntilOpen(0));
  bool ended = false;
  EXPECT_EQ(silent.ReadToEnd(&ended), "");
  EXPECT_TRUE(ended);
  EXPECT_EQ(undecided.ReadToEnd(&ended), "");
  EXPECT_TRUE(ended);
}

TEST_F(HttpServerTest, HeadsThatDripAreNotWaitedFor) {
  Start();
  HttpConnection connection(port());
  ASSERT_TRUE(connection.Ask(kGet).has_value());
  connection.Send("GET / HTTP/1.1\r\n");
  // The other connection is answered after these bytes came, or with them.
  for (int i = 0; i < 20; ++i) {
    clock_.Advance(absl::Milliseconds(10));
    if (!connection.Send("X: y\r\n")) break;
    HttpConnection other(port());
    EXPECT_TRUE(other.Ask(kGet).has_value());
  }
  const auto answer = connection.Receive();
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->status, 408);
}

TEST_F(HttpServerTest, BodiesThatDripAreNotWaitedFor) {
  Start();
  HttpConnection connection(port());
  connection.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n");
  for (int i = 0; i < 20; ++i) {
    clock_.Advance(absl::Milliseconds(10));
    if (!connection.Send("x")) break;
    HttpConnection other(port());
    EXPECT_TRUE(other.Ask(kGet).has_value());
  }
  const auto answer = connection.Receive();
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->status, 408);
}

TEST_F(HttpServerTest, BodiesThatComeSteadilyMayTakeLong) {
  Start();
  HttpConnection connection(port());
  const std::string piece(128 * 1024, 'x');
  connection.Send(
      absl::StrCat("POST /a HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
                   "Content-Length: ",
                   20 * piece.size(), "\r\n\r\n"));
  ASSERT_EQ(connection.Receive()->status, 100);
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(connection.Send(piece));
    HttpConnection other(port());
    EXPECT_TRUE(other.Ask(kGet).has_value());
    clock_.Advance(absl::Milliseconds(20));
  }
  const auto answer = connection.Receive();
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->status, 200);
}

TEST_F(HttpServerTest, IdleConnectionsAreClosed) {
  Start();
  HttpConnection connection(port());
  ASSERT_TRUE(connection.Ask(kGet).has_value());
  EXPECT_TRUE(PassTimeUntilOpen(0));
  bool ended = false;
  EXPECT_EQ(connection.ReadToEnd(&ended), "");
  EXPECT_TRUE(ended);
}

TEST_F(HttpServerTest, ARequestThatIsBeingAnsweredIsNotLate) {
  Start();
  HttpConnection connection(port());
  connection.Send("GET /held HTTP/1.1\r\nHost: a\r\n\r\n");
  const std::unique_ptr<WebResponder> responder = handler_.TakeHeld();
  {
    HttpConnection other(port());
    ASSERT_TRUE(other.Ask(kGet).has_value());
    // The other one is idle, and closed for it.
    EXPECT_TRUE(PassTimeUntilOpen(1));
  }
  responder->Send({.body = "in time"});
  EXPECT_EQ(connection.Receive()->body, "in time");
}

TEST_F(HttpServerTest, ClientsThatDoNotReadAreDropped) {
  FakeHandler handler([](WebRequest, std::unique_ptr<WebResponder> responder) {
    responder->Send({.body = std::string(32 << 20, 'x')});
  });
  HttpServer::Options options;
  options.write_timeout = absl::Milliseconds(40);
  const auto server = HttpServer::Create(std::move(options), handler, clock_);
  ASSERT_TRUE(server.ok());
  HttpConnection connection((*server)->port());
  connection.Send(kGet);
  ASSERT_TRUE(connection.ReadLine().has_value());
  EXPECT_TRUE(Eventually([&] {
    clock_.Advance(absl::Milliseconds(10));
    return (*server)->connections() == 0;
  }));
}

// ---- Many connections

TEST_F(HttpServerTest, ServesAThousandConnections) {
  rlimit files = {};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  HttpServer::Options options;
  options.threads = 2;
  Start(std::move(options));
  std::vector<std::unique_ptr<HttpConnection>> connections;
  for (int i = 0; i < 1'000; ++i) {
    connections.push_back(std::make_unique<HttpConnection>(port()));
    ASSERT_TRUE(connections.back()->connected()) << i;
  }
  for (int round = 0; round < 3; ++round) {
    for (const auto& connection : connections) connection->Send(kGet);
    for (const auto& connection : connections) {
      const auto answer = connection->Receive();
      ASSERT_TRUE(answer.has_value());
      EXPECT_EQ(answer->body, "GET /a?b=c ");
    }
  }
  EXPECT_EQ(server_->connections(), 1'000);
  connections.clear();
  EXPECT_TRUE(Eventually([&] { return server_->connections() == 0; }));
}

TEST_F(HttpServerTest, ANewConnectionTakesThePlaceOfTheLongestIdle) {
  HttpServer::Options options;
  options.max_connections = 3;
  Start(std::move(options));
  HttpConnection first(port());
  HttpConnection second(port());
  HttpConnection busy(port());
  ASSERT_TRUE(first.Ask(kGet).has_value());
  ASSERT_TRUE(second.Ask(kGet).has_value());
  ASSERT_TRUE(first.Ask(kGet).has_value());
  busy.Send("GET /held HTTP/1.1\r\nHost: a\r\n\r\n");
  const std::unique_ptr<WebResponder> responder = handler_.TakeHeld();

  HttpConnection fourth(port());
  ASSERT_TRUE(fourth.Ask(kGet).has_value());
  EXPECT_EQ(second.ReadToEnd(), "");
  EXPECT_TRUE(first.Ask(kGet).has_value());
  responder->Send({.body = "kept"});
  EXPECT_EQ(busy.Receive()->body, "kept");
}

TEST_F(HttpServerTest, TellsThatItIsFullWhenAllAreBusy) {
  HttpServer::Options options;
  options.max_connections = 1;
  Start(std::move(options));
  HttpConnection busy(port());
  busy.Send("GET /held HTTP/1.1\r\nHost: a\r\n\r\n");
  const std::unique_ptr<WebResponder> responder = handler_.TakeHeld();
  HttpConnection second(port());
  const auto answer = second.Receive();
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->status, 503);
  EXPECT_THAT(answer->body, HasSubstr("too many connections"));
  responder->Send({.body = "kept"});
  EXPECT_EQ(busy.Receive()->body, "kept");
}

TEST_F(HttpServerTest, OnePeerCannotTakeAllConnections) {
  HttpServer::Options options;
  options.max_connections_per_peer = 2;
  Start(std::move(options));
  HttpConnection first(port());
  ASSERT_TRUE(first.Ask(kGet).has_value());
  {
    HttpConnection second(port());
    ASSERT_TRUE(second.Ask(kGet).has_value());
    HttpConnection third(port());
    EXPECT_EQ(third.Receive()->status, 503);
  }
  EXPECT_TRUE(Eventually([&] { return server_->connections() == 1; }));
  HttpConnection fourth(port());
  EXPECT_TRUE(fourth.Ask(kGet).has_value());
}

TEST_F(HttpServerTest, GoesOnWhenTheSystemHasNoMoreDescriptors) {
  Start();
  HttpConnection idle(port());
  ASSERT_TRUE(idle.Ask(kGet).has_value());
  rlimit before = {};
  getrlimit(RLIMIT_NOFILE, &before);
  HttpConnection waiting(port());
  ASSERT_TRUE(waiting.Ask(kGet).has_value());
  {
    // The client's end is opened before, the server's after the limit.
    rlimit none = before;
    none.rlim_cur = static_cast<rlim_t>(waiting.fd()) + 2;
    HttpConnection late(port());
    setrlimit(RLIMIT_NOFILE, &none);
    HttpConnection later(port());
    setrlimit(RLIMIT_NOFILE, &before);
    EXPECT_TRUE(late.Ask(kGet).has_value());
  }
}

// ---- The end

TEST_F(HttpServerTest, ShutdownClosesIdleConnectionsAtOnce) {
  Start();
  HttpConnection idle(port());
  ASSERT_TRUE(idle.Ask(kGet).has_value());
  HttpConnection silent(port());
  EXPECT_TRUE(Eventually([&] { return server_->connections() == 2; }));
  const absl::Time start = absl::Now();
  server_->Shutdown(2 * kLastResort);
  EXPECT_LT(absl::Now() - start, kLastResort);
  EXPECT_EQ(idle.ReadToEnd(), "");
  EXPECT_EQ(server_->connections(), 0);
  EXPECT_FALSE(HttpConnection(port()).connected());
  server_->Shutdown(absl::Minutes(1));
}

TEST_F(HttpServerTest, ShutdownLetsRequestsUnderWayFinish) {
  Start();
  HttpConnection held(port());
  held.Send("GET /held HTTP/1.1\r\nHost: a\r\n\r\n");
  std::unique_ptr<WebResponder> responder = handler_.TakeHeld();
  HttpConnection stream(port());
  stream.Send("GET /held HTTP/1.1\r\nHost: a\r\n\r\n");
  std::unique_ptr<WebResponder> streaming = handler_.TakeHeld();
  streaming->Start({.body = "one"});
  HttpConnection sending(port());
  sending.Send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
  ASSERT_EQ(sending.Receive()->status, 100);

  std::thread shutdown([this] { server_->Shutdown(absl::Minutes(1)); });
  EXPECT_TRUE(Eventually([&] { return !HttpConnection(port()).connected(); }));
  EXPECT_EQ(sending.Ask("abc")->Header("connection"), "close");
  responder->Send({.body = "finished"});
  EXPECT_EQ(held.Receive()->body, "finished");
  streaming->Write("two");
  streaming->End();
  EXPECT_EQ(stream.Receive()->body, "onetwo");
  shutdown.join();
}

TEST_F(HttpServerTest, ShutdownCutsOffWhatIsLeft) {
  Start();
  HttpConnection held(port());
  held.Send("GET /held HTTP/1.1\r\nHost: a\r\n\r\n");
  std::unique_ptr<WebResponder> responder = handler_.TakeHeld();
  server_->Shutdown(absl::Milliseconds(20));
  EXPECT_EQ(held.ReadToEnd(), "");
  responder->Send({.body = "too late"});
}

// ---- Starting

TEST(HttpServer, SaysWhyItCannotListen) {
  SimulatedClock clock;
  FakeHandler handler;
  const auto first = HttpServer::Create({}, handler, clock);
  ASSERT_TRUE(first.ok());
  HttpServer::Options taken;
  taken.port = (*first)->port();
  const absl::Status status = HttpServer::Create(taken, handler, clock).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_THAT(status.message(),
              AllOf(HasSubstr(absl::StrCat("127.0.0.1:", taken.port)), HasSubstr("--port")));

  HttpServer::Options elsewhere;
  elsewhere.address = "203.0.113.1";
  EXPECT_THAT(HttpServer::Create(elsewhere, handler, clock).status().message(),
              HasSubstr("--listen-address"));
  HttpServer::Options nowhere;
  nowhere.address = "no such name";
  EXPECT_EQ(HttpServer::Create(nowhere, handler, clock).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST(HttpServer, ListensOnAllAddressesOfAName) {
  SimulatedClock clock;
  FakeHandler handler;
  HttpServer::Options options;
  options.address = "localhost";
  const auto server = HttpServer::Create(options, handler, clock);
  ASSERT_TRUE(server.ok()) << server.status();
  HttpConnection connection((*server)->port());
  EXPECT_TRUE(connection.Ask(kGet).has_value());
}

}  // namespace
}  // namespace webhookd
