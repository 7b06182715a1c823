#ifndef WEBHOOKD_TESTS_SIMULATION_LEDGER_H_
#define WEBHOOKD_TESTS_SIMULATION_LEDGER_H_

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/pinned_clock.h"
#include "server/delivery/http_client.h"
#include "server/delivery/retry_policy.h"
#include "storage/records.h"
#include "tests/simulation/receiver_habits.h"
#include "tests/simulation/trace.h"
#include "webhookd/v1/ingest.pb.h"

namespace webhookd {

// Keeps what was promised and what was seen, from outside, and calls what does not fit a violation.
//
// It believes the store only in what the store reported as done. What was asked for and not
// answered may have happened or not: that is looked up in the database after a restart (see Audit).
class Ledger {
 public:
  // What a master sends, the first time and again.
  struct Report {
    v1::ReportExperimentStateRequest request;  // the experiment's number is the report's
    int sent = 0;
    std::set<std::string> event_ids;  // that it was acknowledged with
  };

  struct Event {
    std::string event_id;
    int32_t report = 0;  // key of `reports`
    std::string idempotency_key;
    absl::Time accepted_at;  // this and all other times: as they really pass
    std::vector<int64_t> deliveries;
  };

  struct Delivery {
    int64_t id = 0;
    int32_t webhook_id = 0;
    int32_t trigger_id = 0;
    std::string event_id;
    bool accepted_as_skipped = false;

    // As last reported; none while it may be one or the other.
    std::optional<DeliveryState> known = DeliveryState::kPending;
    int recorded = 0;  // attempts
    // Steps of its schedule that it has taken since it was accepted or last asked for again: so
    // many at most, and less by `slack` at least.
    int failures = 0;
    int slack = 0;
    bool uncounted = false;  // the above is not known
    absl::Time due;          // no attempt may start earlier
    bool released = false;   // asked for again: the next failure may be of an attempt before that
    bool cancel_asked = false;
    bool canceled_in_this_life = false;
    int redeliveries_open = 0;  // asked for and not answered
    int open = 0;  // changes that were asked for and not answered, or answered with an error
  };

  // All requests that bring one event to one webhook.
  struct Conversation {
    std::vector<int64_t> deliveries;
    int sent = 0;
    int received = 0;
    int confirmed = 0;            // and the sender knows
    int unrecorded = 0;           // in this life: sent and not reported as recorded
    bool last_was_stale = false;  // on a kept connection
    size_t body_hash = 0;         // of what was received
    struct Ended {
      absl::Time at;
      std::string error_class;
      int status;
      bool free;  // takes no step of the schedule
      std::optional<absl::Duration> asks_to_wait;
    };
    std::deque<Ended> ended;  // in this life, not reported as recorded
  };

  struct Webhook {
    WebhookRecord record;
    bool deleted = false;
    int open = 0;  // changes that were asked for and not answered, or answered with an error
    absl::Time last_confirmed = absl::InfinitePast();
    bool gone = false;  // it has answered 410
    absl::Time created_at;
  };

  struct Counts {
    int64_t events = 0;
    int64_t sent = 0;
    int64_t received = 0;
    int64_t recorded = 0;
    int64_t repeats_allowed = 0;  // sent and not recorded at a crash
  };

  Ledger(Clock& clock, Trace& trace, RetryPolicy retry, absl::Duration disable_after,
         std::string signing_key);

  // ---- What masters do and hear

  void Reported(int32_t report) { ++reports.at(report).sent; }
  void Acknowledged(int32_t report, const v1::ReportExperimentStateResponse& response);

  // ---- What the store is asked, and what it reports, in the order in which it does

  void Accepted(const AcceptEventRequest& request, const AcceptedEvent& accepted);
  void FinishAsked(const std::vector<FinishedAttempt>& attempts);
  void Finished(const std::vector<FinishedAttempt>& attempts);
  void RedeliveryAsked(int64_t delivery_id);
  void RedeliveryAnswered(int64_t delivery_id, const absl::StatusOr<DeliveryRecord>& result);
  // Gives the deliveries that it may concern, for ReplayAnswered.
  std::vector<int64_t> ReplayAsked(int32_t webhook_id);
  void ReplayAnswered(int32_t webhook_id, const std::vector<int64_t>& concerned,
                      const absl::Status& status);
  void CancelAsked(int64_t delivery_id);
  void CancelAnswered(int64_t delivery_id, const absl::Status& status);
  void WebhookStored(const WebhookChange& change);
  void WebhookDisabled(const WebhookChange& change);
  void ChangeAsked(int32_t webhook_id);
  void ChangeAnswered(int32_t webhook_id, const absl::Status& status);
  void DeletionAsked(int32_t webhook_id);
  void WebhookDeleted(const WebhookDeletion& deletion, int32_t webhook_id);

  // ---- What happens on the wire

  // A request is sent to the webhook that carries `tag` in its URL. `held_up`: it was started
  // earlier, and waited for its host's address.
  void Sent(const std::string& event_id, const std::string& tag, bool fresh_connection,
            bool held_up);
  void Received(const HttpRequest& request, const std::string& tag);
  // The sender learns how a request ended.
  void Ended(const std::string& event_id, const std::string& tag, bool fresh_connection,
             const Exchange& exchange);

  // A process is about to start.
  void Starting();
  // The process is gone, with everything in its memory.
  void Crashed();

  // Who canceled a delivery was told that none of its requests is under way.
  void CancelSettled(int64_t delivery_id);
  // Somebody sets the wall clock.
  void WallClockSet() { wall_set_at_ = time_.Now(); }

  std::map<int32_t, Report> reports;  // by the experiment's number
  std::map<std::string, Event> events;
  std::map<std::string, std::string> event_of_key;
  std::map<int64_t, Delivery> deliveries;
  std::map<std::pair<std::string, std::string>, Conversation> conversations;  // event_id, tag
  std::map<int32_t, Webhook> webhooks;
  std::map<std::string, int32_t> webhook_of_tag;
  std::set<std::string> tags_asked;  // of webhooks whose creation was asked for
  int64_t version = 0;               // of the webhooks
  Counts counts;

  const RetryPolicy& retry() const { return retry_; }
  absl::Time Now() { return time_.Now(); }
  // Takes up what the store turned out to hold.
  void AddEvent(Event event, const std::vector<Delivery>& added);

 private:
  void AskAgain(Delivery& delivery);
  void CheckMatch(const AcceptEventRequest& request);
  void CheckSkipped(const AcceptEventRequest& request);
  void FinishOne(const FinishedAttempt& finished);
  absl::Time TimeOf(const AttemptRecord& attempt);
  std::optional<Conversation::Ended> TakeEnded(Conversation& conversation, const Delivery& delivery,
                                               const AttemptRecord& attempt);
  void CheckStep(Delivery& delivery, const FinishedAttempt& finished,
                 const Conversation::Ended& ended);
  void Settle(Delivery& delivery, const FinishedAttempt& finished);
  bool MaySend(const Delivery& delivery);

  Clock& clock_;      // shows what the process sees
  PinnedClock time_;  // that really passes
  absl::Time wall_set_at_ = absl::InfinitePast();
  Trace& trace_;
  const RetryPolicy retry_;
  const absl::Duration disable_after_;
  const std::string signing_key_;
};

// Whether a write that was answered so has left nothing behind: also after a restart.
bool IsRefused(const absl::Status& status);

// The part of a URL's path that names the webhook in this simulation.
std::string TagOfUrl(absl::string_view url);

}  // namespace webhookd

#endif  // WEBHOOKD_TESTS_SIMULATION_LEDGER_H_
