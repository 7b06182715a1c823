#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <string>

#include "server/config/version.h"
#include "tests/testing/test_server.h"

namespace webhookd {
namespace {

namespace api = determined::api::v1;

api::GetMasterResponse GetMaster(TestServer& server) {
  grpc::ClientContext context;
  api::GetMasterResponse response;
  EXPECT_TRUE(server.determined().GetMaster(&context, {}, &response).ok());
  return response;
}

google::protobuf::Struct GetConfig(TestServer& server) {
  grpc::ClientContext context;
  api::GetMasterConfigResponse response;
  EXPECT_TRUE(server.determined().GetMasterConfig(&context, {}, &response).ok());
  return response.config();
}

// The value under "section.key".
google::protobuf::Value At(const google::protobuf::Struct& config, const std::string& section,
                           const std::string& key) {
  return config.fields().at(section).struct_value().fields().at(key);
}

TEST(MasterApi, SaysWhatItIs) {
  TestServer server([](Config& config) { config.cluster_name = "test cluster"; });
  const api::GetMasterResponse master = GetMaster(server);
  EXPECT_EQ(master.version(), Version());
  EXPECT_TRUE(std::regex_match(master.version(), std::regex(R"(\d+\.\d+\.\d+((a|b|rc)\d+)?)")));
  EXPECT_EQ(master.cluster_name(), "test cluster");
  EXPECT_EQ(master.cluster_id().size(), 36u);
  EXPECT_EQ(master.master_id().size(), 36u);
  EXPECT_FALSE(master.telemetry_enabled());
  EXPECT_FALSE(master.rbac_enabled());
}

TEST(MasterApi, ClusterIdStaysWithTheDatabaseAndMasterIdDoesNot) {
  TestServer server;
  const api::GetMasterResponse before = GetMaster(server);
  server.Restart();
  const api::GetMasterResponse after = GetMaster(server);
  EXPECT_EQ(after.cluster_id(), before.cluster_id());
  EXPECT_NE(after.master_id(), before.master_id());
}

TEST(MasterApi, SendsNoTelemetry) {
  TestServer server;
  grpc::ClientContext context;
  api::GetTelemetryResponse response;
  ASSERT_TRUE(server.determined().GetTelemetry(&context, {}, &response).ok());
  EXPECT_FALSE(response.enabled());
}

TEST(MasterApi, ShowsTheConfigurationInForce) {
  TestServer server([](Config& config) {
    config.cluster_name = "test cluster";
    config.webhooks.base_url = "https://det.example.com";
    config.delivery.timeout = absl::Seconds(90);
  });
  const google::protobuf::Struct config = GetConfig(server);
  EXPECT_EQ(config.fields().at("cluster_name").string_value(), "test cluster");
  EXPECT_EQ(At(config, "webhooks", "signing_key").string_value(), TestServer::kSigningKey);
  EXPECT_EQ(At(config, "webhooks", "base_url").string_value(), "https://det.example.com");
  EXPECT_EQ(At(config, "delivery", "timeout").string_value(), "1m30s");
  EXPECT_EQ(At(config, "delivery", "shards").number_value(), 1);
  EXPECT_EQ(At(config, "delivery", "retry_schedule").list_value().values_size(), 30);
  EXPECT_FALSE(At(config, "egress", "deny_private").bool_value());
  EXPECT_EQ(At(config, "egress", "allow").list_value().values(0).string_value(), "127.0.0.0/8");
  EXPECT_TRUE(At(config, "egress", "deny").has_list_value());
}

TEST(MasterApi, ShowsNoPasswordOfAProxy) {
  TestServer server([](Config& config) { config.egress.proxy = "http://me:secret@127.0.0.1:9"; });
  EXPECT_THAT(GetConfig(server).DebugString(), ::testing::Not(::testing::HasSubstr("secret")));
}

TEST(MasterApi, GeneratesASigningKeyOnceAndShowsIt) {
  TestServer server([](Config& config) { config.webhooks.signing_key.clear(); });
  const std::string key = At(GetConfig(server), "webhooks", "signing_key").string_value();
  EXPECT_TRUE(std::regex_match(key, std::regex("[0-9a-f]{64}"))) << key;
  server.Restart();
  EXPECT_EQ(At(GetConfig(server), "webhooks", "signing_key").string_value(), key);

  TestServer other([](Config& config) { config.webhooks.signing_key.clear(); });
  EXPECT_NE(At(GetConfig(other), "webhooks", "signing_key").string_value(), key);
}

}  // namespace
}  // namespace webhookd
