#include "server/events/metric_tracker.h"

#include <algorithm>
#include <utility>

namespace webhookd {

void MetricTracker::Load(std::span<const MetricState> states) {
  MutexLock lock(mutex_);
  for (const MetricState& state : states) {
    states_.Set({state.trigger_id, state.trial_id, state.group},
                {.armed = state.armed, .fired_at = state.fired_at});
  }
}

MetricTracker::Decision MetricTracker::Advance(const Key& key, const MetricCondition& condition,
                                               double value, absl::Time now) {
  MutexLock lock(mutex_);
  State* state = states_.Find(key);
  if (!condition.Holds(value)) {
    if (state != nullptr) {
      state->held_reports = 0;
      if (!state->armed && condition.Rearms(value)) {
        state->armed = true;
        rearmed_.push_back({.trigger_id = key.trigger_id,
                            .trial_id = key.trial_id,
                            .group = key.group,
                            .armed = true,
                            .fired_at = state->fired_at});
      }
    }
    return {.reason = v1::JUDGEMENT_REASON_THRESHOLD};
  }
  if (state == nullptr) state = &states_.Set(key, {});
  state->held_reports = std::min(state->held_reports + 1, 1'000'000'000);
  Decision decision = {.held_reports = state->held_reports};
  if (!state->armed) {
    decision.reason = v1::JUDGEMENT_REASON_HYSTERESIS;
  } else if (state->held_reports < condition.for_steps) {
    decision.reason = v1::JUDGEMENT_REASON_FOR_STEPS;
  } else if (now >= state->fired_at && now - state->fired_at < condition.cooldown) {
    decision.reason = v1::JUDGEMENT_REASON_COOLDOWN;
  } else {
    decision.fires = true;
    decision.reason = v1::JUDGEMENT_REASON_FIRED;
    state->armed = false;
    state->fired_before = std::exchange(state->fired_at, now);
  }
  return decision;
}

void MetricTracker::Undo(const Key& key) {
  MutexLock lock(mutex_);
  State* const state = states_.Find(key);
  if (state == nullptr) return;
  state->armed = true;
  state->fired_at = state->fired_before;
}

std::vector<MetricState> MetricTracker::TakeRearmed() {
  MutexLock lock(mutex_);
  return std::exchange(rearmed_, {});
}

}  // namespace webhookd
