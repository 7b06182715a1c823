#ifndef WEBHOOKD_STORAGE_SQLITE_EVENT_QUERIES_H_
#define WEBHOOKD_STORAGE_SQLITE_EVENT_QUERIES_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "storage/records.h"
#include "storage/sqlite/write.h"

namespace webhookd::sqlite {

// See Store::AcceptEvent. Also ALREADY_EXISTS: the event's id is stored already.
absl::StatusOr<AcceptedEvent> AcceptEvent(Transaction& transaction,
                                          const AcceptEventRequest& request);

// See Store::AcceptEvents.
absl::StatusOr<AcceptedEvents> AcceptEvents(Transaction& transaction,
                                            const std::vector<AcceptEventRequest>& requests);

// Takes the idempotency keys from at most `limit` events that were accepted before `time`, and
// gives the time when the next of them was accepted (`time` if there may be more, InfiniteFuture if
// there is no event).
absl::StatusOr<absl::Time> ForgetKeysBefore(Transaction& transaction, absl::Time time,
                                            int64_t limit);

}  // namespace webhookd::sqlite

#endif  // WEBHOOKD_STORAGE_SQLITE_EVENT_QUERIES_H_
