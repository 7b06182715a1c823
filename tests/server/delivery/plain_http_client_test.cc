#include "server/delivery/plain_http_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/server/delivery/http_client_fixture.h"
#include "tests/testing/certificates.h"
#include "tests/testing/listen.h"
#include "tests/testing/receiver.h"
#include "tests/testing/temp_dir.h"

namespace webhookd {
namespace {

using ::testing::HasSubstr;

class PlainHttpClientTest : public HttpClientTest {};

INSTANTIATE_TEST_SUITE_P(, PlainHttpClientTest,
                         ::testing::Values(ClientKind::kPlain, ClientKind::kDirect),
                         ClientKindName);

// A listener whose queue is full: the kernel answers nobody.
class SilentListener {
 public:
  explicit SilentListener(const std::string& address) : listener_(ListenOn(address, 0)) {
    // Connections that nobody accepts.
    listen(listener_, 0);
    for (int i = 0; i < 8; ++i) {
      const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
      sockaddr_in to = {};
      socklen_t size = sizeof(to);
      getsockname(listener_, reinterpret_cast<sockaddr*>(&to), &size);
      connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof(to));
      sockets_.push_back(fd);
    }
  }
  ~SilentListener() {
    for (const int fd : sockets_) close(fd);
    close(listener_);
  }
  uint16_t port() const { return PortOf(listener_); }

 private:
  const int listener_;
  std::vector<int> sockets_;
};

TEST_P(PlainHttpClientTest, TriesTheNextAddressBesideASilentOne) {
  const SilentListener silent("127.0.0.1");
  Receiver receiver(Receiver::Options{.address = "127.0.0.2", .port = silent.port()});
  HttpRequest request = Post(receiver.url_with_host("hook.example"));
  request.addresses = Addresses({"127.0.0.1", "127.0.0.2"});
  const absl::Duration started = RealClock().Steady();
  const HttpResult result = Run(std::move(request));
  EXPECT_EQ(result.status, 200) << result.error_message;
  EXPECT_EQ(result.remote_address, absl::StrCat("127.0.0.2:", receiver.port()));
  EXPECT_LT(RealClock().Steady() - started, absl::Seconds(5));
  EXPECT_EQ(receiver.request_count(), 1);
}

TEST_P(PlainHttpClientTest, GivesUpAfterTheConnectTimeOut) {
  const SilentListener silent("127.0.0.1");
  HttpRequest request = Post(absl::StrCat("http://127.0.0.1:", silent.port(), "/"));
  request.connect_timeout = absl::Milliseconds(100);
  const HttpResult result = Run(std::move(request));
  EXPECT_EQ(result.error, AttemptError::kConnect);
  EXPECT_EQ(result.error_message,
            absl::StrCat("no connection to 127.0.0.1:", silent.port(), " within 100ms"));
  EXPECT_EQ(result.remote_address, "");
}

TEST_P(PlainHttpClientTest, WritesTargetAndHostAsTheyAreInTheUrl) {
  Receiver receiver;
  HttpRequest request = Post(receiver.url("?a=b"));
  EXPECT_EQ(Run(std::move(request)).status, 200);
  EXPECT_EQ(receiver.requests().back().path, "/?a=b");
  request = Post(receiver.url("/a%20b/;c?d=/&e"));
  EXPECT_EQ(Run(std::move(request)).status, 200);
  EXPECT_EQ(receiver.requests().back().path, "/a%20b/;c?d=/&e");
}

TEST_P(PlainHttpClientTest, TakesAnAnswerThatComesBeforeTheWholeRequest) {
  // It answers at once and reads no more.
  const int listener = ListenOn("127.0.0.1", 0);
  std::thread server([&] {
    const int connection = accept(listener, nullptr, nullptr);
    const std::string answer = "HTTP/1.1 413 No\r\nContent-Length: 0\r\n\r\n";
    EXPECT_GT(write(connection, answer.data(), answer.size()), 0);
    char byte;
    // Until the client closes.
    shutdown(connection, SHUT_WR);
    while (read(connection, &byte, 1) > 0) {
    }
    close(connection);
  });
  HttpRequest request =
      Post(absl::StrCat("http://127.0.0.1:", PortOf(listener), "/"), std::string(64 << 20, 'x'));
  const HttpResult result = Run(std::move(request));
  EXPECT_EQ(result.error, AttemptError::kNone) << result.error_message;
  EXPECT_EQ(result.status, 413);
  client_.reset();
  server.join();
  close(listener);
}

TEST_P(PlainHttpClientTest, DoesNotUseAConnectionThatSaysMoreThanItWasAsked) {
  Receiver receiver;
  receiver.Enqueue(CannedResponse::Raw(
      "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"));
  EXPECT_EQ(Run(Post(receiver.url())).status, 200);
  const HttpResult next = Run(Post(receiver.url()));
  EXPECT_EQ(next.status, 200);
  EXPECT_FALSE(next.reused_connection);
}

TEST_P(PlainHttpClientTest, ManyRequestsToOneHostShareConnections) {
  Receiver receiver;
  int done = 0;
  int started = 0;
  const auto send = [&](const auto& self) -> void {
    if (started == 2'000) return;
    ++started;
    client_->Send(Post(receiver.url(absl::StrCat("/", started))), [&](HttpResult result) {
      EXPECT_EQ(result.status, 200) << result.error_message;
      ++done;
      self(self);
    });
  };
  for (int i = 0; i < 50; ++i) send(send);
  EXPECT_TRUE(PollUntil(*client_, [&] { return done == 2'000; }));
  EXPECT_LE(receiver.accepted_connections(), 50);
}

TEST_P(PlainHttpClientTest, SendsHttpAndHttpsSideBySide) {
  if (GetParam() != ClientKind::kDirect) {
    // The other client refuses what it cannot do.
    const HttpResult result = Run(Post("https://127.0.0.1/"));
    EXPECT_EQ(result.error, AttemptError::kInternal);
    EXPECT_THAT(result.error_message, HasSubstr("not an http URL"));
    return;
  }
  const TempDir folder;
  const CertificateFiles files = WriteSelfSignedCertificate(folder.path());
  Receiver plain;
  Receiver tls(Receiver::Options{.tls_certificate = files.certificate, .tls_key = files.key});
  const auto client = Make(policy_, {.ca_file = files.certificate});
  int done = 0;
  for (int i = 0; i < 100; ++i) {
    client->Send(Post(i % 2 == 0 ? plain.url() : tls.url()), [&](HttpResult result) {
      EXPECT_EQ(result.status, 200) << result.error_message;
      ++done;
    });
  }
  EXPECT_TRUE(PollUntil(*client, [&] { return done == 100; }));
  EXPECT_EQ(plain.request_count(), 50);
  EXPECT_EQ(tls.request_count(), 50);
  // Kept connections of either kind that are closed must not keep it busy.
  tls.Stop();
  plain.Stop();
  client->Poll(absl::ZeroDuration());
  client->Poll(absl::ZeroDuration());
  const absl::Duration started = RealClock().Steady();
  client->Poll(absl::Milliseconds(50));
  EXPECT_GE(RealClock().Steady() - started, absl::Milliseconds(50));
}

}  // namespace
}  // namespace webhookd
