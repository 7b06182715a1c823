#include "tests/client/cli/fake_master.h"

#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace webhookd::testing {
namespace {

using namespace determined::api::v1;  // NOLINT(google-build-using-namespace)

grpc::Status NoWebhook(int id) {
  return grpc::Status(grpc::StatusCode::NOT_FOUND, absl::StrCat("webhook ", id, " does not exist"));
}

grpc::Status NoDelivery(int64_t id) {
  return grpc::Status(grpc::StatusCode::NOT_FOUND,
                      absl::StrCat("delivery ", id, " does not exist"));
}

}  // namespace

PatchWebhookRequest FakeDetermined::last_patch() const {
  MutexLock lock(mutex_);
  return last_patch_;
}

size_t FakeDetermined::webhook_count() const {
  MutexLock lock(mutex_);
  return webhooks_.size();
}

void FakeDetermined::Add(const determined::webhook::v1::Webhook& webhook) {
  MutexLock lock(mutex_);
  webhooks_[webhook.id()] = webhook;
}

grpc::Status FakeDetermined::GetMaster(grpc::ServerContext*, const GetMasterRequest*,
                                       GetMasterResponse* response) {
  response->set_version("1.2.3");
  response->set_cluster_name("fake cluster");
  return grpc::Status::OK;
}

grpc::Status FakeDetermined::GetMasterConfig(grpc::ServerContext*, const GetMasterConfigRequest*,
                                             GetMasterConfigResponse* response) {
  auto& config = *response->mutable_config()->mutable_fields();
  config["port"].set_number_value(8080);
  auto& webhooks = *config["webhooks"].mutable_struct_value()->mutable_fields();
  webhooks["signing_key"].set_string_value("testsigningkey");
  return grpc::Status::OK;
}

grpc::Status FakeDetermined::GetWebhook(grpc::ServerContext*, const GetWebhookRequest* request,
                                        GetWebhookResponse* response) {
  MutexLock lock(mutex_);
  const auto it = webhooks_.find(request->webhook_id());
  if (it == webhooks_.end()) return NoWebhook(request->webhook_id());
  *response->mutable_webhook() = it->second;
  return grpc::Status::OK;
}

grpc::Status FakeDetermined::GetWebhooks(grpc::ServerContext*, const GetWebhooksRequest*,
                                         GetWebhooksResponse* response) {
  MutexLock lock(mutex_);
  for (const auto& [id, webhook] : webhooks_) *response->add_webhooks() = webhook;
  return grpc::Status::OK;
}

grpc::Status FakeDetermined::PostWebhook(grpc::ServerContext*, const PostWebhookRequest* request,
                                         PostWebhookResponse* response) {
  MutexLock lock(mutex_);
  const int id = webhooks_.empty() ? 1 : webhooks_.rbegin()->first + 1;
  determined::webhook::v1::Webhook& webhook = webhooks_[id];
  webhook = request->webhook();
  webhook.set_id(id);
  int trigger_id = 0;
  for (auto& trigger : *webhook.mutable_triggers()) trigger.set_id(++trigger_id);
  *response->mutable_webhook() = webhook;
  return grpc::Status::OK;
}

grpc::Status FakeDetermined::PatchWebhook(grpc::ServerContext*, const PatchWebhookRequest* request,
                                          PatchWebhookResponse* response) {
  MutexLock lock(mutex_);
  last_patch_ = *request;
  const auto it = webhooks_.find(request->id());
  if (it == webhooks_.end()) return NoWebhook(request->id());
  if (request->webhook().has_url()) it->second.set_url(request->webhook().url());
  *response->mutable_webhook() = it->second;
  return grpc::Status::OK;
}

grpc::Status FakeDetermined::DeleteWebhook(grpc::ServerContext*,
                                           const DeleteWebhookRequest* request,
                                           DeleteWebhookResponse* response) {
  MutexLock lock(mutex_);
  if (webhooks_.erase(request->id()) == 0) return NoWebhook(request->id());
  response->set_canceled_deliveries(2);
  return grpc::Status::OK;
}

void FakeDeliveries::Set(Deliveries deliveries) {
  MutexLock lock(mutex_);
  deliveries_ = std::move(deliveries);
}

void FakeDeliveries::SetMaxExamined(int count) {
  MutexLock lock(mutex_);
  max_examined_ = count;
}

void FakeDeliveries::SetTestResponse(v1::TryWebhookResponse response) {
  MutexLock lock(mutex_);
  test_response_ = std::move(response);
}

v1::TryWebhookRequest FakeDeliveries::last_test() const {
  MutexLock lock(mutex_);
  return last_test_;
}

grpc::Status FakeDeliveries::TryWebhook(grpc::ServerContext*, const v1::TryWebhookRequest* request,
                                        v1::TryWebhookResponse* response) {
  MutexLock lock(mutex_);
  last_test_ = *request;
  *response = test_response_;
  return grpc::Status::OK;
}

