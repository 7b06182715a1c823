#include "server/events/event_intake.h"

#include "server/telemetry/log.h"

namespace webhookd {

// A report on its way. Kept alive by the write's callback.
struct EventIntake::Passage {
  const std::string caller;
  std::unique_ptr<EventReport> report;
  const absl::Time accepted_at;
  const absl::Time first_attempt_at;  // by the store's clock of due times
  const absl::Duration started;       // by the steady clock

  // What is needed of an event once it is stored.
  struct Event {
    std::string event_type;
    int32_t experiment_id = 0;
    std::vector<std::shared_ptr<const std::string>> bodies;
    std::vector<NewDelivery> deliveries;
  };

  std::string digest;  // of the report's content, once something is to be stored under a key

  // Of the last match.
  absl::Time lease_until;
  int64_t reserved = 0;
  std::vector<Event> events;

  // All events of a report are alike in these. Nothing is left of one that matched nothing at last.
  std::string event_type() const { return events.empty() ? "" : events.front().event_type; }
  int64_t experiment_id() const { return events.empty() ? 0 : events.front().experiment_id; }
};

EventIntake::EventIntake(Options options, Dependencies dependencies)
    : options_(options),
      dependencies_(std::move(dependencies)),
      matcher_(dependencies_.store.catalog()) {}

void EventIntake::Take(std::string caller, std::unique_ptr<EventReport> report) {
  auto passage = std::unique_ptr<Passage>(
      new Passage{.caller = std::move(caller),
                  .report = std::move(report),
                  .accepted_at = dependencies_.clock.Now(),
                  .first_attempt_at = dependencies_.store.due_clock().Now() + options_.first_wait,
                  .started = dependencies_.clock.Steady()});
  Passage& taken = *passage;
  const std::shared_ptr<const TriggerIndex> index = matcher_.Current();
  MatchedReport matched = {.events = Match(taken, index), .webhooks = index->snapshot()};
  if (matched.events.empty()) return taken.report->Finish(AcceptedEvents());
  matched.match_again = [this, &taken](std::shared_ptr<const WebhookSnapshot> webhooks) {
    return Match(taken, matcher_.InWrite(std::move(webhooks)));
  };
  dependencies_.store.AcceptEvents(
      std::move(matched),
      [this, passage = std::move(passage)](absl::StatusOr<AcceptedEvents> accepted) mutable {
        Finish(std::move(passage), std::move(accepted));
      });
}

std::vector<AcceptEventRequest> EventIntake::Match(
    Passage& passage, const std::shared_ptr<const TriggerIndex>& index) {
  GiveBack(passage);
  passage.events.clear();
  std::vector<AcceptEventRequest> requests = passage.report->Match(index);
  if (requests.empty()) return requests;
  if (passage.digest.empty() && !passage.report->idempotency_key().empty()) {
    passage.digest = passage.report->Digest();
  }
  // Not before: the digest takes the key out of the report for the while.
  const std::string& key = passage.report->idempotency_key();
  Reserve(passage, requests);
  for (AcceptEventRequest& request : requests) {
    request.idempotency_key = key;
    request.caller = passage.caller;
    request.content_digest = passage.digest;
    request.accepted_at = passage.accepted_at;
    request.first_attempt_at = passage.first_attempt_at;
    request.lease_until = passage.lease_until;
    passage.events.push_back({.event_type = request.event_type,
                              .experiment_id = request.experiment_id,
                              .bodies = request.bodies,
                              .deliveries = request.deliveries});
  }
  return requests;
}

void EventIntake::Reserve(Passage& passage, std::vector<AcceptEventRequest>& requests) {
  for (const AcceptEventRequest& request : requests) {
    for (const NewDelivery& delivery : request.deliveries) passage.reserved += !delivery.skipped;
  }
  // What is not due at once waits in the store.
  const bool due = options_.first_wait <= absl::ZeroDuration();
  if (passage.reserved == 0 || !due || !dependencies_.reserve(passage.reserved)) {
    passage.reserved = 0;
    return;
  }
  passage.lease_until = dependencies_.store.due_clock().Now() + options_.lease;
  for (AcceptEventRequest& request : requests) {
    for (NewDelivery& delivery : request.deliveries) delivery.claimed = !delivery.skipped;
  }
}

void EventIntake::GiveBack(Passage& passage) {
  if (passage.reserved > 0) dependencies_.reserve(-passage.reserved);
  passage.reserved = 0;
}

void EventIntake::Finish(std::unique_ptr<Passage> passage,
                         absl::StatusOr<AcceptedEvents> accepted) {
  const bool stored = accepted.ok() && !accepted->duplicate;
  if (!stored) GiveBack(*passage);
  if (!accepted.ok()) {
    Log(LogLevel::kWarning, "event not accepted",
        {{"event_type", passage->event_type()},
         {"experiment_id", passage->experiment_id()},
         {"error", accepted.status().message()}});
    passage->report->Finish(accepted.status());
    return;
  }
  if (stored) WakeDispatcher(*passage, *accepted);
  LogAccepted(*passage, *accepted);
  passage->report->Finish(*std::move(accepted));
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
         {"event_type", passage.event_type()},
         {"experiment_id", passage.experiment_id()},
         {"deliveries", event.delivery_count},
         {"duplicate", accepted.duplicate},
         {"duration_ms", absl::ToDoubleMilliseconds(duration)}});
  }
}

}  // namespace webhookd
