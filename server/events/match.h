#ifndef WEBHOOKD_SERVER_EVENTS_MATCH_H_
#define WEBHOOKD_SERVER_EVENTS_MATCH_H_

#include <cstdint>
#include <memory>
#include <tuple>

#include "server/events/trigger_condition.h"
#include "storage/records.h"

namespace webhookd {

// A trigger that an event fires.
struct Match {
  std::shared_ptr<const WebhookRecord> webhook;
  int32_t trigger_id = 0;
  // What the trigger waits for; null for EXPERIMENT_STATE_CHANGE and CUSTOM.
  std::shared_ptr<const TriggerCondition> condition = nullptr;
};

// The order in which an event's deliveries are stored.
inline bool ByIds(const Match& a, const Match& b) {
  return std::tie(a.webhook->id, a.trigger_id) < std::tie(b.webhook->id, b.trigger_id);
}

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_EVENTS_MATCH_H_
