#ifndef WEBHOOKD_SERVER_RPC_SAMPLE_EVENTS_H_
#define WEBHOOKD_SERVER_RPC_SAMPLE_EVENTS_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/random.h"
#include "server/events/payload.h"
#include "storage/records.h"

// What webhooks are sent of events that did not happen.
namespace webhookd {

struct TestEvent {
  std::string event_id;
  std::shared_ptr<const std::string> body;
};

// The event that tests a webhook of this type at `now`.
TestEvent NewTestEvent(WebhookType type, absl::Time now, RandomBits& random);

// The body that a webhook of this type and workspace sends when a made-up event fires `trigger`.
// `base_url` as for RenderSlackStateChange; `error_state` is for a webhook that does not say.
// INTERNAL: the condition cannot be read.
absl::StatusOr<std::string> SampleBody(const WebhookRecord& webhook, const TriggerRecord& trigger,
                                       const EventHeader& event, absl::string_view base_url,
                                       ErrorStateName error_state = ErrorStateName::kErrored);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_RPC_SAMPLE_EVENTS_H_
