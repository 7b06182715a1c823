// gRPC and libcurl bring OpenSSL into the process; webhookd signs with BoringSSL. Both define the
// same functions with different layouts of the same structures, so this proves that each gets its
// own.
#include <curl/curl.h>
#include <grpcpp/ext/health_check_service_server_builder_option.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "tests/compat/boringssl_answers.h"
#include "tests/compat/openssl_peer.h"

namespace webhookd {
namespace {

constexpr absl::string_view kCheckMethod = "/grpc.health.v1.Health/Check";

// grpc.health.v1.HealthCheckResponse{status: SERVING}, without and with gRPC's five bytes of
// framing.
constexpr absl::string_view kServing("\x08\x01", 2);
constexpr absl::string_view kFramedServing("\0\0\0\0\x02\x08\x01", 7);
constexpr absl::string_view kFramedEmpty("\0\0\0\0\0", 5);

// A gRPC server on a free port of 127.0.0.1 that speaks TLS and serves only gRPC's health service.
class TlsServer {
 public:
  TlsServer() : certificate_(MakeSelfSignedCertificate()) {
    grpc::EnableDefaultHealthCheckService(true);
    grpc::SslServerCredentialsOptions options;
    options.pem_key_cert_pairs.push_back(
        {certificate_.private_key_pem, certificate_.certificate_pem});
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::SslServerCredentials(options), &port_);
    builder.RegisterCallbackGenericService(&other_methods_);
    server_ = builder.BuildAndStart();
  }

  // Zero when the server could not start.
  int port() const { return server_ == nullptr ? 0 : port_; }
  const std::string& certificate_pem() const { return certificate_.certificate_pem; }

 private:
  const Certificate certificate_;
  grpc::CallbackGenericService other_methods_;  // a server without any service does not start
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

// One health check over a new connection. Returns the response's bytes, or the error.
std::string CheckByGrpc(const TlsServer& server) {
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = server.certificate_pem();
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  grpc::GenericStub stub(grpc::CreateCustomChannel("127.0.0.1:" + std::to_string(server.port()),
                                                   grpc::SslCredentials(options), arguments));

  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
  const grpc::Slice empty("");
  const grpc::ByteBuffer request(&empty, 1);
  grpc::ByteBuffer response;
  std::promise<grpc::Status> done;
  stub.UnaryCall(&context, std::string(kCheckMethod), grpc::StubOptions(), &request, &response,
                 [&done](grpc::Status status) { done.set_value(std::move(status)); });
  const grpc::Status status = done.get_future().get();
  if (!status.ok()) return "error: " + status.error_message();
  grpc::Slice slice;
  if (!response.DumpToSingleSlice(&slice).ok()) return "error: no response";
  return std::string(reinterpret_cast<const char*>(slice.begin()), slice.size());
}

size_t AppendToString(char* data, size_t size, size_t count, void* text) {
  static_cast<std::string*>(text)->append(data, size * count);
  return size * count;
}

// The same request by libcurl: an HTTP/2 POST. Returns the response's body, or the error.
std::string CheckByCurl(const TlsServer& server) {
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl(curl_easy_init(),
                                                                 &curl_easy_cleanup);
  const std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> headers(
      curl_slist_append(curl_slist_append(nullptr, "Content-Type: application/grpc"),
                        "TE: trailers"),
      &curl_slist_free_all);
  const std::string url =
      "https://127.0.0.1:" + std::to_string(server.port()) + std::string(kCheckMethod);
  std::string root = server.certificate_pem();
  curl_blob root_blob = {root.data(), root.size(), CURL_BLOB_COPY};
  std::string body;
  curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_NOPROXY, "*");
  curl_easy_setopt(curl.get(), CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS);
  curl_easy_setopt(curl.get(), CURLOPT_CAINFO_BLOB, &root_blob);
  curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDS, kFramedEmpty.data());
  curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDSIZE, static_cast<long>(kFramedEmpty.size()));
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, &AppendToString);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &body);
  curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT, 20L);
  curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
  const CURLcode code = curl_easy_perform(curl.get());
  return code == CURLE_OK ? body : std::string("error: ") + curl_easy_strerror(code);
}

TEST(TlsCoexistence, EachSideIsLinkedToItsOwnLibrary) {
  EXPECT_NE(OpenSslVersion().find("OpenSSL 3"), std::string::npos) << OpenSslVersion();
  EXPECT_NE(BoringSslVersion().find("BoringSSL"), std::string::npos) << BoringSslVersion();
  EXPECT_EQ(OpenSslHmacSha256("key", "text"), BoringSslHmacSha256("key", "text"));
}

TEST(TlsCoexistence, BoringSslIsRightBeforeDuringAndAfterTls) {
  EXPECT_EQ(WrongBoringSslAnswer(), "") << "before TLS";

  const TlsServer server;
  ASSERT_NE(server.port(), 0);

  constexpr int kConnections = 10;
  std::atomic<bool> is_over = false;
  const auto ask_until_over = [&is_over](std::string& wrong, int& asked) {
    while (wrong.empty() && (asked == 0 || !is_over)) {
      wrong = WrongBoringSslAnswer();
      ++asked;
    }
  };
  std::string wrong[2];
  int asked[2] = {0, 0};
  std::vector<std::thread> crypto;
  crypto.emplace_back(ask_until_over, std::ref(wrong[0]), std::ref(asked[0]));
  crypto.emplace_back(ask_until_over, std::ref(wrong[1]), std::ref(asked[1]));

  std::vector<std::string> by_curl;
  std::thread curl([&server, &by_curl] {
    for (int i = 0; i < kConnections; ++i) by_curl.push_back(CheckByCurl(server));
  });
  for (int i = 0; i < kConnections; ++i) EXPECT_EQ(CheckByGrpc(server), kServing);
  curl.join();
  is_over = true;
  for (std::thread& thread : crypto) thread.join();

  EXPECT_EQ(by_curl, std::vector<std::string>(kConnections, std::string(kFramedServing)));
  EXPECT_EQ(wrong[0], "") << "during TLS";
  EXPECT_EQ(wrong[1], "") << "during TLS";
  EXPECT_GT(asked[0] + asked[1], 1);
  EXPECT_EQ(WrongBoringSslAnswer(), "") << "after TLS";
  EXPECT_EQ(OpenSslHmacSha256("key", "text"), BoringSslHmacSha256("key", "text"));
}

}  // namespace
}  // namespace webhookd