void FakeDeliveries::BeforeList(std::function<void(int, Deliveries&)> change) {
  MutexLock lock(mutex_);
  before_list_ = std::move(change);
}

std::vector<v1::ListDeliveriesRequest> FakeDeliveries::list_requests() const {
  MutexLock lock(mutex_);
  return list_requests_;
}

v1::ReplayDeliveriesRequest FakeDeliveries::last_replay() const {
  MutexLock lock(mutex_);
  return last_replay_;
}

v1::Delivery* FakeDeliveries::Find(int64_t id) {
  for (v1::Delivery& delivery : deliveries_) {
    if (delivery.id() == id) return &delivery;
  }
  return nullptr;
}

grpc::Status FakeDeliveries::ListDeliveries(grpc::ServerContext*,
                                            const v1::ListDeliveriesRequest* request,
                                            v1::ListDeliveriesResponse* response) {
  MutexLock lock(mutex_);
  list_requests_.push_back(*request);
  if (before_list_) before_list_(static_cast<int>(list_requests_.size()), deliveries_);
  int64_t before = INT64_MAX;
  if (!request->page_token().empty() && !absl::SimpleAtoi(request->page_token(), &before)) {
    return grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "bad page_token");
  }
  int64_t last = before;
  int examined = 0;
  for (auto it = deliveries_.rbegin(); it != deliveries_.rend(); ++it) {
    if (it->id() >= before) continue;
    if (response->deliveries_size() == request->page_size() || examined++ == max_examined_) {
      response->set_next_page_token(absl::StrCat(last));
      break;
    }
    last = it->id();
    if (request->webhook_id() != 0 && it->webhook_id() != request->webhook_id()) continue;
    if (request->state() != v1::DELIVERY_STATE_UNSPECIFIED && it->state() != request->state()) {
      continue;
    }
    *response->add_deliveries() = *it;
  }
  return grpc::Status::OK;
}

grpc::Status FakeDeliveries::GetDelivery(grpc::ServerContext*,
                                         const v1::GetDeliveryRequest* request,
                                         v1::GetDeliveryResponse* response) {
  MutexLock lock(mutex_);
  const v1::Delivery* const delivery = Find(request->delivery_id());
  if (delivery == nullptr) return NoDelivery(request->delivery_id());
  *response->mutable_delivery() = *delivery;
  for (int number = 1; number <= delivery->attempt_count(); ++number) {
    v1::Attempt& attempt = *response->add_attempts();
    attempt.set_number(number);
    attempt.mutable_started_at()->set_seconds(1'665'689'991 + number);
    attempt.mutable_duration()->set_nanos(12'000'000);
    attempt.set_status(503);
    attempt.set_error_class("http_5xx");
    attempt.set_error_message("the receiver answered 503");
    attempt.set_response_excerpt("try\nlater");
    attempt.set_remote_address("10.0.0.7:443");
    attempt.set_request_headers_not_kept(number == 1);
    if (number == 1) continue;
    v1::HttpHeader& header = *attempt.add_request_headers();
    header.set_name("webhook-id");
    header.set_value("e\t1");
  }
  response->set_request_body(R"({"event_id":"e-1"})");
  return grpc::Status::OK;
}

grpc::Status FakeDeliveries::RedeliverDelivery(grpc::ServerContext*,
                                               const v1::RedeliverDeliveryRequest* request,
                                               v1::RedeliverDeliveryResponse* response) {
  MutexLock lock(mutex_);
  v1::Delivery* const delivery = Find(request->delivery_id());
  if (delivery == nullptr) return NoDelivery(request->delivery_id());
  delivery->set_state(v1::DELIVERY_STATE_PENDING);
  *response->mutable_delivery() = *delivery;
  return grpc::Status::OK;
}

grpc::Status FakeDeliveries::ReplayDeliveries(grpc::ServerContext*,
                                              const v1::ReplayDeliveriesRequest* request,
                                              v1::ReplayDeliveriesResponse* response) {
  MutexLock lock(mutex_);
  last_replay_ = *request;
  response->set_replayed_count(7);
  return grpc::Status::OK;
}

grpc::Status FakeDeliveries::CancelDelivery(grpc::ServerContext*,
                                            const v1::CancelDeliveryRequest* request,
                                            v1::CancelDeliveryResponse* response) {
  MutexLock lock(mutex_);
  v1::Delivery* const delivery = Find(request->delivery_id());
  if (delivery == nullptr) return NoDelivery(request->delivery_id());
  delivery->set_state(v1::DELIVERY_STATE_CANCELED);
  *response->mutable_delivery() = *delivery;
  return grpc::Status::OK;
}

}  // namespace webhookd::testing
