// How long a report takes while somebody changes webhooks without a pause, beside how long it takes
// while nobody does.

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <iostream>
#include <memory>
#include <thread>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "determined/api/v1/api.grpc.pb.h"
#include "tests/bench/cases.h"
#include "tests/bench/child.h"
#include "tests/bench/epoll_receiver.h"
#include "tests/bench/event_load.h"

namespace webhookd {
namespace {

namespace api = determined::api::v1;

constexpr int kWebhooks = 5'000;

// Patches one webhook after another, each answered before the next, until it is told to stop.
class Patcher {
 public:
  explicit Patcher(const WebhookdUnderTest& server)
      : stub_(api::Determined::NewStub(ChannelTo(server))) {
    thread_ = std::thread([this] {
      for (int64_t i = 0; !stopped_; ++i) Patch(i);
    });
  }
  ~Patcher() {
    stopped_ = true;
    thread_.join();
  }

  int64_t patches() const { return patches_; }

 private:
  void Patch(int64_t i) {
    api::PatchWebhookRequest request;
    request.set_id(static_cast<int32_t>(1 + i % kWebhooks));
    request.mutable_webhook()->set_max_in_flight(static_cast<int32_t>(1 + i % 16));
    grpc::ClientContext context;
    api::PatchWebhookResponse response;
    const grpc::Status status = stub_->PatchWebhook(&context, request, &response);
    if (!status.ok()) GiveUp(absl::StrCat("a patch failed: ", status.error_message()));
    ++patches_;
  }

  const std::unique_ptr<api::Determined::Stub> stub_;
  std::atomic<bool> stopped_ = false;
  std::atomic<int64_t> patches_ = 0;
  std::thread thread_;
};

// Milliseconds of each report, one after another.
std::vector<double> ReportTimes(const std::shared_ptr<grpc::Channel>& channel, int64_t count,
                                int64_t& number) {
  std::vector<double> times;
  for (int64_t i = 0; i < count; ++i) {
    const absl::Duration start = RealClock().Steady();
    OneReport(channel, ++number);
    times.push_back(absl::ToDoubleMilliseconds(RealClock().Steady() - start));
  }
  return times;
}

}  // namespace

std::vector<Measurement> PatchStorm(const Settings& settings) {
  const TempDir directory;
  const EpollReceiver receiver;
  const WebhookdUnderTest server(settings.webhookd, Arguments(directory));
  const int64_t reports = settings.Events(2'000);
  const std::vector<double> numbers = InChild(-1, [&](std::ostream& out) {
    const auto channel = ChannelTo(server);
    // One in 5,000 is called; the others are there, and changed.
    for (int i = 0; i < kWebhooks; ++i) CreateWebhook(channel, receiver.url(), 1 + i);
    int64_t number = 0;
    ReportTimes(channel, 200, number);
    for (const double time : ReportTimes(channel, reports, number)) out << time << " ";
    const Patcher patcher(server);
    const absl::Duration start = RealClock().Steady();
    for (const double time : ReportTimes(channel, reports, number)) out << time << " ";
    std::cerr << "  " << patcher.patches() / absl::ToDoubleSeconds(RealClock().Steady() - start)
              << " patches/s\n";
  });
  const std::vector<double> quiet(numbers.begin(), numbers.begin() + reports);
  const std::vector<double> stormy(numbers.begin() + reports, numbers.end());
  std::vector<Measurement> measurements;
  for (const auto& [name, percent, goal] :
       {std::tuple("patch_storm_p50", 50.0, 2.0), std::tuple("patch_storm_p99", 99.0, 4.0)}) {
    const double value = Percentile(stormy, percent);
    const double limit = Percentile(quiet, percent);
    measurements.push_back({.name = name,
                            .value = value * 1000,
                            .unit = "µs",
                            .limit_name = "a report while nobody patches, µs",
                            .limit_value = limit * 1000,
                            .ratio = value / limit,
                            .goal = goal,
                            .less_is_better = true});
  }
  return measurements;
}

}  // namespace webhookd
