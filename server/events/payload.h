#ifndef WEBHOOKD_SERVER_EVENTS_PAYLOAD_H_
#define WEBHOOKD_SERVER_EVENTS_PAYLOAD_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace webhookd::v1 {
class Experiment;
}  // namespace webhookd::v1

namespace webhookd {

// What every body tells of its event.
struct EventHeader {
  std::string event_id;  // UUID
  absl::Time occurred_at;
};

// The name of a determined.experiment.v1.State in payloads: without the prefix STATE_, and ERRORED
// for STATE_ERROR. The number itself for a state that this version does not know.
std::string PayloadStateName(int experiment_state);

// How long the experiment ran, in whole seconds: from its start to its end, or to `occurred_at`
// while it has none; 0 without a start, never negative.
int64_t DurationSeconds(const v1::Experiment& experiment, absl::Time occurred_at);

// The body of a Default webhook for a change of state (webhookd.v1.Event as canonical JSON).
std::string RenderStateChange(const EventHeader& event, const v1::Experiment& experiment);

// The body of a Default webhook for a test: {"data":"test"} as the seed's "Testing Webhooks" shows.
std::string RenderTestEvent(const EventHeader& event);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_EVENTS_PAYLOAD_H_
