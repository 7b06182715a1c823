// Every error that a VFS can answer, at every call in turn, while reports are accepted, delivered
// and recorded.

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/simulation/audit.h"
#include "tests/simulation/simulated_process.h"
#include "tests/simulation/simulated_vfs.h"
#include "tests/simulation/workload.h"
#include "tests/testing/fault_vfs.h"
#include "tests/testing/simulated_clock.h"

namespace webhookd {
namespace {

using Call = FaultVfs::Call;

// A machine that is well, but for what FaultVfs does.
class Pipeline {
 public:
  Pipeline() { SeedSqlite(1); }

  void Start() {
    auto started = SimulatedProcess::Start({.settings = settings_,
                                            .mutant = Mutant::kNone,
                                            .clock = clock_,
                                            .trace = trace_,
                                            .disk = disk_,
                                            .vfs = fault_.name(),
                                            .errors_expected = true,
                                            .network = network_,
                                            .ledger = ledger_,
                                            .signing_key = signing_key_},
                                           1);
    ASSERT_TRUE(started.ok()) << started.status();
    process_ = *std::move(started);
    Check(AuditTime::kRestart);
    for (int i = 0; i < 2; ++i) CreateWebhook(i);
    RunFor(absl::Seconds(1));
    Report();
    RunFor(absl::Seconds(1));
    ASSERT_GT(ledger_.counts.recorded, 0);
  }

  // Reports at once and one after another, delivers, asks for one again, reads, and merges the log.
  void Work() {
    for (int i = 0; i < 3; ++i) Report();
    RunFor(absl::Seconds(2));
    Read();
    process_->store().Redeliver(1, process_->store().due_clock().Now(),
                                [this](const absl::StatusOr<DeliveryRecord>& delivery) {
                                  if (!delivery.ok()) return;
                                  process_->Wake({.waiting = {delivery->webhook_id}});
                                });
    RunFor(absl::Seconds(2));
    Checkpoint();
    Report();
    RunFor(absl::Seconds(2));
    Read();
  }

  // Without a restart, everything works again, and nothing is lost or half-there.
  void ExpectRecovery() {
    RunFor(absl::Minutes(10));
    const int64_t before = acknowledged_;
    Report();
    RunFor(absl::Minutes(1));
    EXPECT_EQ(acknowledged_, before + 1);
    EXPECT_EQ(answered_, reported_) << "a report has no answer";
    Check(AuditTime::kEnd);
    EXPECT_EQ(process_->held(), 0);
    process_->Stop();
    process_.reset();
  }

  FaultVfs& fault() { return fault_; }

 private:
  void Check(AuditTime time) {
    Audit(time, vfs_.name(), SimulatedProcess::kDatabase, process_->store(), ledger_, trace_);
    EXPECT_EQ(trace_.violation(), "");
  }

  void CreateWebhook(int number) {
    WebhookRecord webhook;
    webhook.name = absl::StrCat("hook-", number);
    webhook.url = network_.Url(0, webhook.name, false);
    webhook.created_at = clock_.Now();
    webhook.triggers = {{.condition_json = R"({"state":"COMPLETED"})"}};
    process_->store().CreateWebhook(webhook, std::nullopt,
                                    [](const absl::StatusOr<WebhookChange>& change) {
                                      ASSERT_TRUE(change.ok()) << change.status();
                                    });
  }

  void Report() {
    const int32_t number = ++reported_;
    v1::ReportExperimentStateRequest request;
    request.set_idempotency_key(absl::StrCat("report ", number));
    request.mutable_experiment()->set_id(number);
    request.mutable_experiment()->set_name(std::string(3'000, 'n'));
    request.mutable_experiment()->set_state(determined::experiment::v1::STATE_COMPLETED);
    ledger_.reports[number].request = request;
    ledger_.Reported(number);
    process_->router().ReportExperimentState(
        /*caller=*/"master", request,
        [this, number](absl::StatusOr<v1::ReportExperimentStateResponse> response) {
          ++answered_;
          if (!response.ok()) return;
          ++acknowledged_;
          ledger_.Acknowledged(number, *response);
        });
  }

  // Reads may fail, but not leave anything out.
  void Read() {
    const auto listed = process_->store().ListDeliveries(
        {.limit = 1'000, .now = process_->store().due_clock().Now()});
    EXPECT_TRUE(!listed.ok() || listed->deliveries.size() == ledger_.deliveries.size());
    const auto details = process_->store().GetDelivery(1);
    EXPECT_TRUE(!details.ok() || !details->attempts.empty());
  }

  void Checkpoint() {
    sqlite3* database = nullptr;
    sqlite3_open_v2(SimulatedProcess::kDatabase, &database, SQLITE_OPEN_READWRITE,
                    fault_.name().c_str());
    sqlite3_exec(database, "PRAGMA wal_checkpoint(TRUNCATE)", nullptr, nullptr, nullptr);
    sqlite3_close(database);
  }

  void RunFor(absl::Duration duration) {
    const absl::Duration end = clock_.Steady() + duration;
    while (true) {
      while (process_->RunOne() || network_.RunOne()) {
      }
      const absl::Duration now = clock_.Steady();
      if (now >= end) return;
      const absl::Duration next = std::min({end, process_->next_at(), network_.next_at()});
      clock_.Advance(std::max(next - now, absl::Nanoseconds(1)));
    }
  }

  const SimulationSettings settings_ = {
      .receivers = 1, .longest_habit = absl::Hours(1'000), .healthy = 1};
  const std::string signing_key_ = "a key";
  SimulatedClock clock_;
  Trace trace_{clock_, false};
  SimulatedDisk disk_{1};
  SimulatedVfs vfs_{disk_};
  FaultVfs fault_{vfs_.name()};
  Ledger ledger_{clock_, trace_, settings_.dispatcher.retry, settings_.dispatcher.disable_after,
                 signing_key_};
  SimulatedNetwork network_{1, settings_, clock_, trace_, ledger_};
  std::unique_ptr<SimulatedProcess> process_;
  int32_t reported_ = 0;
  int answered_ = 0;
  int64_t acknowledged_ = 0;
};

class PipelineFaultsTest : public ::testing::TestWithParam<Call> {};

TEST_P(PipelineFaultsTest, AreAnsweredAndLeaveNothingBehind) {
  const std::vector<FaultVfs::Fault> faults = FaultVfs::FaultsOf(GetParam());
  const size_t rounds = FaultVfs::ForEveryCall(faults, [&](FaultVfs::Fault fault, int64_t nth) {
    if (HasFailure()) return false;
    // A file system that tells of damage is believed until the next start.
    if (fault.code == SQLITE_IOERR_CORRUPTFS) return false;
    SCOPED_TRACE(absl::StrCat("code ", fault.code, " at call number ", nth,
                              fault.lasting ? " and later" : ""));
    Pipeline pipeline;
    pipeline.Start();
    if (HasFailure()) return false;
    pipeline.fault().Fail(GetParam(), nth, fault.code, fault.lasting);
    pipeline.Work();
    const bool failed = pipeline.fault().faults() > 0;
    pipeline.fault().Heal();
    pipeline.ExpectRecovery();
    return failed;
  });
  // Files are deleted when the database is opened and closed only.
  EXPECT_EQ(rounds == faults.size(), GetParam() == Call::kDelete);
}

INSTANTIATE_TEST_SUITE_P(All, PipelineFaultsTest, ::testing::ValuesIn(FaultVfs::kCalls),
                         [](const auto& call) {
                           return std::string(FaultVfs::NameOf(call.param));
                         });

}  // namespace
}  // namespace webhookd
