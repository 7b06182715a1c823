// What webhookd does as a whole, each figure beside its limit in the same run: the real program, a
// gRPC caller, and the least that can receive. Prints a table and writes JSON.
//
//   end_to_end_bench --webhookd build/release/bin/webhookd [--json build/bench.json] [--only NAME]
//   [--scale 1.0]

#include <grpcpp/grpcpp.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "tests/bench/epoll_receiver.h"
#include "tests/bench/event_load.h"
#include "tests/bench/measurement.h"
#include "tests/bench/process.h"
#include "tests/testing/temp_dir.h"

namespace webhookd {
namespace {

constexpr absl::Duration kPatience = absl::Minutes(2);
constexpr int kWindow = 4096;

struct Settings {
  std::string webhookd;
  std::string json;
  std::string only;
  double scale = 1;  // of the number of events

  int64_t Events(int64_t full) const {
    return std::max<int64_t>(static_cast<int64_t>(static_cast<double>(full) * scale), 100);
  }
};

// What the measured program is started with: a database in a new folder, and as much log as in
// production on "warning".
std::vector<std::string> Arguments(const TempDir& directory) {
  return {absl::StrCat("--storage-path=", directory / "webhookd.db"), "--egress-allow=127.0.0.0/8",
          "--log-level=warning"};
}

std::shared_ptr<grpc::Channel> ChannelTo(const WebhookdUnderTest& server) {
  return grpc::CreateChannel(server.address(), grpc::InsecureChannelCredentials());
}

// Runs `work` in a child: gRPC's threads do not survive a fork, and each measurement forks its
// programs anew. `work` prints numbers.
std::vector<double> InChild(int cpu, const std::function<void(std::ostream&)>& work) {
  int ends[2];
  if (pipe(ends) != 0) std::abort();
  const pid_t pid = fork();
  if (pid == 0) {
    PinToCpu(cpu);
    std::ostringstream out;
    work(out);
    const std::string text = out.str();
    if (write(ends[1], text.data(), text.size()) < 0) _exit(1);
    _exit(0);
  }
  close(ends[1]);
  std::string text;
  char buffer[4096];
  for (ssize_t got; (got = read(ends[0], buffer, sizeof(buffer))) > 0;) {
    text.append(buffer, static_cast<size_t>(got));
  }
  close(ends[0]);
  int status = 0;
  waitpid(pid, &status, 0);
  if (status != 0) {
    std::cerr << "a measurement failed\n";
    std::exit(1);
  }
  std::istringstream in(text);
  std::vector<double> numbers;
  for (double number; in >> number;) numbers.push_back(number);
  return numbers;
}

// Requests per second that wrk reaches against the receiver, with a body like that of a real event.
double WrkRate(const EpollReceiver& receiver, const TempDir& directory) {
  const std::string script = directory / "post.lua";
  std::ofstream(script) << "wrk.method = 'POST'\nwrk.body = string.rep('x', 330)\n"
                           "wrk.headers['Content-Type'] = 'application/json; charset=UTF-8'\n"
                           "wrk.headers['X-Determined-AI-Signature-Timestamp'] = '1666890081'\n"
                           "wrk.headers['X-Determined-AI-Signature'] = string.rep('0', 64)\n"
                           "wrk.headers['webhook-id'] = string.rep('0', 36)\n"
                           "wrk.headers['webhook-timestamp'] = '1666890081'\n"
                           "wrk.headers['webhook-signature'] = string.rep('0', 47)\n";
  const std::string output =
      CommandOutput({"wrk", "-t1", "-c64", "-d2s", "-s", script, receiver.url()});
  const size_t line = output.find("Requests/sec:");
  if (line == std::string::npos) {
    std::cerr << "wrk cannot be run; it is Debian's package wrk\n";
    std::exit(1);
  }
  return std::atof(output.c_str() + line + 13);
}

// Reports streamed in until all are received; events per second. `others`: webhooks that do not
// match.
double StreamRate(const Settings& settings, EpollReceiver& receiver, int64_t events, int others,
                  int server_cpu, int caller_cpu) {
  const TempDir directory;
  const WebhookdUnderTest server(settings.webhookd, Arguments(directory), server_cpu);
  return InChild(caller_cpu, [&](std::ostream& out) {
    const auto channel = ChannelTo(server);
    CreateWebhook(channel, receiver.url(), 1);
    for (int i = 0; i < others; ++i) CreateWebhook(channel, receiver.url(), 100 + i);
    const int64_t before = receiver.count();
    const absl::Duration start = RealClock().Steady();
    StreamReports(channel, events, kWindow);
    if (!receiver.WaitForCount(before + events, kPatience)) std::abort();
    out << static_cast<double>(events) / absl::ToDoubleSeconds(RealClock().Steady() - start);
  })[0];
}

std::vector<Measurement> EndToEnd(const Settings& settings) {
  const TempDir directory;
  EpollReceiver receiver;
  const double limit = WrkRate(receiver, directory);
  const double rate = StreamRate(settings, receiver, settings.Events(100'000), 0, -1, -1);
  return {{.name = "end_to_end",
           .value = rate,
           .unit = "events/s",
           .limit_name = "wrk, POSTs/s",
           .limit_value = limit,
           .ratio = rate / limit,
           .goal = 0.2}};
}

std::vector<Measurement> EndToEndPinned(const Settings& settings) {
  const TempDir directory;
  EpollReceiver receiver(1);
  const double limit = WrkRate(receiver, directory);
  const double rate = StreamRate(settings, receiver, settings.Events(100'000), 0, 0, 1);
  return {{.name = "end_to_end_pinned",
           .value = rate,
           .unit = "events/s",
           .limit_name = "wrk, POSTs/s",
           .limit_value = limit,
           .ratio = rate / limit,
           .goal = 0.2}};
}

// How much slower (a) is with this many webhooks of which one matches.
std::vector<Measurement> ManyWebhooks(const Settings& settings, const std::string& name,
                                      int webhooks) {
  EpollReceiver receiver;
  const int64_t events = settings.Events(50'000);
  const double alone = StreamRate(settings, receiver, events, 0, -1, -1);
  const double many = StreamRate(settings, receiver, events, webhooks - 1, -1, -1);
  return {{.name = name,
           .value = many,
           .unit = "events/s",
           .limit_name = "with one webhook, events/s",
           .limit_value = alone,
           .ratio = many / alone,
           .goal = 0.9}};
}

double Percentile(std::vector<double> values, double percent) {
  std::sort(values.begin(), values.end());
  const auto index = static_cast<size_t>(percent / 100 * static_cast<double>(values.size()));
  return values[std::min(index, values.size() - 1)];
}

// Appends to a file and waits until it is on the disk, as the log of a database does; milliseconds
// each.
std::vector<double> SyncTimes(const TempDir& directory, int count) {
  const std::string path = directory / "sync";
  FILE* const file = std::fopen(path.c_str(), "w");
  if (file == nullptr) std::abort();
  const std::string page(4096 + 24, 'x');
  std::vector<double> times;
  for (int i = 0; i < count; ++i) {
    const absl::Duration start = RealClock().Steady();
    if (std::fwrite(page.data(), 1, page.size(), file) != page.size()) std::abort();
    std::fflush(file);
    fdatasync(fileno(file));
    times.push_back(absl::ToDoubleMilliseconds(RealClock().Steady() - start));
  }
  std::fclose(file);
  return times;
}

std::vector<Measurement> Latency(const Settings& settings) {
  const TempDir directory;
  EpollReceiver receiver;
  const WebhookdUnderTest server(settings.webhookd, Arguments(directory));
  const int64_t events = settings.Events(500);
  // A third of each: the latency itself, empty gRPC calls, POSTs.
  const std::vector<double> numbers = InChild(-1, [&](std::ostream& out) {
    const auto channel = ChannelTo(server);
    CreateWebhook(channel, receiver.url(), 1);
    PacedReports(channel, 20, absl::Milliseconds(20));
    if (!receiver.WaitForCount(20, kPatience)) std::abort();
    const std::vector<absl::Duration> starts =
        PacedReports(channel, events, absl::Milliseconds(20));
    if (!receiver.WaitForCount(20 + events, kPatience)) std::abort();
    for (int64_t i = 0; i < events; ++i) {
      out << absl::ToDoubleMilliseconds(receiver.arrival(20 + i) - starts[i]) << " ";
    }
    for (int64_t i = 0; i < events; ++i) {
      const absl::Duration start = RealClock().Steady();
      EmptyCalls(channel, 1, 1);
      out << absl::ToDoubleMilliseconds(RealClock().Steady() - start) << " ";
    }
  });
  const auto middle = numbers.begin() + events;
  const std::vector<double> latencies(numbers.begin(), middle);
  const std::vector<double> calls(middle, numbers.end());
  const std::vector<double> syncs = SyncTimes(directory, static_cast<int>(events));
  // curl prints the time of each of the requests that it makes over one connection.
  std::vector<std::string> curl = {"curl", "-s",        "-w", "%{time_total}\n",
                                   "-o",   "/dev/null", "-d", std::string(330, 'x')};
  for (int i = 0; i < 100; ++i) curl.push_back(receiver.url());
  std::istringstream times(CommandOutput(curl));
  std::vector<double> posts;
  for (double seconds; times >> seconds;) posts.push_back(seconds * 1000);
  std::vector<Measurement> measurements;
  for (const auto& [name, percent, goal] :
       {std::tuple("latency_p50", 50.0, 2.0), std::tuple("latency_p99", 99.0, 4.0),
        std::tuple("latency_p999", 99.9, 8.0)}) {
    const double limit =
        Percentile(calls, percent) + Percentile(syncs, percent) + Percentile(posts, percent);
    const double value = Percentile(latencies, percent);
    measurements.push_back({.name = name,
                            .value = value * 1000,
                            .unit = "µs",
                            .limit_name = "gRPC call + fdatasync + POST, µs",
                            .limit_value = limit * 1000,
                            .ratio = value / limit,
                            .goal = goal,
                            .less_is_better = true});
  }
  return measurements;
}

std::vector<Measurement> Unary(const Settings& settings) {
  const TempDir directory;
  const WebhookdUnderTest server(settings.webhookd, Arguments(directory));
  const int64_t calls = settings.Events(50'000);
  const std::vector<double> rates = InChild(-1, [&](std::ostream& out) {
    const auto channel = ChannelTo(server);
    const auto rate = [&](auto call) {
      const absl::Duration start = RealClock().Steady();
      call(channel, calls, 64);
      return static_cast<double>(calls) / absl::ToDoubleSeconds(RealClock().Steady() - start);
    };
    out << rate(EmptyCalls) << " ";
    out << rate(UnaryReports);
  });
  return {{.name = "unary",
           .value = rates[1],
           .unit = "reports/s",
           .limit_name = "empty gRPC calls/s",
           .limit_value = rates[0],
           .ratio = rates[1] / rates[0],
           .goal = 0.5}};
}

int Run(const Settings& settings) {
  using Case = std::function<std::vector<Measurement>(const Settings&)>;
  const std::vector<std::pair<std::string, Case>> cases = {
      {"end_to_end", EndToEnd},
      {"end_to_end_pinned", EndToEndPinned},
      {"latency", Latency},
      {"unary", Unary},
      {"webhooks_10", [](const Settings& s) { return ManyWebhooks(s, "webhooks_10", 10); }},
      {"webhooks_1000", [](const Settings& s) { return ManyWebhooks(s, "webhooks_1000", 1'000); }},
      {"webhooks_10000",
       [](const Settings& s) { return ManyWebhooks(s, "webhooks_10000", 10'000); }},
  };
  std::vector<Measurement> measurements;
  for (const auto& [name, measure] : cases) {
    if (!settings.only.empty() && settings.only != name) continue;
    std::cerr << "measuring " << name << std::endl;
    for (Measurement& measurement : measure(settings)) {
      measurements.push_back(std::move(measurement));
    }
  }
  std::cout << MeasurementTable(measurements);
  if (!settings.json.empty()) std::ofstream(settings.json) << MeasurementJson(measurements);
  return measurements.empty() ? 1 : 0;
}

}  // namespace
}  // namespace webhookd

int main(int argc, char** argv) {
  webhookd::Settings settings;
  CLI::App app("Measures webhookd as a whole, beside what limits it.");
  app.add_option("--webhookd", settings.webhookd, "The program to measure")->required();
  app.add_option("--json", settings.json, "File for the figures");
  app.add_option("--only", settings.only, "One measurement, such as end_to_end");
  app.add_option("--scale", settings.scale, "Part of the usual number of events");
  CLI11_PARSE(app, argc, argv);
  return webhookd::Run(settings);
}
