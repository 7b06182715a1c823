// REST beside the least that an HTTP server does, and beside the same call over gRPC.

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "tests/bench/bare_beast_server.h"
#include "tests/bench/cases.h"
#include "tests/bench/child.h"
#include "tests/bench/event_load.h"
#include "tests/bench/measurement.h"
#include "tests/bench/process.h"
#include "tests/bench/wrk.h"
#include "tests/testing/rest_client.h"
#include "tests/testing/temp_dir.h"

namespace webhookd {
namespace {

constexpr int kWebhooks = 10;
constexpr int kCallers = 64;  // over gRPC, as many as wrk has connections

// For experiments that nobody reports, so that a report is stored and nothing is sent.
std::string WebhookJson(int number) {
  return absl::StrCat(R"({"name":"bench )", number,
                      R"(","url":"http://127.0.0.1:9/","webhookType":"WEBHOOK_TYPE_DEFAULT",)"
                      R"("workspaceId":77,"triggers":[{"triggerType":)"
                      R"("TRIGGER_TYPE_EXPERIMENT_STATE_CHANGE","condition":{"state":"ERROR"}}]})");
}

constexpr char kReport[] =
    R"({"experiment":{"id":7,"state":"STATE_COMPLETED","name":"mnist","workspaceId":3,)"
    R"("workspaceName":"vision","projectName":"digits","slotsPerTrial":2,"resourcePool":"gpu",)"
    R"("startTime":"2026-01-01T00:00:00Z","endTime":"2026-01-01T01:00:00Z"}})";

double MedianOf(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

using GrpcCalls = void (*)(const std::shared_ptr<grpc::Channel>&, int64_t count, int callers);

// Calls a second over gRPC.
double GrpcRate(const WebhookdUnderTest& server, GrpcCalls calls, int64_t count) {
  return InChild(-1, [&](std::ostream& out) {
    const auto channel = ChannelTo(server);
    const absl::Duration start = RealClock().Steady();
    calls(channel, count, kCallers);
    out << static_cast<double>(count) / absl::ToDoubleSeconds(RealClock().Steady() - start);
  })[0];
}

// One call over REST, beside a server that gives the same `answer` to anything, and beside gRPC.
std::vector<Measurement> Measure(const Settings& settings, const std::string& name,
                                 const std::string& path, const std::string& script_text,
                                 const std::string& answer, GrpcCalls grpc_calls,
                                 const WebhookdUnderTest& server, const TempDir& directory) {
  const std::string script = directory / "request.lua";
  std::ofstream(script) << script_text;
  const BareBeastServer bare(answer);
  std::vector<double> rates;
  std::vector<double> bare_rates;
  std::vector<double> grpc_rates;
  std::vector<double> to_bare;
  std::vector<double> to_grpc;
  for (int i = 0; i < settings.rounds; ++i) {
    bare_rates.push_back(WrkRate(absl::StrCat("http://127.0.0.1:", bare.port(), path), script));
    rates.push_back(WrkRate(absl::StrCat("http://", server.address(), path), script));
    grpc_rates.push_back(GrpcRate(server, grpc_calls, settings.Events(10'000)));
    to_bare.push_back(rates.back() / bare_rates.back());
    to_grpc.push_back(rates.back() / grpc_rates.back());
  }
  return {{.name = name,
           .value = MedianOf(rates),
           .unit = "requests/s",
           .limit_name = "bare Beast, requests/s",
           .limit_value = MedianOf(bare_rates),
           .ratio = MedianOf(to_bare),
           .goal = 0.4},
          {.name = name + "_vs_grpc",
           .value = MedianOf(rates),
           .unit = "requests/s",
           .limit_name = "unary gRPC calls/s",
           .limit_value = MedianOf(grpc_rates),
           .ratio = MedianOf(to_grpc),
           .goal = 1}};
}

}  // namespace

std::vector<Measurement> RestGetWebhooks(const Settings& settings) {
  const TempDir directory;
  const WebhookdUnderTest server(settings.webhookd, Arguments(directory));
  RestClient client(server.address());
  for (int i = 0; i < kWebhooks; ++i) {
    const RestAnswer made = client.Post("/api/v1/webhooks", WebhookJson(i));
    if (made.status != 200) GiveUp("a webhook could not be created: " + made.body);
  }
  const std::string answer = client.Get("/api/v1/webhooks").body;
  return Measure(settings, "rest_get_webhooks", "/api/v1/webhooks", "wrk.method = 'GET'\n", answer,
                 ListWebhooks, server, directory);
}

std::vector<Measurement> RestReport(const Settings& settings) {
  const TempDir directory;
  const WebhookdUnderTest server(settings.webhookd, Arguments(directory));
  const std::string path = "/api/v1/events/experiment-state";
  RestClient client(server.address());
  const std::string answer = client.Post(path, kReport).body;
  const std::string script =
      absl::StrCat("wrk.method = 'POST'\nwrk.headers['Content-Type'] = 'application/json'\n",
                   "wrk.body = '", kReport, "'\n");
  return Measure(settings, "rest_report", path, script, answer, UnaryReports, server, directory);
}

}  // namespace webhookd
