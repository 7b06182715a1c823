#ifndef WEBHOOKD_SERVER_EVENTS_SLACK_PAYLOAD_H_
#define WEBHOOKD_SERVER_EVENTS_SLACK_PAYLOAD_H_

#include <string>

#include "absl/strings/string_view.h"
#include "server/events/payload.h"

namespace webhookd {

// The body of a Slack webhook for a change of state: one block and one attachment, as a Determined
// master sends them. Links are set when `base_url` (without trailing slash) is not empty. Text from
// people is escaped and cut to Slack's limits (section text 3,000 characters, field 2,000). ASCII
// JSON, a fixed point of Python's json like every body.
std::string RenderSlackStateChange(const EventHeader& event, const v1::Experiment& experiment,
                                   absl::string_view base_url);

// The body of a Slack webhook for a test.
std::string RenderSlackTest(const EventHeader& event);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_EVENTS_SLACK_PAYLOAD_H_
