#include "tests/server/delivery/shard_fixture.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "tests/testing/blocking_store.h"

namespace webhookd {
namespace {

// Of simulated time.
constexpr absl::Duration kLongestStep = absl::Minutes(10);

}  // namespace

template <typename T, typename Call>
absl::StatusOr<T> ShardTest::Await(Call call) {
  std::optional<absl::StatusOr<T>> answer;
  call([&answer](absl::StatusOr<T> result) { answer = std::move(result); });
  writer.RunAll();
  return answer.has_value() ? *std::move(answer) : absl::InternalError("no answer");
}

ShardTest::ShardTest() {
  OpenStore();
  options.retry.jitter = 0;
}

void ShardTest::OpenStore() {
  absl::StatusOr<std::unique_ptr<SqliteStore>> created =
      SqliteStore::Create({.path = directory / "webhookd.db", .writer = writer, .clock = clock});
  if (!created.ok()) {
    ADD_FAILURE() << created.status();
    std::abort();
  }
  store = *std::move(created);
  catalog = &store->catalog();
}

void ShardTest::RestartAt(absl::Time wall) {
  shard.reset();
  held_ = 0;
  store.reset();
  clock.SetWall(wall);
  OpenStore();
  StartShard();
  const absl::StatusOr<std::vector<PendingEndpoint>> pending = store->PendingEndpoints();
  ASSERT_TRUE(pending.ok()) << pending.status();
  for (const PendingEndpoint& endpoint : *pending) {
    shard->NoteWaiting({{endpoint.webhook_id, absl::InfinitePast()}});
  }
}

void ShardTest::StartShard() {
  if (shard != nullptr) return;
  auto http = std::make_unique<FakeHttpClient>(
      [this](const HttpRequest& request) { return receiver(request); });
  http_ = http.get();
  shard = std::make_unique<Shard>(options,
                                  Dispatcher::Dependencies{.store = *store,
                                                           .catalog = *catalog,
                                                           .signer = signer_,
                                                           .egress = egress_,
                                                           .resolver = resolver,
                                                           .clock = clock,
                                                           .random = random,
                                                           .new_http_client = nullptr},
                                  std::move(http), held_);
}

WebhookRecord ShardTest::AddWebhook(std::string url, WebhookRecord webhook) {
  webhook.url = std::move(url);
  webhook.name = absl::StrCat("webhook ", catalog->Current()->version());
  webhook.created_at = clock.Now();
  webhook.triggers = {{.condition_json = R"({"state":"COMPLETED"})"}};
  const absl::StatusOr<WebhookChange> change = Await<WebhookChange>([&](Done<WebhookChange> done) {
    store->CreateWebhook(webhook, std::nullopt, std::move(done));
  });
  EXPECT_TRUE(change.ok()) << change.status();
  return change->webhook;
}

void ShardTest::ChangeWebhook(const WebhookRecord& webhook) {
  const absl::StatusOr<WebhookChange> change = Await<WebhookChange>([&](Done<WebhookChange> done) {
    store->UpdateWebhook(
        webhook.id, [&](const WebhookRecord&) { return webhook; }, std::nullopt, std::move(done));
  });
  EXPECT_TRUE(change.ok()) << change.status();
}

void ShardTest::DeleteWebhook(int32_t webhook_id) {
  const absl::StatusOr<WebhookDeletion> deletion =
      Await<WebhookDeletion>([&](Done<WebhookDeletion> done) {
        store->DeleteWebhook(webhook_id, clock.Now(), std::nullopt, std::move(done));
      });
  EXPECT_TRUE(deletion.ok()) << deletion.status();
}

std::vector<int64_t> ShardTest::Accept(const std::vector<int32_t>& webhook_ids, bool claimed) {
  StartShard();
  AcceptEventRequest request = {.event_id = absl::StrCat("event-", ++events_),
                                .event_type = "EXPERIMENT_STATE_CHANGE",
                                .occurred_at = clock.Now(),
                                .accepted_at = clock.Now(),
                                .first_attempt_at = store->due_clock().Now() + first_wait,
                                .lease_until = store->due_clock().Now() + options.lease()};
  request.bodies = {std::make_shared<const std::string>("{}")};
  for (const int32_t webhook_id : webhook_ids) {
    request.deliveries.push_back(
        {.webhook_id = webhook_id,
         .trigger_id = catalog->Current()->Find(webhook_id)->triggers[0].id,
         .claimed = claimed});
  }
  const AcceptEventRequest copy = request;
  const absl::StatusOr<AcceptedEvent> accepted = Await<AcceptedEvent>(
      [&](Done<AcceptedEvent> done) { AcceptEvent(*store, std::move(request), std::move(done)); });
  EXPECT_TRUE(accepted.ok()) << accepted.status();

  std::vector<int64_t> ids;
  std::vector<ClaimedDelivery> deliveries;
  std::vector<PendingEndpoint> waiting;
  for (const AcceptedDelivery& delivery : accepted->deliveries) {
    ids.push_back(delivery.delivery_id);
    deliveries.push_back({.id = delivery.delivery_id,
                          .webhook_id = delivery.webhook_id,
                          .event_id = accepted->event_id,
                          .body = copy.bodies[0],
                          .lease_until = copy.lease_until});
    waiting.push_back({delivery.webhook_id, absl::InfinitePast()});
  }
  if (claimed) {
    held_ += static_cast<int64_t>(deliveries.size());
    shard->Take(std::move(deliveries));
  } else {
    shard->NoteWaiting(std::move(waiting));
  }
  return ids;
}

void ShardTest::Settle() {
  StartShard();
  // Every round moves something on: three quiet ones in a row mean that nothing is left.
  for (int quiet = 0; quiet < 3; ++quiet) {
    shard->Step();
    if (!http_->idle()) quiet = -1;
    shard->Poll(absl::ZeroDuration());
    if (writer.RunAll() > 0) quiet = -1;
  }
}

void ShardTest::Pass(absl::Duration duration) {
  const absl::Duration end = clock.Steady() + duration;
  while (true) {
    Settle();
    const absl::Duration wait = std::min(shard->Step(), kLongestStep);
    const absl::Duration left = end - clock.Steady();
    if (left <= absl::ZeroDuration()) return;
    clock.Advance(std::min(std::max(wait, absl::Nanoseconds(1)), left));
  }
}

DeliveryDetails ShardTest::Details(int64_t delivery_id) {
  const absl::StatusOr<DeliveryDetails> details = store->GetDelivery(delivery_id);
  EXPECT_TRUE(details.ok()) << details.status();
  return details.value_or(DeliveryDetails());
}

}  // namespace webhookd
