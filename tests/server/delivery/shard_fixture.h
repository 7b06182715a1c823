#ifndef WEBHOOKD_TESTS_SERVER_DELIVERY_SHARD_FIXTURE_H_
#define WEBHOOKD_TESTS_SERVER_DELIVERY_SHARD_FIXTURE_H_

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "server/delivery/dispatcher.h"
#include "server/delivery/egress_policy.h"
#include "server/delivery/resolver.h"
#include "server/delivery/shard.h"
#include "server/delivery/signer.h"
#include "storage/sqlite/sqlite_store.h"
#include "storage/webhook_catalog.h"
#include "tests/testing/fake_http_client.h"
#include "tests/testing/manual_executor.h"
#include "tests/testing/seeded_random.h"
#include "tests/testing/simulated_clock.h"
#include "tests/testing/temp_dir.h"

namespace webhookd {

// Answers from a table, at once.
class TableResolver final : public Resolver {
 public:
  void Resolve(std::string host, ResolveDone done) override {
    const auto found = names.find(host);
    if (found == names.end()) {
      std::move(done)(absl::NotFoundError("no such host: " + host));
    } else {
      std::move(done)(found->second);
    }
  }

  std::map<std::string, std::vector<IpAddress>> names;
};

// A shard on one thread in simulated time, with a real store and made-up receivers.
class ShardTest : public ::testing::Test {
 protected:
  ShardTest();

  // How every receiver answers; each test says. Default: 200.
  FakeHttpClient::Receiver receiver = [](const HttpRequest&) { return HttpResult{.status = 200}; };
  Dispatcher::Options options;
  absl::Duration first_wait;  // of the events that are accepted

  // Makes the shard. Called by the first use; options count until then.
  void StartShard();

  // Ends the process, shard and store, and begins another when the wall clock shows `wall`.
  void RestartAt(absl::Time wall);

  // Stores a webhook with one trigger.
  WebhookRecord AddWebhook(std::string url, WebhookRecord webhook = {});
  void ChangeWebhook(const WebhookRecord& webhook);
  void DeleteWebhook(int32_t webhook_id);

  // Accepts an event with one delivery to each of these webhooks; hands them to the shard as the
  // router does.
  std::vector<int64_t> Accept(const std::vector<int32_t>& webhook_ids, bool claimed = true);

  // Runs everything that can run without time passing.
  void Settle();
  // Lets time pass, and runs what falls due on the way, at its time.
  void Pass(absl::Duration duration);

  DeliveryDetails Details(int64_t delivery_id);
  DeliveryState State(int64_t delivery_id) { return Details(delivery_id).delivery.state; }
  const std::vector<HttpRequest>& sent() const { return http_->sent; }
  FakeHttpClient& http() { return *http_; }
  int64_t held() const { return held_.load(); }

  SimulatedClock clock;
  SeededRandom random;
  TempDir directory;
  ManualExecutor writer;
  std::unique_ptr<SqliteStore> store;
  const WebhookCatalog* catalog = nullptr;  // the store's
  TableResolver resolver;
  std::unique_ptr<Shard> shard;

 private:
  void OpenStore();

  // Runs the store until `done` was called.
  template <typename T, typename Call>
  absl::StatusOr<T> Await(Call call);

  const Signer signer_{"a key"};
  const EgressPolicy egress_{EgressPolicy::Options{}};
  std::atomic<int64_t> held_{0};
  FakeHttpClient* http_ = nullptr;
  int events_ = 0;
};

}  // namespace webhookd

#endif  // WEBHOOKD_TESTS_SERVER_DELIVERY_SHARD_FIXTURE_H_
