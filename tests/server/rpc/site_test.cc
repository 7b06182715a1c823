// What is served over HTTP beside gRPC, on the real port.

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "tests/testing/rest_client.h"
#include "tests/testing/test_server.h"

namespace webhookd {
namespace {

using ::testing::HasSubstr;

TEST(Site, TellsThatItServes) {
  const TestServer server;
  RestClient client(server.address());
  const RestAnswer answer = client.Get("/healthz");
  EXPECT_EQ(answer.status, 200) << answer.error;
  EXPECT_EQ(answer.body, R"({"status":"SERVING"})");
  EXPECT_EQ(answer.headers.at("content-type"), "application/json");
  EXPECT_EQ(answer.headers.at("x-content-type-options"), "nosniff");
}

TEST(Site, TellsWhatTheServerIsAsTheMasterDoes) {
  TestServer server([](Config& config) { config.cluster_name = "a cluster"; });
  grpc::ClientContext context;
  determined::api::v1::GetMasterResponse master;
  ASSERT_TRUE(server.determined().GetMaster(&context, {}, &master).ok());

  RestClient client(server.address());
  const RestAnswer answer = client.Get("/info");
  EXPECT_EQ(answer.status, 200) << answer.error;
  EXPECT_THAT(answer.body, HasSubstr(absl::StrCat("\"version\":\"", master.version(), "\"")));
  EXPECT_THAT(answer.body, HasSubstr(absl::StrCat("\"cluster_id\":\"", master.cluster_id(), "\"")));
  EXPECT_THAT(answer.body, HasSubstr(absl::StrCat("\"master_id\":\"", master.master_id(), "\"")));
  EXPECT_THAT(answer.body, HasSubstr(R"("cluster_name":"a cluster")"));
  EXPECT_THAT(answer.body, HasSubstr(R"("sso_providers":[])"));
  EXPECT_THAT(
      answer.body,
      HasSubstr(R"("telemetry":{"enabled":false,"otel_enabled":false,"otel_endpoint":""})"));
}

TEST(Site, AnswersAHeadWithoutABody) {
  const TestServer server;
  RestClient client(server.address());
  const RestAnswer answer = client.Request("HEAD", "/healthz", "");
  EXPECT_EQ(answer.status, 200) << answer.error;
  EXPECT_EQ(answer.body, "");
}

}  // namespace
}  // namespace webhookd
