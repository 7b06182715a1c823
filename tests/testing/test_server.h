#ifndef WEBHOOKD_TESTS_TESTING_TEST_SERVER_H_
#define WEBHOOKD_TESTS_TESTING_TEST_SERVER_H_

#include <grpcpp/channel.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "determined/api/v1/api.grpc.pb.h"
#include "server/config/config.h"
#include "server/server.h"
#include "tests/testing/temp_dir.h"
#include "webhookd/v1/delivery.grpc.pb.h"
#include "webhookd/v1/ingest.grpc.pb.h"

namespace webhookd {

// The real server in this process, on a free port and a database in a folder of its own, and stubs
// that call it. Delivers to receivers on this machine and tries again within milliseconds. Aborts
// the test program when the server cannot start.
class TestServer {
 public:
  static constexpr char kSigningKey[] = "testsigningkey";

  // `adjust` changes the configuration before the first start.
  explicit TestServer(const std::function<void(Config&)>& adjust = [](Config&) {});
  ~TestServer();

  // What a further server on the same database would be started with.
  const Config& config() const { return config_; }
  std::string address() const { return server_->address(); }

  void Stop();
  void Start();
  // Ends the server as SIGTERM does and starts another on the same database, with the configuration
  // that `adjust` leaves.
  void Restart(const std::function<void(Config&)>& adjust = [](Config&) {});

  std::shared_ptr<grpc::Channel> channel() const { return channel_; }
  determined::api::v1::Determined::Stub& determined() { return *determined_; }
  v1::EventService::Stub& events() { return *events_; }
  v1::DeliveryService::Stub& deliveries() { return *deliveries_; }

  // ---- Calls that tests expect to succeed

  determined::webhook::v1::Webhook Create(const determined::webhook::v1::Webhook& webhook);
  determined::webhook::v1::Webhook GetWebhook(int32_t id);
  determined::webhook::v1::Webhook Patch(int32_t id,
                                         const determined::webhook::v1::PatchWebhook& patch);
  v1::ReportExperimentStateResponse Report(const v1::ReportExperimentStateRequest& report);
  v1::GetDeliveryResponse GetDelivery(int64_t id);
  // Asks until the delivery is in `state`; fails the test when that takes too long.
  v1::GetDeliveryResponse WaitForDelivery(int64_t id, v1::DeliveryState state);

 private:
  TempDir folder_;
  Config config_;
  std::unique_ptr<Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<determined::api::v1::Determined::Stub> determined_;
  std::unique_ptr<v1::EventService::Stub> events_;
  std::unique_ptr<v1::DeliveryService::Stub> deliveries_;
};

// A configuration for tests: as TestServer's, but for the path of its database.
Config TestConfig(const std::string& database);

// A global webhook of type Default that is called for experiments that reach one of `states`.
determined::webhook::v1::Webhook NewWebhookFor(const std::string& url,
                                               const std::vector<std::string>& states = {
                                                   "COMPLETED"});

// A report that an experiment completed, with everything set that a master knows.
v1::ReportExperimentStateRequest CompletedReport(int32_t experiment_id);

}  // namespace webhookd

#endif  // WEBHOOKD_TESTS_TESTING_TEST_SERVER_H_
