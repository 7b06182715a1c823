#include "tests/bench/stage_costs.h"

#include <sqlite3.h>
#include <time.h>

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "base/clock.h"
#include "base/random.h"
#include "server/delivery/signer.h"
#include "server/events/payload.h"
#include "server/events/trigger_matcher.h"
#include "storage/sqlite/sqlite_store.h"
#include "storage/webhook_catalog.h"
#include "tests/bench/event_load.h"
#include "tests/testing/blocking_store.h"
#include "tests/testing/manual_executor.h"
#include "tests/testing/temp_dir.h"

namespace webhookd {
namespace {

// Of a commit, about as many as one has under full load.
constexpr int kBatch = 64;

double ThreadMicroseconds() {
  timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return absl::ToDoubleMicroseconds(absl::DurationFromTimespec(time));
}

// Microseconds of one call.
template <typename Work>
double Cost(Work work) {
  constexpr int kCalls = 20'000;
  for (int i = 0; i < kCalls / 10; ++i) work();
  const double start = ThreadMicroseconds();
  for (int i = 0; i < kCalls; ++i) work();
  return (ThreadMicroseconds() - start) / kCalls;
}

// When SQLite last began to commit, on this thread's CPU clock.
double commit_began = 0;

int NoteCommits(sqlite3* database, char**, const sqlite3_api_routines*) {
  sqlite3_commit_hook(
      database,
      +[](void*) {
        commit_began = ThreadMicroseconds();
        return 0;
      },
      nullptr);
  return SQLITE_OK;
}

// The store's part, in batches.
class StoreCosts {
 public:
  explicit StoreCosts(StageCosts& costs) : costs_(costs) {
    WebhookRecord webhook = {.name = "bench", .url = "http://10.0.0.1/", .created_at = absl::Now()};
    webhook.triggers = {{.condition_json = R"({"state":"COMPLETED"})"}};
    store_->CreateWebhook(std::move(webhook), std::nullopt,
                          [this](absl::StatusOr<WebhookChange> change) {
                            if (!change.ok()) std::abort();
                            webhook_ = *change;
                          });
    writer_.RunAll();
  }

  void Measure(int batches) {
    const double events = static_cast<double>(batches) * kBatch;
    for (int i = 0; i < batches; ++i) RunBatch();
    costs_.accept = accept_ / events;
    costs_.finish = finish_ / events;
    costs_.commit = commit_ / events;
  }

 private:
  void RunBatch() {
    std::vector<int64_t> ids;
    for (int i = 0; i < kBatch; ++i) {
      AcceptEvent(*store_, Event(), [&](absl::StatusOr<AcceptedEvent> accepted) {
        if (!accepted.ok()) std::abort();
        if (ids.empty()) Committed();
        ids.push_back(accepted->deliveries[0].delivery_id);
      });
    }
    accept_ += Run();
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
    store_->FinishAttempts(std::move(attempts), [this](const absl::Status& status) {
      if (!status.ok()) std::abort();
      Committed();
    });
    finish_ += Run();
  }

  // Runs what was handed to the store; gives what it took until its commit began.
  double Run() {
    const double start = ThreadMicroseconds();
    writer_.RunAll();
    return commit_began - start;
  }

  void Committed() { commit_ += ThreadMicroseconds() - commit_began; }

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
    event.bodies = {std::make_shared<const std::string>(330, 'x')};
    event.deliveries = {{.webhook_id = webhook_.webhook.id,
                         .trigger_id = webhook_.webhook.triggers[0].id,
                         .claimed = true}};
    return event;
  }

  StageCosts& costs_;
  TempDir directory_;
  ManualExecutor writer_;
  std::unique_ptr<SqliteStore> store_ = *SqliteStore::Create(
      {.path = directory_ / "bench.db", .writer = writer_, .clock = RealClock()});
  WebhookChange webhook_;
  double accept_ = 0;
  double finish_ = 0;
  double commit_ = 0;
};

}  // namespace

StageCosts MeasureStages() {
  StageCosts costs;
  const v1::Experiment experiment = CompletedReport(41, 1).experiment();
  const EventHeader header = {.event_id = "4cd26e62-60c6-4a8b-8d03-7629091a4ef5",
                              .occurred_at = absl::FromUnixSeconds(1'665'689'991)};
  WebhookRecord webhook = {.id = 1, .name = "bench", .workspace_id = 1};
  webhook.triggers = {{.id = 1, .condition_json = R"({"state":"COMPLETED"})"}};
  const TriggerIndex index(
      std::make_shared<const WebhookSnapshot>(WebhookSet{.version = 1, .webhooks = {webhook}}));
  const Signer signer("0123456789abcdef0123456789abcdef");
  const std::string body = RenderStateChange(header, experiment);
  costs.match = Cost([&] {
    if (index.MatchStateChange(experiment).size() != 1) std::abort();
  });
  costs.render = Cost([&] {
    if (RenderStateChange(header, experiment).empty()) std::abort();
  });
  costs.sign = Cost([&] {
    if (signer.SignatureHeaders(header.event_id, header.occurred_at, body).empty()) std::abort();
  });
  sqlite3_auto_extension(reinterpret_cast<void (*)()>(NoteCommits));
  StoreCosts(costs).Measure(300);
  sqlite3_reset_auto_extension();
  return costs;
}

}  // namespace webhookd
