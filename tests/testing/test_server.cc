#include "tests/testing/test_server.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/random.h"
#include "tests/testing/last_resort.h"

namespace webhookd {
namespace {

namespace api = determined::api::v1;

constexpr absl::Duration kPatience = kLastResort;

void ExpectOk(const grpc::Status& status) {
  EXPECT_TRUE(status.ok()) << status.error_code() << ": " << status.error_message();
}

}  // namespace

Config TestConfig(const std::string& database) {
  Config config;
  // What is measured is all of the process, with its tests and what sanitizers keep.
  config.http.memory_limit_bytes = 0;
  config.port = 0;
  config.storage.path = database;
  config.webhooks.signing_key = TestServer::kSigningKey;
  config.webhooks.signing_key_source = "--webhooks-signing-key";
  config.egress.allow = {"127.0.0.0/8"};
  config.security.authn_type = "none";
  config.delivery.retry_schedule = std::vector<absl::Duration>(30, absl::Milliseconds(20));
  config.delivery.retry_schedule[0] = absl::ZeroDuration();
  config.delivery.retry_jitter = 0;
  config.delivery.resolver_threads = 2;
  config.delivery.drain_timeout = absl::Seconds(5);
  return config;
}

TestServer::TestServer(const std::function<void(Config&)>& adjust)
    : config_(TestConfig(folder_ / "webhookd.db")) {
  adjust(config_);
  Start();
}

TestServer::~TestServer() = default;

void TestServer::Start() {
  absl::StatusOr<std::unique_ptr<Server>> server =
      Server::Create(config_, RealClock(), SecureRandom());
  if (!server.ok()) {
    std::cerr << "the test's server did not start: " << server.status() << std::endl;
    std::abort();
  }
  server_ = *std::move(server);
  grpc::ChannelArguments arguments;
  // Or a channel to a new server would be the old one's, waiting before it connects again.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetMaxReceiveMessageSize(-1);
  channel_ = grpc::CreateCustomChannel(address(), grpc::InsecureChannelCredentials(), arguments);
  determined_ = api::Determined::NewStub(channel_);
  events_ = v1::EventService::NewStub(channel_);
  deliveries_ = v1::DeliveryService::NewStub(channel_);
}

void TestServer::Stop() { server_.reset(); }

void TestServer::Restart(const std::function<void(Config&)>& adjust) {
  Stop();
  adjust(config_);
  Start();
}

determined::webhook::v1::Webhook TestServer::Create(
    const determined::webhook::v1::Webhook& webhook) {
  grpc::ClientContext context;
  api::PostWebhookRequest request;
  *request.mutable_webhook() = webhook;
  api::PostWebhookResponse response;
  ExpectOk(determined_->PostWebhook(&context, request, &response));
  return response.webhook();
}

determined::webhook::v1::Webhook TestServer::GetWebhook(int32_t id) {
  grpc::ClientContext context;
  api::GetWebhookRequest request;
  request.set_webhook_id(id);
  api::GetWebhookResponse response;
  ExpectOk(determined_->GetWebhook(&context, request, &response));
  return response.webhook();
}

determined::webhook::v1::Webhook TestServer::Patch(
    int32_t id, const determined::webhook::v1::PatchWebhook& patch) {
  grpc::ClientContext context;
  api::PatchWebhookRequest request;
  request.set_id(id);
  *request.mutable_webhook() = patch;
  api::PatchWebhookResponse response;
  ExpectOk(determined_->PatchWebhook(&context, request, &response));
  return response.webhook();
}

v1::ReportExperimentStateResponse TestServer::Report(
    const v1::ReportExperimentStateRequest& report) {
  grpc::ClientContext context;
  v1::ReportExperimentStateResponse response;
  ExpectOk(events_->ReportExperimentState(&context, report, &response));
  return response;
}

v1::GetDeliveryResponse TestServer::GetDelivery(int64_t id) {
  grpc::ClientContext context;
  v1::GetDeliveryRequest request;
  request.set_delivery_id(id);
  v1::GetDeliveryResponse response;
  ExpectOk(deliveries_->GetDelivery(&context, request, &response));
  return response;
}

v1::GetDeliveryResponse TestServer::WaitForDelivery(int64_t id, v1::DeliveryState state) {
  const absl::Duration deadline = RealClock().Steady() + kPatience;
  while (true) {
    v1::GetDeliveryResponse response = GetDelivery(id);
    if (response.delivery().state() == state || ::testing::Test::HasFailure()) return response;
    if (RealClock().Steady() > deadline) {
      ADD_FAILURE() << "delivery " << id << " is not " << v1::DeliveryState_Name(state) << ":\n"
                    << response.DebugString();
      return response;
    }
  }
}

determined::webhook::v1::Webhook NewWebhookFor(const std::string& url,
                                               const std::vector<std::string>& states) {
  determined::webhook::v1::Webhook webhook;
  webhook.set_name("a webhook");
  webhook.set_url(url);
  webhook.set_webhook_type(determined::webhook::v1::WEBHOOK_TYPE_DEFAULT);
  for (const std::string& state : states) {
    determined::webhook::v1::Trigger& trigger = *webhook.add_triggers();
    trigger.set_trigger_type(determined::webhook::v1::TRIGGER_TYPE_EXPERIMENT_STATE_CHANGE);
    (*trigger.mutable_condition()->mutable_fields())["state"].set_string_value(state);
  }
  return webhook;
}

v1::ReportExperimentStateRequest CompletedReport(int32_t experiment_id) {
  v1::ReportExperimentStateRequest report;
  v1::Experiment& experiment = *report.mutable_experiment();
  experiment.set_id(experiment_id);
  experiment.set_name("cifar10_pytorch_const");
  experiment.set_state(determined::experiment::v1::STATE_COMPLETED);
  experiment.mutable_start_time()->set_seconds(1'665'689'950);
  experiment.mutable_end_time()->set_seconds(1'665'689'991);
  experiment.set_slots_per_trial(2);
  experiment.set_resource_pool("default");
  experiment.set_workspace_id(3);
  experiment.set_workspace_name("test workspace");
  experiment.set_project_id(4);
  experiment.set_project_name("test project");
  report.mutable_occurred_at()->set_seconds(1'665'689'991);
  return report;
}

}  // namespace webhookd
