#include "server/events/event_router.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/events/payload.h"
#include "server/events/report_validation.h"
#include "server/events/slack_payload.h"
#include "server/telemetry/log.h"

namespace webhookd {
namespace {

constexpr int kMaxTries = 10;
constexpr int kMaxListedDeliveries = 1000;
constexpr absl::string_view kEventType = "EXPERIMENT_STATE_CHANGE";

using Body = std::shared_ptr<const std::string>;

}  // namespace

// One report on its way to the store and back. Kept alive by the write's callback.
struct EventRouter::Report {
  const v1::ReportExperimentStateRequest request;
  Done<v1::ReportExperimentStateResponse> done;
  const EventHeader header;
  const absl::Time accepted_at;
  const absl::Duration started;  // by the steady clock

  // By shape; null until a webhook needs it. A further try finds them here.
  Body default_body;
  Body slack_body;

  // Of the try under way.
  int tries = 0;
  int64_t version = 0;
  absl::Time lease_until;
  std::vector<Body> bodies;
  std::vector<NewDelivery> deliveries;
  int64_t reserved = 0;
};

EventRouter::EventRouter(Options options, Dependencies dependencies)
    : options_(std::move(options)),
      dependencies_(std::move(dependencies)),
      matcher_(dependencies_.catalog) {}

void EventRouter::ReportExperimentState(v1::ReportExperimentStateRequest request,
                                        Done<v1::ReportExperimentStateResponse> done) {
  const absl::Status valid = ValidateReport(request);
  if (!valid.ok()) {
    std::move(done)(valid);
    return;
  }
  const absl::Time now = dependencies_.clock.Now();
  const absl::Time occurred_at = request.has_occurred_at()
                                     ? absl::FromUnixSeconds(request.occurred_at().seconds()) +
                                           absl::Nanoseconds(request.occurred_at().nanos())
                                     : now;
  Try(std::unique_ptr<Report>(
      new Report{.request = std::move(request),
                 .done = std::move(done),
                 .header = {.event_id = TimeOrderedUuid(now, dependencies_.random),
                            .occurred_at = occurred_at},
                 .accepted_at = now,
                 .started = dependencies_.clock.Steady()}));
}

void EventRouter::Try(std::unique_ptr<Report> report) {
  ++report->tries;
  FindDeliveries(*report);
  AcceptEventRequest event = {
      .webhooks_version = report->version,
      .idempotency_key = report->request.idempotency_key(),
      .event_id = report->header.event_id,
      .event_type = std::string(kEventType),
      .experiment_id = report->request.experiment().id(),
      .occurred_at = report->header.occurred_at,
      .accepted_at = report->accepted_at,
      .first_wait = options_.first_wait,
      .lease_until = report->lease_until,
      .bodies = report->bodies,
      .deliveries = report->deliveries,
  };
  dependencies_.store.AcceptEvent(
      std::move(event),
      [this, report = std::move(report)](absl::StatusOr<AcceptedEvent> accepted) mutable {
        Finish(std::move(report), std::move(accepted));
      });
}

void EventRouter::FindDeliveries(Report& report) {
  const std::shared_ptr<const TriggerIndex> index = matcher_.Current();
  report.version = index->version();
  report.bodies.clear();
  report.deliveries.clear();
  for (const Match& match : index->MatchStateChange(report.request.experiment())) {
    report.deliveries.push_back({.webhook_id = match.webhook->id,
                                 .trigger_id = match.trigger_id,
                                 .body = BodyIndex(report, match.webhook->type),
                                 .skipped = match.webhook->disabled_at.has_value()});
  }

  report.reserved = std::count_if(report.deliveries.begin(), report.deliveries.end(),
                                  [](const NewDelivery& delivery) { return !delivery.skipped; });
  // What is not due at once waits in the store.
  const bool due = options_.first_wait <= absl::ZeroDuration();
  if (report.reserved == 0 || !due || !dependencies_.reserve(report.reserved)) {
    report.reserved = 0;
    return;
  }
  report.lease_until = dependencies_.clock.Now() + options_.lease;
  for (NewDelivery& delivery : report.deliveries) delivery.claimed = !delivery.skipped;
}

size_t EventRouter::BodyIndex(Report& report, WebhookType type) const {
  const v1::Experiment& experiment = report.request.experiment();
  Body& body = type == WebhookType::kSlack ? report.slack_body : report.default_body;
  if (body == nullptr) {
    body = std::make_shared<const std::string>(
        type == WebhookType::kSlack
            ? RenderSlackStateChange(report.header, experiment, options_.base_url)
            : RenderStateChange(report.header, experiment));
  }
  const auto known = std::find(report.bodies.begin(), report.bodies.end(), body);
  if (known != report.bodies.end()) return known - report.bodies.begin();
  report.bodies.push_back(body);
  return report.bodies.size() - 1;
}

void EventRouter::Finish(std::unique_ptr<Report> report, absl::StatusOr<AcceptedEvent> accepted) {
  const bool stored = accepted.ok() && !accepted->duplicate;
  if (!stored && report->reserved > 0) dependencies_.reserve(-report->reserved);
  if (!accepted.ok()) {
    absl::Status status = accepted.status();
    if (absl::IsAborted(status)) status = CatchUp(*report);
    if (status.ok()) {
      Try(std::move(report));
      return;
    }
    Log(LogLevel::kWarning, "event not accepted",
        {{"event_type", kEventType},
         {"experiment_id", int64_t{report->request.experiment().id()}},
         {"error", status.message()}});
    std::move(report->done)(std::move(status));
    return;
  }
  if (stored) WakeDispatcher(*report, *accepted);

  v1::ReportExperimentStateResponse response;
  response.set_event_id(accepted->event_id);
  response.set_delivery_count(accepted->delivery_count);
  response.set_duplicate(accepted->duplicate);
  for (const AcceptedDelivery& delivery : accepted->deliveries) {
    if (response.deliveries_size() == kMaxListedDeliveries) break;
    v1::MatchedDelivery& matched = *response.add_deliveries();
    matched.set_delivery_id(delivery.delivery_id);
    matched.set_webhook_id(delivery.webhook_id);
    matched.set_trigger_id(delivery.trigger_id);
    matched.set_skipped(delivery.skipped);
  }
  const absl::Duration duration = dependencies_.clock.Steady() - report->started;
  std::move(report->done)(std::move(response));
  Log(LogLevel::kInfo, "event accepted",
      {{"event_id", accepted->event_id},
       {"event_type", kEventType},
       {"experiment_id", int64_t{report->request.experiment().id()}},
       {"deliveries", accepted->delivery_count},
       {"duplicate", accepted->duplicate},
       {"duration_ms", absl::ToDoubleMilliseconds(duration)}});
}

absl::Status EventRouter::CatchUp(const Report& report) {
  if (report.tries == kMaxTries) {
    return absl::AbortedError(
        absl::StrCat("the webhooks changed ", kMaxTries,
                     " times while the event was being matched; report it again"));
  }
  // Most often the change has reached the catalog by now. One made by another process has not.
  if (dependencies_.catalog.Current()->version() != report.version) return absl::OkStatus();
  return dependencies_.catalog.Reload();
}

void EventRouter::WakeDispatcher(const Report& report, const AcceptedEvent& accepted) {
  WakeUp wake_up;
  wake_up.claimed.reserve(report.reserved);
  for (size_t i = 0; i < report.deliveries.size(); ++i) {
    const NewDelivery& delivery = report.deliveries[i];
    if (delivery.skipped) continue;
    if (delivery.claimed) {
      wake_up.claimed.push_back({.id = accepted.deliveries[i].delivery_id,
                                 .webhook_id = delivery.webhook_id,
                                 .event_id = accepted.event_id,
                                 .body = report.bodies[delivery.body],
                                 .lease_until = report.lease_until});
    } else if (wake_up.waiting.empty() || wake_up.waiting.back() != delivery.webhook_id) {
      // Matches stand in the order of their webhooks.
      wake_up.waiting.push_back(delivery.webhook_id);
    }
  }
  if (wake_up.claimed.empty() && wake_up.waiting.empty()) return;
  dependencies_.wake(std::move(wake_up));
}

}  // namespace webhookd
