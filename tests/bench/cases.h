#ifndef WEBHOOKD_TESTS_BENCH_CASES_H_
#define WEBHOOKD_TESTS_BENCH_CASES_H_

#include <grpcpp/channel.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tests/bench/measurement.h"
#include "tests/bench/process.h"
#include "tests/testing/temp_dir.h"

namespace webhookd {

// How to measure.
struct Settings {
  std::string webhookd;  // the program
  double scale = 1;      // of the number of events
  int rounds = 7;        // of ratios, whose median counts
  int together = 64;     // reports in one message of a stream, at most

  int64_t Events(int64_t full) const {
    return std::max<int64_t>(static_cast<int64_t>(static_cast<double>(full) * scale), 100);
  }
};

// What the measured program is started with: a database in `directory`, and as much log as in
// production on "warning".
std::vector<std::string> Arguments(const TempDir& directory);

std::shared_ptr<grpc::Channel> ChannelTo(const WebhookdUnderTest& server);

// Each measures one thing beside what limits it; see docs/performance.md.
std::vector<Measurement> EndToEnd(const Settings& settings);
std::vector<Measurement> EndToEndPinned(const Settings& settings);
// One of `webhooks` matches.
std::vector<Measurement> ManyWebhooks(const Settings& settings, int webhooks);
std::vector<Measurement> Stages(const Settings& settings);
std::vector<Measurement> Latency(const Settings& settings);
std::vector<Measurement> Unary(const Settings& settings);
std::vector<Measurement> FanOut(const Settings& settings);
// Reports while webhooks are patched without a pause.
std::vector<Measurement> PatchStorm(const Settings& settings);
// Requests over REST, beside a bare server and beside gRPC.
std::vector<Measurement> RestGetWebhooks(const Settings& settings);
std::vector<Measurement> RestReport(const Settings& settings);
// A million deliveries that wait: memory and start.
std::vector<Measurement> Backlog(const Settings& settings);
// Reading among two million events.
std::vector<Measurement> Reads(const Settings& settings);

}  // namespace webhookd

#endif  // WEBHOOKD_TESTS_BENCH_CASES_H_
