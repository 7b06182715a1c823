#include "storage/sqlite/event_queries.h"

#include <sqlite3.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/status_macros.h"
#include "storage/errors.h"
#include "storage/sqlite/trigger_memory.h"

namespace webhookd::sqlite {
namespace {

constexpr absl::string_view kInsertEvent =
    "INSERT INTO events (event_id, event_type, experiment_id, occurred_at, accepted_at,"
    " first_delivery_id, delivery_count, first_body_id, body_count, input) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";

constexpr absl::string_view kInsertBody = "INSERT INTO bodies (id, body) VALUES (?1, ?2)";

constexpr absl::string_view kInsertDelivery =
    "INSERT INTO deliveries (id, event_id, body_id, webhook_id, trigger_id, state,"
    " accepted_as_skipped, next_attempt_at, lease_owner, lease_until, finished_at) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";

constexpr absl::string_view kInsertKey =
    "INSERT INTO idempotency_keys (generation, caller, key, content_digest, first_event,"
    " event_count) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

constexpr absl::string_view kSelectKey =
    "SELECT content_digest, first_event, event_count FROM idempotency_keys "
    "WHERE generation = ?1 AND caller = ?2 AND key = ?3";

constexpr absl::string_view kForgetKeys =
    "DELETE FROM idempotency_keys WHERE (generation, caller, key) IN"
    " (SELECT generation, caller, key FROM idempotency_keys WHERE generation < ?1 LIMIT ?2)";

constexpr absl::string_view kSelectEvents =
    "SELECT event_id, first_delivery_id, delivery_count FROM events "
    "WHERE id BETWEEN ?1 AND ?2 ORDER BY id";

constexpr absl::string_view kSelectAccepted =
    "SELECT id, webhook_id, trigger_id, accepted_as_skipped FROM deliveries "
    "WHERE id BETWEEN ?1 AND ?2 ORDER BY id";

// The generation of the keys that stood in events, without a caller.
constexpr int64_t kUnknownCallers = 1;

// Deliveries that the answer to a repeated report lists.
constexpr int64_t kMaxRepeated = 1'000;

absl::Status CheckBodies(const AcceptEventRequest& request) {
  for (const auto& body : request.bodies) {
    if (body == nullptr) return absl::InvalidArgumentError("a body is null");
  }
  for (const NewDelivery& delivery : request.deliveries) {
    if (delivery.body >= request.bodies.size()) {
      return absl::InvalidArgumentError(
          absl::StrCat("a delivery names body ", delivery.body, " of ", request.bodies.size()));
    }
  }
  return absl::OkStatus();
}

// A report that was stored under an idempotency key.
struct KeptReport {
  std::string content_digest;  // empty: not known
  int64_t first_event = 0;
  int64_t event_count = 0;
};

absl::StatusOr<std::optional<KeptReport>> FindReport(Connection& connection, int64_t generation,
                                                     absl::string_view caller,
                                                     absl::string_view key) {
  Statement select = connection.Prepare(kSelectKey);
  select.Bind(generation, caller, key);
  ASSIGN_OR_RETURN(const bool found, select.Step());
  if (!found) return std::nullopt;
  return KeptReport{.content_digest = select.Bytes(0),
                    .first_event = select.Int(1),
                    .event_count = select.Int(2)};
}

// The report of the same caller under the same key; nothing if there was none.
absl::StatusOr<std::optional<KeptReport>> FindReport(Transaction& transaction,
                                                     const AcceptEventRequest& request) {
  const int64_t generation = transaction.counters.keys_generation;
  ASSIGN_OR_RETURN(
      std::optional<KeptReport> kept,
      FindReport(transaction.connection, generation, request.caller, request.idempotency_key));
  if (kept.has_value()) return kept;
  const int64_t before = generation - 1;
  return FindReport(transaction.connection, before, before == kUnknownCallers ? "" : request.caller,
                    request.idempotency_key);
}

absl::Status ListDeliveries(Connection& connection, int64_t first_id, AcceptedEvent& event) {
  const int64_t listed = std::min(event.delivery_count, kMaxRepeated);
  Statement deliveries = connection.Prepare(kSelectAccepted);
  deliveries.Bind(first_id, first_id + listed - 1);
  while (true) {
    ASSIGN_OR_RETURN(const bool found, deliveries.Step());
    if (!found) return absl::OkStatus();
    event.deliveries.push_back({.delivery_id = deliveries.Int(0),
                                .webhook_id = static_cast<int32_t>(deliveries.Int(1)),
                                .trigger_id = static_cast<int32_t>(deliveries.Int(2)),
                                .skipped = deliveries.Int(3) != 0});
  }
}

// What the report caused.
absl::StatusOr<AcceptedEvents> ResultOf(Connection& connection, const KeptReport& kept) {
  AcceptedEvents result = {.duplicate = true};
  std::vector<int64_t> first_deliveries;
  {
    Statement events = connection.Prepare(kSelectEvents);
    events.Bind(kept.first_event, kept.first_event + kept.event_count - 1);
    while (true) {
      ASSIGN_OR_RETURN(const bool found, events.Step());
      if (!found) break;
      result.events.push_back(
          {.event_id = events.Text(0), .duplicate = true, .delivery_count = events.Int(2)});
      first_deliveries.push_back(events.Int(1));
    }
  }
  for (size_t i = 0; i < result.events.size(); ++i) {
    RETURN_IF_ERROR(ListDeliveries(connection, first_deliveries[i], result.events[i]));
  }
  return result;
}

// What the first report under the key of `request` caused; nothing if the key is new.
absl::StatusOr<std::optional<AcceptedEvents>> FindRepeated(Transaction& transaction,
                                                           const AcceptEventRequest& request) {
  if (request.idempotency_key.empty()) return std::nullopt;
  ASSIGN_OR_RETURN(const std::optional<KeptReport> kept, FindReport(transaction, request));
  if (!kept.has_value()) return std::nullopt;
  ASSIGN_OR_RETURN(AcceptedEvents result, ResultOf(transaction.connection, *kept));
  const bool known = !kept->content_digest.empty() && !request.content_digest.empty();
  if (known && kept->content_digest != request.content_digest) {
    return IdempotencyKeyReused(request.idempotency_key,
                                result.events.empty() ? "" : result.events.front().event_id,
                                kept->content_digest, request.content_digest);
  }
  return result;
}

absl::Status InsertKey(Transaction& transaction, const AcceptEventRequest& request,
                       int64_t first_event, int64_t event_count) {
  Statement insert = transaction.connection.Prepare(kInsertKey);
  insert.Bind(
      transaction.counters.keys_generation, request.caller, request.idempotency_key,
      request.content_digest.empty() ? std::nullopt : std::optional(Blob{request.content_digest}),
      first_event, event_count);
  return insert.Run();
}

// Gives events.id. ALREADY_EXISTS: the event's id is stored.
absl::StatusOr<int64_t> InsertEvent(Transaction& transaction, const AcceptEventRequest& request) {
  Statement insert = transaction.connection.Prepare(kInsertEvent);
  insert.Bind(request.event_id, request.event_type, request.experiment_id, request.occurred_at,
              request.accepted_at, transaction.counters.next_delivery_id,
              static_cast<int64_t>(request.deliveries.size()), transaction.counters.next_body_id,
              static_cast<int64_t>(request.bodies.size()),
              request.input.empty() ? std::nullopt : std::optional(Blob{request.input}));
  const absl::Status status = insert.Run();
  if (insert.code() == SQLITE_CONSTRAINT_UNIQUE) return EventAlreadyStored(request.event_id);
  RETURN_IF_ERROR(status);
  return transaction.connection.LastInsertId();
}

absl::Status InsertBodies(Transaction& transaction, const AcceptEventRequest& request) {
  Statement insert = transaction.connection.Prepare(kInsertBody);
  for (const auto& body : request.bodies) {
    insert.Bind(transaction.counters.next_body_id, Blob{*body});
    RETURN_IF_ERROR(insert.Run());
    ++transaction.counters.next_body_id;
  }
  return absl::OkStatus();
}

absl::Status InsertDeliveries(Transaction& transaction, const AcceptEventRequest& request,
                              int64_t event_id, int64_t first_body_id) {
  Statement insert = transaction.connection.Prepare(kInsertDelivery);
  for (const NewDelivery& delivery : request.deliveries) {
    const bool skipped = delivery.skipped;
    const bool leased = delivery.claimed && !skipped;
    const DeliveryState state = skipped ? DeliveryState::kSkipped : DeliveryState::kPending;
    insert.Bind(transaction.counters.next_delivery_id, event_id,
                first_body_id + static_cast<int64_t>(delivery.body), delivery.webhook_id,
                delivery.trigger_id, static_cast<int>(state), skipped,
                skipped ? std::nullopt : std::optional(request.first_attempt_at),
                leased ? std::optional(transaction.lease_epoch) : std::nullopt,
                leased ? std::optional(request.lease_until) : std::nullopt,
                skipped ? std::optional(request.accepted_at) : std::nullopt);
    RETURN_IF_ERROR(insert.Run());
    ++transaction.counters.next_delivery_id;
  }
  return absl::OkStatus();
}

bool HasOnceScope(const NewDelivery& delivery) { return !delivery.once_scope.empty(); }

// An event that was stored; events.id is 0 if nothing was left of it to store.
struct StoredEvent {
  int64_t id = 0;
  AcceptedEvent event;
};

// As it is: no look at keys or at what fired before.
absl::StatusOr<StoredEvent> StoreAll(Transaction& transaction, const AcceptEventRequest& request) {
  const int64_t first_delivery_id = transaction.counters.next_delivery_id;
  const int64_t first_body_id = transaction.counters.next_body_id;
  StoredEvent stored;
  ASSIGN_OR_RETURN(stored.id, InsertEvent(transaction, request));
  RETURN_IF_ERROR(InsertBodies(transaction, request));
  RETURN_IF_ERROR(InsertDeliveries(transaction, request, stored.id, first_body_id));
  if (!request.metric_states.empty()) {
    RETURN_IF_ERROR(SaveMetricStates(transaction.connection, request.metric_states));
  }
  AcceptedEvent& event = stored.event;
  event.event_id = request.event_id;
  event.delivery_count = static_cast<int64_t>(request.deliveries.size());
  event.deliveries.reserve(request.deliveries.size());
  int64_t delivery_id = first_delivery_id;
  for (const NewDelivery& delivery : request.deliveries) {
    event.deliveries.push_back({.delivery_id = delivery_id++,
                                .webhook_id = delivery.webhook_id,
                                .trigger_id = delivery.trigger_id,
                                .skipped = delivery.skipped});
  }
  return stored;
}

// Without the deliveries that fired once before.
absl::StatusOr<StoredEvent> StoreOnce(Transaction& transaction, const AcceptEventRequest& request) {
  Connection& connection = transaction.connection;
  AcceptEventRequest kept = request;
  kept.deliveries.clear();
  std::vector<size_t> places;  // of what is kept, in the request
  for (size_t i = 0; i < request.deliveries.size(); ++i) {
    const NewDelivery& delivery = request.deliveries[i];
    if (HasOnceScope(delivery)) {
      ASSIGN_OR_RETURN(const bool fired,
                       HasFiredOnce(connection, delivery.trigger_id, delivery.once_scope));
      if (fired) continue;
    }
    places.push_back(i);
    kept.deliveries.push_back(delivery);
  }
  StoredEvent stored;
  if (!kept.deliveries.empty()) {
    ASSIGN_OR_RETURN(stored, StoreAll(transaction, kept));
    for (const NewDelivery& delivery : kept.deliveries) {
      if (!HasOnceScope(delivery)) continue;
      RETURN_IF_ERROR(RememberFiring(connection, delivery.trigger_id, delivery.once_scope,
                                     request.accepted_at));
    }
  }
  std::vector<AcceptedDelivery> deliveries;
  deliveries.reserve(request.deliveries.size());
  for (const NewDelivery& delivery : request.deliveries) {
    deliveries.push_back({.webhook_id = delivery.webhook_id,
                          .trigger_id = delivery.trigger_id,
                          .skipped = delivery.skipped});
  }
  for (size_t i = 0; i < places.size(); ++i) {
    deliveries[places[i]].delivery_id = stored.event.deliveries[i].delivery_id;
  }
  stored.event.deliveries = std::move(deliveries);
  return stored;
}

absl::StatusOr<StoredEvent> StoreEvent(Transaction& transaction,
                                       const AcceptEventRequest& request) {
  const bool once = std::any_of(request.deliveries.begin(), request.deliveries.end(), HasOnceScope);
  return once ? StoreOnce(transaction, request) : StoreAll(transaction, request);
}

}  // namespace

absl::StatusOr<AcceptedEvents> AcceptEvents(Transaction& transaction, MatchedReport& report) {
  AcceptedEvents accepted;
  if (report.events.empty()) return accepted;
  // A repetition is answered whatever happened to the webhooks since.
  ASSIGN_OR_RETURN(std::optional<AcceptedEvents> repeated,
                   FindRepeated(transaction, report.events.front()));
  if (repeated.has_value()) return *std::move(repeated);
  if (report.match_again != nullptr && report.webhooks != transaction.webhooks) {
    report.webhooks = transaction.webhooks;
    report.events = report.match_again(report.webhooks);
  }
  int64_t first_event = 0;
  int64_t event_count = 0;
  for (const AcceptEventRequest& request : report.events) RETURN_IF_ERROR(CheckBodies(request));
  for (const AcceptEventRequest& request : report.events) {
    ASSIGN_OR_RETURN(StoredEvent stored, StoreEvent(transaction, request));
    if (stored.id != 0) {
      if (event_count == 0) first_event = stored.id;
      ++event_count;
    }
    accepted.events.push_back(std::move(stored.event));
  }
  if (event_count > 0 && !report.events.front().idempotency_key.empty()) {
    RETURN_IF_ERROR(InsertKey(transaction, report.events.front(), first_event, event_count));
  }
  return accepted;
}

absl::StatusOr<int64_t> ForgetKeysBefore(Transaction& transaction, int64_t generation,
                                         int64_t limit) {
  Statement forget = transaction.connection.Prepare(kForgetKeys);
  forget.Bind(generation, limit);
  RETURN_IF_ERROR(forget.Run());
  return transaction.connection.Changes();
}

}  // namespace webhookd::sqlite
