#ifndef WEBHOOKD_SERVER_EVENTS_PATTERN_BUDGET_H_
#define WEBHOOKD_SERVER_EVENTS_PATTERN_BUDGET_H_

#include "absl/status/status.h"
#include "storage/records.h"
#include "storage/webhook_catalog.h"

namespace webhookd {

// The most instructions that the patterns of one scope (a workspace, or all global webhooks) may
// compile to beyond eight for each byte of their text. What text alone accounts for is matched in
// one pass at a cost that does not grow with it; what lies beyond comes of counted repetition and
// large classes of characters, counts twice where a pattern speaks of line ends, and costs up to 9
// ns a byte of a line for each instruction.
inline constexpr int kMaxExtraInstructions = 2'000;

// Whether `webhook` may take the place of `before` (null for a new one) among `webhooks`.
// FAILED_PRECONDITION with the figures if the patterns of its scope would come to cost too much. A
// change that adds nothing is always allowed.
absl::Status CheckPatternBudget(const WebhookSnapshot& webhooks, const WebhookRecord* before,
                                const WebhookRecord& webhook);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_EVENTS_PATTERN_BUDGET_H_
