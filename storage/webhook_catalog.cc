#include "storage/webhook_catalog.h"

#include <utility>

namespace webhookd {
namespace {

WebhookSnapshot::Webhooks ById(WebhookSet set) {
  WebhookSnapshot::Webhooks webhooks;
  for (WebhookRecord& webhook : set.webhooks) {
    const int32_t id = webhook.id;
    webhooks.Set(id, std::make_shared<const WebhookRecord>(std::move(webhook)));
  }
  return webhooks;
}

}  // namespace

WebhookSnapshot::WebhookSnapshot(WebhookSet set)
    : version_(set.version), webhooks_(ById(std::move(set))) {}

std::shared_ptr<const WebhookRecord> WebhookSnapshot::Find(int32_t webhook_id) const {
  const auto* const found = webhooks_.Find(webhook_id);
  return found == nullptr ? nullptr : *found;
}

std::shared_ptr<const WebhookSnapshot> WebhookSnapshot::With(int64_t version,
                                                             WebhookRecord webhook) const {
  Webhooks webhooks = webhooks_;
  const int32_t id = webhook.id;
  webhooks.Set(id, std::make_shared<const WebhookRecord>(std::move(webhook)));
  return std::make_shared<const WebhookSnapshot>(version, std::move(webhooks));
}

std::shared_ptr<const WebhookSnapshot> WebhookSnapshot::Without(int64_t version,
                                                                int32_t webhook_id) const {
  Webhooks webhooks = webhooks_;
  webhooks.Erase(webhook_id);
  return std::make_shared<const WebhookSnapshot>(version, std::move(webhooks));
}

}  // namespace webhookd
