#include <benchmark/benchmark.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/random.h"
#include "storage/sqlite/sqlite_store.h"
#include "tests/testing/blocking_store.h"
#include "tests/testing/manual_executor.h"
#include "tests/testing/temp_dir.h"

namespace webhookd {
namespace {

// A database in a new folder, with one webhook.
struct Database {
  Database() {
    WebhookRecord webhook = {.name = "bench", .url = "http://10.0.0.1/", .created_at = absl::Now()};
    webhook.triggers = {{.condition_json = R"({"state":"COMPLETED"})"}};
    store->CreateWebhook(std::move(webhook), std::nullopt,
                         [this](absl::StatusOr<WebhookChange> change) {
                           webhook_id = change->webhook.id;
                           trigger_id = change->webhook.triggers[0].id;
                         });
    writer.RunAll();
  }

  AcceptEventRequest Event() const {
    const absl::Time now = absl::Now();
    AcceptEventRequest event = {.idempotency_key = TimeOrderedUuid(now, SecureRandom()),
                                .event_id = TimeOrderedUuid(now, SecureRandom()),
                                .event_type = "EXPERIMENT_STATE_CHANGE",
                                .experiment_id = 41,
                                .occurred_at = now,
                                .accepted_at = now,
                                .first_attempt_at = now,
                                .lease_until = now + absl::Minutes(5)};
    event.bodies = {std::make_shared<const std::string>(400, 'x')};
    event.deliveries = {{.webhook_id = webhook_id, .trigger_id = trigger_id, .claimed = true}};
    return event;
  }

  TempDir directory;
  ManualExecutor writer;
  std::unique_ptr<SqliteStore> store = *SqliteStore::Create(
      {.path = directory / "bench.db", .writer = writer, .clock = RealClock()});
  int32_t webhook_id = 0;
  int32_t trigger_id = 0;
};

// Durable events with one delivery each, this many in a commit. Rate: events.
void AcceptEvents(benchmark::State& state) {
  Database database;
  for (auto _ : state) {
    for (int64_t i = 0; i < state.range(0); ++i) {
      AcceptEvent(*database.store, database.Event(), [](absl::StatusOr<AcceptedEvent> accepted) {
        if (!accepted.ok()) std::abort();
      });
    }
    database.writer.RunAll();
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(AcceptEvents)->Arg(1)->Arg(64)->Arg(512)->UseRealTime()->Unit(benchmark::kMicrosecond);

// The whole of a delivery's life in the store: accepted, then one attempt recorded. Rate:
// deliveries.
void AcceptAndFinish(benchmark::State& state) {
  Database database;
  std::vector<int64_t> ids;
  for (auto _ : state) {
    ids.clear();
    for (int64_t i = 0; i < state.range(0); ++i) {
      AcceptEvent(*database.store, database.Event(),
                  [&ids](absl::StatusOr<AcceptedEvent> accepted) {
                    ids.push_back(accepted->deliveries[0].delivery_id);
                  });
    }
    database.writer.RunAll();
    std::vector<FinishedAttempt> attempts;
    for (const int64_t id : ids) {
      attempts.push_back({.delivery_id = id,
                          .attempt = {.number = 1,
                                      .started_at = absl::Now(),
                                      .duration = absl::Milliseconds(1),
                                      .status = 200,
                                      .remote_address = "10.0.0.1:80",
                                      .url = "http://10.0.0.1/"},
                          .state = DeliveryState::kDelivered});
    }
    database.store->FinishAttempts(std::move(attempts), [](const absl::Status& status) {
      if (!status.ok()) std::abort();
    });
    database.writer.RunAll();
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(AcceptAndFinish)->Arg(64)->Arg(512)->UseRealTime()->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace webhookd
