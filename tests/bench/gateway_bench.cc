#include <benchmark/benchmark.h>
#include <google/protobuf/descriptor.h>

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

#include "determined/api/v1/api.pb.h"
#include "server/gateway/protojson_reader.h"
#include "server/gateway/protojson_writer.h"
#include "server/gateway/transcoder.h"
#include "tests/bench/protojson_bench.h"
#include "webhookd/v1/delivery.pb.h"
#include "webhookd/v1/ingest.pb.h"

namespace webhookd {
namespace {

std::unique_ptr<Transcoder> MakeTranscoder() {
  const auto* const pool = google::protobuf::DescriptorPool::generated_pool();
  auto transcoder = Transcoder::Create({pool->FindServiceByName("determined.api.v1.Determined"),
                                        pool->FindServiceByName("webhookd.v1.EventService"),
                                        pool->FindServiceByName("webhookd.v1.DeliveryService")},
                                       GatewayProfile::kDetermined);
  if (!transcoder.ok()) std::abort();
  return *std::move(transcoder);
}

void ReadDocument(benchmark::State& state) {
  const ProtoJsonDocument document = std::move(ProtoJsonDocuments()[state.range(0)]);
  const std::string json = WriteProtoJson(*document.message);
  for (auto _ : state) {
    const std::unique_ptr<google::protobuf::Message> message(document.message->New());
    benchmark::DoNotOptimize(ReadProtoJson(json, *message));
  }
  state.SetLabel(document.name);
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(json.size()));
}
BENCHMARK(ReadDocument)->DenseRange(0, 2);

void WriteDocument(benchmark::State& state) {
  const ProtoJsonDocument document = std::move(ProtoJsonDocuments()[state.range(0)]);
  size_t bytes = 0;
  for (auto _ : state) {
    const std::string json = WriteProtoJson(*document.message);
    benchmark::DoNotOptimize(json.data());
    bytes += json.size();
  }
  state.SetLabel(document.name);
  state.SetBytesProcessed(static_cast<int64_t>(bytes));
}
BENCHMARK(WriteDocument)->DenseRange(0, 2);

void FindRoute(benchmark::State& state) {
  const std::unique_ptr<Transcoder> transcoder = MakeTranscoder();
  for (auto _ : state) {
    benchmark::DoNotOptimize(transcoder->routes().Find("POST", "/api/v1/webhooks/41/test"));
  }
}
BENCHMARK(FindRoute);

void TranscodeGetWebhooks(benchmark::State& state) {
  const std::unique_ptr<Transcoder> transcoder = MakeTranscoder();
  const WebRequest request = {.method = "GET",
                              .path = "/api/v1/webhooks",
                              .headers = {{"Host", "localhost:8080"},
                                          {"User-Agent", "python-requests/2.31.0"},
                                          {"Accept", "*/*"},
                                          {"Authorization", "Bearer 0123456789abcdef"}},
                              .peer_address = "127.0.0.1"};
  for (auto _ : state) benchmark::DoNotOptimize(transcoder->Transcode(request));
}
BENCHMARK(TranscodeGetWebhooks);

}  // namespace
}  // namespace webhookd
