// What reading costs among two million events: lists that find little or nothing, single deliveries
// beside eight such lists, and the end of a server that they keep busy.

#include <grpcpp/grpcpp.h>
#include <signal.h>

#include <atomic>
#include <fstream>
#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "base/clock.h"
#include "base/random.h"
#include "storage/sqlite/sqlite_store.h"
#include "tests/bench/cases.h"
#include "tests/bench/child.h"
#include "tests/testing/blocking_store.h"
#include "tests/testing/manual_executor.h"
#include "webhookd/v1/delivery.grpc.pb.h"

namespace webhookd {
namespace {

using Stub = v1::DeliveryService::Stub;

constexpr int kLists = 8;
constexpr int32_t kRareExperiment = 7;
constexpr int kFailed = 100;
// Deliveries of the first webhook were skipped but for the oldest, which failed; those of the
// second one wait. Events come one a second.
constexpr int32_t kSkipping = 1;
constexpr int32_t kWaiting = 2;
const absl::Time kStart = absl::FromUnixSeconds(1'700'000'000);
constexpr char kUrl[] = "http://10.0.0.1/";

template <typename T>
Done<T> MustWork() {
  return [](const absl::StatusOr<T>& result) {
    if (!result.ok()) GiveUp(absl::StrCat("a write failed: ", result.status().ToString()));
  };
}

AcceptEventRequest Event(int64_t number, absl::Time time, int64_t events) {
  AcceptEventRequest event = {.event_id = TimeOrderedUuid(time, SecureRandom()),
                              .event_type = "EXPERIMENT_STATE_CHANGE",
                              .experiment_id = number < 5 ? kRareExperiment : 41,
                              .occurred_at = time,
                              .accepted_at = time,
                              .first_attempt_at = time,
                              .bodies = {std::make_shared<const std::string>(330, 'x')}};
  event.input = std::string(200, 'x');
  const bool waits = number % 5 == 4 && number > events / 10;
  event.deliveries = {{.webhook_id = waits ? kWaiting : kSkipping,
                       .trigger_id = waits ? kWaiting : kSkipping,
                       .skipped = !waits && number >= kFailed}};
  return event;
}

void Fill(const std::string& database, int64_t events) {
  ManualExecutor writer;
  auto store =
      SqliteStore::Create({.path = database, .writer = writer, .clock = RealClock()}).value();
  for (const char* name : {"skipping", "waiting"}) {
    WebhookRecord webhook = {.name = name, .url = kUrl, .created_at = kStart};
    webhook.triggers = {{.condition_json = R"({"state":"COMPLETED"})"}};
    store->CreateWebhook(std::move(webhook), std::nullopt, MustWork<WebhookChange>());
  }
  for (int64_t i = 0; i < events; ++i) {
    AcceptEvent(*store, Event(i, kStart + absl::Seconds(i), events), MustWork<AcceptedEvent>());
    if (i % 1'000 == 999) writer.RunAll();
  }
  // The clock goes back by a year once, so that nothing that is searched for by time is near.
  AcceptEvent(*store, Event(events, kStart - absl::Hours(365 * 24), events),
              MustWork<AcceptedEvent>());
  std::vector<FinishedAttempt> failed(kFailed);
  for (int i = 0; i < kFailed; ++i) {
    failed[i] = {.delivery_id = i + 1,
                 .attempt = {.number = 1, .started_at = kStart, .status = 500},
                 .state = DeliveryState::kFailed};
  }
  store->FinishAttempts(std::move(failed), [](const absl::Status& status) {
    if (!status.ok()) GiveUp(absl::StrCat("a write failed: ", status.ToString()));
  });
  for (const int32_t id : {kSkipping, kWaiting}) {
    store->DisableWebhook(id, kUrl, "for the measurement", kStart, MustWork<WebhookChange>());
  }
  writer.RunAll();
  store->Stop();
}

// Asks for one page. Gives its token.
using List = std::function<std::string(Stub& stub, const std::string& page_token)>;

void Check(const grpc::Status& status) {
  if (!status.ok()) GiveUp(absl::StrCat("a list failed: ", status.error_message()));
}

List Deliveries(const v1::ListDeliveriesRequest& request) {
  return [request](Stub& stub, const std::string& page_token) {
    v1::ListDeliveriesRequest page = request;
    page.set_page_token(page_token);
    grpc::ClientContext context;
    v1::ListDeliveriesResponse response;
    Check(stub.ListDeliveries(&context, page, &response));
    return response.deliveries().empty() ? response.next_page_token() : "";
  };
}

List Events(const v1::ListEventsRequest& request) {
  return [request](Stub& stub, const std::string& page_token) {
    v1::ListEventsRequest page = request;
    page.set_page_token(page_token);
    grpc::ClientContext context;
    v1::ListEventsResponse response;
    Check(stub.ListEvents(&context, page, &response));
    return response.events().empty() ? response.next_page_token() : "";
  };
}

v1::ListDeliveriesRequest DeliveriesIn(v1::DeliveryState state, int32_t webhook_id = 0) {
  v1::ListDeliveriesRequest request;
  request.set_state(state);
  request.set_webhook_id(webhook_id);
  return request;
}

struct NamedList {
  std::string name;
  List list;
};

std::vector<NamedList> Lists() {
  v1::ListDeliveriesRequest old;
  old.mutable_created_before()->set_seconds(absl::ToUnixSeconds(kStart) + 1'000);
  v1::ListEventsRequest rare;
  rare.set_experiment_id(kRareExperiment);
  return {
      {"list_old", Deliveries(old)},
      {"list_failed", Deliveries(DeliveriesIn(v1::DELIVERY_STATE_FAILED, kSkipping))},
      {"list_waiting", Deliveries(DeliveriesIn(v1::DELIVERY_STATE_PENDING, kWaiting))},
      {"list_in_vain", Deliveries(DeliveriesIn(v1::DELIVERY_STATE_DELIVERED, kSkipping))},
      {"list_experiment", Events(rare)},
  };
}

double MillisecondsOf(const std::function<void()>& work) {
  const absl::Duration start = RealClock().Steady();
  work();
  return absl::ToDoubleMilliseconds(RealClock().Steady() - start);
}

// Lists in vain without a pause until it goes.
class BusyReaders {
 public:
  explicit BusyReaders(const WebhookdUnderTest& server) {
    for (int i = 0; i < kLists; ++i) {
      threads_.emplace_back([this, &server] {
        const auto stub = v1::DeliveryService::NewStub(ChannelTo(server));
        while (!stopped_) {
          grpc::ClientContext context;
          v1::ListDeliveriesResponse response;
          stub->ListDeliveries(&context, DeliveriesIn(v1::DELIVERY_STATE_DELIVERED), &response);
        }
      });
    }
  }
  ~BusyReaders() {
    stopped_ = true;
    for (std::thread& thread : threads_) thread.join();
  }

 private:
  std::atomic<bool> stopped_ = false;
  std::vector<std::thread> threads_;
};

// Milliseconds of each, one after another.
std::vector<double> LookupTimes(Stub& stub, absl::Duration length) {
  std::vector<double> times;
  const absl::Duration end = RealClock().Steady() + length;
  for (int64_t id = 1; RealClock().Steady() < end; ++id) {
    times.push_back(MillisecondsOf([&] {
      grpc::ClientContext context;
      v1::GetDeliveryRequest request;
      request.set_delivery_id(id);
      v1::GetDeliveryResponse response;
      Check(stub.GetDelivery(&context, request, &response));
    }));
  }
  return times;
}

bool IsRunning(pid_t pid) {
  std::string text;
  std::getline(std::ifstream(absl::StrCat("/proc/", pid, "/stat")), text);
  const size_t name_end = text.rfind(')');
  return name_end != std::string::npos && text[name_end + 2] != 'Z';
}

double SecondsToEnd(const WebhookdUnderTest& server) {
  return MillisecondsOf([&] {
           kill(server.pid(), SIGTERM);
           while (IsRunning(server.pid())) absl::SleepFor(absl::Milliseconds(1));
         }) /
         1'000;
}

Measurement Allowed(std::string name, double value, std::string unit, double allowed) {
  return {.name = std::move(name),
          .value = value,
          .unit = unit,
          .limit_name = absl::StrCat("allowed, ", unit),
          .limit_value = allowed,
          .ratio = value / allowed,
          .goal = 1,
          .less_is_better = true};
}

}  // namespace

std::vector<Measurement> Reads(const Settings& settings) {
  const TempDir directory;
  const std::string database = directory / "webhookd.db";
  const int64_t events = settings.Events(2'000'000);
  InChild(-1, [&](std::ostream&) { Fill(database, events); });
  std::vector<Measurement> measurements;
  const WebhookdUnderTest server(settings.webhookd, Arguments(directory));
  for (const NamedList& named : Lists()) {
    const std::vector<double> times = InChild(-1, [&](std::ostream& out) {
      const auto stub = v1::DeliveryService::NewStub(ChannelTo(server));
      named.list(*stub, "");  // connects, and reads from the disk
      std::string token;
      do {
        out << MillisecondsOf([&] { token = named.list(*stub, token); }) << " ";
      } while (!token.empty());
    });
    double all = 0;
    for (const double time : times) all += time;
    std::cerr << absl::StrFormat("  %s: %.1f ms in %d pages\n", named.name, all, times.size());
    measurements.push_back(Allowed(named.name, Median(times), "ms/page", 250));
  }
  const std::vector<double> ends = InChild(-1, [&](std::ostream& out) {
    const auto stub = v1::DeliveryService::NewStub(ChannelTo(server));
    LookupTimes(*stub, absl::Seconds(1));
    const std::vector<double> alone = LookupTimes(*stub, absl::Seconds(5));
    const BusyReaders readers(server);
    const std::vector<double> beside = LookupTimes(*stub, absl::Seconds(20));
    out << Percentile(alone, 99) << " " << Percentile(beside, 50) << " " << Percentile(beside, 99)
        << " " << Percentile(beside, 100) << " " << SecondsToEnd(server) << " ";
  });
  std::cerr << absl::StrFormat("  a delivery: p99 %.2f ms; beside lists p50 %.2f, most %.1f ms\n",
                               ends[0], ends[1], ends[3]);
  measurements.push_back(Allowed("lookup_beside_lists_p99", ends[2], "ms", 100));
  measurements.push_back(Allowed("stop_beside_lists", ends[4], "s", 1));
  return measurements;
}

}  // namespace webhookd
