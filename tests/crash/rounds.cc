#include "tests/crash/rounds.h"

#include <grpcpp/client_context.h>
#include <signal.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <optional>
#include <thread>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "determined/api/v1/api.grpc.pb.h"
#include "tests/crash/reporter.h"
#include "tests/crash/stored_events.h"
#include "tests/testing/last_resort.h"

namespace webhookd {
namespace {

// Enough that there is always work, and little enough that nothing piles up from round to round.
constexpr size_t kMaxOpen = 100;
constexpr absl::Duration kPatience = kLastResort;
constexpr int kLongestLifeMs = 400;

void Wait(absl::Duration duration) {
  std::this_thread::sleep_for(absl::ToChronoMicroseconds(duration));
}

bool CreateWebhook(const std::string& address, const std::string& name, const std::string& url) {
  const auto stub = determined::api::v1::Determined::NewStub(ConnectTo(address));
  determined::api::v1::PostWebhookRequest request;
  determined::webhook::v1::Webhook& webhook = *request.mutable_webhook();
  webhook.set_name(name);
  webhook.set_url(url);
  webhook.set_webhook_type(determined::webhook::v1::WEBHOOK_TYPE_DEFAULT);
  determined::webhook::v1::Trigger& trigger = *webhook.add_triggers();
  trigger.set_trigger_type(determined::webhook::v1::TRIGGER_TYPE_EXPERIMENT_STATE_CHANGE);
  (*trigger.mutable_condition()->mutable_fields())["state"].set_string_value("COMPLETED");
  grpc::ClientContext context;
  determined::api::v1::PostWebhookResponse response;
  return stub->PostWebhook(&context, request, &response).ok();
}

grpc::Status ReportOne(const std::string& address) {
  const auto stub = v1::EventService::NewStub(ConnectTo(address));
  v1::ReportExperimentStateRequest report;
  report.set_idempotency_key("the only one");
  report.mutable_experiment()->set_id(1);
  report.mutable_experiment()->set_state(determined::experiment::v1::STATE_COMPLETED);
  grpc::ClientContext context;
  v1::ReportExperimentStateResponse response;
  return stub->ReportExperimentState(&context, report, &response);
}

}  // namespace

const Rounds::Place Rounds::kPlaces[] = {
    {"random", When::kAtAnyTime},
    {"before_acknowledgement", When::kUnderLoad, KillPoint::kBeforeAcknowledgement, 30},
    {"after_acknowledgement", When::kUnderLoad, KillPoint::kAfterAcknowledgement, 5},
    {"request_written", When::kUnderLoad, KillPoint::kRequestWritten, 150},
    {"answer_received", When::kUnderLoad, KillPoint::kAnswerReceived, 100},
    {"finish_committed", When::kUnderLoad, KillPoint::kFinishCommitted, 100},
    {"log_torn", When::kUnderLoad, KillPoint::kLogTorn, 300},
    {"log_unsynced", When::kUnderLoad, KillPoint::kLogUnsynced, 50},
    {"start", When::kFromStart, KillPoint::kFileChange, 20},
    {"migration", When::kMigrating, KillPoint::kFileChange},
    {"drain", When::kWhileEnding, KillPoint::kAnswerReceived, 5},
    {"drain_commit", When::kWhileEnding, KillPoint::kLogUnsynced, 3},
    {"checkpoint", When::kWhileEnding, KillPoint::kCheckpoint, 20},
};

Rounds::Rounds(std::string folder, uint64_t seed)
    : folder_(std::move(folder)),
      random_(seed),
      ledger_(CrashableWebhookd::kSigningKey, kMaxOpen),
      receivers_(ledger_),
      webhookd_(folder_, receivers_.ports()) {
  CreateWebhooks();
}

void Rounds::CreateWebhooks() {
  const std::string address = webhookd_.Start();
  int number = 0;
  for (const std::string& url : receivers_.urls()) {
    if (!CreateWebhook(address, absl::StrCat("receiver ", number++), url)) {
      ledger_.Fault(absl::StrCat("a webhook cannot be created: ", webhookd_.process().errors()));
    }
  }
  webhookd_.process().Signal(SIGTERM);
  WaitForEnd(/*must_be_killed=*/false);
}

const char* Rounds::last_place() const {
  return kPlaces[static_cast<size_t>(std::max(round_ - 1, 0)) % std::size(kPlaces)].name;
}

void Rounds::Run() {
  const Place& place = kPlaces[static_cast<size_t>(round_++) % std::size(kPlaces)];
  ++places_[place.name];
  if (place.when == When::kMigrating) {
    KillWhileMigrating();
  } else {
    Live(place);
  }
}

void Rounds::Live(const Place& place) {
  const int passes = Below(place.most_passes);
  webhookd_.KillNowhere();
  if (place.when == When::kFromStart) webhookd_.KillAt(place.point, passes);
  ledger_.BeginLife();
  const std::string address = webhookd_.Start();
  if (address.empty() && !webhookd_.killed_at_point()) {
    ledger_.Fault(absl::StrCat("it does not start: ", webhookd_.process().errors()));
    ledger_.EndLife();
    return;
  }
  // Where it was killed before it listened, nothing can be reported.
  std::optional<Reporter> reporter;
  if (!address.empty()) reporter.emplace(address, ledger_);
  if (place.when == When::kUnderLoad) {
    webhookd_.KillAt(place.point, passes);
  } else if (place.when == When::kAtAnyTime) {
    Wait(absl::Milliseconds(Below(kLongestLifeMs)));
    webhookd_.process().Signal(SIGKILL);
  } else if (place.when == When::kWhileEnding) {
    Wait(absl::Milliseconds(Below(kLongestLifeMs)));
    webhookd_.process().Signal(SIGTERM);
    webhookd_.KillAt(place.point, passes);
  }
  const bool killed = WaitForEnd(place.when != When::kWhileEnding);
  const bool may_miss = place.when == When::kAtAnyTime || place.when == When::kWhileEnding;
  if (place.when == When::kWhileEnding && !killed) {
    // Nothing of the kind was left to do.
    --places_[place.name];
    ++places_["orderly end"];
  }
  if (!webhookd_.killed_at_point() && !may_miss) {
    ledger_.Fault(absl::StrCat("it did not come to where it was to be killed in ",
                               absl::FormatDuration(kPatience)));
  }
  ledger_.EndLife();
  if (reporter.has_value()) reporter->Finish();
  Settle(killed);
  if (webhookd_.killed_at_point()) CheckPlace(place);
}

bool Rounds::WaitForEnd(bool must_be_killed) {
  const int code = webhookd_.process().WaitForEnd(kPatience);
  const bool killed = code == -SIGKILL;
  if (!killed && (must_be_killed || code != 0)) {
    ledger_.Fault(absl::StrCat("it ended with ", code, ": ", webhookd_.process().errors()));
  }
  return killed;
}

void Rounds::Settle(bool killed) {
  receivers_.WaitUntilQuiet();
  const absl::StatusOr<std::vector<StoredEvent>> stored = ReadStoredEvents(webhookd_.database());
  if (!stored.ok()) {
    ledger_.Fault(std::string(stored.status().message()));
    return;
  }
  ledger_.Settle(*stored, killed);
}

void Rounds::CheckPlace(const Place& place) {
  const KillPlace at = webhookd_.kill_place();
  if (at.event_id.empty()) return;
  const Ledger::EventView event = ledger_.View(at.event_id);
  const std::vector<uint16_t> ports = receivers_.ports();
  const auto receiver =
      static_cast<size_t>(std::find(ports.begin(), ports.end(), at.receiver_port) - ports.begin());
  const auto expect = [&](bool held, const char* what) {
    if (!held) ledger_.Fault(absl::StrCat(place.name, ": event ", at.event_id, " ", what));
  };
  expect(event.stored, "is not stored");
  switch (place.point) {
    case KillPoint::kBeforeAcknowledgement:
      expect(!event.acknowledged, "is acknowledged");
      break;
    case KillPoint::kAfterAcknowledgement:
      for (const int received : event.received) expect(received == 0, "is received");
      break;
    case KillPoint::kRequestWritten:
    case KillPoint::kAnswerReceived:
      expect(event.received.at(receiver) > 0, "is not received");
      expect(!event.delivered.at(receiver), "is recorded as delivered");
      break;
    case KillPoint::kFinishCommitted:
      expect(event.delivered.at(receiver), "is not recorded as delivered");
      break;
    default:
      break;
  }
}

void Rounds::KillWhileMigrating() {
  const std::string folder = absl::StrCat(folder_, "/migration-", round_);
  std::filesystem::create_directory(folder);
  Receiver receiver;
  CrashableWebhookd webhookd(folder, {receiver.port()});
  const auto fault = [&](const std::string& what) {
    ledger_.Fault(
        absl::StrCat("after a kill while migrating, ", what, ": ", webhookd.process().errors()));
  };

  // Any of the changes that a start makes to the files of a new database.
  webhookd.Start();
  const int64_t changes = std::max<int64_t>(webhookd.file_changes(), 1);
  webhookd.process().Signal(SIGKILL);
  webhookd.process().WaitForEnd(kPatience);
  std::filesystem::remove_all(folder);
  std::filesystem::create_directory(folder);
  webhookd.KillAt(KillPoint::kFileChange, Below(static_cast<int>(changes)));
  if (!webhookd.Start().empty()) webhookd.process().Signal(SIGKILL);
  webhookd.process().WaitForEnd(kPatience);
  if (!webhookd.killed_at_point()) fault("or rather without one");

  webhookd.KillNowhere();
  const std::string address = webhookd.Start();
  if (address.empty()) {
    fault("it does not start");
    return;
  }
  if (!CreateWebhook(address, "a webhook", receiver.url())) fault("no webhook can be created");
  if (const grpc::Status status = ReportOne(address); !status.ok()) fault(status.error_message());
  if (!receiver.WaitForRequests(1)) fault("nothing is delivered");
  webhookd.process().Signal(SIGTERM);
  if (webhookd.process().WaitForEnd(kPatience) != 0) fault("it does not end well");
  const absl::StatusOr<std::vector<StoredEvent>> stored = ReadStoredEvents(webhookd.database());
  if (!stored.ok()) fault(std::string(stored.status().message()));
  if (stored.ok() && (stored->size() != 1 || !stored->front().deliveries.at(0).delivered)) {
    fault("the event is not recorded as delivered");
  }
  std::filesystem::remove_all(folder);
}

void Rounds::Finish() {
  webhookd_.KillNowhere();
  ledger_.ReportNoMore();
  ledger_.BeginLife();
  const std::string address = webhookd_.Start();
  if (address.empty()) {
    ledger_.Fault(absl::StrCat("it does not start: ", webhookd_.process().errors()));
  } else {
    Reporter reporter(address, ledger_);
    // What is lost already never comes.
    const absl::Duration patience = ledger_.totals().faults > 0 ? absl::Seconds(5) : kPatience;
    if (!ledger_.WaitUntilAllConfirmed(patience)) ledger_.Fault("deliveries do not come to an end");
    webhookd_.process().Signal(SIGTERM);
    const bool killed = WaitForEnd(/*must_be_killed=*/false);
    ledger_.EndLife();
    reporter.Finish();
    Settle(killed);
  }
  ledger_.EndLife();
  ledger_.CountLost();
}

}  // namespace webhookd
