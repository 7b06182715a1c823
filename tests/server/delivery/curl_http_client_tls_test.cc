#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "server/delivery/curl_http_client.h"
#include "tests/server/delivery/http_client_fixture.h"
#include "tests/testing/certificates.h"
#include "tests/testing/receiver.h"
#include "tests/testing/temp_dir.h"

namespace webhookd {
namespace {

using ::testing::HasSubstr;

class CurlHttpClientTlsTest : public HttpClientTest {
 protected:
  static Receiver::Options Tls(const CertificateFiles& files) {
    Receiver::Options options;
    options.tls_certificate = files.certificate;
    options.tls_key = files.key;
    return options;
  }

  const TempDir folder_;
  const CertificateFiles files_ = WriteSelfSignedCertificate(folder_.path());
};

INSTANTIATE_TEST_SUITE_P(, CurlHttpClientTlsTest,
                         ::testing::Values(ClientKind::kCurl, ClientKind::kDirect), ClientKindName);

TEST_P(CurlHttpClientTlsTest, RefusesACertificateItDoesNotTrust) {
  Receiver receiver(Tls(files_));
  const HttpResult result = Run(Post(receiver.url()));
  EXPECT_EQ(result.error, AttemptError::kTls);
  EXPECT_THAT(result.error_message,
              HasSubstr(absl::StrCat("TLS: the certificate of 127.0.0.1:", receiver.port(),
                                     " is not trusted: self-signed certificate")));
  EXPECT_EQ(result.remote_address, absl::StrCat("127.0.0.1:", receiver.port()));
  EXPECT_EQ(receiver.request_count(), 0);
}

TEST_P(CurlHttpClientTlsTest, TrustsTheConfiguredAuthority) {
  Receiver receiver(Tls(files_));
  const auto client = Make(policy_, {.ca_file = files_.certificate});
  HttpResult result = Run(*client, Post(receiver.url()));
  EXPECT_EQ(result.status, 200) << result.error_message;
  result = Run(*client, Post(receiver.url_with_host("localhost")));
  EXPECT_EQ(result.status, 200) << result.error_message;

  result = Run(*client, Post(receiver.url_with_host("other.example")));
  EXPECT_EQ(result.error, AttemptError::kTls);
  EXPECT_THAT(result.error_message, HasSubstr("other.example"));
}

TEST_P(CurlHttpClientTlsTest, RefusesAnExpiredCertificate) {
  const CertificateFiles expired = WriteSelfSignedCertificate(folder_.path(), "IP:127.0.0.1",
                                                              -absl::Hours(48), -absl::Hours(24));
  Receiver receiver(Tls(expired));
  const auto client = Make(policy_, {.ca_file = expired.certificate});
  const HttpResult result = Run(*client, Post(receiver.url()));
  EXPECT_EQ(result.error, AttemptError::kTls);
  EXPECT_THAT(result.error_message, HasSubstr("certificate has expired"));
}

TEST_P(CurlHttpClientTlsTest, UnverifiedConnectionsAreNotUsedForVerifiedRequests) {
  Receiver receiver(Tls(files_));
  HttpRequest request = Post(receiver.url());
  request.skip_tls_verification = true;
  EXPECT_EQ(Run(std::move(request)).status, 200);
  request = Post(receiver.url());
  request.skip_tls_verification = true;
  EXPECT_TRUE(Run(std::move(request)).reused_connection);
  EXPECT_EQ(Run(Post(receiver.url())).error, AttemptError::kTls);
  EXPECT_EQ(receiver.request_count(), 2);
}

TEST_P(CurlHttpClientTlsTest, ConfirmsWithoutCloseNotify) {
  Receiver::Options options = Tls(files_);
  options.skip_close_notify = true;
  Receiver receiver(options);
  // Without a length, the end of the body is the end of the connection.
  receiver.Enqueue(CannedResponse::Raw("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nbody"));
  HttpRequest request = Post(receiver.url());
  request.skip_tls_verification = true;
  const HttpResult result = Run(std::move(request));
  EXPECT_EQ(result.error, AttemptError::kNone) << result.error_message;
  EXPECT_EQ(result.status, 200);
  EXPECT_EQ(result.body_excerpt, "body");
}

TEST_P(CurlHttpClientTlsTest, ReportsAHandshakeThatDoesNotEnd) {
  Receiver::Options options = Tls(files_);
  options.silent_tls = true;
  Receiver receiver(options);
  HttpRequest request = Post(receiver.url());
  request.connect_timeout = absl::Milliseconds(100);
  const HttpResult result = Run(std::move(request));
  EXPECT_EQ(result.error, AttemptError::kTls);
  EXPECT_THAT(result.error_message, HasSubstr("no session within 100ms"));
}

TEST_P(CurlHttpClientTlsTest, ReportsAServerThatDoesNotSpeakTls) {
  Receiver receiver;
  const HttpResult result = Run(Post(absl::StrCat("https://127.0.0.1:", receiver.port(), "/")));
  EXPECT_EQ(result.error, AttemptError::kTls) << result.error_message;
}

TEST_P(CurlHttpClientTlsTest, NeverSendsAgainByItselfWhenAKeptConnectionBreaks) {
  Receiver receiver(Tls(files_));
  const auto client = Make(policy_, {.ca_file = files_.certificate});
  EXPECT_EQ(Run(*client, Post(receiver.url())).status, 200);
  receiver.Enqueue(CannedResponse::Close());
  const HttpResult result = Run(*client, Post(receiver.url()));
  EXPECT_EQ(result.error, AttemptError::kStaleConnection) << result.error_message;
  EXPECT_EQ(receiver.request_count(), 2);
}

}  // namespace
}  // namespace webhookd
