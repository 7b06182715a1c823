#ifndef WEBHOOKD_SERVER_EVENTS_METRIC_TRACKER_H_
#define WEBHOOKD_SERVER_EVENTS_METRIC_TRACKER_H_

#include <cstdint>
#include <span>
#include <tuple>
#include <vector>

#include "absl/time/time.h"
#include "base/mutex.h"
#include "server/events/lru_map.h"
#include "server/events/trigger_condition.h"
#include "storage/records.h"
#include "webhookd/v1/delivery.pb.h"

namespace webhookd {

// Remembers of every metric trigger and trial what decides whether the next value fires: a trigger
// fires when its comparison comes to hold (for for_steps reports in a row), and again only once the
// metric has gone back behind the threshold by hysteresis. Training and validation are told apart.
// Thread-safe.
//
// NaN neither holds nor re-arms, and breaks a row of reports. A firing that falls into the cooldown
// is put off: it comes with the first report after it for which the comparison still holds.
//
// Kept are the states of `capacity` pairs that were used last; one that is pushed out begins anew.
class MetricTracker {
 public:
  struct Key {
    int32_t trigger_id = 0;
    int32_t trial_id = 0;
    MetricGroup group = MetricGroup::kTraining;

    bool operator==(const Key&) const = default;
    template <typename H>
    friend H AbslHashValue(H h, const Key& key) {
      return H::combine(std::move(h), key.trigger_id, key.trial_id, key.group);
    }
  };

  struct Decision {
    bool fires = false;
    // JUDGEMENT_REASON_FIRED, THRESHOLD, FOR_STEPS, HYSTERESIS or COOLDOWN.
    v1::JudgementReason reason = v1::JUDGEMENT_REASON_UNSPECIFIED;
    int held_reports = 0;  // how many in a row it has held, this one included
  };

  explicit MetricTracker(size_t capacity = 100'000) : states_(capacity) {}

  // Takes over what was stored, the earliest first.
  void Load(std::span<const MetricState> states);

  // Takes the next value of the trigger's metric. A firing counts as done.
  Decision Advance(const Key& key, const MetricCondition& condition, double value, absl::Time now);

  // Takes a firing back, because nothing was stored of it.
  void Undo(const Key& key);

  // States of triggers that fired and came to be armed again since the last call: to be stored.
  std::vector<MetricState> TakeRearmed();

 private:
  struct State {
    int held_reports = 0;
    bool armed = true;
    absl::Time fired_at = absl::InfinitePast();
    absl::Time fired_before = absl::InfinitePast();  // for Undo
  };

  Mutex mutex_;
  LruMap<Key, State> states_ ABSL_GUARDED_BY(mutex_);
  std::vector<MetricState> rearmed_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_EVENTS_METRIC_TRACKER_H_
