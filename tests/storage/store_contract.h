#ifndef WEBHOOKD_TESTS_STORAGE_STORE_CONTRACT_H_
#define WEBHOOKD_TESTS_STORAGE_STORE_CONTRACT_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "storage/store.h"
#include "tests/testing/blocking_store.h"
#include "tests/testing/simulated_clock.h"

namespace webhookd {

// A database of one kind of Store, for one test.
class StoreDatabase {
 public:
  virtual ~StoreDatabase() = default;

  // Opens the database, empty at first, as a new process would. The stores it gave before are gone.
  virtual absl::StatusOr<std::unique_ptr<Store>> Open() = 0;
};

// A kind of Store that the contract judges.
struct StoreBackend {
  std::string name;
  // The clock outlives the database.
  std::function<std::unique_ptr<StoreDatabase>(Clock& clock)> create;

  friend void PrintTo(const StoreBackend& backend, std::ostream* out) { *out << backend.name; }
};

// What every Store does. A backend instantiates the suite in its own test.
class StoreContract : public testing::TestWithParam<StoreBackend> {
 protected:
  void SetUp() override;
  void TearDown() override;

  // As a restart of the process.
  void Reopen();

  Store& store() { return *store_; }
  BlockingStore& writes() { return *writes_; }

  // Times of events and such: `seconds` after the start of the test.
  static absl::Time At(int64_t seconds);

  // A webhook with one trigger, stored.
  WebhookRecord AddWebhook(const std::string& name,
                           std::optional<int32_t> workspace_id = std::nullopt);
  int64_t Version();
  WebhookRecord Load(int32_t webhook_id);

  // An event at At(0) that causes one delivery to each of `webhooks`.
  AcceptEventRequest Event(const std::string& event_id, const std::vector<WebhookRecord>& webhooks);
  // Stores such an event and gives its deliveries' ids.
  std::vector<int64_t> Accept(const std::string& event_id,
                              const std::vector<WebhookRecord>& webhooks);
  int64_t AcceptOne(const WebhookRecord& webhook);

  // Leases all that is due at `now`.
  std::vector<ClaimedDelivery> Claim(int32_t webhook_id, absl::Time now);

  static FinishedAttempt Delivered(int64_t delivery_id, int number = 1);
  static FinishedAttempt Failed(int64_t delivery_id, int number = 1);
  // Due again at At(60), at step `number`.
  static FinishedAttempt Retried(int64_t delivery_id, int number = 1);
  void Finish(std::vector<FinishedAttempt> attempts);

  DeliveryRecord Get(int64_t delivery_id);
  std::vector<AttemptRecord> Attempts(int64_t delivery_id);
  std::vector<int64_t> List(const DeliveryFilter& filter);

  SimulatedClock clock_;

 private:
  std::unique_ptr<StoreDatabase> database_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<BlockingStore> writes_;
  int events_ = 0;
};

}  // namespace webhookd

#endif  // WEBHOOKD_TESTS_STORAGE_STORE_CONTRACT_H_
