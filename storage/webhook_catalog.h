#ifndef WEBHOOKD_STORAGE_WEBHOOK_CATALOG_H_
#define WEBHOOKD_STORAGE_WEBHOOK_CATALOG_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "base/mutex.h"
#include "storage/records.h"
#include "storage/store.h"

namespace webhookd {

// All webhooks in memory, as of one version of the store's set. Immutable.
class WebhookSnapshot {
 public:
  WebhookSnapshot(int64_t version, std::vector<std::shared_ptr<const WebhookRecord>> webhooks);

  int64_t version() const { return version_; }
  // By id.
  const std::vector<std::shared_ptr<const WebhookRecord>>& webhooks() const { return webhooks_; }
  // Null if there is no such webhook.
  std::shared_ptr<const WebhookRecord> Find(int32_t webhook_id) const;

 private:
  const int64_t version_;
  const std::vector<std::shared_ptr<const WebhookRecord>> webhooks_;
};

// Keeps the newest WebhookSnapshot. Whoever changes a webhook in the store tells the catalog before
// telling anybody else, so that a change that was answered is seen by every later event.
// Thread-safe.
class WebhookCatalog {
 public:
  // `store` must outlive the catalog.
  explicit WebhookCatalog(Store& store);

  // Reads all webhooks from the store. Call it once before anything else, and when an event was
  // refused as ABORTED.
  absl::Status Reload();

  std::shared_ptr<const WebhookSnapshot> Current() const;

  // Takes in one change. When changes come out of order, reloads.
  absl::Status Apply(const WebhookChange& change);
  absl::Status ApplyDeletion(int32_t webhook_id, int64_t version);

 private:
  absl::Status Replace(int64_t version, int32_t webhook_id,
                       std::shared_ptr<const WebhookRecord> webhook);

  Store& store_;
  mutable Mutex mutex_;
  std::shared_ptr<const WebhookSnapshot> current_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace webhookd

#endif  // WEBHOOKD_STORAGE_WEBHOOK_CATALOG_H_
