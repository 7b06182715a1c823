#include "storage/webhook_catalog.h"

#include <algorithm>
#include <utility>

#include "base/status_macros.h"

namespace webhookd {
namespace {

using Webhooks = std::vector<std::shared_ptr<const WebhookRecord>>;

Webhooks::const_iterator FirstFrom(const Webhooks& webhooks, int32_t webhook_id) {
  return std::lower_bound(webhooks.begin(), webhooks.end(), webhook_id,
                          [](const std::shared_ptr<const WebhookRecord>& webhook, int32_t id) {
                            return webhook->id < id;
                          });
}

}  // namespace

WebhookSnapshot::WebhookSnapshot(int64_t version,
                                 std::vector<std::shared_ptr<const WebhookRecord>> webhooks)
    : version_(version), webhooks_(std::move(webhooks)) {}

std::shared_ptr<const WebhookRecord> WebhookSnapshot::Find(int32_t webhook_id) const {
  const auto found = FirstFrom(webhooks_, webhook_id);
  if (found == webhooks_.end() || (*found)->id != webhook_id) return nullptr;
  return *found;
}

WebhookCatalog::WebhookCatalog(Store& store)
    : store_(store), current_(std::make_shared<const WebhookSnapshot>(0, Webhooks())) {}

absl::Status WebhookCatalog::Reload() {
  ASSIGN_OR_RETURN(WebhookSet set, store_.LoadWebhooks());
  Webhooks webhooks;
  webhooks.reserve(set.webhooks.size());
  for (WebhookRecord& webhook : set.webhooks) {
    webhooks.push_back(std::make_shared<const WebhookRecord>(std::move(webhook)));
  }
  auto loaded = std::make_shared<const WebhookSnapshot>(set.version, std::move(webhooks));
  MutexLock lock(mutex_);
  // A change may have been taken in since the store was read.
  if (loaded->version() >= current_->version()) current_ = std::move(loaded);
  return absl::OkStatus();
}

std::shared_ptr<const WebhookSnapshot> WebhookCatalog::Current() const {
  MutexLock lock(mutex_);
  return current_;
}

absl::Status WebhookCatalog::Apply(const WebhookChange& change) {
  return Replace(change.version, change.webhook.id,
                 std::make_shared<const WebhookRecord>(change.webhook));
}

absl::Status WebhookCatalog::ApplyDeletion(int32_t webhook_id, int64_t version) {
  return Replace(version, webhook_id, nullptr);
}

absl::Status WebhookCatalog::Replace(int64_t version, int32_t webhook_id,
                                     std::shared_ptr<const WebhookRecord> webhook) {
  {
    MutexLock lock(mutex_);
    // A snapshot has in it all changes up to its version.
    if (version <= current_->version()) return absl::OkStatus();
    if (version == current_->version() + 1) {
      const Webhooks& old = current_->webhooks();
      const auto place = FirstFrom(old, webhook_id);
      const bool known = place != old.end() && (*place)->id == webhook_id;
      Webhooks webhooks;
      webhooks.reserve(old.size() + 1);
      webhooks.assign(old.begin(), place);
      if (webhook != nullptr) webhooks.push_back(std::move(webhook));
      webhooks.insert(webhooks.end(), known ? place + 1 : place, old.end());
      current_ = std::make_shared<const WebhookSnapshot>(version, std::move(webhooks));
      return absl::OkStatus();
    }
  }
  return Reload();
}

}  // namespace webhookd
