#include "server/delivery/dispatcher.h"

#include <utility>

#include "base/status_macros.h"
#include "server/delivery/shard.h"
#include "server/delivery/shard_thread.h"

namespace webhookd {

Dispatcher::Dispatcher(Options options, Dependencies dependencies)
    : options_(std::move(options)), dependencies_(std::move(dependencies)) {}

Dispatcher::~Dispatcher() { Stop(absl::ZeroDuration()); }

absl::StatusOr<std::unique_ptr<Dispatcher>> Dispatcher::Create(Options options,
                                                               Dependencies dependencies) {
  std::unique_ptr<Dispatcher> dispatcher(
      new Dispatcher(std::move(options), std::move(dependencies)));
  for (int i = 0; i < dispatcher->options_.shards; ++i) {
    ASSIGN_OR_RETURN(std::unique_ptr<HttpClient> http, dispatcher->dependencies_.new_http_client());
    dispatcher->shards_.push_back(std::make_unique<ShardThread>(
        std::make_unique<Shard>(dispatcher->options_, dispatcher->dependencies_, std::move(http),
                                dispatcher->held_),
        dispatcher->dependencies_.clock));
  }
  return dispatcher;
}

absl::Status Dispatcher::Start() {
  ASSIGN_OR_RETURN(const std::vector<PendingEndpoint> pending,
                   dependencies_.store.PendingEndpoints());
  std::vector<std::vector<PendingEndpoint>> by_shard(shards_.size());
  for (const PendingEndpoint& endpoint : pending) {
    // When it is due is told by the first claim.
    by_shard[ShardIndex(endpoint.webhook_id)].push_back(
        {endpoint.webhook_id, absl::InfinitePast()});
  }
  for (size_t i = 0; i < shards_.size(); ++i) {
    shards_[i]->shard().NoteWaiting(std::move(by_shard[i]));
    shards_[i]->Start();
  }
  return absl::OkStatus();
}

void Dispatcher::Stop(absl::Duration drain) {
  for (const std::unique_ptr<ShardThread>& thread : shards_) thread->BeginStop(drain);
  for (const std::unique_ptr<ShardThread>& thread : shards_) thread->Join();
}

bool Dispatcher::Reserve(int64_t count) {
  const int64_t before = held_.fetch_add(count, std::memory_order_relaxed);
  if (count <= 0 || before + count <= options_.max_ready) return true;
  held_.fetch_sub(count, std::memory_order_relaxed);
  return false;
}

void Dispatcher::Wake(WakeUp wake_up) {
  std::vector<std::vector<ClaimedDelivery>> claimed(shards_.size());
  for (ClaimedDelivery& delivery : wake_up.claimed) {
    claimed[ShardIndex(delivery.webhook_id)].push_back(std::move(delivery));
  }
  std::vector<std::vector<PendingEndpoint>> waiting(shards_.size());
  for (const int32_t webhook_id : wake_up.waiting) {
    waiting[ShardIndex(webhook_id)].push_back({webhook_id, absl::InfinitePast()});
  }
  for (size_t i = 0; i < shards_.size(); ++i) {
    if (!claimed[i].empty()) shards_[i]->shard().Take(std::move(claimed[i]));
    if (!waiting[i].empty()) shards_[i]->shard().NoteWaiting(std::move(waiting[i]));
  }
}

void Dispatcher::Ask(int32_t webhook_id) {
  shards_[ShardIndex(webhook_id)]->shard().NoteAsked(webhook_id);
}

void Dispatcher::Settle(int32_t webhook_id, absl::AnyInvocable<void(int64_t) &&> done) {
  shards_[ShardIndex(webhook_id)]->shard().Settle(webhook_id, std::move(done));
}

void Dispatcher::Drop(int32_t webhook_id, int64_t delivery_id,
                      absl::AnyInvocable<void(bool) &&> done) {
  shards_[ShardIndex(webhook_id)]->shard().Drop(webhook_id, delivery_id, std::move(done));
}

void Dispatcher::SendOnce(std::shared_ptr<const WebhookRecord> webhook, std::string event_id,
                          std::shared_ptr<const std::string> body,
                          absl::AnyInvocable<void(AttemptRecord) &&> done) {
  Shard& shard = shards_[ShardIndex(webhook->id)]->shard();
  shard.SendOnce(std::move(webhook), std::move(event_id), std::move(body), std::move(done));
}

size_t Dispatcher::ShardIndex(int32_t webhook_id) const {
  return static_cast<size_t>(webhook_id) % shards_.size();
}

}  // namespace webhookd
