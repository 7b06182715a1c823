#ifndef WEBHOOKD_TESTS_CRASH_LEDGER_H_
#define WEBHOOKD_TESTS_CRASH_LEDGER_H_

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/mutex.h"
#include "tests/crash/stored_events.h"
#include "tests/testing/receiver.h"
#include "webhookd/v1/ingest.pb.h"

namespace webhookd {

// Keeps account of every report, request and record over the lives of a server, and finds what must
// not be. A life is the time from a start to the end that follows. Receivers are numbered from 0,
// and receiver n is that of webhook n + 1. Thread-safe.
class Ledger {
 public:
  static constexpr size_t kReceivers = 4;
  using Answer = CannedResponse::Answer;

  // `signing_key`: what requests must be signed with. `max_open`: so many reports at most are under
  // way, from the first time they are made until all receivers have confirmed.
  Ledger(std::string signing_key, size_t max_open)
      : signing_key_(std::move(signing_key)), max_open_(max_open) {}

  // ---- Reporting

  // From now on, what is not acknowledged is reported again.
  void BeginLife();
  // Waits until there is something to report; none after EndLife.
  std::optional<v1::ReportExperimentStateRequest> NextReport();
  // Its numbers are those of the experiments.
  void Acknowledge(int32_t number, const v1::ReportExperimentStateResponse& response);
  // Makes NextReport return.
  void EndLife();
  // Makes no new reports any more.
  void ReportNoMore();

  // ---- Receiving

  // Notes a request. True: confirm it. An event that was confirmed once is confirmed again whatever
  // the receiver would like to do, as one does that knows it from its event_id.
  bool Receive(size_t receiver, const ReceivedRequest& request, bool would_confirm,
               bool would_reset);

  // ---- Checking

  // After the end of a life: compares with what is stored. `killed`: or it ended well.
  void Settle(const std::vector<StoredEvent>& stored, bool killed);
  // Waits until all reports are acknowledged and confirmed by all receivers; false when nothing
  // comes for `patience`.
  bool WaitUntilAllConfirmed(absl::Duration patience);
  // Counts as lost what was acknowledged and is not confirmed by all receivers.
  void CountLost();
  // Notes that something is wrong.
  void Fault(std::string what);

  struct EventView {
    bool acknowledged = false;
    bool stored = false;                          // at the end of the last life
    std::array<int, kReceivers> received = {};    // in this life
    std::array<bool, kReceivers> delivered = {};  // as recorded at the end of the last life
  };
  EventView View(absl::string_view event_id) const;

  struct Totals {
    int64_t acknowledged = 0;
    int64_t requests = 0;
    int64_t lost = 0;
    int64_t repeated = 0;   // requests that were confirmed, but the first of each delivery
    int64_t in_flight = 0;  // deliveries confirmed, but not recorded as delivered, at kills
    int64_t faults = 0;
  };
  Totals totals() const;

 private:
  // The way of one event to one receiver.
  struct Way {
    int confirmed = 0;
    int in_flight = 0;  // kills at which it was confirmed but not recorded
    // In this life:
    int received = 0;
    bool confirmed_now = false;
    bool reset = false;
    // As recorded at the end of the last life:
    int attempts = 0;
    bool delivered = false;
  };
  struct Report {
    std::string event_id;  // as first heard of, from whomever
    std::string body;      // as first received
    bool acknowledged = false;
    bool stored = false;
    std::array<Way, kReceivers> ways;

    bool open() const;
  };

  void SetEventId(int32_t number, Report& report, absl::string_view event_id)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void SettleOne(const StoredEvent& stored, bool killed) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void SettleWay(const StoredEvent& event, const StoredDelivery& stored, bool killed, Way& way)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void NoteProgress(int32_t number) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void FaultLocked(std::string what) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::string signing_key_;
  const size_t max_open_;
  mutable CondVar changed_;

  mutable Mutex mutex_;
  std::map<int32_t, Report> reports_ ABSL_GUARDED_BY(mutex_);       // by number, from 1
  std::map<std::string, int32_t> numbers_ ABSL_GUARDED_BY(mutex_);  // by event_id
  std::deque<int32_t> to_report_again_ ABSL_GUARDED_BY(mutex_);
  size_t open_ ABSL_GUARDED_BY(mutex_) = 0;
  bool living_ ABSL_GUARDED_BY(mutex_) = false;
  bool no_more_ ABSL_GUARDED_BY(mutex_) = false;
  Totals totals_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace webhookd

#endif  // WEBHOOKD_TESTS_CRASH_LEDGER_H_
