#ifndef WEBHOOKD_STORAGE_SQLITE_EVENT_QUERIES_H_
#define WEBHOOKD_STORAGE_SQLITE_EVENT_QUERIES_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "storage/records.h"
#include "storage/sqlite/write.h"

namespace webhookd::sqlite {

// See Store::AcceptEvents.
absl::StatusOr<AcceptedEvents> AcceptEvents(Transaction& transaction, MatchedReport& report);

// Deletes at most `limit` idempotency keys of generations before `generation`, and gives their
// number.
absl::StatusOr<int64_t> ForgetKeysBefore(Transaction& transaction, int64_t generation,
                                         int64_t limit);

}  // namespace webhookd::sqlite

#endif  // WEBHOOKD_STORAGE_SQLITE_EVENT_QUERIES_H_
