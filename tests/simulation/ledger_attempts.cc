// Of a Ledger: what is sent, received, and recorded.

#include <algorithm>
#include <functional>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "server/delivery/signer.h"
#include "tests/simulation/ledger.h"

namespace webhookd {
namespace {

std::string HeaderOf(const HttpRequest& request, absl::string_view name) {
  for (const auto& [each, value] : request.headers) {
    if (absl::EqualsIgnoreCase(each, name)) return value;
  }
  return "";
}

// Attempts that put nothing on the wire.
bool WasSent(const AttemptRecord& attempt) {
  return attempt.error_class != "dns" && attempt.error_class != "egress_denied" &&
         attempt.error_class != "internal";
}

}  // namespace

// Whether an attempt of it may begin now, as far as its state and time tell.
bool Ledger::MaySend(const Delivery& delivery) {
  if (time_.Now() < delivery.due) return false;
  if (!delivery.known.has_value() || *delivery.known == DeliveryState::kPending) return true;
  // It may have been in memory when it was canceled.
  return *delivery.known == DeliveryState::kCanceled && delivery.canceled_in_this_life;
}

void Ledger::Sent(const std::string& event_id, const std::string& tag, bool fresh_connection,
                  bool held_up) {
  ++counts.sent;
  const auto found = conversations.find({event_id, tag});
  if (found == conversations.end()) {
    trace_.Violate("event ", event_id, " was sent to ", tag, " before it was stored");
    return;
  }
  Conversation& conversation = found->second;
  const bool again_at_once = conversation.last_was_stale && fresh_connection;
  const auto may_send = [this](int64_t id) { return MaySend(deliveries.at(id)); };
  if (!again_at_once && !held_up &&
      std::none_of(conversation.deliveries.begin(), conversation.deliveries.end(), may_send)) {
    const Delivery& delivery = deliveries.at(conversation.deliveries.front());
    const int state = delivery.known.has_value() ? static_cast<int>(*delivery.known) : 0;
    trace_.Violate("delivery ", delivery.id, " (state ", state, ", due ",
                   absl::FormatTime(delivery.due, absl::UTCTimeZone()), ") was sent at ",
                   absl::FormatTime(time_.Now(), absl::UTCTimeZone()));
  }
  const auto most = std::ssize(conversation.deliveries) +
                    std::count_if(conversation.ended.begin(), conversation.ended.end(),
                                  [](const Conversation::Ended& ended) { return ended.free; });
  if (conversation.unrecorded >= most) {
    trace_.Violate("event ", event_id, " was sent to ", tag, " again while ",
                   conversation.unrecorded, " attempts are not recorded");
  }
  const Webhook& webhook = webhooks.at(webhook_of_tag.at(tag));
  if (!again_at_once && !held_up && (webhook.deleted || webhook.record.disabled_at.has_value())) {
    trace_.Violate("event ", event_id, " was sent to ", tag, ", which is ",
                   webhook.deleted ? "deleted" : "disabled");
  }
  ++conversation.sent;
  ++conversation.unrecorded;
}

void Ledger::Received(const HttpRequest& request, const std::string& tag) {
  ++counts.received;
  const std::string event_id = HeaderOf(request, "webhook-id");
  const std::string timestamp = HeaderOf(request, "webhook-timestamp");
  const auto found = conversations.find({event_id, tag});
  if (found == conversations.end()) {
    trace_.Violate(tag, " received an unknown event ", event_id);
    return;
  }
  int64_t seconds = 0;
  const absl::Duration age = absl::SimpleAtoi(timestamp, &seconds)
                                 ? clock_.Now() - absl::FromUnixSeconds(seconds)
                                 : absl::InfiniteDuration();
  const bool wall_set = time_.Now() - wall_set_at_ <= absl::Seconds(20);
  if (!wall_set && (age < -absl::Seconds(1) || age > absl::Seconds(20))) {
    trace_.Violate("the signature of event ", event_id, " is dated ", timestamp);
  }
  if (HeaderOf(request, "X-Determined-AI-Signature-Timestamp") != timestamp ||
      HeaderOf(request, "X-Determined-AI-Signature") !=
          DeterminedSignature(signing_key_, timestamp, *request.body) ||
      HeaderOf(request, "webhook-signature") !=
          StandardSignature(signing_key_, event_id, timestamp, *request.body)) {
    trace_.Violate("event ", event_id, " was sent to ", tag, " with a wrong signature");
  }
  Conversation& conversation = found->second;
  const size_t hash = std::hash<std::string>()(*request.body);
  if (conversation.received > 0 && conversation.deliveries.size() == 1 &&
      conversation.body_hash != hash) {
    trace_.Violate("event ", event_id, " was sent to ", tag, " with two different bodies");
  }
  conversation.body_hash = hash;
  ++conversation.received;
}

void Ledger::Ended(const std::string& event_id, const std::string& tag, bool fresh_connection,
                   const Exchange& exchange) {
  const auto found = conversations.find({event_id, tag});
  if (found == conversations.end()) return;  // Sent has said so
  Conversation& conversation = found->second;
  const HttpResult& result = exchange.result;
  const AttemptError error =
      result.error == AttemptError::kNone ? AttemptErrorFromStatus(result.status) : result.error;
  const bool stale = error == AttemptError::kStaleConnection && !fresh_connection;
  conversation.last_was_stale = stale;
  conversation.ended.push_back({.at = time_.Now(),
                                .error_class = std::string(AttemptErrorName(error)),
                                .status = result.status,
                                .free = stale,
                                .asks_to_wait = exchange.asks_to_wait});
  Webhook& webhook = webhooks.at(webhook_of_tag.at(tag));
  if (error == AttemptError::kNone) ++conversation.confirmed;
  if (error == AttemptError::kGone) webhook.gone = true;
}

void Ledger::FinishAsked(const std::vector<FinishedAttempt>& attempts) {
  for (const FinishedAttempt& finished : attempts) {
    const auto delivery = deliveries.find(finished.delivery_id);
    if (delivery == deliveries.end()) {
      trace_.Violate("an attempt of an unknown delivery ", finished.delivery_id, " was recorded");
    } else {
      ++delivery->second.open;
    }
  }
}

void Ledger::Finished(const std::vector<FinishedAttempt>& attempts) {
  for (const FinishedAttempt& finished : attempts) {
    if (!trace_.violated()) FinishOne(finished);
  }
}

std::optional<Ledger::Conversation::Ended> Ledger::TakeEnded(Conversation& conversation,
                                                             const Delivery& delivery,
                                                             const AttemptRecord& attempt) {
  const auto ended = std::find_if(
      conversation.ended.begin(), conversation.ended.end(), [&](const Conversation::Ended& each) {
        return each.error_class == attempt.error_class && each.status == attempt.status;
      });
  if (ended == conversation.ended.end()) {
    trace_.Violate("delivery ", delivery.id, ": an attempt was recorded as \"", attempt.error_class,
                   "\" (status ", attempt.status, "), and none has ended so");
    return std::nullopt;
  }
  Conversation::Ended taken = *ended;
  conversation.ended.erase(ended);
  --conversation.unrecorded;
  return taken;
}

// When an attempt ended that put nothing on the wire. Long ago, as far as can be told, when the
// wall clock was set since.
absl::Time Ledger::TimeOf(const AttemptRecord& attempt) {
  if (time_.Now() - wall_set_at_ <= absl::Minutes(1)) return absl::InfinitePast();
  return attempt.started_at + attempt.duration + (time_.Now() - clock_.Now());
}

void Ledger::FinishOne(const FinishedAttempt& finished) {
  ++counts.recorded;
  Delivery& delivery = deliveries.at(finished.delivery_id);
  const AttemptRecord& attempt = finished.attempt;
  Webhook& webhook = webhooks.at(delivery.webhook_id);
  Conversation& conversation = conversations.at({delivery.event_id, TagOfUrl(webhook.record.url)});
  --delivery.open;
  ++delivery.recorded;
  Conversation::Ended ended = {.at = TimeOf(attempt),
                               .error_class = attempt.error_class,
                               .status = attempt.status,
                               .free = false};
  if (WasSent(attempt)) {
    const std::optional<Conversation::Ended> taken = TakeEnded(conversation, delivery, attempt);
    if (!taken.has_value()) return;
    ended = *taken;
  }
  if (ended.error_class.empty()) {
    webhook.last_confirmed = ended.at;
  } else {
    CheckStep(delivery, finished, ended);
  }
  if (finished.state == DeliveryState::kDelivered && !ended.error_class.empty()) {
    trace_.Violate("delivery ", delivery.id, " was recorded as delivered after \"",
                   ended.error_class, "\"");
  }
  Settle(delivery, finished);
}

// Moves a delivery on in its schedule after an attempt that was not confirmed.
void Ledger::CheckStep(Delivery& delivery, const FinishedAttempt& finished,
                       const Conversation::Ended& ended) {
  const auto steps = static_cast<int>(retry_.schedule.size());
  ++delivery.failures;
  // A stale connection takes no step, unless there was no second try at once. After a redelivery
  // the first failure may be of an attempt that was under way before.
  if (ended.free || delivery.released) ++delivery.slack;
  const int at_least = delivery.failures - delivery.slack;
  if (finished.state == DeliveryState::kPending) {
    if (!ended.free && !delivery.released && !delivery.uncounted) {
      const int step = std::min(std::max(at_least, 0), steps - 1);
      absl::Time due = ended.at + retry_.schedule[static_cast<size_t>(step)] * (1 - retry_.jitter);
      if (ended.asks_to_wait.has_value()) {
        due = std::max(due, ended.at + std::min(*ended.asks_to_wait, retry_.Ceiling()));
      }
      delivery.due = due - absl::Microseconds(1);  // the store cuts to microseconds
    }
    if (at_least >= steps && !delivery.uncounted) {
      trace_.Violate("delivery ", delivery.id, " goes on after ", at_least, " failures");
    }
    return;
  }
  if (delivery.failures < steps && ended.error_class != "gone" && !delivery.uncounted &&
      !delivery.released) {
    trace_.Violate("delivery ", delivery.id, " was given up after ", delivery.failures,
                   " failures");
  }
}

void Ledger::Settle(Delivery& delivery, const FinishedAttempt& finished) {
  const bool released = std::exchange(delivery.released, delivery.redeliveries_open > 0);
  if (delivery.redeliveries_open > 0 || (released && finished.state == DeliveryState::kFailed)) {
    delivery.known.reset();
    return;
  }
  if (!delivery.known.has_value()) return;
  const bool pending = delivery.known == DeliveryState::kPending;
  const bool canceled = delivery.known == DeliveryState::kCanceled;
  const bool delivered = finished.state == DeliveryState::kDelivered;
  if (pending || (canceled && delivered)) delivery.known = finished.state;
}

}  // namespace webhookd
