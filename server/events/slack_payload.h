#ifndef WEBHOOKD_SERVER_EVENTS_SLACK_PAYLOAD_H_
#define WEBHOOKD_SERVER_EVENTS_SLACK_PAYLOAD_H_

#include <string>

#include "absl/strings/string_view.h"
#include "server/events/payload.h"

namespace webhookd {

// The body of a Slack webhook for a change of state: one block and one attachment, as a Determined
// master sends them, and besides a `text` and a `fallback` for notifications. Links are set when
// `base_url` (without trailing slash) is not empty. Text from people is escaped and cut to Slack's
// limits (section text 3,000 characters, field 2,000). ASCII JSON, a fixed point of Python's json
// like every body.
std::string RenderSlackStateChange(const EventHeader& event, const v1::Experiment& experiment,
                                   absl::string_view base_url);

// The body of a Slack webhook for a line that matched `regex`: which experiment, trial and node (or
// which task) wrote it, the line and the expression in code fences, and where all lines are.
// `experiment` is an empty one when it is not known.
std::string RenderSlackTaskLog(const determined::task::v1::TaskLog& log,
                               const v1::Experiment& experiment, absl::string_view regex,
                               absl::string_view base_url);

// The body of a Slack webhook for a metric that met a condition.
std::string RenderSlackMetric(const EventHeader& event, const v1::Experiment& experiment,
                              const v1::ReportedMetric& metric, const MetricCondition& condition,
                              absl::string_view base_url);

// The body of a Slack webhook for an alert: as for a change of state, with what was given of the
// alert's level, title and description in the first block. The description keeps its lines.
std::string RenderSlackCustom(const EventHeader& event, const v1::Experiment& experiment,
                              const determined::webhook::v1::CustomWebhookEventData& alert,
                              absl::string_view base_url);

// The body of a Slack webhook for a test.
std::string RenderSlackTest(const EventHeader& event);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_EVENTS_SLACK_PAYLOAD_H_
