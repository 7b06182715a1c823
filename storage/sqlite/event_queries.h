#ifndef WEBHOOKD_STORAGE_SQLITE_EVENT_QUERIES_H_
#define WEBHOOKD_STORAGE_SQLITE_EVENT_QUERIES_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "storage/records.h"
#include "storage/sqlite/write.h"

namespace webhookd::sqlite {

// See Store::AcceptEvent. Also ALREADY_EXISTS: the event's id is stored already.
absl::StatusOr<AcceptedEvent> AcceptEvent(Transaction& transaction,
                                          const AcceptEventRequest& request);

// See Store::AcceptEvents.
absl::StatusOr<AcceptedEvents> AcceptEvents(Transaction& transaction,
                                            const std::vector<AcceptEventRequest>& requests);

// Deletes at most `limit` idempotency keys of generations before `generation`, and gives their
// number.
absl::StatusOr<int64_t> ForgetKeysBefore(Transaction& transaction, int64_t generation,
                                         int64_t limit);

}  // namespace webhookd::sqlite

#endif  // WEBHOOKD_STORAGE_SQLITE_EVENT_QUERIES_H_
