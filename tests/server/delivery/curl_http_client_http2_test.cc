#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "server/delivery/curl_http_client.h"
#include "tests/server/delivery/http_client_fixture.h"
#include "tests/testing/certificates.h"
#include "tests/testing/http2_receiver.h"
#include "tests/testing/temp_dir.h"

namespace webhookd {
namespace {

using Answer = Http2Receiver::Answer;

class CurlHttpClientHttp2Test : public HttpClientTest {
 protected:
  CurlHttpClientHttp2Test() { client_ = Make(policy_, {.ca_file = files_.certificate}); }

  std::unique_ptr<Http2Receiver> Listen(std::vector<Answer> answers) const {
    return std::make_unique<Http2Receiver>(files_.certificate, files_.key, std::move(answers));
  }

  const TempDir folder_;
  const CertificateFiles files_ = WriteSelfSignedCertificate(folder_.path());
};

INSTANTIATE_TEST_SUITE_P(, CurlHttpClientHttp2Test,
                         ::testing::Values(ClientKind::kCurl, ClientKind::kDirect), ClientKindName);

TEST_P(CurlHttpClientHttp2Test, SendsOverOneConnection) {
  const auto receiver = Listen({});
  EXPECT_EQ(Run(Post(receiver->url())).status, 200);
  const HttpResult result = Run(Post(receiver->url()));
  EXPECT_EQ(result.status, 200);
  EXPECT_TRUE(result.reused_connection);
  EXPECT_EQ(receiver->request_count(), 2);
  EXPECT_EQ(receiver->accepted_connections(), 1);
}

TEST_P(CurlHttpClientHttp2Test, NeverSendsAgainByItselfWhenARequestIsRefused) {
  for (const Answer refusal : {Answer::kRefuseStream, Answer::kGoAway}) {
    const auto receiver = Listen({Answer::k200, refusal});
    EXPECT_EQ(Run(Post(receiver->url())).status, 200);
    const HttpResult result = Run(Post(receiver->url()));
    EXPECT_EQ(result.error, AttemptError::kStaleConnection) << result.error_message;
    EXPECT_EQ(result.status, 0);
    EXPECT_EQ(receiver->request_count(), 2);
    HttpRequest again = Post(receiver->url());
    again.fresh_connection = true;
    EXPECT_EQ(Run(std::move(again)).status, 200);
  }
}

TEST_P(CurlHttpClientHttp2Test, NeverSendsAgainByItselfWhenTheFirstRequestIsRefused) {
  const auto receiver = Listen({Answer::kRefuseStream});
  const HttpResult result = Run(Post(receiver->url()));
  EXPECT_EQ(result.error, AttemptError::kStaleConnection) << result.error_message;
  EXPECT_EQ(receiver->request_count(), 1);
}

TEST_P(CurlHttpClientHttp2Test, NeverSendsAgainByItselfWhenAKeptConnectionBreaks) {
  const auto receiver = Listen({Answer::k200, Answer::kCloseConnection});
  EXPECT_EQ(Run(Post(receiver->url())).status, 200);
  const HttpResult result = Run(Post(receiver->url()));
  EXPECT_EQ(result.error, AttemptError::kStaleConnection) << result.error_message;
  EXPECT_EQ(receiver->request_count(), 2);
}

TEST_P(CurlHttpClientHttp2Test, ReportsACanceledStream) {
  const auto receiver = Listen({Answer::kCancelStream});
  const HttpResult result = Run(Post(receiver->url()));
  EXPECT_EQ(result.error, AttemptError::kReset) << result.error_message;
  EXPECT_EQ(receiver->request_count(), 1);
}

TEST_P(CurlHttpClientHttp2Test, RunsManyRequestsAtOnce) {
  const auto receiver = Listen({});
  int done = 0;
  for (int i = 0; i < 100; ++i) {
    client_->Send(Post(receiver->url()), [&](HttpResult result) {
      EXPECT_EQ(result.status, 200) << result.error_message;
      ++done;
    });
  }
  EXPECT_TRUE(PollUntil(*client_, [&] { return done == 100; }));
  EXPECT_EQ(receiver->request_count(), 100);
}

}  // namespace
}  // namespace webhookd
