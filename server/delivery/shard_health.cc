// Of a Shard: how well its webhooks do, and what follows from it.

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/delivery/shard.h"
#include "server/telemetry/log.h"

namespace webhookd {
namespace {

// Whether the receiver says that it gets too much, and for how long it wants to be left alone.
bool IsRefused(const SendOutcome& outcome, absl::Time now, std::optional<absl::Duration>& wait) {
  const int status = outcome.attempt.status;
  if (status != 429 && status != 503) return false;
  wait = ParseRetryAfter(outcome.retry_after, now);
  return status == 429 || wait.has_value();
}

}  // namespace

void Shard::ResetHealth(Endpoint& endpoint) {
  ++endpoint.health_epoch;
  endpoint.circuit = CircuitBreaker();
  endpoint.pace = Pace();
  if (!endpoint.failing_since.has_value() && !endpoint.failing_since_unsaved) return;
  endpoint.failing_since.reset();
  SaveFailingSince(endpoint);
}

// A test that somebody made was confirmed. Its URL may be a new one that no webhook has yet.
void Shard::NoteTestConfirmed(const WebhookRecord& tested) {
  if (tested.id == 0 || snapshot_->Find(tested.id) == nullptr) return;
  Endpoint& endpoint = EndpointOf(tested.id);
  Refresh(endpoint);
  if (endpoint.webhook == nullptr || endpoint.webhook->url != tested.url) return;
  ResetHealth(endpoint);
  Consider(endpoint);
}

// Follows how much the receiver takes.
void Shard::NotePace(Endpoint& endpoint, const SentAs& sent, const SendOutcome& outcome) {
  if (sent.health_epoch != endpoint.health_epoch || outcome.attempt.status == 0) return;
  const absl::Duration now = dependencies_.clock.Steady();
  std::optional<absl::Duration> wait;
  if (!IsRefused(outcome, dependencies_.clock.Now(), wait)) {
    endpoint.pace.Taken(sent.started, now);
    return;
  }
  if (wait.has_value()) wait = std::min(*wait, options_.retry.Ceiling());
  const std::optional<absl::Duration> before = endpoint.pace.paused_until();
  endpoint.pace.Refused(sent.started, now, wait);
  const std::optional<absl::Duration> until = endpoint.pace.paused_until();
  if (!until.has_value() || until == before) return;
  Log(LogLevel::kInfo, "webhook pauses: the receiver says that it gets too much",
      {{"webhook_id", endpoint.webhook_id},
       {"status", static_cast<int64_t>(outcome.attempt.status)},
       {"retry_after", outcome.retry_after},
       {"pause_seconds", absl::ToDoubleSeconds(*until - now)}});
}

// Follows how well the webhook takes what it is sent.
void Shard::NoteHealth(Endpoint& endpoint, const SentAs& sent, const SendOutcome& outcome) {
  if (sent.health_epoch != endpoint.health_epoch) return;
  endpoint.circuit.Record(outcome.error, outcome.attempt.status, dependencies_.clock.Steady());
  const bool confirmed = outcome.error == AttemptError::kNone;
  if (confirmed == endpoint.failing_since.has_value()) {
    endpoint.failing_since =
        confirmed ? std::nullopt
                  : std::optional<absl::Time>(age_clock_.Now() - outcome.attempt.duration);
    SaveFailingSince(endpoint);
    return;
  }
  if (endpoint.failing_since_unsaved) SaveFailingSince(endpoint);
  if (confirmed) return;
  const absl::Duration age = age_clock_.Now() - *endpoint.failing_since;
  if (age < options_.disable_after) return;
  Disable(endpoint,
          absl::StrCat("every attempt failed since ",
                       absl::FormatTime(absl::RFC3339_sec, dependencies_.clock.Now() - age,
                                        absl::UTCTimeZone())));
}

// What cannot be stored is stored with the next attempt: after a restart an old time would count.
void Shard::SaveFailingSince(Endpoint& endpoint) {
  endpoint.failing_since_unsaved = false;
  dependencies_.store.SetFailingSince(
      endpoint.webhook_id, endpoint.failing_since,
      [this, inbox = inbox_, id = endpoint.webhook_id](const absl::Status& status) {
        if (status.ok()) return;
        Log(LogLevel::kError, "cannot record since when a webhook fails; it is tried again",
            {{"webhook_id", id}, {"error", status.message()}});
        inbox->Post([this, id] {
          const auto found = endpoints_.find(id);
          if (found != endpoints_.end()) found->second->failing_since_unsaved = true;
        });
      });
}

void Shard::Disable(Endpoint& endpoint, const std::string& reason) {
  if (endpoint.webhook == nullptr) return;
  ++endpoint.disabling;
  dependencies_.store.DisableWebhook(
      endpoint.webhook_id, endpoint.webhook->url, reason, dependencies_.clock.Now(),
      [this, inbox = inbox_, &endpoint, reason](absl::StatusOr<WebhookChange> change) {
        if (change.ok() && change->webhook.disabled_reason == reason) {
          Log(LogLevel::kWarning, "webhook disabled",
              {{"webhook_id", change->webhook.id}, {"reason", reason}});
        }
        inbox->Post([this, &endpoint, status = change.status()] {
          if (!status.ok() && !absl::IsNotFound(status)) {
            Log(LogLevel::kError, "cannot disable a webhook",
                {{"webhook_id", endpoint.webhook_id}, {"error", status.message()}});
          }
          snapshot_ = dependencies_.catalog.Current();
          --endpoint.disabling;
          Consider(endpoint);
        });
      });
}

}  // namespace webhookd
