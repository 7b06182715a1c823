#ifndef WEBHOOKD_SERVER_EVENTS_FIRING_MEMORY_H_
#define WEBHOOKD_SERVER_EVENTS_FIRING_MEMORY_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/mutex.h"
#include "server/events/lru_map.h"
#include "server/events/metric_tracker.h"
#include "storage/errors.h"
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

// The metric reports that came last, by caller and idempotency key: a repeated one must not count
// as another value. Thread-safe.
class RecentReports {
 public:
  // What a report is known by.
  struct Ticket {
    std::pair<std::string, std::string> key;  // caller, idempotency key
    std::string digest;                       // of its content
  };

  explicit RecentReports(size_t capacity = 10'000) : reports_(capacity) {}

  // Nothing: the report is new, and under way from now on. Otherwise what it was answered.
  // ALREADY_EXISTS: the key came with another content. UNAVAILABLE: it is under way.
  absl::StatusOr<std::optional<v1::ReportMetricsResponse>> Begin(const Ticket& ticket) {
    MutexLock lock(mutex_);
    const Report* const known = reports_.Find(ticket.key);
    if (known == nullptr) {
      reports_.Set(ticket.key, {.digest = ticket.digest});
      return std::nullopt;
    }
    if (known->digest != ticket.digest) {
      return IdempotencyKeyReused(ticket.key.second, /*event_id=*/"", known->digest, ticket.digest);
    }
    if (!known->answer.has_value()) {
      return absl::UnavailableError(
          "a report with this idempotency key is being taken at this moment: repeat it");
    }
    return known->answer;
  }
  void End(const Ticket& ticket, const v1::ReportMetricsResponse& response) {
    MutexLock lock(mutex_);
    reports_.Set(ticket.key, {.digest = ticket.digest, .answer = response});
  }
  // It failed and may come again.
  void Forget(const Ticket& ticket) {
    MutexLock lock(mutex_);
    reports_.Erase(ticket.key);
  }

 private:
  struct Report {
    std::string digest;
    std::optional<v1::ReportMetricsResponse> answer = std::nullopt;  // none while it is under way
  };

  Mutex mutex_;
  LruMap<std::pair<std::string, std::string>, Report> reports_ ABSL_GUARDED_BY(mutex_);
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
