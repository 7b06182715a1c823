#include "tests/testing/test_store.h"

#include <optional>
#include <utility>

#include "base/clock.h"

namespace webhookd {

TestDatabase::TestDatabase(Executor& writer)
    : sqlite(SqliteStore::Create(
                 {.path = folder / "webhookd.db", .writer = writer, .clock = RealClock()})
                 .value()) {}

TestStore::TestStore(ManualExecutor& writer)
    : TestDatabase(writer), ForwardingStore(*sqlite), writer_(writer) {}

WebhookRecord TestStore::AddWebhook(WebhookRecord webhook) {
  return AddWebhooks({std::move(webhook)}).front();
}

std::vector<WebhookRecord> TestStore::AddWebhooks(std::vector<WebhookRecord> webhooks) {
  for (WebhookRecord& webhook : webhooks) {
    CreateWebhook(webhook, std::nullopt, [&webhook](absl::StatusOr<WebhookChange> change) {
      webhook = std::move(change).value().webhook;
    });
  }
  writer_.RunAll();
  return webhooks;
}

void TestStore::AcceptEvents(MatchedReport report, Done<AcceptedEvents> done) {
  Note(report.events);
  if (!accept_errors_.empty()) {
    writer_.Post([error = accept_errors_.front(), done = std::move(done)]() mutable {
      std::move(done)(error);
    });
    accept_errors_.pop_front();
    return;
  }
  if (report.match_again != nullptr) {
    report.match_again = [this, match_again = std::move(report.match_again)](
                             std::shared_ptr<const WebhookSnapshot> webhooks) mutable {
      std::vector<AcceptEventRequest> events = match_again(std::move(webhooks));
      Note(events);
      return events;
    };
  }
  store_.AcceptEvents(std::move(report), std::move(done));
}

void TestStore::FinishAttempts(std::vector<FinishedAttempt> attempts, DoneStatus done) {
  finish_batches_.push_back(attempts.size());
  absl::Status status;
  if (!finish_errors_.empty()) {
    status = std::move(finish_errors_.front());
    finish_errors_.pop_front();
  }
  for (const FinishedAttempt& attempt : attempts) {
    if (finish_refused_.contains(attempt.delivery_id)) {
      status = absl::InternalError("refused by the test");
    }
  }
  if (status.ok()) return store_.FinishAttempts(std::move(attempts), std::move(done));
  writer_.Post([status, done = std::move(done)]() mutable { std::move(done)(status); });
}

}  // namespace webhookd
