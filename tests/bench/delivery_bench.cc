#include <benchmark/benchmark.h>

#include <string>

#include "server/delivery/signer.h"

namespace webhookd {
namespace {

// Both families of headers for a body of this many bytes.
void SignatureHeaders(benchmark::State& state) {
  const Signer signer("0123456789abcdef0123456789abcdef");
  const std::string body(static_cast<size_t>(state.range(0)), 'x');
  const absl::Time now = absl::FromUnixSeconds(1'666'890'081);
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        signer.SignatureHeaders("4cd26e62-60c6-4a8b-8d03-7629091a4ef5", now, body));
  }
}
BENCHMARK(SignatureHeaders)->Arg(400)->Arg(1'024)->Arg(65'536);

}  // namespace
}  // namespace webhookd
