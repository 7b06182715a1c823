#ifndef WEBHOOKD_STORAGE_RECORDS_H_
#define WEBHOOKD_STORAGE_RECORDS_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "base/stop_signal.h"

// What the store keeps, as plain structs. Times are kept in microseconds. Enumerations are stored
// by number: a number never changes its meaning.
namespace webhookd {

// Rows that a page of a list looks at unless it is told otherwise: some 0.1 s.
inline constexpr int64_t kMaxExamined = 100'000;

// The form of the body. Numbers as in determined.webhook.v1.WebhookType.
enum class WebhookType { kDefault = 1, kSlack = 2 };

// Which experiments of its scope a webhook listens to. Numbers as in
// determined.webhook.v1.WebhookMode.
enum class WebhookMode { kWorkspace = 1, kSpecific = 2 };

// The kind of event a trigger waits for. Numbers as in determined.webhook.v1.TriggerType.
enum class TriggerType {
  kExperimentStateChange = 1,
  kMetricThresholdExceeded = 2,
  kTaskLog = 3,
  kCustom = 4,
};

// The word for determined.experiment.v1.STATE_ERROR in bodies.
enum class ErrorStateName { kErrored = 1, kError = 2 };

struct TriggerRecord {
  int32_t id = 0;  // 0 until stored
  TriggerType type = TriggerType::kExperimentStateChange;
  std::string condition_json;  // canonical: equal conditions are equal strings

  bool operator==(const TriggerRecord&) const = default;
};

struct WebhookRecord {
  int32_t id = 0;  // 0 until stored
  std::string name;
  std::string url;
  WebhookType type = WebhookType::kDefault;
  WebhookMode mode = WebhookMode::kWorkspace;
  std::optional<int32_t> workspace_id;  // none: global
  bool skip_tls_verification = false;
  std::optional<int32_t> max_in_flight;
  std::optional<double> max_requests_per_second;
  std::optional<ErrorStateName> error_state;  // none: as the server says
  std::optional<absl::Time> disabled_at;
  std::string disabled_reason;  // empty unless disabled
  // Since when every attempt failed; none after a confirmed one.
  std::optional<absl::Time> failing_since;
  absl::Time created_at;
  std::vector<TriggerRecord> triggers;  // by id
  // The version of the set of all webhooks that its last change made; set by the store. 0: not
  // known.
  int64_t changed_version = 0;

  bool operator==(const WebhookRecord&) const = default;
};

// A webhook after a change, and the version of the set of all webhooks that the change made (see
// Store).
struct WebhookChange {
  int64_t version = 0;
  WebhookRecord webhook;
};

struct WebhookDeletion {
  int64_t version = 0;
  int64_t canceled_deliveries = 0;
};

// All webhooks that are not deleted, by id.
struct WebhookSet {
  int64_t version = 0;
  std::vector<WebhookRecord> webhooks;
};

// How far a delivery has come, as stored. A pending delivery with a lease in force is shown as in
// flight.
enum class DeliveryState { kPending = 1, kDelivered = 3, kFailed = 4, kCanceled = 5, kSkipped = 6 };

struct NewDelivery {
  int32_t webhook_id = 0;
  int32_t trigger_id = 0;
  size_t body = 0;       // index into AcceptEventRequest::bodies
  bool skipped = false;  // its webhook is disabled
  // Whether the caller's dispatcher takes it at once: it is stored with a lease until
  // AcceptEventRequest::lease_until.
  bool claimed = false;
  // What the trigger fires for only once, such as "task/41.x". Dropped when the trigger did so
  // before. Empty: fires always.
  std::string once_scope = "";
};

enum class MetricGroup { kTraining = 1, kValidation = 2 };

// A metric trigger that fired for a trial.
struct MetricState {
  int32_t trigger_id = 0;
  int32_t trial_id = 0;
  MetricGroup group = MetricGroup::kTraining;
  bool armed = false;  // the metric went back behind the threshold since
  absl::Time fired_at;

