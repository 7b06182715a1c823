#include "tests/storage/store_contract.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace webhookd {

// Every backend's test program has these files; one without a backend does not.
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(StoreContract);

void StoreContract::SetUp() {
  database_ = GetParam().create(clock_);
  Reopen();
}

void StoreContract::TearDown() {
  writes_.reset();
  store_.reset();
  database_.reset();
}

void StoreContract::Reopen() {
  writes_.reset();
  store_.reset();
  absl::StatusOr<std::unique_ptr<Store>> store = database_->Open();
  ASSERT_TRUE(store.ok()) << store.status();
  store_ = *std::move(store);
  writes_ = std::make_unique<BlockingStore>(*store_);
}

absl::Time StoreContract::At(int64_t seconds) {
  return absl::FromUnixSeconds(1'665'689'991 + seconds);
}

WebhookRecord StoreContract::AddWebhook(const std::string& name,
                                        std::optional<int32_t> workspace_id) {
  WebhookRecord webhook;
  webhook.name = name;
  webhook.url = "https://example.com/hook";
  webhook.workspace_id = workspace_id;
  webhook.created_at = At(0);
  webhook.triggers = {
      {.type = TriggerType::kExperimentStateChange, .condition_json = R"({"state":"COMPLETED"})"}};
  const absl::StatusOr<WebhookChange> change = writes().CreateWebhook(webhook);
  EXPECT_TRUE(change.ok()) << change.status();
  return change.ok() ? change->webhook : webhook;
}

int64_t StoreContract::Version() {
  const absl::StatusOr<WebhookSet> set = store().LoadWebhooks();
  EXPECT_TRUE(set.ok()) << set.status();
  return set.ok() ? set->version : -1;
}

WebhookRecord StoreContract::Load(int32_t webhook_id) {
  const absl::StatusOr<WebhookSet> set = store().LoadWebhooks();
  EXPECT_TRUE(set.ok()) << set.status();
  if (set.ok()) {
    for (const WebhookRecord& webhook : set->webhooks) {
      if (webhook.id == webhook_id) return webhook;
    }
  }
  ADD_FAILURE() << "no webhook " << webhook_id;
  return {};
}

AcceptEventRequest StoreContract::Event(const std::string& event_id,
                                        const std::vector<WebhookRecord>& webhooks) {
  AcceptEventRequest request;
  request.event_id = event_id;
  request.event_type = "EXPERIMENT_STATE_CHANGE";
  request.experiment_id = 41;
  request.occurred_at = At(-1);
  request.accepted_at = At(0);
  request.first_attempt_at = At(0);
  request.lease_until = At(300);
  request.bodies = {std::make_shared<const std::string>(absl::StrCat("body of ", event_id))};
  for (const WebhookRecord& webhook : webhooks) {
    request.deliveries.push_back({.webhook_id = webhook.id, .trigger_id = webhook.triggers[0].id});
  }
  return request;
}

std::vector<int64_t> StoreContract::Accept(const std::string& event_id,
                                           const std::vector<WebhookRecord>& webhooks) {
  const absl::StatusOr<AcceptedEvent> accepted = writes().AcceptEvent(Event(event_id, webhooks));
  EXPECT_TRUE(accepted.ok()) << accepted.status();
  std::vector<int64_t> ids;
  if (accepted.ok()) {
    for (const AcceptedDelivery& delivery : accepted->deliveries) {
      ids.push_back(delivery.delivery_id);
    }
  }
  return ids;
}

int64_t StoreContract::AcceptOne(const WebhookRecord& webhook) {
  const std::vector<int64_t> ids = Accept(absl::StrCat("event ", ++events_), {webhook});
  return ids.empty() ? 0 : ids[0];
}

std::vector<ClaimedDelivery> StoreContract::Claim(int32_t webhook_id, absl::Time now) {
  const absl::StatusOr<ClaimedDeliveries> claimed =
      writes().ClaimDeliveries({.webhook_id = webhook_id,
                                .now = now,
                                .lease_until = now + absl::Minutes(5),
                                .limit = 1'000});
  EXPECT_TRUE(claimed.ok()) << claimed.status();
  return claimed.ok() ? claimed->deliveries : std::vector<ClaimedDelivery>();
}

FinishedAttempt StoreContract::Delivered(int64_t delivery_id, int number) {
  return {.delivery_id = delivery_id,
          .attempt = {.number = number,
                      .started_at = At(10 * number),
                      .duration = absl::Milliseconds(250),
                      .status = 204,
                      .remote_address = "192.0.2.7:443",
                      .url = "https://example.com/hook"},
          .state = DeliveryState::kDelivered};
}

FinishedAttempt StoreContract::Failed(int64_t delivery_id, int number) {
  return {.delivery_id = delivery_id,
          .attempt = {.number = number,
                      .started_at = At(10 * number),
                      .duration = absl::Seconds(2),
                      .status = 500,
                      .error_class = "http_status",
                      .error_message = "the receiver answered 500",
                      .response_excerpt = "Fehler: \xc3\xbc",
                      .remote_address = "192.0.2.7:443",
                      .url = "https://example.com/hook"},
          .state = DeliveryState::kFailed};
}

FinishedAttempt StoreContract::Retried(int64_t delivery_id, int number) {
  FinishedAttempt finished = Failed(delivery_id, number);
  finished.state = DeliveryState::kPending;
  finished.next_attempt_at = At(60);
  finished.schedule_step = number;
  return finished;
}

void StoreContract::Finish(std::vector<FinishedAttempt> attempts) {
  const absl::Status status = writes().FinishAttempts(std::move(attempts));
  EXPECT_TRUE(status.ok()) << status;
}

DeliveryRecord StoreContract::Get(int64_t delivery_id) {
  const absl::StatusOr<DeliveryDetails> details = store().GetDelivery(delivery_id);
  EXPECT_TRUE(details.ok()) << details.status();
  return details.ok() ? details->delivery : DeliveryRecord();
}

std::vector<AttemptRecord> StoreContract::Attempts(int64_t delivery_id) {
  const absl::StatusOr<DeliveryDetails> details = store().GetDelivery(delivery_id);
  EXPECT_TRUE(details.ok()) << details.status();
  return details.ok() ? details->attempts : std::vector<AttemptRecord>();
}

std::vector<int64_t> StoreContract::List(const DeliveryFilter& filter) {
  const absl::StatusOr<DeliveryPage> page = store().ListDeliveries(filter);
  EXPECT_TRUE(page.ok()) << page.status();
  std::vector<int64_t> ids;
  if (page.ok()) {
    for (const DeliveryRecord& delivery : page->deliveries) ids.push_back(delivery.id);
  }
  return ids;
}

}  // namespace webhookd
