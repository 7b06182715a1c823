#include "storage/sqlite/event_queries.h"

#include <sqlite3.h>

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/status_macros.h"
#include "storage/errors.h"
#include "storage/sqlite/trigger_memory.h"

namespace webhookd::sqlite {
namespace {

constexpr absl::string_view kInsertEvent =
    "INSERT INTO events (event_id, event_type, experiment_id, occurred_at, accepted_at,"
    " idempotency_key, first_delivery_id, delivery_count, first_body_id, body_count, input) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) "
    "ON CONFLICT (idempotency_key) WHERE idempotency_key IS NOT NULL DO NOTHING";

constexpr absl::string_view kInsertBody = "INSERT INTO bodies (id, body) VALUES (?1, ?2)";

constexpr absl::string_view kInsertDelivery =
    "INSERT INTO deliveries (id, event_id, body_id, webhook_id, trigger_id, state,"
    " accepted_as_skipped, next_attempt_at, lease_owner, lease_until, finished_at) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";

constexpr absl::string_view kSelectByKey =
    "SELECT event_id, first_delivery_id, delivery_count FROM events WHERE idempotency_key = ?1";

constexpr absl::string_view kSelectAccepted =
    "SELECT id, webhook_id, trigger_id, accepted_as_skipped FROM deliveries "
    "WHERE id BETWEEN ?1 AND ?2 ORDER BY id";

constexpr absl::string_view kSelectKeysForgottenTo = "SELECT keys_forgotten_to FROM store_state";

constexpr absl::string_view kSelectEventsAfter =
    "SELECT id, accepted_at FROM events WHERE id > ?1 ORDER BY id LIMIT ?2";

constexpr absl::string_view kForgetKeys =
    "UPDATE events SET idempotency_key = NULL "
    "WHERE id > ?1 AND id <= ?2 AND +idempotency_key IS NOT NULL";

constexpr absl::string_view kUpdateKeysForgottenTo =
    "UPDATE store_state SET keys_forgotten_to = ?1";

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

// What the first report under this key caused; nothing if there was none.
absl::StatusOr<std::optional<AcceptedEvent>> FindByKey(Connection& connection,
                                                       absl::string_view key) {
  AcceptedEvent accepted;
  int64_t first_id = 0;
  {
    Statement event = connection.Prepare(kSelectByKey);
    event.Bind(key);
    ASSIGN_OR_RETURN(const bool found, event.Step());
    if (!found) return std::nullopt;
    accepted.event_id = event.Text(0);
    first_id = event.Int(1);
    accepted.delivery_count = event.Int(2);
  }
  accepted.duplicate = true;
  const int64_t listed = std::min(accepted.delivery_count, kMaxRepeated);
  Statement deliveries = connection.Prepare(kSelectAccepted);
  deliveries.Bind(first_id, first_id + listed - 1);
  while (true) {
    ASSIGN_OR_RETURN(const bool found, deliveries.Step());
    if (!found) return accepted;
    accepted.deliveries.push_back({.delivery_id = deliveries.Int(0),
                                   .webhook_id = static_cast<int32_t>(deliveries.Int(1)),
                                   .trigger_id = static_cast<int32_t>(deliveries.Int(2)),
                                   .skipped = deliveries.Int(3) != 0});
  }
}

// Gives events.id; 0 if the idempotency key or the event's id is known.
absl::StatusOr<int64_t> InsertEvent(Transaction& transaction, const AcceptEventRequest& request) {
  const std::optional<absl::string_view> key =
      request.idempotency_key.empty() ? std::nullopt
                                      : std::optional<absl::string_view>(request.idempotency_key);
  Statement insert = transaction.connection.Prepare(kInsertEvent);
  insert.Bind(request.event_id, request.event_type, request.experiment_id, request.occurred_at,
              request.accepted_at, key, transaction.counters.next_delivery_id,
              static_cast<int64_t>(request.deliveries.size()), transaction.counters.next_body_id,
              static_cast<int64_t>(request.bodies.size()),
              request.input.empty() ? std::nullopt : std::optional(Blob{request.input}));
  const absl::Status status = insert.Run();
  if (insert.code() == SQLITE_CONSTRAINT_UNIQUE) return 0;
  RETURN_IF_ERROR(status);
  return transaction.connection.Changes() == 0 ? 0 : transaction.connection.LastInsertId();
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
  const absl::Time first_attempt_at =
      request.accepted_at + request.first_wait - transaction.wall_ahead;
  Statement insert = transaction.connection.Prepare(kInsertDelivery);
  for (const NewDelivery& delivery : request.deliveries) {
    const bool skipped = delivery.skipped;
    const bool leased = delivery.claimed && !skipped;
    const DeliveryState state = skipped ? DeliveryState::kSkipped : DeliveryState::kPending;
    insert.Bind(transaction.counters.next_delivery_id, event_id,
                first_body_id + static_cast<int64_t>(delivery.body), delivery.webhook_id,
                delivery.trigger_id, static_cast<int>(state), skipped,
                skipped ? std::nullopt : std::optional(first_attempt_at),
                leased ? std::optional(transaction.lease_epoch) : std::nullopt,
                leased ? std::optional(request.lease_until - transaction.wall_ahead) : std::nullopt,
                skipped ? std::optional(request.accepted_at) : std::nullopt);
    RETURN_IF_ERROR(insert.Run());
    ++transaction.counters.next_delivery_id;
  }
  return absl::OkStatus();
}

bool HasOnceScope(const NewDelivery& delivery) { return !delivery.once_scope.empty(); }

// As AcceptEvent, but for the looks at once_keys.
absl::StatusOr<AcceptedEvent> AcceptAll(Transaction& transaction,
                                        const AcceptEventRequest& request);

// Accepts what is left of the request without the deliveries that fired once before.
absl::StatusOr<AcceptedEvent> AcceptOnce(Transaction& transaction,
                                         const AcceptEventRequest& request) {
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
  AcceptedEvent accepted;
  if (kept.deliveries.empty()) {
    // A repetition is answered with what the first report caused.
    if (!request.idempotency_key.empty()) {
      ASSIGN_OR_RETURN(std::optional<AcceptedEvent> first,
                       FindByKey(connection, request.idempotency_key));
      if (first.has_value()) return *std::move(first);
    }
    if (request.webhooks_version != transaction.counters.webhooks_version) {
      return WebhooksChanged(request.webhooks_version, transaction.counters.webhooks_version);
    }
  } else {
    ASSIGN_OR_RETURN(accepted, AcceptAll(transaction, kept));
    if (accepted.duplicate) return accepted;
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
    deliveries[places[i]].delivery_id = accepted.deliveries[i].delivery_id;
  }
  accepted.deliveries = std::move(deliveries);
  return accepted;
}

absl::StatusOr<AcceptedEvent> AcceptAll(Transaction& transaction,
                                        const AcceptEventRequest& request) {
  const bool current = request.webhooks_version == transaction.counters.webhooks_version;
  const int64_t first_delivery_id = transaction.counters.next_delivery_id;
  const int64_t first_body_id = transaction.counters.next_body_id;
  int64_t event_id = 0;
  if (current) {
    ASSIGN_OR_RETURN(event_id, InsertEvent(transaction, request));
  }
  if (event_id == 0) {
    // A repetition is answered whatever happened to the webhooks since.
    if (!request.idempotency_key.empty()) {
      ASSIGN_OR_RETURN(std::optional<AcceptedEvent> first,
                       FindByKey(transaction.connection, request.idempotency_key));
      if (first.has_value()) return *std::move(first);
    }
    if (current) return EventAlreadyStored(request.event_id);
    return WebhooksChanged(request.webhooks_version, transaction.counters.webhooks_version);
  }
  RETURN_IF_ERROR(InsertBodies(transaction, request));
  RETURN_IF_ERROR(InsertDeliveries(transaction, request, event_id, first_body_id));
  if (!request.metric_states.empty()) {
    RETURN_IF_ERROR(SaveMetricStates(transaction.connection, request.metric_states));
  }

  AcceptedEvent accepted;
  accepted.event_id = request.event_id;
  accepted.delivery_count = static_cast<int64_t>(request.deliveries.size());
  accepted.deliveries.reserve(request.deliveries.size());
  int64_t delivery_id = first_delivery_id;
  for (const NewDelivery& delivery : request.deliveries) {
    accepted.deliveries.push_back({.delivery_id = delivery_id++,
                                   .webhook_id = delivery.webhook_id,
                                   .trigger_id = delivery.trigger_id,
                                   .skipped = delivery.skipped});
  }
  return accepted;
}

// The key of the event at this place in its report. Keys of callers hold no control characters.
std::string KeyOf(absl::string_view key, size_t place) {
  if (key.empty() || place == 0) return std::string(key);
  return absl::StrCat(key, "\x1f", place);
}

}  // namespace

absl::StatusOr<AcceptedEvent> AcceptEvent(Transaction& transaction,
                                          const AcceptEventRequest& request) {
  RETURN_IF_ERROR(CheckBodies(request));
  const bool once = std::any_of(request.deliveries.begin(), request.deliveries.end(), HasOnceScope);
  return once ? AcceptOnce(transaction, request) : AcceptAll(transaction, request);
}

absl::StatusOr<AcceptedEvents> AcceptEvents(Transaction& transaction,
                                            const std::vector<AcceptEventRequest>& requests) {
  AcceptedEvents accepted;
  if (requests.empty()) return accepted;
  for (const AcceptEventRequest& request : requests) RETURN_IF_ERROR(CheckBodies(request));
  const std::string& key = requests.front().idempotency_key;
  while (!key.empty()) {
    ASSIGN_OR_RETURN(std::optional<AcceptedEvent> first,
                     FindByKey(transaction.connection, KeyOf(key, accepted.events.size())));
    if (!first.has_value()) break;
    accepted.duplicate = true;
    accepted.events.push_back(*std::move(first));
  }
  if (accepted.duplicate) return accepted;
  size_t stored = 0;
  for (AcceptEventRequest request : requests) {
    request.idempotency_key = KeyOf(key, stored);
    ASSIGN_OR_RETURN(AcceptedEvent event, AcceptEvent(transaction, request));
    if (!event.event_id.empty()) ++stored;
    accepted.events.push_back(std::move(event));
  }
  return accepted;
}

absl::StatusOr<absl::Time> ForgetKeysBefore(Transaction& transaction, absl::Time time,
                                            int64_t limit) {
  Connection& connection = transaction.connection;
  int64_t forgotten_to = 0;
  {
    Statement state = connection.Prepare(kSelectKeysForgottenTo);
    RETURN_IF_ERROR(state.Step().status());
    forgotten_to = state.Int(0);
  }
  int64_t last = forgotten_to;
  int64_t seen = 0;
  absl::Time next = absl::InfiniteFuture();
  {
    Statement events = connection.Prepare(kSelectEventsAfter);
    events.Bind(forgotten_to, limit);
    while (true) {
      ASSIGN_OR_RETURN(const bool found, events.Step());
      if (!found) break;
      if (events.Time(1) >= time) {
        next = events.Time(1);
        break;
      }
      last = events.Int(0);
      if (++seen == limit) next = time;
    }
  }
  if (last == forgotten_to) return next;
  Statement forget = connection.Prepare(kForgetKeys);
  forget.Bind(forgotten_to, last);
  RETURN_IF_ERROR(forget.Run());
  Statement update = connection.Prepare(kUpdateKeysForgottenTo);
  update.Bind(last);
  RETURN_IF_ERROR(update.Run());
  return next;
}

}  // namespace webhookd::sqlite
