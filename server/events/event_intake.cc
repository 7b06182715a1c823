#include "server/events/event_intake.h"

#include "absl/strings/str_cat.h"
#include "server/telemetry/log.h"

namespace webhookd {
namespace {

constexpr int kMaxTries = 10;

}  // namespace

// A report between its tries. Kept alive by the write's callback.
struct EventIntake::Passage {
  const std::string caller;
  std::unique_ptr<EventReport> report;
  const absl::Time accepted_at;
  const absl::Duration started;  // by the steady clock

  // What is needed of an event once it is stored.
  struct Event {
    std::string event_type;
    int32_t experiment_id = 0;
    std::vector<std::shared_ptr<const std::string>> bodies;
    std::vector<NewDelivery> deliveries;
  };

  std::string digest;  // of the report's content, once something is to be stored under a key

  // Of the try under way.
  int tries = 0;
  int64_t version = 0;
  absl::Time lease_until;
  int64_t reserved = 0;
  std::vector<Event> events;
};

EventIntake::EventIntake(Options options, Dependencies dependencies)
    : options_(options), dependencies_(std::move(dependencies)), matcher_(dependencies_.catalog) {}

void EventIntake::Take(std::string caller, std::unique_ptr<EventReport> report) {
  Try(std::unique_ptr<Passage>(new Passage{.caller = std::move(caller),
                                           .report = std::move(report),
                                           .accepted_at = dependencies_.clock.Now(),
                                           .started = dependencies_.clock.Steady()}));
}

void EventIntake::Try(std::unique_ptr<Passage> passage) {
  ++passage->tries;
  const std::shared_ptr<const TriggerIndex> index = matcher_.Current();
  passage->version = index->version();
  std::vector<AcceptEventRequest> requests = passage->report->Match(*index);
  if (requests.empty()) return passage->report->Finish(AcceptedEvents());

  const std::string& key = passage->report->idempotency_key();
  if (!key.empty() && passage->digest.empty()) passage->digest = passage->report->Digest();
  Reserve(*passage, requests);
  passage->events.clear();
  for (AcceptEventRequest& request : requests) {
    request.webhooks_version = passage->version;
    request.idempotency_key = key;
    request.caller = passage->caller;
    request.content_digest = passage->digest;
    request.accepted_at = passage->accepted_at;
    request.first_wait = options_.first_wait;
    request.lease_until = passage->lease_until;
    passage->events.push_back({.event_type = request.event_type,
                               .experiment_id = request.experiment_id,
                               .bodies = request.bodies,
                               .deliveries = request.deliveries});
  }
  if (!passage->report->is_one_event()) {
    dependencies_.store.AcceptEvents(
        std::move(requests),
        [this, passage = std::move(passage)](absl::StatusOr<AcceptedEvents> accepted) mutable {
          Finish(std::move(passage), std::move(accepted));
        });
    return;
  }
  dependencies_.store.AcceptEvent(
      std::move(requests.front()),
      [this, passage = std::move(passage)](absl::StatusOr<AcceptedEvent> accepted) mutable {
        if (!accepted.ok()) return Finish(std::move(passage), accepted.status());
        AcceptedEvents events = {.duplicate = accepted->duplicate};
        events.events.push_back(*std::move(accepted));
        Finish(std::move(passage), std::move(events));
      });
}

void EventIntake::Reserve(Passage& passage, std::vector<AcceptEventRequest>& requests) {
  passage.reserved = 0;
  for (const AcceptEventRequest& request : requests) {
    for (const NewDelivery& delivery : request.deliveries) passage.reserved += !delivery.skipped;
  }
  // What is not due at once waits in the store.
  const bool due = options_.first_wait <= absl::ZeroDuration();
  if (passage.reserved == 0 || !due || !dependencies_.reserve(passage.reserved)) {
    passage.reserved = 0;
    return;
  }
  passage.lease_until = dependencies_.clock.Now() + options_.lease;
  for (AcceptEventRequest& request : requests) {
    for (NewDelivery& delivery : request.deliveries) delivery.claimed = !delivery.skipped;
  }
}

void EventIntake::Finish(std::unique_ptr<Passage> passage,
                         absl::StatusOr<AcceptedEvents> accepted) {
  const bool stored = accepted.ok() && !accepted->duplicate;
  if (!stored && passage->reserved > 0) dependencies_.reserve(-passage->reserved);
  if (!accepted.ok()) {
    absl::Status status = accepted.status();
    if (absl::IsAborted(status)) status = CatchUp(*passage);
    if (status.ok()) return Try(std::move(passage));
    Log(LogLevel::kWarning, "event not accepted",
        {{"event_type", passage->events.front().event_type},
         {"experiment_id", int64_t{passage->events.front().experiment_id}},
         {"error", status.message()}});
    passage->report->Finish(std::move(status));
    return;
  }
  if (stored) WakeDispatcher(*passage, *accepted);
  LogAccepted(*passage, *accepted);
  passage->report->Finish(*std::move(accepted));
}

absl::Status EventIntake::CatchUp(const Passage& passage) {
  if (passage.tries == kMaxTries) {
    return absl::AbortedError(
        absl::StrCat("the webhooks changed ", kMaxTries,
                     " times while the event was being matched; report it again"));
  }
  // Most often the change has reached the catalog by now. One made by another process has not.
  if (dependencies_.catalog.Current()->version() != passage.version) return absl::OkStatus();
  return dependencies_.catalog.Reload();
}

void EventIntake::WakeDispatcher(const Passage& passage, const AcceptedEvents& accepted) {
  WakeUp wake_up;
  wake_up.claimed.reserve(passage.reserved);
  int64_t dropped = 0;
  for (size_t e = 0; e < passage.events.size(); ++e) {
    const Passage::Event& event = passage.events[e];
    for (size_t i = 0; i < event.deliveries.size(); ++i) {
      const NewDelivery& delivery = event.deliveries[i];
      const int64_t delivery_id = accepted.events[e].deliveries[i].delivery_id;
      if (delivery.skipped) continue;
      if (delivery_id == 0) {
        dropped += delivery.claimed;
      } else if (delivery.claimed) {
        wake_up.claimed.push_back({.id = delivery_id,
                                   .webhook_id = delivery.webhook_id,
                                   .event_id = accepted.events[e].event_id,
                                   .body = event.bodies[delivery.body],
                                   .lease_until = passage.lease_until});
      } else if (wake_up.waiting.empty() || wake_up.waiting.back() != delivery.webhook_id) {
        // Matches stand in the order of their webhooks.
        wake_up.waiting.push_back(delivery.webhook_id);
      }
    }
  }
  if (dropped > 0) dependencies_.reserve(-dropped);
  if (wake_up.claimed.empty() && wake_up.waiting.empty()) return;
  dependencies_.wake(std::move(wake_up));
}

void EventIntake::LogAccepted(const Passage& passage, const AcceptedEvents& accepted) {
  const absl::Duration duration = dependencies_.clock.Steady() - passage.started;
  for (const AcceptedEvent& event : accepted.events) {
    if (event.event_id.empty()) continue;
    Log(LogLevel::kInfo, "event accepted",
        {{"event_id", event.event_id},
         {"event_type", passage.events.front().event_type},
         {"experiment_id", int64_t{passage.events.front().experiment_id}},
         {"deliveries", event.delivery_count},
         {"duplicate", accepted.duplicate},
         {"duration_ms", absl::ToDoubleMilliseconds(duration)}});
  }
}

}  // namespace webhookd
