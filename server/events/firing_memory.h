#ifndef WEBHOOKD_SERVER_EVENTS_FIRING_MEMORY_H_
#define WEBHOOKD_SERVER_EVENTS_FIRING_MEMORY_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "base/mutex.h"
#include "server/events/lru_map.h"
#include "server/events/metric_tracker.h"
#include "webhookd/v1/ingest.pb.h"

namespace webhookd {

// What triggers fired for only once, as far as this process has seen it: spares the store most
// questions, and decides nothing. Thread-safe.
class OnceCache {
 public:
  explicit OnceCache(size_t capacity = 100'000) : fired_(capacity) {}

  bool Has(int32_t trigger_id, const std::string& scope) {
    MutexLock lock(mutex_);
    return fired_.Find(std::pair(trigger_id, scope)) != nullptr;
  }
  void Add(int32_t trigger_id, const std::string& scope) {
    MutexLock lock(mutex_);
    fired_.Set({trigger_id, scope}, true);
  }

 private:
  Mutex mutex_;
  LruMap<std::pair<int32_t, std::string>, bool> fired_ ABSL_GUARDED_BY(mutex_);
};

// The metric reports that came last, by idempotency key: a repeated one must not count as another
// value. Thread-safe.
class RecentReports {
 public:
  enum class State { kNew, kUnderWay, kDone };

  explicit RecentReports(size_t capacity = 10'000) : reports_(capacity) {}

  // kNew: it counts as under way from now on. kDone: with what it was answered.
  std::pair<State, v1::ReportMetricsResponse> Begin(const std::string& key) {
    MutexLock lock(mutex_);
    const auto* const known = reports_.Find(key);
    if (known == nullptr) {
      reports_.Set(key, std::nullopt);
      return {State::kNew, {}};
    }
    if (!known->has_value()) return {State::kUnderWay, {}};
    return {State::kDone, **known};
  }
  void End(const std::string& key, const v1::ReportMetricsResponse& response) {
    MutexLock lock(mutex_);
    reports_.Set(key, response);
  }
  // It failed and may come again.
  void Forget(const std::string& key) {
    MutexLock lock(mutex_);
    reports_.Erase(key);
  }

 private:
  Mutex mutex_;
  LruMap<std::string, std::optional<v1::ReportMetricsResponse>> reports_ ABSL_GUARDED_BY(mutex_);
};

// What decides, beside the event itself, whether a trigger fires.
struct FiringMemory {
  explicit FiringMemory(size_t max_metric_states) : metrics(max_metric_states) {}

  OnceCache once;
  RecentReports reports;
  MetricTracker metrics;
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_EVENTS_FIRING_MEMORY_H_
