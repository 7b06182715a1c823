#ifndef WEBHOOKD_STORAGE_SQLITE_DELIVERY_QUERIES_H_
#define WEBHOOKD_STORAGE_SQLITE_DELIVERY_QUERIES_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "storage/records.h"
#include "storage/sqlite/write.h"

// Changes of deliveries in SQL. Contracts and errors are those of the functions of Store with the
// same names.
namespace webhookd::sqlite {

absl::StatusOr<ClaimedDeliveries> ClaimDeliveries(Transaction& transaction,
                                                  const ClaimRequest& request);
absl::Status FinishAttempts(Transaction& transaction, const std::vector<FinishedAttempt>& attempts);
absl::StatusOr<DeliveryRecord> Redeliver(Transaction& transaction, int64_t delivery_id,
                                         absl::Time now);
absl::StatusOr<DeliveryRecord> CancelDelivery(Transaction& transaction, int64_t delivery_id,
                                              absl::Time now);

// The statement with which ClaimDeliveries reads.
absl::string_view ClaimSql();

}  // namespace webhookd::sqlite

#endif  // WEBHOOKD_STORAGE_SQLITE_DELIVERY_QUERIES_H_
