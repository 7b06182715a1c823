#ifndef WEBHOOKD_SERVER_EVENTS_EVENT_INTAKE_H_
#define WEBHOOKD_SERVER_EVENTS_EVENT_INTAKE_H_

#include <algorithm>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "server/events/match.h"
#include "server/events/trigger_matcher.h"
#include "storage/store.h"
#include "storage/wake.h"
#include "storage/webhook_catalog.h"

namespace webhookd {

// One report on its way to the store and back.
class EventReport {
 public:
  virtual ~EventReport() = default;

  // The events that the report makes of these webhooks, with what sets them apart: ids, times,
  // input, bodies and deliveries. Called again, in the write, when the webhooks changed meanwhile.
  virtual std::vector<AcceptEventRequest> Match(
      const std::shared_ptr<const TriggerIndex>& index) = 0;

  virtual const std::string& idempotency_key() const = 0;

  // See content_digest.h. Asked for once, if there is a key and something to store.
  virtual std::string Digest() = 0;

  // Called once with what came of the events that Match gave last. Runs on a thread of the store,
  // or at once when there were none.
  virtual void Finish(absl::StatusOr<AcceptedEvents> accepted) = 0;
};

// The bodies of one event, each rendered once however many deliveries and tries need it.
class EventBodies {
 public:
  // Where the body for `key` stands among `bodies`; it is added if it is not there. `key` tells it
  // from the event's other bodies. `render` gives a std::string.
  template <typename Render>
  size_t Add(absl::string_view key, Render render,
             std::vector<std::shared_ptr<const std::string>>& bodies) {
    auto rendered = std::find_if(rendered_.begin(), rendered_.end(),
                                 [key](const auto& other) { return other.first == key; });
    if (rendered == rendered_.end()) {
      rendered_.emplace_back(key, std::make_shared<const std::string>(render()));
      rendered = std::prev(rendered_.end());
    }
    const auto known = std::find(bodies.begin(), bodies.end(), rendered->second);
    if (known != bodies.end()) return known - bodies.begin();
    bodies.push_back(rendered->second);
    return bodies.size() - 1;
  }

 private:
  std::vector<std::pair<std::string, std::shared_ptr<const std::string>>> rendered_;
};

// Brings reports to the store: matches them, reserves room with the dispatcher, stores their
// events, and wakes the dispatcher. Matches outside the write, and in it once more if the webhooks
// changed meanwhile. Thread-safe.
class EventIntake {
 public:
  struct Options {
    absl::Duration lease = absl::Minutes(5);
    absl::Duration first_wait;  // before a delivery's first attempt
  };
  // All must outlive it and the reports under way.
  struct Dependencies {
    Store& store;
    Clock& clock;
    Wake wake;
    Reserve reserve;
  };

  EventIntake(Options options, Dependencies dependencies);

  // `caller` is whose idempotency keys the report's is one of.
  void Take(std::string caller, std::unique_ptr<EventReport> report);

  // The index of the webhooks in force.
  std::shared_ptr<const TriggerIndex> CurrentIndex() { return matcher_.Current(); }

 private:
  struct Passage;

  // The events of the report, complete. Gives back what was reserved for an earlier match.
  std::vector<AcceptEventRequest> Match(Passage& passage,
                                        const std::shared_ptr<const TriggerIndex>& index);
  // Reserves room for the deliveries with the dispatcher, if there is some.
  void Reserve(Passage& passage, std::vector<AcceptEventRequest>& requests);
  void GiveBack(Passage& passage);
  // Takes the store's answer.
  void Finish(std::unique_ptr<Passage> passage, absl::StatusOr<AcceptedEvents> accepted);
  void WakeDispatcher(const Passage& passage, const AcceptedEvents& accepted);
  void LogAccepted(const Passage& passage, const AcceptedEvents& accepted);

  const Options options_;
  const Dependencies dependencies_;
  TriggerMatcher matcher_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_EVENTS_EVENT_INTAKE_H_
