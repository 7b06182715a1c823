// How many events a second go the whole way, beside what the receiver alone takes.

#include <grpcpp/grpcpp.h>

#include <iostream>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/clock.h"
#include "tests/bench/cases.h"
#include "tests/bench/child.h"
#include "tests/bench/epoll_receiver.h"
#include "tests/bench/event_load.h"
#include "tests/bench/stage_costs.h"
#include "tests/bench/wrk.h"

namespace webhookd {
namespace {

constexpr absl::Duration kPatience = absl::Minutes(2);
constexpr int kWindow = 4096;

// CPU time of everybody, microseconds for each event.
struct Cost {
  std::map<std::string, double> threads;  // of webhookd, by name
  double webhookd = 0;
  double receiver = 0;
  double caller = 0;
};

struct Round {
  double rate = 0;  // events per second
  Cost cost;
};

// webhookd and a receiver, ready for events.
class Course {
 public:
  // `others`: webhooks that do not match.
  Course(const Settings& settings, int others, int server_cpu = -1, int other_cpu = -1)
      : together_(settings.together),
        caller_cpu_(other_cpu),
        receiver_(other_cpu),
        server_(settings.webhookd, Arguments(directory_), server_cpu) {
    InChild(caller_cpu_, [&](std::ostream&) {
      const auto channel = ChannelTo(server_);
      CreateWebhook(channel, receiver_.url(), 1);
      for (int i = 0; i < others; ++i) CreateWebhook(channel, receiver_.url(), 100 + i);
    });
    Run(settings.Events(2'000));  // opens connections
  }

  double WrkRate() const { return webhookd::WrkRate(receiver_, directory_, caller_cpu_); }

  // Streams reports in until all are received.
  Round Run(int64_t events) {
    const Cost before = Used();
    const double seconds = InChild(caller_cpu_, [&](std::ostream& out) {
      const auto channel = ChannelTo(server_);
      const int64_t received = receiver_.count();
      const absl::Duration start = RealClock().Steady();
      StreamReports(channel, events, kWindow, together_);
      if (!receiver_.WaitForCount(received + events, kPatience)) {
        GiveUp(absl::StrCat("of ", events, " events only ", receiver_.count() - received,
                            " were received"));
      }
      out << absl::ToDoubleSeconds(RealClock().Steady() - start);
    })[0];
    const Cost after = Used();
    const auto each = [events](double from, double to) {
      return (to - from) / static_cast<double>(events);
    };
    Round round = {.rate = static_cast<double>(events) / seconds};
    for (const auto& [name, used] : after.threads) {
      const auto first = before.threads.find(name);
      round.cost.threads[name] = each(first == before.threads.end() ? 0 : first->second, used);
    }
    round.cost.webhookd = each(before.webhookd, after.webhookd);
    round.cost.receiver = each(before.receiver, after.receiver);
    round.cost.caller = each(before.caller, after.caller);
    return round;
  }

 private:
  // Microseconds since the start.
  Cost Used() const {
    Cost cost;
    for (const auto& [name, time] : ThreadCpuTimes(server_.pid())) {
      cost.threads[name] = absl::ToDoubleMicroseconds(time);
      cost.webhookd += cost.threads[name];
    }
    cost.receiver = absl::ToDoubleMicroseconds(receiver_.CpuTime());
    cost.caller = absl::ToDoubleMicroseconds(ChildrenCpuTime());
    return cost;
  }

  const TempDir directory_;
  const int together_;
  const int caller_cpu_;
  EpollReceiver receiver_;
  WebhookdUnderTest server_;
};

std::vector<Measurement> BesideWrk(const Settings& settings, const std::string& name,
                                   int server_cpu, int other_cpu) {
  Course course(settings, 0, server_cpu, other_cpu);
  std::vector<double> limits;
  std::vector<double> rates;
  std::vector<double> ratios;
  std::vector<double> costs[3];
  for (int i = 0; i < settings.rounds; ++i) {
    limits.push_back(course.WrkRate());
    const Round round = course.Run(settings.Events(30'000));
    rates.push_back(round.rate);
    ratios.push_back(round.rate / limits.back());
    costs[0].push_back(round.cost.webhookd);
    costs[1].push_back(round.cost.receiver);
    costs[2].push_back(round.cost.caller);
  }
  std::cerr << absl::StrFormat(
      "  ratios %.3f to %.3f; CPU µs an event: webhookd %.1f, receiver %.1f, caller %.1f\n",
      Percentile(ratios, 0), Percentile(ratios, 100), Median(costs[0]), Median(costs[1]),
      Median(costs[2]));
  return {{.name = name,
           .value = Median(rates),
           .unit = "events/s",
           .limit_name = "wrk, POSTs/s",
           .limit_value = Median(limits),
           .ratio = Median(ratios),
           .goal = 0.2}};
}

}  // namespace

std::vector<Measurement> EndToEnd(const Settings& settings) {
  return BesideWrk(settings, "end_to_end", -1, -1);
}

std::vector<Measurement> EndToEndPinned(const Settings& settings) {
  return BesideWrk(settings, "end_to_end_pinned", 0, 1);
}

std::vector<Measurement> ManyWebhooks(const Settings& settings, int webhooks) {
  Course alone(settings, 0);
  Course many(settings, webhooks - 1);
  std::vector<double> limits;
  std::vector<double> rates;
  std::vector<double> ratios;
  for (int i = 0; i < settings.rounds; ++i) {
    limits.push_back(alone.Run(settings.Events(20'000)).rate);
    rates.push_back(many.Run(settings.Events(20'000)).rate);
    ratios.push_back(rates.back() / limits.back());
  }
  return {{.name = absl::StrCat("webhooks_", webhooks),
           .value = Median(rates),
           .unit = "events/s",
           .limit_name = "with one webhook, events/s",
           .limit_value = Median(limits),
           .ratio = Median(ratios),
           .goal = 0.9}};
}

std::vector<Measurement> Stages(const Settings& settings) {
  Course course(settings, 0);
  std::map<std::string, std::vector<double>> threads;
  std::vector<double> totals;
  for (int i = 0; i < settings.rounds; ++i) {
    const Cost cost = course.Run(settings.Events(30'000)).cost;
    for (const auto& [name, used] : cost.threads) threads[name].push_back(used);
    totals.push_back(cost.webhookd);
  }
  const double total = Median(totals);
  const double shard = Median(threads["shard"]);
  const double writer = Median(threads["writer"]) + Median(threads["callbacks"]);
  const StageCosts alone = MeasureStages();
  std::vector<Measurement> measurements;
  const auto add = [&](const std::string& name, double microseconds) {
    measurements.push_back({.name = absl::StrCat("stage_", name),
                            .value = microseconds,
                            .unit = "CPU µs/event",
                            .limit_name = "all of webhookd, CPU µs/event",
                            .limit_value = total,
                            .ratio = microseconds / total,
                            .goal = 1,
                            .less_is_better = true});
  };
  // What runs on gRPC's threads and is not measured alone is taking and answering reports; on the
  // shard's, sending; on the writer's, the rest.
  add("accept", total - shard - writer - alone.match - alone.render + alone.accept);
  add("match", alone.match);
  add("render", alone.render);
  add("commit", alone.commit);
  add("sign", alone.sign);
  add("send", shard - alone.sign);
  add("finish", alone.finish);
  add("other", writer - alone.accept - alone.commit - alone.finish);
  return measurements;
}

}  // namespace webhookd
