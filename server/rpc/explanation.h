#ifndef WEBHOOKD_SERVER_RPC_EXPLANATION_H_
#define WEBHOOKD_SERVER_RPC_EXPLANATION_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/events/judge.h"
#include "storage/records.h"
#include "storage/webhook_catalog.h"
#include "webhookd/v1/delivery.pb.h"

// Why triggers fired for stored events, or did not.
namespace webhookd {

inline constexpr int kMaxJudgements = 10'000;

// "EXPERIMENT_STATE_CHANGE" and so on. INVALID_ARGUMENT lists the names.
absl::StatusOr<TriggerType> ParseEventType(absl::string_view name);

// Without input if none was kept or it cannot be read.
v1::RecordedEvent EventToProto(const EventRecord& event);

// What a trigger sees of a stored event. Borrows both.
Occurrence OccurrenceOf(const EventRecord& event, const v1::EventInput& input);

// Judges the event for every trigger there is, as it is now, and for those that it fired, and says
// which webhooks the experiment's configuration names that do not exist. Those that fired come
// first, then by webhook and trigger; at most kMaxJudgements.
std::vector<v1::TriggerJudgement> JudgeEvent(const EventRecord& event, const v1::EventInput& input,
                                             const std::vector<DeliveryRecord>& deliveries,
                                             const WebhookSnapshot& webhooks, absl::Time now);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_RPC_EXPLANATION_H_