  bool operator==(const MetricState&) const = default;
};

struct AcceptEventRequest {
  // Of the report. Keys of different callers are different keys; a repetition has the same content.
  // Of several events of one report, the first one's count.
  std::string idempotency_key;      // empty: never a repetition
  std::string caller = "";          // whose key it is
  std::string content_digest = "";  // of the report; empty: not told, the same as any
  std::string event_id;             // UUID
  std::string event_type;
  int32_t experiment_id = 0;  // 0: none
  absl::Time occurred_at;
  absl::Time accepted_at;
  absl::Time first_attempt_at;  // of its deliveries, by Store::due_clock as lease_until is
  absl::Time lease_until;
  std::vector<std::shared_ptr<const std::string>> bodies;
  std::vector<NewDelivery> deliveries;
  std::string input = "";                       // what it was made from, any bytes
  std::vector<MetricState> metric_states = {};  // stored with it
};

struct AcceptedDelivery {
  int64_t delivery_id = 0;  // 0: dropped for its once_scope
  int32_t webhook_id = 0;
  int32_t trigger_id = 0;
  bool skipped = false;
};

struct AcceptedEvent {
  std::string event_id;    // empty: every delivery was dropped, and nothing was stored
  bool duplicate = false;  // the rest is then what the first report caused
  // In the order of AcceptEventRequest::deliveries; of a duplicate, at most the first 1,000.
  std::vector<AcceptedDelivery> deliveries;
  int64_t delivery_count = 0;  // without those that were dropped
};

// What came of the events of one report.
struct AcceptedEvents {
  bool duplicate = false;  // the rest is then what the first report caused
  // In the order of the request; of a duplicate, those that were stored.
  std::vector<AcceptedEvent> events;
};

struct EventRecord {
  int64_t id = 0;  // in the order of acceptance
  std::string event_id;
  std::string event_type;
  int32_t experiment_id = 0;
  absl::Time occurred_at;
  absl::Time accepted_at;
  int64_t delivery_count = 0;
  std::string input;  // as in AcceptEventRequest; empty in events of earlier versions
};

struct EventFilter {
  std::string event_type;     // empty: all
  int32_t experiment_id = 0;  // 0: all
  int64_t before_id = 0;      // 0: from the newest
  int limit = 50;
  int64_t max_examined = kMaxExamined;
  const StopSignal* stop = nullptr;  // when to give up; null: never
};

struct EventPage {
  std::vector<EventRecord> events;  // newest first
  // Where the next page begins (EventFilter::before_id); 0: there is none.
  int64_t next_before_id = 0;
};

// What was told of an experiment, one of its tasks and one of its trials.
struct KnownExperiment {
  int32_t id = 0;
  std::string experiment;  // any bytes
  absl::Time refreshed_at;
};
struct KnownTask {
  std::string task_id;
  int32_t experiment_id = 0;
  int32_t trial_id = 0;  // 0: not known
  absl::Time refreshed_at;
};
struct KnownTrial {
  int32_t trial_id = 0;
  int32_t experiment_id = 0;
  absl::Time refreshed_at;
};
struct KnownRecords {
  std::vector<KnownExperiment> experiments;
  std::vector<KnownTask> tasks;
  std::vector<KnownTrial> trials;
};

// A delivery in the hands of the dispatcher that holds its lease.
struct ClaimedDelivery {
  int64_t id = 0;
  int32_t webhook_id = 0;
  std::string event_id;
  std::shared_ptr<const std::string> body;
  int attempt_count = 0;  // attempts made before
  int schedule_step = 0;  // attempts made since it was accepted or last redelivered: where it is in
                          // the retry schedule
  absl::Time lease_until;
  // Store::Redeliver was called for it while this process held its lease. Whoever holds it already
  // looks for more of its webhook once its attempt is recorded.
  bool redelivered = false;
};

struct ClaimRequest {
  int32_t webhook_id = 0;
  absl::Time now;  // by Store::due_clock, like every due time and lease
  absl::Time lease_until;
  int limit = 0;  // counts those already leased too
};

struct ClaimedDeliveries {
  std::vector<ClaimedDelivery> deliveries;
  // When the earliest pending delivery of the webhook that is not among `deliveries` is due;
  // InfiniteFuture if there is none. In the past when the limit cut the list.
  absl::Time next_attempt_at = absl::InfiniteFuture();
};

// A webhook with deliveries that wait, and when the earliest is due.
struct PendingEndpoint {
  int32_t webhook_id = 0;
  absl::Time next_attempt_at;
};

struct AttemptRecord {
  int number = 0;  // from 1; the store takes the next one if it is taken
  absl::Time started_at;
  absl::Duration duration;
  int status = 0;           // HTTP status, 0: no answer
  std::string error_class;  // empty: confirmed
  std::string error_message;
  std::string response_excerpt;  // valid UTF-8
  std::string remote_address;
  std::string url;
  // What the receiver verifies, as it was sent, a line "Name: value\n" each. None: recorded by a
  // version that did not keep it.
  std::optional<std::string> request_headers = std::nullopt;
};

// An attempt and what becomes of its delivery. Several attempts of one delivery may be recorded
// together, in order.
struct FinishedAttempt {
  int64_t delivery_id = 0;
  AttemptRecord attempt;
  DeliveryState state = DeliveryState::kPending;  // kPending, kDelivered or kFailed
  absl::Time next_attempt_at;                     // for kPending
  int schedule_step = 0;                          // for kPending
};

struct DeliveryRecord {
  int64_t id = 0;
  std::string event_id;
  std::string event_type;
  int32_t webhook_id = 0;
  std::string webhook_name;
  int32_t trigger_id = 0;
  DeliveryState state = DeliveryState::kPending;
  int attempt_count = 0;
  absl::Time next_attempt_at;             // of a pending one
  std::optional<absl::Time> lease_until;  // of a pending one that this process leased
  absl::Time created_at;
  std::optional<absl::Time> finished_at;  // when it was delivered, failed, canceled or skipped
  int last_status = 0;
  std::string last_error_class;
};

struct DeliveryDetails {
  DeliveryRecord delivery;
  std::string body;
  std::vector<AttemptRecord> attempts;  // the last 100, first one first
};

struct DeliveryFilter {
  int32_t webhook_id = 0;  // 0: all
  std::optional<DeliveryState>
      state;                   // kPending: with and without a lease, unless `leased` says which
  std::optional<bool> leased;  // only with kPending
  std::string event_id;        // or its beginning; empty: all
  std::optional<absl::Time> created_from;
  std::optional<absl::Time> created_before;
  int64_t before_id = 0;  // 0: from the newest
  int limit = 50;
  int64_t max_examined = kMaxExamined;
  absl::Time now;                    // by Store::due_clock, to tell which leases are in force
  const StopSignal* stop = nullptr;  // when to give up; null: never
};

struct DeliveryPage {
  std::vector<DeliveryRecord> deliveries;  // newest first
  // Where the next page begins (DeliveryFilter::before_id); 0: there is none.
  int64_t next_before_id = 0;
};

struct ReplayRequest {
  int32_t webhook_id = 0;
  std::optional<absl::Time> created_from;
  std::optional<absl::Time> created_before;
  bool include_skipped = false;
  absl::Time now;  // by Store::due_clock
};

}  // namespace webhookd

#endif  // WEBHOOKD_STORAGE_RECORDS_H_
