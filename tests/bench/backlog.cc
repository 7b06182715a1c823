// What many deliveries at once cost: one event for 10,000 webhooks, and a million that wait.

#include <grpcpp/grpcpp.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/clock.h"
#include "base/random.h"
#include "storage/sqlite/sqlite_store.h"
#include "tests/bench/cases.h"
#include "tests/bench/child.h"
#include "tests/bench/epoll_receiver.h"
#include "tests/bench/event_load.h"
#include "tests/bench/wrk.h"
#include "tests/testing/blocking_store.h"
#include "tests/testing/manual_executor.h"

namespace webhookd {
namespace {

constexpr absl::Duration kPatience = absl::Minutes(2);

// Webhooks of workspace 1 that take completed experiments, all at one URL.
void AddWebhooks(const std::string& database, const std::string& url, int count) {
  ManualExecutor writer;
  auto store =
      SqliteStore::Create({.path = database, .writer = writer, .clock = RealClock()}).value();
  for (int i = 0; i < count; ++i) {
    WebhookRecord webhook = {.name = absl::StrCat("bench ", i),
                             .url = url,
                             .workspace_id = 1,
                             .max_in_flight = 64,
                             .created_at = absl::Now()};
    webhook.triggers = {{.condition_json = R"({"state":"COMPLETED"})"}};
    store->CreateWebhook(std::move(webhook), std::nullopt,
                         [](const absl::StatusOr<WebhookChange>& change) {
                           if (!change.ok()) std::abort();
                         });
    if (i % 1'000 == 999) writer.RunAll();
  }
  writer.RunAll();
  store->Stop();
}

// Events with one delivery each, accepted and not claimed.
void AddBacklog(const std::string& database, const std::string& url, int64_t count) {
  AddWebhooks(database, url, 1);
  ManualExecutor writer;
  auto store =
      SqliteStore::Create({.path = database, .writer = writer, .clock = RealClock()}).value();
  const WebhookSet webhooks = store->LoadWebhooks().value();
  const WebhookRecord& webhook = webhooks.webhooks.at(0);
  const auto body = std::make_shared<const std::string>(330, 'x');
  for (int64_t i = 0; i < count; ++i) {
    const absl::Time now = absl::Now();
    AcceptEvent(*store,
                {.idempotency_key = TimeOrderedUuid(now, SecureRandom()),
                 .event_id = TimeOrderedUuid(now, SecureRandom()),
                 .event_type = "EXPERIMENT_STATE_CHANGE",
                 .experiment_id = 41,
                 .occurred_at = now,
                 .accepted_at = now,
                 .bodies = {body},
                 .deliveries = {{.webhook_id = webhook.id, .trigger_id = webhook.triggers[0].id}}},
                [](const absl::StatusOr<AcceptedEvent>& accepted) {
                  if (!accepted.ok()) std::abort();
                });
    if (i % 1'000 == 999) writer.RunAll();
  }
  writer.RunAll();
  store->Stop();
}

int64_t DatabaseBytes(const std::string& database) {
  return static_cast<int64_t>(std::filesystem::file_size(database));
}

}  // namespace

std::vector<Measurement> FanOut(const Settings& settings) {
  constexpr int kWebhooks = 10'000;
  const TempDir directory;
  const std::string database = directory / "webhookd.db";
  const EpollReceiver receiver;
  AddWebhooks(database, receiver.url(), kWebhooks);
  const int64_t bytes_before = DatabaseBytes(database);
  const int64_t events = std::max<int64_t>(settings.Events(1'000) / 200, 2);
  std::vector<double> rates;
  {
    const WebhookdUnderTest server(settings.webhookd, Arguments(directory));
    rates = InChild(-1, [&](std::ostream& out) {
      const auto channel = ChannelTo(server);
      for (int64_t i = 0; i < events; ++i) {
        const int64_t received = receiver.count();
        const absl::Duration start = RealClock().Steady();
        OneReport(channel, i + 1);
        if (!receiver.WaitForCount(received + kWebhooks, kPatience)) {
          GiveUp("not all deliveries of one event were received");
        }
        out << kWebhooks / absl::ToDoubleSeconds(RealClock().Steady() - start) << " ";
      }
    });
  }
  // The end of the server merged the log.
  const double bytes = static_cast<double>(DatabaseBytes(database) - bytes_before) /
                       static_cast<double>(events * kWebhooks);
  const double limit = WrkRate(receiver, directory, -1);
  return {{.name = "fan_out_10000",
           .value = Median(rates),
           .unit = "deliveries/s",
           .limit_name = "wrk, POSTs/s",
           .limit_value = limit,
           .ratio = Median(rates) / limit,
           .goal = 0.2},
          {.name = "fan_out_10000_bytes",
           .value = bytes,
           .unit = "bytes/delivery",
           .limit_name = "a body for each, bytes",
           .limit_value = 330,
           .ratio = bytes / 330,
           .goal = 1,
           .less_is_better = true}};
}

std::vector<Measurement> Backlog(const Settings& settings) {
  const TempDir directory;
  const std::string database = directory / "webhookd.db";
  const int64_t waiting = settings.Events(1'000'000);
  auto receiver = std::make_unique<EpollReceiver>();
  InChild(-1, [&](std::ostream&) { AddBacklog(database, receiver->url(), waiting); });

  const absl::Duration start = RealClock().Steady();
  WebhookdUnderTest first(settings.webhookd, Arguments(directory));
  if (!receiver->WaitForCount(1, kPatience)) GiveUp("nothing was received after the start");
  const double startup = absl::ToDoubleSeconds(receiver->arrival(0) - start);
  first.Kill();
  // Nobody listens where it did.
  const int64_t received = receiver->count();
  receiver = nullptr;

  std::vector<double> megabytes;
  const WebhookdUnderTest second(settings.webhookd, Arguments(directory));
  for (int i = 0; i < 60; ++i) {
    usleep(250'000);
    megabytes.push_back(static_cast<double>(ProcessResidentBytes(second.pid())) / 1e6);
  }
  const double most = Percentile(megabytes, 100);
  const double early =
      Percentile(std::vector<double>(megabytes.begin() + 10, megabytes.begin() + 20), 100);
  std::cerr << absl::StrFormat("  %d waiting, %d of them received at the first start\n", waiting,
                               received);
  return {{.name = "memory_1m",
           .value = most,
           .unit = "MB",
           .limit_name = "allowed, MB",
           .limit_value = 200,
           .ratio = most / 200,
           .goal = 1,
           .less_is_better = true},
          {.name = "memory_1m_growth",
           .value = most,
           .unit = "MB",
           .limit_name = "after 5 of 15 seconds, MB",
           .limit_value = early,
           .ratio = most / early,
           .goal = 1.05,
           .less_is_better = true},
          {.name = "startup_1m",
           .value = startup,
           .unit = "s",
           .limit_name = "allowed, s",
           .limit_value = 2,
           .ratio = startup / 2,
           .goal = 1,
           .less_is_better = true}};
}

}  // namespace webhookd
