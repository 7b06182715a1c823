#include "tests/crash/ledger.h"

#include <algorithm>
#include <iostream>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "server/delivery/signer.h"

namespace webhookd {
namespace {

// What stands in `text` between the first `begin` and the next `end`; "" if that is not there.
absl::string_view Between(absl::string_view text, absl::string_view begin, absl::string_view end) {
  const size_t at = text.find(begin);
  if (at == text.npos) return "";
  text.remove_prefix(at + begin.size());
  return text.substr(0, text.find(end));
}

v1::ReportExperimentStateRequest ReportNumber(int32_t number) {
  v1::ReportExperimentStateRequest report;
  report.set_idempotency_key(absl::StrCat("crash-", number));
  v1::Experiment& experiment = *report.mutable_experiment();
  experiment.set_id(number);
  experiment.set_name("cifar10_pytorch_const");
  experiment.set_state(determined::experiment::v1::STATE_COMPLETED);
  return report;
}

}  // namespace

bool Ledger::Report::open() const {
  return !acknowledged ||
         std::any_of(ways.begin(), ways.end(), [](const Way& way) { return way.confirmed == 0; });
}

// ---- Reporting

void Ledger::BeginLife() {
  MutexLock lock(mutex_);
  to_report_again_.clear();
  for (auto& [number, report] : reports_) {
    if (!report.acknowledged) to_report_again_.push_back(number);
    for (Way& way : report.ways) {
      way.received = 0;
      way.confirmed_now = false;
      way.reset = false;
    }
  }
  living_ = true;
}

std::optional<v1::ReportExperimentStateRequest> Ledger::NextReport() {
  MutexLock lock(mutex_);
  while (living_) {
    if (!to_report_again_.empty()) {
      const int32_t number = to_report_again_.front();
      to_report_again_.pop_front();
      return ReportNumber(number);
    }
    if (!no_more_ && open_ < max_open_) {
      const int32_t number = static_cast<int32_t>(reports_.size()) + 1;
      reports_[number];
      ++open_;
      return ReportNumber(number);
    }
    changed_.Wait(mutex_);
  }
  return std::nullopt;
}

void Ledger::Acknowledge(int32_t number, const v1::ReportExperimentStateResponse& response) {
  MutexLock lock(mutex_);
  Report& report = reports_.at(number);
  SetEventId(number, report, response.event_id());
  if (response.delivery_count() != static_cast<int64_t>(kReceivers)) {
    FaultLocked(
        absl::StrCat("report ", number, " caused ", response.delivery_count(), " deliveries"));
  }
  if (response.duplicate() != report.stored) {
    FaultLocked(absl::StrCat("report ", number, report.stored ? " was" : " was not",
                             " stored before, and its answer says otherwise"));
  }
  report.acknowledged = true;
  ++totals_.acknowledged;
  NoteProgress(number);
}

void Ledger::EndLife() {
  MutexLock lock(mutex_);
  living_ = false;
  changed_.NotifyAll();
}

void Ledger::ReportNoMore() {
  MutexLock lock(mutex_);
  no_more_ = true;
}

void Ledger::SetEventId(int32_t number, Report& report, absl::string_view event_id) {
  if (report.event_id.empty()) {
    report.event_id = std::string(event_id);
    numbers_[report.event_id] = number;
  } else if (report.event_id != event_id) {
    FaultLocked(absl::StrCat("report ", number, " became event ", report.event_id, " and event ",
                             event_id));
  }
}

void Ledger::NoteProgress(int32_t number) {
  if (!reports_.at(number).open()) --open_;
  changed_.NotifyAll();
}

// ---- Receiving

bool Ledger::Receive(size_t receiver, const ReceivedRequest& request, bool would_confirm,
                     bool would_reset) {
  const absl::string_view event_id = Between(request.body, R"("event_id":")", "\"");
  int32_t number = 0;
  const bool numbered =
      absl::SimpleAtoi(Between(request.body, R"("experiment":{"id":)", ","), &number);
  const std::string where = absl::StrCat("receiver ", receiver, ", event ", event_id);
  const std::string timestamp = request.Header("X-Determined-AI-Signature-Timestamp");
  const std::string id = request.Header("webhook-id");

  MutexLock lock(mutex_);
  ++totals_.requests;
  if (request.Header("X-Determined-AI-Signature") !=
          DeterminedSignature(signing_key_, timestamp, request.body) ||
      request.Header("webhook-signature") !=
          StandardSignature(signing_key_, id, request.Header("webhook-timestamp"), request.body)) {
    FaultLocked(absl::StrCat(where, ": the signature is wrong"));
  }
  if (id != event_id) FaultLocked(absl::StrCat(where, ": its webhook-id is ", id));
  const auto found = numbered ? reports_.find(number) : reports_.end();
  if (found == reports_.end()) {
    FaultLocked(absl::StrCat(where, ": nothing was reported that could be it: ", request.body));
    return true;
  }
  Report& report = found->second;
  SetEventId(number, report, event_id);
  if (report.body.empty()) report.body = request.body;
  if (report.body != request.body) FaultLocked(absl::StrCat(where, ": the body has changed"));

