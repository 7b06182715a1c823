#ifndef WEBHOOKD_TESTS_TESTING_TEST_STORE_H_
#define WEBHOOKD_TESTS_TESTING_TEST_STORE_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "storage/sqlite/sqlite_store.h"
#include "tests/testing/forwarding_store.h"
#include "tests/testing/manual_executor.h"
#include "tests/testing/temp_dir.h"

namespace webhookd {

// A database in a folder of its own.
struct TestDatabase {
  explicit TestDatabase(Executor& writer);

  TempDir folder;
  std::unique_ptr<SqliteStore> sqlite;
};

// A SqliteStore whose writes are done, and reported, when the test runs `writer`, and which fails
// when it is told to. For one thread.
class TestStore final : private TestDatabase, public ForwardingStore {
 public:
  // `writer` must outlive it.
  explicit TestStore(ManualExecutor& writer);

  // Stores webhooks and runs the writer. Gives them with their ids.
  WebhookRecord AddWebhook(WebhookRecord webhook);
  std::vector<WebhookRecord> AddWebhooks(std::vector<WebhookRecord> webhooks);
  // The next AcceptEvents stores nothing and answers so. Several wait for as many calls.
  void FailAccept(absl::Status error) { accept_errors_.push_back(std::move(error)); }
  // The next FinishAttempts records nothing and answers so. Several wait for as many calls.
  void FailFinish(absl::Status error) { finish_errors_.push_back(std::move(error)); }
  // Every FinishAttempts with an attempt of this delivery records nothing and fails.
  void RefuseFinishOf(int64_t delivery_id) { finish_refused_.insert(delivery_id); }

  // How many attempts each FinishAttempts was called with, first one first.
  const std::vector<size_t>& finish_batches() const { return finish_batches_; }
  // The events that AcceptEvents was called with, and those that were matched again in the write,
  // first ones first.
  const std::vector<AcceptEventRequest>& accept_requests() const { return accept_requests_; }

  void AcceptEvents(MatchedReport report, Done<AcceptedEvents> done) override;
  void FinishAttempts(std::vector<FinishedAttempt> attempts, DoneStatus done) override;

 private:
  void Note(const std::vector<AcceptEventRequest>& events) {
    accept_requests_.insert(accept_requests_.end(), events.begin(), events.end());
  }

  ManualExecutor& writer_;
  std::deque<absl::Status> accept_errors_;
  std::deque<absl::Status> finish_errors_;
  std::set<int64_t> finish_refused_;
  std::vector<size_t> finish_batches_;
  std::vector<AcceptEventRequest> accept_requests_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_TESTS_TESTING_TEST_STORE_H_
