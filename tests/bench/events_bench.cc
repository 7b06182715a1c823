#include <benchmark/benchmark.h>

#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/events/pattern_budget.h"
#include "server/events/payload.h"
#include "server/events/slack_payload.h"
#include "server/events/trigger_matcher.h"
#include "storage/webhook_catalog.h"
#include "webhookd/v1/ingest.pb.h"

namespace webhookd {
namespace {

v1::Experiment CompletedExperiment() {
  v1::Experiment experiment;
  experiment.set_id(41);
  experiment.set_state(determined::experiment::v1::STATE_COMPLETED);
  experiment.set_name("cifar10_pytorch_const");
  experiment.mutable_start_time()->set_seconds(1'665'689'950);
  experiment.mutable_end_time()->set_seconds(1'665'689'991);
  experiment.set_slots_per_trial(2);
  experiment.set_resource_pool("default");
  experiment.set_workspace_id(1);
  experiment.set_workspace_name("test workspace");
  experiment.set_project_name("test project");
  return experiment;
}

const EventHeader kEvent = {.event_id = "4cd26e62-60c6-4a8b-8d03-7629091a4ef5",
                            .occurred_at = absl::FromUnixSeconds(1'665'689'991)};

void RenderDefault(benchmark::State& state) {
  const v1::Experiment experiment = CompletedExperiment();
  for (auto _ : state) benchmark::DoNotOptimize(RenderStateChange(kEvent, experiment));
}
BENCHMARK(RenderDefault);

void RenderSlack(benchmark::State& state) {
  const v1::Experiment experiment = CompletedExperiment();
  for (auto _ : state) benchmark::DoNotOptimize(RenderSlackStateChange(kEvent, experiment, ""));
}
BENCHMARK(RenderSlack);

// One event against this many webhooks, of which one matches.
void MatchOneOf(benchmark::State& state) {
  WebhookSet webhooks;
  for (int32_t id = 1; id <= state.range(0); ++id) {
    WebhookRecord webhook = {.id = id, .name = absl::StrCat("webhook ", id), .workspace_id = id};
    webhook.triggers = {{.id = id, .condition_json = R"({"state":"COMPLETED"})"}};
    webhooks.webhooks.push_back(std::move(webhook));
  }
  const TriggerIndex index(std::make_shared<const WebhookSnapshot>(std::move(webhooks)));
  const v1::Experiment experiment = CompletedExperiment();
  for (auto _ : state) benchmark::DoNotOptimize(index.MatchStateChange(experiment));
}
BENCHMARK(MatchOneOf)->Arg(10)->Arg(1'000)->Arg(10'000);

// Adds webhooks with patterns that are made to hurt, numbered, as long as the scope takes them.
void FillPatternBudget(std::optional<int32_t> workspace_id, const std::string& repeated,
                       WebhookSnapshot::Webhooks& webhooks) {
  for (int32_t id = static_cast<int32_t>(webhooks.size()) + 1;; ++id) {
    WebhookRecord webhook = {.id = id, .workspace_id = workspace_id};
    webhook.triggers = {
        {.id = id,
         .type = TriggerType::kTaskLog,
         .condition_json = absl::StrCat(R"({"regex":"a)", repeated, "b", id, R"(.*c"})")}};
    if (!CheckPatternBudget(WebhookSnapshot(1, webhooks), nullptr, webhook).ok()) return;
    webhooks.Set(id, std::make_shared<const WebhookRecord>(std::move(webhook)));
  }
}

// The worst line for the worst patterns that are allowed: the global ones and those of its
// workspace. docs/triggers.md states what it takes.
void MatchHostileLine(benchmark::State& state, const std::string& repeated, bool with_end) {
  WebhookSnapshot::Webhooks webhooks;
  FillPatternBudget(std::nullopt, repeated, webhooks);
  FillPatternBudget(1, repeated, webhooks);
  const TriggerIndex index(std::make_shared<const WebhookSnapshot>(1, std::move(webhooks)));
  v1::Experiment experiment;
  experiment.set_workspace_id(1);
  std::mt19937 random(1);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same line each time
  std::string line;
  while (std::ssize(line) < state.range(0)) line.push_back("aaab c0123456789"[random() % 16]);
  if (with_end) line.back() = '\n';
  const std::vector<absl::string_view> lines = {line};
  for (auto _ : state) benchmark::DoNotOptimize(index.MatchLogs(experiment, lines));
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK_CAPTURE(MatchHostileLine, any, ".{0,40}", false)->Arg(4'096);
BENCHMARK_CAPTURE(MatchHostileLine, ascii, "[ -~]{0,240}", false)->Arg(4'096);
// Whatever speaks of line ends is matched twice.
BENCHMARK_CAPTURE(MatchHostileLine, ascii_and_end, R"([ -~]{0,240}\\s?)", true)->Arg(4'096);

}  // namespace
}  // namespace webhookd
