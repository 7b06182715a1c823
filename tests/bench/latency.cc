// How long one event takes, and how many calls a second, beside what gRPC, the disk and HTTP alone
// take.

#include <arpa/inet.h>
#include <fcntl.h>
#include <grpcpp/grpcpp.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <iostream>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/clock.h"
#include "tests/bench/cases.h"
#include "tests/bench/child.h"
#include "tests/bench/epoll_receiver.h"
#include "tests/bench/event_load.h"

namespace webhookd {
namespace {

constexpr absl::Duration kPatience = absl::Minutes(2);
constexpr absl::Duration kInterval = absl::Milliseconds(20);  // of reports
constexpr int64_t kWarmUp = 50;
constexpr int kCallers = 64;

// A file to which each write is on the disk before it returns, as to the log of a database.
class SyncedFile {
 public:
  explicit SyncedFile(const TempDir& directory)
      : file_(open((directory / "sync").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600)) {}
  SyncedFile(const SyncedFile&) = delete;
  SyncedFile& operator=(const SyncedFile&) = delete;
  ~SyncedFile() { close(file_); }

  void Append() {
    if (write(file_, page_.data(), page_.size()) < 0 || fdatasync(file_) != 0) {
      GiveUp("a file cannot be written");
    }
  }

 private:
  const int file_;
  const std::string page_ = std::string(4096 + 24, 'x');  // a page and its frame's header
};

// A connection to the receiver that stays open, and one POST after another over it.
class Poster {
 public:
  explicit Poster(int port) : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
      GiveUp("cannot connect to the receiver");
    }
  }
  Poster(const Poster&) = delete;
  Poster& operator=(const Poster&) = delete;
  ~Poster() { close(socket_); }

  void Post() {
    char answer[1024];
    if (write(socket_, request_.data(), request_.size()) < 0 ||
        read(socket_, answer, sizeof(answer)) <= 0) {
      GiveUp("the receiver is gone");
    }
  }

 private:
  const int socket_;
  const std::string request_ = absl::StrCat(
      "POST / HTTP/1.1\r\nHost: receiver\r\nContent-Length: 330\r\n\r\n", std::string(330, 'x'));
};

// Runs `work` at its time; gives how long it took, in milliseconds.
template <typename Work>
double Paced(absl::Duration& next, Work work) {
  const absl::Duration wait = next - RealClock().Steady();
  if (wait > absl::ZeroDuration()) std::this_thread::sleep_for(absl::ToChronoNanoseconds(wait));
  next += kInterval / 4;
  const absl::Duration start = RealClock().Steady();
  work();
  return absl::ToDoubleMilliseconds(RealClock().Steady() - start);
}

}  // namespace

std::vector<Measurement> Latency(const Settings& settings) {
  const TempDir directory;
  const EpollReceiver receiver;
  const WebhookdUnderTest server(settings.webhookd, Arguments(directory));
  const int64_t events = settings.Events(1'000);
  // A quarter of each: reports until they are received, empty calls, syncs, POSTs. They take turns,
  // so that all are measured on the same machine, after the same silence.
  const std::vector<double> numbers = InChild(-1, [&](std::ostream& out) {
    const auto channel = ChannelTo(server);
    CreateWebhook(channel, receiver.url(), 1);
    SyncedFile file(directory);
    Poster poster(receiver.port());
    absl::Duration next = RealClock().Steady();
    std::vector<double> times[4];
    for (int64_t i = -kWarmUp; i < events; ++i) {
      const int64_t received = receiver.count();
      absl::Duration start;
      double taken[4];
      Paced(next, [&] {
        start = RealClock().Steady();
        OneReport(channel, i + kWarmUp + 1);
      });
      taken[1] = Paced(next, [&] { EmptyCall(channel); });
      taken[2] = Paced(next, [&] { file.Append(); });
      if (!receiver.WaitForCount(received + 1, kPatience)) GiveUp("a report was not delivered");
      taken[0] = absl::ToDoubleMilliseconds(receiver.arrival(received) - start);
      taken[3] = Paced(next, [&] { poster.Post(); });
      if (i < 0) continue;
      for (int kind = 0; kind < 4; ++kind) times[kind].push_back(taken[kind]);
    }
    for (const std::vector<double>& kind : times) {
      for (const double time : kind) out << time << " ";
    }
  });
  const auto part = [&](int64_t kind) {
    const auto begin = numbers.begin() + kind * events;
    return std::vector<double>(begin, begin + events);
  };
  std::vector<Measurement> measurements;
  for (const auto& [name, percent, goal] :
       {std::tuple("latency_p50", 50.0, 2.0), std::tuple("latency_p99", 99.0, 4.0),
        std::tuple("latency_p999", 99.9, 8.0)}) {
    const double call = Percentile(part(1), percent);
    const double sync = Percentile(part(2), percent);
    const double post = Percentile(part(3), percent);
    const double limit = call + sync + post;
    const double value = Percentile(part(0), percent);
    std::cerr << absl::StrFormat("  %s: call %.0f, fdatasync %.0f, POST %.0f µs\n", name,
                                 call * 1000, sync * 1000, post * 1000);
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
  const int64_t calls = settings.Events(20'000);
  const std::vector<double> numbers = InChild(-1, [&](std::ostream& out) {
    const auto channel = ChannelTo(server);
    const auto rate = [&](auto call) {
      const absl::Duration start = RealClock().Steady();
      call(channel, calls, kCallers);
      return static_cast<double>(calls) / absl::ToDoubleSeconds(RealClock().Steady() - start);
    };
    for (int i = 0; i < settings.rounds; ++i) {
      out << rate(EmptyCalls) << " ";
      out << rate(UnaryReports) << " ";
    }
  });
  std::vector<double> limits;
  std::vector<double> rates;
  std::vector<double> ratios;
  for (size_t i = 0; i < numbers.size(); i += 2) {
    limits.push_back(numbers[i]);
    rates.push_back(numbers[i + 1]);
    ratios.push_back(rates.back() / limits.back());
  }
  std::cerr << absl::StrFormat("  ratios %.3f to %.3f\n", Percentile(ratios, 0),
                               Percentile(ratios, 100));
  return {{.name = "unary",
           .value = Median(rates),
           .unit = "reports/s",
           .limit_name = "empty gRPC calls/s",
           .limit_value = Median(limits),
           .ratio = Median(ratios),
           .goal = 0.5}};
}

}  // namespace webhookd
