#ifndef WEBHOOKD_STORAGE_WEBHOOK_CATALOG_H_
#define WEBHOOKD_STORAGE_WEBHOOK_CATALOG_H_

#include <cstdint>
#include <memory>
#include <utility>

#include "base/mutex.h"
#include "base/persistent_map.h"
#include "storage/records.h"

namespace webhookd {

// All webhooks in memory, as of one version of the store's set. Immutable. One that follows from
// another by a change costs little and shares the rest with it.
class WebhookSnapshot {
 public:
  // By id.
  using Webhooks = PersistentMap<int32_t, std::shared_ptr<const WebhookRecord>>;

  WebhookSnapshot(int64_t version, Webhooks webhooks)
      : version_(version), webhooks_(std::move(webhooks)) {}
  explicit WebhookSnapshot(WebhookSet set);

  int64_t version() const { return version_; }
  const Webhooks& webhooks() const { return webhooks_; }
  // Null if there is no such webhook.
  std::shared_ptr<const WebhookRecord> Find(int32_t webhook_id) const;

  // With a webhook added or replaced, and without one.
  std::shared_ptr<const WebhookSnapshot> With(int64_t version, WebhookRecord webhook) const;
  std::shared_ptr<const WebhookSnapshot> Without(int64_t version, int32_t webhook_id) const;

 private:
  const int64_t version_;
  const Webhooks webhooks_;
};

// The webhooks in force: as of the last commit. Its store publishes every change when it is durable
// and before it is reported, in the order of the commits. Thread-safe.
class WebhookCatalog {
 public:
  explicit WebhookCatalog(std::shared_ptr<const WebhookSnapshot> first)
      : current_(std::move(first)) {}

  std::shared_ptr<const WebhookSnapshot> Current() const {
    MutexLock lock(mutex_);
    return current_;
  }

  // For the store.
  void Publish(std::shared_ptr<const WebhookSnapshot> snapshot) {
    MutexLock lock(mutex_);
    current_.swap(snapshot);
  }

 private:
  mutable Mutex mutex_;
  std::shared_ptr<const WebhookSnapshot> current_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace webhookd

#endif  // WEBHOOKD_STORAGE_WEBHOOK_CATALOG_H_
