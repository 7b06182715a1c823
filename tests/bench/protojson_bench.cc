#include "tests/bench/protojson_bench.h"

#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <functional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "determined/api/v1/task.pb.h"
#include "determined/api/v1/webhook.pb.h"
#include "server/gateway/protojson_reader.h"
#include "server/gateway/protojson_writer.h"
#include "webhookd/v1/ingest.pb.h"

namespace webhookd {
namespace {

using ::google::protobuf::Message;

std::unique_ptr<Message> TenWebhooks() {
  auto response = std::make_unique<determined::api::v1::GetWebhooksResponse>();
  for (int id = 1; id <= 10; ++id) {
    auto& webhook = *response->add_webhooks();
    webhook.set_id(id);
    webhook.set_url(
        absl::StrCat("https://hooks.example.com/services/T00000000/B", id, "/XXXXXXXX"));
    webhook.set_name(absl::StrCat("notify the team of experiment ", id));
    webhook.set_workspace_id(id);
    webhook.set_webhook_type(determined::webhook::v1::WEBHOOK_TYPE_DEFAULT);
    webhook.set_mode(determined::webhook::v1::WEBHOOK_MODE_WORKSPACE);
    webhook.set_disabled(false);
    webhook.mutable_created_at()->set_seconds(1'769'862'896 + id);
    webhook.mutable_created_at()->set_nanos(123'456'000);
    for (const char* state : {"COMPLETED", "ERRORED"}) {
      auto& trigger = *webhook.add_triggers();
      trigger.set_id(id);
      trigger.set_webhook_id(id);
      trigger.set_trigger_type(determined::webhook::v1::TRIGGER_TYPE_EXPERIMENT_STATE_CHANGE);
      (*trigger.mutable_condition()->mutable_fields())["state"].set_string_value(state);
    }
  }
  return response;
}

std::unique_ptr<Message> StateReport() {
  auto request = std::make_unique<v1::ReportExperimentStateRequest>();
  request->set_idempotency_key("experiment-41-COMPLETED-1665689991");
  auto& experiment = *request->mutable_experiment();
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
  return request;
}

std::unique_ptr<Message> TaskLogs() {
  auto request = std::make_unique<determined::api::v1::PostTaskLogsRequest>();
  for (int i = 0; i < 100; ++i) {
    auto& log = *request->add_logs();
    log.set_task_id("41.6d6e6f26-2f5e-4a35-8d3c-5b6f7e6f1d11");
    log.set_agent_id("agent-0");
    log.set_rank_id(0);
    log.mutable_timestamp()->set_seconds(1'665'689'950 + i);
    log.set_log(
        absl::StrCat("[rank=0] INFO: step ", i, "\tloss=0.", i,
                     "\t\"accuracy\"=0.97, learning rate 3e-4, 1,024 samples per second\n"));
    log.set_stdtype("stdout");
  }
  return request;
}

// Bytes a second that `run`, which handles `bytes`, gets through.
double MegabytesPerSecond(size_t bytes, const std::function<void()>& run) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point start = Clock::now();
  size_t runs = 0;
  std::chrono::duration<double> taken{};
  do {
    run();
    ++runs;
    taken = Clock::now() - start;
  } while (taken.count() < 0.02);
  return static_cast<double>(bytes * runs) / taken.count() / 1e6;
}

Measurement Beside(const char* name, double ours, const char* limit_name, double limit) {
  return {.name = name,
          .value = ours,
          .unit = "MB/s",
          .limit_name = limit_name,
          .limit_value = limit,
          .ratio = ours / limit,
          .goal = 0.5};
}

}  // namespace

std::vector<ProtoJsonDocument> ProtoJsonDocuments() {
  std::vector<ProtoJsonDocument> documents;
  documents.push_back({"webhooks", TenWebhooks()});
  documents.push_back({"state_report", StateReport()});
  documents.push_back({"task_logs", TaskLogs()});
  return documents;
}

std::vector<Measurement> MeasureProtoJson() {
  const std::vector<ProtoJsonDocument> documents = ProtoJsonDocuments();
  std::vector<std::string> texts;
  std::vector<rapidjson::Document> trees(documents.size());
  size_t bytes = 0;
  for (size_t i = 0; i < documents.size(); ++i) {
    texts.push_back(WriteProtoJson(*documents[i].message));
    trees[i].Parse(texts[i].data(), texts[i].size());
    bytes += texts[i].size();
  }
  size_t kept = 0;  // so that no result is optimised away

  const std::vector<std::function<void()>> runs = {
      [&] {
        for (size_t i = 0; i < documents.size(); ++i) {
          const std::unique_ptr<Message> message(documents[i].message->New());
          kept += ReadProtoJson(texts[i], *message).ok() ? 1 : 0;
        }
      },
      [&] {
        for (const std::string& text : texts) {
          rapidjson::Document tree;
          tree.Parse(text.data(), text.size());
          kept += tree.HasParseError() ? 0 : 1;
        }
      },
      [&] {
        for (const ProtoJsonDocument& document : documents) {
          kept += WriteProtoJson(*document.message).size();
        }
      },
      [&] {
        for (const rapidjson::Document& tree : trees) {
          rapidjson::StringBuffer buffer;
          rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
          tree.Accept(writer);
          kept += buffer.GetSize();
        }
      }};
  // The best of many short tries, in turn, so that what disturbs one disturbs the others.
  std::vector<double> best(runs.size(), 0.0);
  for (int tries = 0; tries < 25; ++tries) {
    for (size_t i = 0; i < runs.size(); ++i) {
      best[i] = std::max(best[i], MegabytesPerSecond(bytes, runs[i]));
    }
  }
  if (kept == 0) return {};
  return {Beside("protojson_read", best[0], "rapidjson DOM parse", best[1]),
          Beside("protojson_write", best[2], "rapidjson DOM print", best[3])};
}

}  // namespace webhookd
