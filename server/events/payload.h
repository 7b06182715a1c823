#ifndef WEBHOOKD_SERVER_EVENTS_PAYLOAD_H_
#define WEBHOOKD_SERVER_EVENTS_PAYLOAD_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/events/trigger_condition.h"

namespace determined::task::v1 {
class TaskLog;
}  // namespace determined::task::v1
namespace determined::webhook::v1 {
class CustomWebhookEventData;
}  // namespace determined::webhook::v1
namespace webhookd::v1 {
class Experiment;
class ReportedMetric;
}  // namespace webhookd::v1

namespace webhookd {

// What every body tells of its event.
struct EventHeader {
  std::string event_id;  // UUID
  absl::Time occurred_at;
};

// What is told of a line, of an alert's title and of its description: longer ones are cut. Even if
// every byte is written as \u00xx, a body stays under 256 KB.
inline constexpr size_t kMaxTriggeringLogBytes = 32'768;
inline constexpr size_t kMaxTitleBytes = 1'024;
inline constexpr size_t kMaxDescriptionBytes = 16'384;

// `text`, or its beginning followed by "…" when it has more than `max_bytes`. No character is cut
// in two.
std::string Cut(absl::string_view text, size_t max_bytes);

// The name of a determined.experiment.v1.State in payloads: without the prefix STATE_, and
// `error_name` for STATE_ERROR. The number itself for a state that this version does not know.
std::string PayloadStateName(int experiment_state,
                             ErrorStateName error_name = ErrorStateName::kErrored);

// How long the experiment ran, in whole seconds: from its start to its end, or to `occurred_at`
// while it has none; 0 without a start, never negative.
int64_t DurationSeconds(const v1::Experiment& experiment, absl::Time occurred_at);

// The body of a Default webhook for a change of state (webhookd.v1.Event as canonical JSON).
std::string RenderStateChange(const EventHeader& event, const v1::Experiment& experiment,
                              ErrorStateName error_name = ErrorStateName::kErrored);

// The body of a Default webhook for a line that matched `regex`.
std::string RenderTaskLog(const EventHeader& event, const determined::task::v1::TaskLog& log,
                          absl::string_view regex);

// The body of a Default webhook for a metric that met a condition, for `held_reports` reports in a
// row. The condition is written as the trigger has it.
std::string RenderMetric(const EventHeader& event, const v1::Experiment& experiment,
                         const v1::ReportedMetric& metric, const MetricCondition& condition,
                         int held_reports, ErrorStateName error_name = ErrorStateName::kErrored);

// The name of the alert's level without prefix; UNSPECIFIED when none was given.
std::string LevelName(const determined::webhook::v1::CustomWebhookEventData& alert);

// The body of a Default webhook for an alert; of the experiment's trial_id if it is set.
std::string RenderCustom(const EventHeader& event, const v1::Experiment& experiment,
                         const determined::webhook::v1::CustomWebhookEventData& alert,
                         ErrorStateName error_name = ErrorStateName::kErrored);

// The body of a Default webhook for a test: {"data":"test"} as the seed's "Testing Webhooks" shows.
std::string RenderTestEvent(const EventHeader& event);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_EVENTS_PAYLOAD_H_
