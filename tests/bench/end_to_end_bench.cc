// What webhookd does as a whole, each figure beside its limit in the same run: the real program, a
// gRPC caller, and the least that can receive. Prints a table and writes JSON.
//
//   end_to_end_bench --webhookd build/release/bin/webhookd [--json build/bench.json] [--only NAME]
//   [--scale 1.0] [--rounds 7]

#include <grpcpp/grpcpp.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <functional>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/bench/cases.h"
#include "tests/bench/measurement.h"
#include "tests/bench/protojson_bench.h"
#include "tests/bench/trigger_bench.h"

namespace webhookd {

std::vector<std::string> Arguments(const TempDir& directory) {
  return {absl::StrCat("--storage-path=", directory / "webhookd.db"), "--egress-allow=127.0.0.0/8",
          "--security-authn-type=none", "--log-level=warning"};
}

std::shared_ptr<grpc::Channel> ChannelTo(const WebhookdUnderTest& server) {
  return grpc::CreateChannel(server.address(), grpc::InsecureChannelCredentials());
}

namespace {

struct Case {
  std::string name;
  std::function<std::vector<Measurement>(const Settings&)> measure;
};

const std::vector<Case>& Cases() {
  static const auto& cases = *new std::vector<Case>{
      {"end_to_end", EndToEnd},
      {"end_to_end_pinned", EndToEndPinned},
      {"latency", Latency},
      {"unary", Unary},
      {"webhooks_10", [](const Settings& settings) { return ManyWebhooks(settings, 10); }},
      {"webhooks_1000", [](const Settings& settings) { return ManyWebhooks(settings, 1'000); }},
      {"webhooks_10000", [](const Settings& settings) { return ManyWebhooks(settings, 10'000); }},
      {"fan_out_10000", FanOut},
      {"patch_storm", PatchStorm},
      {"stages", Stages},
      {"backlog_1m", Backlog},
      {"reads_2m", Reads},
      {"rest_get_webhooks", RestGetWebhooks},
      {"rest_report", RestReport},
      {"protojson", [](const Settings&) { return MeasureProtoJson(); }},
      {"scan", [](const Settings&) { return LogScanning(); }},
      {"match", [](const Settings&) { return MatchingAmongMany(); }},
  };
  return cases;
}

int Run(const Settings& settings, const std::string& only, const std::string& json) {
  std::vector<Measurement> measurements;
  for (const Case& item : Cases()) {
    if (!only.empty() && only != item.name) continue;
    std::cerr << "measuring " << item.name << std::endl;
    for (Measurement& measurement : item.measure(settings)) {
      measurements.push_back(std::move(measurement));
    }
  }
  if (measurements.empty()) {
    std::cerr << "there is no measurement " << only << "; there are:";
    for (const Case& item : Cases()) std::cerr << " " << item.name;
    std::cerr << "\n";
    return 1;
  }
  std::cout << MeasurementTable(measurements);
  if (!json.empty()) std::ofstream(json) << MeasurementJson(measurements);
  return 0;
}

}  // namespace
}  // namespace webhookd

int main(int argc, char** argv) {
  webhookd::Settings settings;
  std::string only;
  std::string json;
  CLI::App app("Measures webhookd as a whole, beside what limits it.");
  app.add_option("--webhookd", settings.webhookd, "The program to measure")->required();
  app.add_option("--json", json, "File for the figures");
  app.add_option("--only", only, "One measurement, such as end_to_end");
  app.add_option("--scale", settings.scale, "Part of the usual number of events");
  app.add_option("--rounds", settings.rounds, "Rounds of each ratio, of which the median counts");
  app.add_option("--together", settings.together, "Reports in one message of a stream, at most")
      ->check(CLI::Range(1, 128));
  CLI11_PARSE(app, argc, argv);
  return webhookd::Run(settings, only, json);
}
