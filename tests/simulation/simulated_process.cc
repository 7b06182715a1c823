#include "tests/simulation/simulated_process.h"

#include <algorithm>
#include <utility>

#include "absl/memory/memory.h"
#include "base/status_macros.h"

namespace webhookd {
namespace {

constexpr uint64_t kStream = 4;

Dispatcher::Options MutatedOptions(const SimulatedProcess::Machine& machine) {
  Dispatcher::Options options = machine.settings.dispatcher;
  options.retry = MutateRetry(machine.mutant, std::move(options.retry));
  return options;
}

}  // namespace

absl::StatusOr<std::unique_ptr<SimulatedProcess>> SimulatedProcess::Start(const Machine& machine,
                                                                          uint64_t seed) {
  auto process = absl::WrapUnique(new SimulatedProcess(machine, seed));
  RETURN_IF_ERROR(process->Open());
  return process;
}

SimulatedProcess::SimulatedProcess(const Machine& machine, uint64_t seed)
    : machine_(machine),
      options_(MutatedOptions(machine)),
      dice_(seed, kStream),
      random_(seed),
      signer_(machine.signing_key),
      resolver_(machine.network) {}

SimulatedProcess::~SimulatedProcess() {
  if (observed_ != nullptr) observed_->Silence();
  for (Driven& driven : shards_) driven.shard->Close();
}

absl::Status SimulatedProcess::Open() {
  ASSIGN_OR_RETURN(sqlite_,
                   SqliteStore::Create({.path = kDatabase,
                                        .vfs = machine_.vfs,
                                        .writer = writer_,
                                        .callbacks = &callbacks_,
                                        .clock = machine_.clock,
                                        .read_connections = 1,
                                        .max_waiting_writes = machine_.settings.max_waiting_writes,
                                        .max_batch = machine_.settings.max_batch,
                                        .busy_timeout = absl::ZeroDuration()}));
  mutated_ = MutateStore(machine_.mutant, *sqlite_, writer_, machine_.vfs, kDatabase);
  observed_ = std::make_unique<ObservedStore>(*mutated_, machine_.ledger, machine_.disk,
                                              machine_.trace, machine_.errors_expected);

  wake_ = MutateWake(
      machine_.mutant, [this](WakeUp wake_up) { WakeShards(std::move(wake_up)); }, dice_);
  router_ = std::make_unique<EventRouter>(
      EventRouter::Options{.lease = options_.lease()},
      EventRouter::Dependencies{.store = *observed_,
                                .clock = machine_.clock,
                                .random = random_,
                                .wake = wake_,
                                .reserve = [this](int64_t count) { return Reserve(count); }});
  ASSIGN_OR_RETURN(const std::vector<PendingEndpoint> pending, observed_->PendingEndpoints());
  const Dispatcher::Dependencies dependencies = {.store = *observed_,
                                                 .catalog = catalog(),
                                                 .signer = signer_,
                                                 .egress = egress_,
                                                 .resolver = resolver_,
                                                 .clock = machine_.clock,
                                                 .random = random_,
                                                 .new_http_client = nullptr};
  for (int i = 0; i < options_.shards; ++i) {
    auto http = std::make_unique<SimulatedHttpClient>(machine_.network);
    SimulatedHttpClient* const driven_http = http.get();
    shards_.push_back(
        {.shard = std::make_unique<Shard>(
             options_, dependencies, MutateHttpClient(machine_.mutant, std::move(http)), held_),
         .http = driven_http,
         .next_step = machine_.clock.Steady()});
  }
  for (const PendingEndpoint& endpoint : pending) {
    ShardOf(endpoint.webhook_id).NoteWaiting({{endpoint.webhook_id, absl::InfinitePast()}});
  }
  return absl::OkStatus();
}

// These three are what Dispatcher does.

bool SimulatedProcess::Reserve(int64_t count) {
  const int64_t before = held_.fetch_add(count);
  if (count <= 0 || before + count <= options_.max_ready) return true;
  held_.fetch_sub(count);
  return false;
}

Shard& SimulatedProcess::ShardOf(int32_t webhook_id) {
  return *shards_[static_cast<size_t>(webhook_id) % shards_.size()].shard;
}

void SimulatedProcess::WakeShards(WakeUp wake_up) {
  for (ClaimedDelivery& delivery : wake_up.claimed) {
    Shard& shard = ShardOf(delivery.webhook_id);
    shard.Take({std::move(delivery)});
  }
  for (const int32_t webhook_id : wake_up.waiting) {
    ShardOf(webhook_id).NoteWaiting({{webhook_id, absl::InfinitePast()}});
  }
}

void SimulatedProcess::Wake(WakeUp wake_up) { wake_(std::move(wake_up)); }

void SimulatedProcess::Ask(int32_t webhook_id) { ShardOf(webhook_id).NoteAsked(webhook_id); }

void SimulatedProcess::Drop(int32_t webhook_id, int64_t delivery_id,
                            absl::AnyInvocable<void(bool) &&> done) {
  ShardOf(webhook_id).Drop(webhook_id, delivery_id, std::move(done));
}

bool SimulatedProcess::RunOne() {
  // The shards, the writer and its callbacks are threads: any of them may be the next to run.
  const auto threads = static_cast<int64_t>(shards_.size()) + 2;
  const int64_t first = dice_.Below(threads);
  for (int64_t i = 0; i < threads; ++i) {
    const int64_t thread = (first + i) % threads;
    if (thread == threads - 1   ? callbacks_.RunOne()
        : thread == threads - 2 ? RunWriter()
                                : RunShard(shards_[static_cast<size_t>(thread)])) {
      return true;
    }
  }
  return false;
}

bool SimulatedProcess::RunWriter() {
  const absl::Duration now = machine_.clock.Steady();
  if (now < writer_free_at_ || !writer_.RunOne()) return false;
  const absl::Duration longest = machine_.settings.longest_commit;
  if (longest > absl::ZeroDuration()) {
    writer_free_at_ = now + dice_.Between(absl::Microseconds(50), longest);
  }
  return true;
}

bool SimulatedProcess::RunShard(Driven& driven) {
  if (!driven.http->ready() && machine_.clock.Steady() < driven.next_step) return false;
  driven.shard->Poll(absl::ZeroDuration());
  driven.next_step = machine_.clock.Steady() + driven.shard->Step();
  return true;
}

absl::Duration SimulatedProcess::next_at() const {
  const absl::Duration now = machine_.clock.Steady();
  absl::Duration next = writer_free_at_ > now ? writer_free_at_ : absl::InfiniteDuration();
  for (const Driven& driven : shards_) {
    next = std::min(next, driven.http->ready() ? now : driven.next_step);
  }
  return next;
}

void SimulatedProcess::BeginDrain() {
  for (Driven& driven : shards_) driven.shard->BeginDrain();
}

bool SimulatedProcess::drained() const {
  return std::all_of(shards_.begin(), shards_.end(),
                     [](const Driven& driven) { return driven.shard->drained(); });
}

void SimulatedProcess::Stop() {
  for (Driven& driven : shards_) driven.shard->Close();
  writer_.RunAll();
  callbacks_.RunAll();
  sqlite_->Stop();
}

}  // namespace webhookd
