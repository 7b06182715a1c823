#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
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

}  // namespace
}  // namespace webhookd