  Way& way = report.ways[receiver];
  if (way.delivered) {
    FaultLocked(absl::StrCat(where, ": sent again though it was recorded as delivered"));
  }
  if (way.confirmed_now) {
    FaultLocked(absl::StrCat(where, ": sent again though confirmed by the same process"));
  }
  ++way.received;
  if (!would_confirm && way.confirmed == 0) {
    way.reset |= would_reset;
    return false;
  }
  if (way.confirmed > 0) ++totals_.repeated;
  ++way.confirmed;
  way.confirmed_now = true;
  if (way.confirmed == 1) NoteProgress(number);
  return true;
}

// ---- Checking

void Ledger::Settle(const std::vector<StoredEvent>& stored, bool killed) {
  MutexLock lock(mutex_);
  for (auto& [number, report] : reports_) report.stored = false;
  for (const StoredEvent& event : stored) SettleOne(event, killed);
  for (auto& [number, report] : reports_) {
    if (report.acknowledged && !report.stored) {
      FaultLocked(absl::StrCat("report ", number, " was acknowledged as event ", report.event_id,
                               " and is not stored"));
    }
  }
}

void Ledger::SettleOne(const StoredEvent& stored, bool killed) {
  const auto found = reports_.find(stored.experiment_id);
  if (found == reports_.end()) {
    FaultLocked(absl::StrCat("event ", stored.event_id, " was never reported"));
    return;
  }
  Report& report = found->second;
  if (report.stored) {
    FaultLocked(absl::StrCat("report ", found->first, " is stored twice"));
    return;
  }
  report.stored = true;
  SetEventId(found->first, report, stored.event_id);
  if (stored.deliveries.size() != kReceivers) {
    FaultLocked(
        absl::StrCat("event ", stored.event_id, " has ", stored.deliveries.size(), " deliveries"));
    return;
  }
  for (const StoredDelivery& delivery : stored.deliveries) {
    const size_t receiver = static_cast<size_t>(delivery.webhook_id) - 1;
    if (receiver < kReceivers) SettleWay(stored, delivery, killed, report.ways[receiver]);
  }
}

void Ledger::SettleWay(const StoredEvent& event, const StoredDelivery& stored, bool killed,
                       Way& way) {
  const auto fault = [&](absl::string_view what) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    FaultLocked(
        absl::StrCat("event ", event.event_id, ", webhook ", stored.webhook_id, ": ", what));
  };
  if (!stored.delivered && !stored.pending) fault("given up");
  if (stored.delivered && way.confirmed == 0) fault("recorded as delivered, but never confirmed");
  if (way.delivered && !stored.delivered) fault("no longer recorded as delivered");
  if (stored.attempts < way.attempts) fault("has fewer attempts than before");
  // One attempt at a time is under way. When the connection that it was made on turns out to be
  // dead, a second one is made before the first is recorded.
  const int unrecorded = way.received - (stored.attempts - way.attempts);
  if (killed && unrecorded > (way.reset ? 2 : 1)) {
    fault(absl::StrCat("received ", unrecorded, " times more often than recorded"));
  }
  if (!killed && unrecorded > 0) fault("not all attempts are recorded after an orderly end");
  if (killed && way.confirmed_now && !stored.delivered) {
    ++way.in_flight;
    ++totals_.in_flight;
  }
  // Every confirmation but the one that was recorded must have been in flight at a kill.
  if (way.confirmed - (stored.delivered ? 1 : 0) > way.in_flight) {
    fault(absl::StrCat("confirmed ", way.confirmed, " times, in flight at ", way.in_flight,
                       " kills"));
  }
  way.attempts = stored.attempts;
  way.delivered = stored.delivered;
}

bool Ledger::WaitUntilAllConfirmed(absl::Duration patience) {
  MutexLock lock(mutex_);
  while (open_ > 0) {
    if (!changed_.WaitFor(mutex_, patience)) return false;
  }
  return true;
}

void Ledger::CountLost() {
  MutexLock lock(mutex_);
  for (const auto& [number, report] : reports_) {
    if (!report.acknowledged || !report.open()) continue;
    ++totals_.lost;
    FaultLocked(absl::StrCat("LOST: event ", report.event_id, " of report ", number));
  }
}

Ledger::EventView Ledger::View(absl::string_view event_id) const {
  MutexLock lock(mutex_);
  EventView view;
  const auto found = numbers_.find(std::string(event_id));
  if (found == numbers_.end()) return view;
  const Report& report = reports_.at(found->second);
  view.acknowledged = report.acknowledged;
  view.stored = report.stored;
  for (size_t i = 0; i < kReceivers; ++i) {
    view.received[i] = report.ways[i].received;
    view.delivered[i] = report.ways[i].delivered;
  }
  return view;
}

Ledger::Totals Ledger::totals() const {
  MutexLock lock(mutex_);
  return totals_;
}

void Ledger::Fault(std::string what) {
  MutexLock lock(mutex_);
  FaultLocked(std::move(what));
}

void Ledger::FaultLocked(std::string what) {
  constexpr int64_t kShown = 50;
  if (++totals_.faults <= kShown) std::cerr << "FAULT: " << what << std::endl;
}

}  // namespace webhookd
