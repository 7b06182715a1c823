#include "tests/server/http/shared_port.h"

#include <gmock/gmock.h>
#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/server/http/http_connection.h"
#include "tests/testing/certificates.h"
#include "tests/testing/last_resort.h"
#include "tests/testing/temp_dir.h"

// gRPC and HTTP on one port.
namespace webhookd {
namespace {

using ::testing::HasSubstr;

constexpr char kGet[] = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr int kTls11 = 0x0302;

std::string Read(const std::string& path) {
  std::ifstream file(path);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

template <typename Condition>
bool Eventually(Condition condition) {
  const absl::Time deadline = absl::Now() + kLastResort;
  while (!condition()) {
    if (absl::Now() > deadline) return false;
    std::this_thread::yield();
  }
  return true;
}

std::shared_ptr<grpc::ChannelCredentials> Trusting(const std::string& ca,
                                                   const CertificateFiles& own = {}) {
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = Read(ca);
  if (!own.certificate.empty()) {
    options.pem_cert_chain = Read(own.certificate);
    options.pem_private_key = Read(own.key);
  }
  return grpc::SslCredentials(options);
}

// Calls both ways from several threads at once, on new and old connections.
void CallBothWays(const SharedPort& port, const std::string& ca) {
  std::atomic<int> good{0};
  std::vector<std::thread> callers;
  for (int i = 0; i < 4; ++i) {
    callers.emplace_back([&, i] {
      for (int round = 0; round < 5; ++round) {
        if (i % 2 == 0) {
          const auto stub =
              port.NewStub(ca.empty() ? grpc::InsecureChannelCredentials() : Trusting(ca));
          for (int call = 0; call < 10; ++call) good += Put(*stub).ok() ? 1 : 0;
        } else {
          const auto connection = ca.empty() ? std::make_unique<HttpConnection>(port.port())
                                             : std::make_unique<HttpConnection>(
                                                   port.port(), TlsClientOptions{.ca = ca});
          for (int call = 0; call < 10; ++call) {
            const auto answer = connection->Ask(kGet);
            good += answer.has_value() && answer->status == 200 ? 1 : 0;
          }
        }
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(good, 200);
}

TEST(SharedPort, ServesBothPlain) {
  SharedPort port;
  CallBothWays(port, "");
}

TEST(SharedPort, ServesBothUnderTls) {
  const TempDir folder;
  const CertificateFiles files = WriteSelfSignedCertificate(folder.path());
  SharedPort port({.certificate = files.certificate, .key = files.key});
  CallBothWays(port, files.certificate);
}

TEST(SharedPort, TellsThemBySmallPieces) {
  SharedPort port;
  HttpConnection http2(port.port());
  for (const char c : std::string("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")) {
    ASSERT_TRUE(http2.Send(absl::string_view(&c, 1)));
    HttpConnection other(port.port());
    ASSERT_TRUE(other.Ask(kGet).has_value());
  }
  http2.Send(std::string("\0\0\0\4\0\0\0\0\0", 9));
  // gRPC's first frame: its settings.
  EXPECT_TRUE(http2.Send(std::string("\0\0\0\4\1\0\0\0\0", 9)));
  char frame[9] = "";
  ASSERT_EQ(recv(http2.fd(), frame, sizeof frame, MSG_WAITALL), 9);
  EXPECT_EQ(frame[3], 4);
}

TEST(SharedPort, CountsTheConnectionsOfBoth) {
  SharedPort port;
  auto first = port.NewStub();
  ASSERT_TRUE(Put(*first).ok());
  auto second = port.NewStub();
  ASSERT_TRUE(Put(*second).ok());
  HttpConnection third(port.port());
  ASSERT_TRUE(third.Ask(kGet).has_value());
  EXPECT_EQ(port.http().connections(), 3);
  first.reset();
  EXPECT_TRUE(Eventually([&] { return port.http().connections() == 2; }));
  third.Close();
  EXPECT_TRUE(Eventually([&] { return port.http().connections() == 1; }));
  second.reset();
  EXPECT_TRUE(Eventually([&] { return port.http().connections() == 0; }));
}

TEST(SharedPort, ChoosesHttpForBrowsersAndRefusesOldTls) {
  const TempDir folder;
  const CertificateFiles files = WriteSelfSignedCertificate(folder.path());
  SharedPort port({.certificate = files.certificate, .key = files.key});
  struct Case {
    std::vector<std::string> offered;
    std::string chosen;
  };
  for (const Case& row : {Case{{"h2", "http/1.1"}, "http/1.1"}, Case{{"http/1.1"}, "http/1.1"},
                          Case{{}, ""}, Case{{"http/1.0"}, "http/1.0"}}) {
    HttpConnection connection(port.port(), {.ca = files.certificate, .alpn = row.offered});
    ASSERT_TRUE(connection.connected());
    EXPECT_EQ(connection.alpn(), row.chosen);
    EXPECT_TRUE(connection.Ask(kGet).has_value());
  }
  EXPECT_EQ(HttpConnection(port.port(), {.alpn = {"h2"}}).alpn(), "h2");
  EXPECT_FALSE(HttpConnection(port.port(), {.alpn = {"imap"}}).connected());
  EXPECT_FALSE(HttpConnection(port.port(), {.max_version = kTls11}).connected());
  EXPECT_FALSE(HttpConnection(port.port(), {.alpn = {"h2"}, .max_version = kTls11}).connected());
  // Without TLS there is nothing to hear.
  EXPECT_EQ(HttpConnection(port.port()).Ask(kGet), absl::nullopt);
}

// Replaces the files that the server was started with.
void Install(const CertificateFiles& fresh, const CertificateFiles& place) {
  constexpr auto kReplace = std::filesystem::copy_options::overwrite_existing;
  std::filesystem::copy_file(fresh.certificate, place.certificate, kReplace);
  std::filesystem::copy_file(fresh.key, place.key, kReplace);
}

TEST(SharedPort, ReloadsCertificatesForNewConnectionsOnly) {
  const TempDir folder;
  const CertificateFiles first = WriteSelfSignedCertificate(folder.path());
  const CertificateFiles second = WriteSelfSignedCertificate(folder.path());
  const CertificateFiles place = {folder / "server.pem", folder / "server.key"};
  Install(first, place);
  const TlsFiles tls = {.certificate = place.certificate, .key = place.key};
  SharedPort port(tls);
  const auto reload = [&]() -> absl::Status {
    absl::Status http = port.http().ReloadCertificates();
    if (!http.ok()) return http;
    return ReloadGrpcCertificates(port.grpc(), tls);
  };

  const auto old_stub = port.NewStub(Trusting(first.certificate));
  ASSERT_TRUE(Put(*old_stub).ok());
  HttpConnection old_connection(port.port(), {.ca = first.certificate});
  ASSERT_TRUE(old_connection.Ask(kGet).has_value());

  Install(second, place);
  // Nothing changes by itself.
  EXPECT_TRUE(Put(*port.NewStub(Trusting(first.certificate))).ok());
  EXPECT_EQ(reload(), absl::OkStatus());

  EXPECT_TRUE(Put(*port.NewStub(Trusting(second.certificate))).ok());
  EXPECT_FALSE(Put(*port.NewStub(Trusting(first.certificate))).ok());
  HttpConnection new_connection(port.port(), {.ca = second.certificate});
  EXPECT_TRUE(new_connection.Ask(kGet).has_value());
  EXPECT_FALSE(HttpConnection(port.port(), {.ca = first.certificate}).connected());
  EXPECT_TRUE(Put(*old_stub).ok());
  EXPECT_TRUE(old_connection.Ask(kGet).has_value());

  // A pair that does not fit, and a file that is none, leave what there is.
  std::filesystem::copy_file(first.key, place.key,
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_THAT(reload().message(), HasSubstr("is not that of the certificate"));
  std::ofstream(place.certificate) << "nonsense";
  EXPECT_THAT(reload().message(), HasSubstr("server.pem cannot be used"));
  std::filesystem::remove(place.certificate);
  EXPECT_THAT(reload().message(), HasSubstr("cannot read the TLS certificate"));
  EXPECT_TRUE(Put(*port.NewStub(Trusting(second.certificate))).ok());
  EXPECT_TRUE(HttpConnection(port.port(), {.ca = second.certificate}).connected());
}

TEST(SharedPort, KnowsClientsByTheirCertificates) {
  const TempDir folder;
  const CertificateFiles server = WriteSelfSignedCertificate(folder.path());
  const CertificateFiles client = WriteSelfSignedCertificate(folder.path(), "DNS:master.example");
  const CertificateFiles stranger = WriteSelfSignedCertificate(folder.path());
  SharedPort port(
      {.certificate = server.certificate, .key = server.key, .client_ca = client.certificate});

  std::string seen;
  ASSERT_TRUE(Put(*port.NewStub(Trusting(server.certificate, client)), &seen).ok());
  EXPECT_THAT(seen, HasSubstr("webhookd test"));
  const std::string over_grpc = seen;
  ASSERT_TRUE(Put(*port.NewStub(Trusting(server.certificate)), &seen).ok());
  EXPECT_EQ(seen, "");
  EXPECT_FALSE(Put(*port.NewStub(Trusting(server.certificate, stranger)), &seen).ok());

  std::string over_http = "none";
  FakeHandler handler([&](WebRequest request, std::unique_ptr<WebResponder> responder) {
    responder->Send({.body = request.tls ? request.client_certificate : "not TLS"});
  });
  HttpServer::Options options;
  options.tls = {server.certificate, server.key, client.certificate};
  const auto http = HttpServer::Create(options, handler, RealClock());
  ASSERT_TRUE(http.ok());
  const int http_port = (*http)->port();
  HttpConnection known(http_port, {.certificate = client.certificate, .key = client.key});
  EXPECT_EQ(known.Ask(kGet)->body, over_grpc);
  HttpConnection unknown(http_port, TlsClientOptions{});
  EXPECT_EQ(unknown.Ask(kGet)->body, "");
  // Under TLS 1.3 the client only learns with its first answer that it was sent away.
  HttpConnection strange(http_port, {.certificate = stranger.certificate, .key = stranger.key});
  EXPECT_EQ(strange.Ask(kGet), absl::nullopt);
}

TEST(SharedPort, LargeBodiesGoOverTlsToo) {
  const TempDir folder;
  const CertificateFiles files = WriteSelfSignedCertificate(folder.path());
  SharedPort port({.certificate = files.certificate, .key = files.key});
  HttpConnection connection(port.port(), {.ca = files.certificate});
  const std::string body(3 << 20, 'x');
  for (int i = 0; i < 3; ++i) {
    const auto answer = connection.Ask(absl::StrCat(
        "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: ", body.size(), "\r\n\r\n", body));
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(answer->body, "POST /a? " + body);
  }
  std::string requests;
  for (int i = 0; i < 100; ++i) requests += kGet;
  connection.Send(requests);
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(connection.Receive().has_value());
}

TEST(SharedPort, SaysWhichTlsFileIsWrong) {
  const TempDir folder;
  const CertificateFiles files = WriteSelfSignedCertificate(folder.path());
  const CertificateFiles other = WriteSelfSignedCertificate(folder.path());
  FakeHandler handler;
  const auto error = [&](const TlsFiles& tls) {
    HttpServer::Options options;
    options.tls = tls;
    return std::string(HttpServer::Create(options, handler, RealClock()).status().message());
  };
  EXPECT_THAT(error({.certificate = folder / "none.pem", .key = files.key}),
              HasSubstr("none.pem: No such file"));
  EXPECT_THAT(error({.certificate = files.certificate, .key = files.certificate}),
              HasSubstr(absl::StrCat("the TLS key ", files.certificate, " cannot be used")));
  EXPECT_THAT(error({.certificate = files.certificate, .key = other.key}),
              HasSubstr("is not that of the certificate"));
  EXPECT_THAT(error({files.certificate, files.key, files.key}),
              HasSubstr("the CA file for clients"));
}

// ---- The end

// Calls ReportExperimentState, which is held.
std::future<grpc::Status> Report(v1::EventService::Stub& stub) {
  return std::async(std::launch::async, [&stub] {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + kLastResort));
    v1::ReportExperimentStateResponse response;
    return stub.ReportExperimentState(&context, {}, &response);
  });
}

// A call of grpc.health.v1.Health/Watch, which never ends.
class HealthWatch final : public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  explicit HealthWatch(const std::shared_ptr<grpc::Channel>& channel) : stub_(channel) {
    stub_.PrepareBidiStreamingCall(&context_, "/grpc.health.v1.Health/Watch", grpc::StubOptions(),
                                   this);
    StartWriteLast(&request_, grpc::WriteOptions());
    StartRead(&response_);
    StartCall();
  }
  bool WaitForAnswer() { return answered_.get_future().get(); }
  void WaitForEnd() { ended_.get_future().get(); }

 private:
  void OnReadDone(bool ok) override {
    if (!std::exchange(has_answer_, true)) answered_.set_value(ok);
    if (ok) StartRead(&response_);
  }
  void OnDone(const grpc::Status&) override { ended_.set_value(); }

  grpc::GenericStub stub_;
  grpc::ClientContext context_;
  const grpc::Slice no_bytes_;
  grpc::ByteBuffer request_{&no_bytes_, 1};
  grpc::ByteBuffer response_;
  bool has_answer_ = false;
  std::promise<bool> answered_;
  std::promise<void> ended_;
};

TEST(ShutdownGrpcServer, DoesNotWaitForIdleClientsOrThoseWhoWatchHealth) {
  SharedPort port;
  const auto stub = port.NewStub();
  ASSERT_TRUE(Put(*stub).ok());
  // One that never looks at its connection.
  HttpConnection deaf(port.port());
  deaf.Send(std::string("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0", 33));
  HealthWatch watch(grpc::CreateChannel(port.address(), grpc::InsecureChannelCredentials()));
  ASSERT_TRUE(watch.WaitForAnswer());
  EXPECT_TRUE(Eventually([&] { return port.http().connections() == 3; }));
  EXPECT_EQ(port.grpc().calls->count(), 0);

  const absl::Time start = absl::Now();
  port.http().Shutdown(2 * kLastResort);
  ShutdownGrpcServer(port.grpc(), 2 * kLastResort);
  EXPECT_LT(absl::Now() - start, kLastResort);
  watch.WaitForEnd();
  EXPECT_FALSE(Put(*stub).ok());
  ShutdownGrpcServer(port.grpc(), absl::Minutes(1));
}

TEST(ShutdownGrpcServer, LetsCallsUnderWayFinish) {
  SharedPort port;
  const auto stub = port.NewStub();
  std::future<grpc::Status> held = Report(*stub);
  ASSERT_TRUE(port.service().WaitForHeld(1));
  EXPECT_EQ(port.grpc().calls->count(), 1);
  std::thread shutdown([&] { ShutdownGrpcServer(port.grpc(), absl::Minutes(1)); });
  // New calls are refused by now, or very soon.
  EXPECT_TRUE(Eventually([&] { return !Put(*port.NewStub()).ok(); }));
  EXPECT_TRUE(port.service().ReleaseOne());
  EXPECT_TRUE(held.get().ok());
  shutdown.join();
  EXPECT_EQ(port.grpc().calls->count(), 0);
}

TEST(ShutdownGrpcServer, CancelsWhatIsLeft) {
  SharedPort port;
  const auto stub = port.NewStub();
  std::future<grpc::Status> held = Report(*stub);
  ASSERT_TRUE(port.service().WaitForHeld(1));
  // gRPC waits for cancelled calls until their handlers finish them.
  std::thread finish([&] {
    EXPECT_FALSE(held.get().ok());
    EXPECT_TRUE(port.service().ReleaseOne());
  });
  ShutdownGrpcServer(port.grpc(), absl::Milliseconds(20));
  finish.join();
}

TEST(ShutdownGrpcServer, SocketsThatComeTooLateAreClosed) {
  SharedPort port;
  ShutdownGrpcServer(port.grpc(), absl::ZeroDuration());
  HttpConnection late(port.port());
  late.Send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  bool ended = false;
  EXPECT_EQ(late.ReadToEnd(&ended), "");
  EXPECT_TRUE(ended);
  EXPECT_TRUE(Eventually([&] { return port.http().connections() == 0; }));
}

TEST(StartGrpcServer, ServesAPortOfItsOwnToo) {
  HeldEventService service;
  absl::StatusOr<ListeningServer> server = StartGrpcServer(
      {.address = "127.0.0.1", .port = 0}, {{"webhookd.v1.EventService", &service}});
  ASSERT_TRUE(server.ok()) << server.status();
  ASSERT_GT(server->port, 0);
  const auto stub = v1::EventService::NewStub(grpc::CreateChannel(
      HostAndPort("127.0.0.1", server->port), grpc::InsecureChannelCredentials()));
  EXPECT_TRUE(Put(*stub).ok());
  EXPECT_EQ(StartGrpcServer({.address = "127.0.0.1", .port = server->port},
                            {{"webhookd.v1.EventService", &service}})
                .status()
                .code(),
            absl::StatusCode::kAlreadyExists);
  ShutdownGrpcServer(*server, absl::ZeroDuration());
}

}  // namespace
}  // namespace webhookd
