#ifndef WEBHOOKD_STORAGE_SQLITE_DELIVERY_READS_H_
#define WEBHOOKD_STORAGE_SQLITE_DELIVERY_READS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "storage/records.h"
#include "storage/sqlite/connection.h"

// Reads of deliveries in SQL. Contracts and errors are those of the functions of Store with the
// same names. `lease_epoch` is that of this process: other leases are void and not shown.
namespace webhookd::sqlite {

absl::StatusOr<std::vector<PendingEndpoint>> PendingEndpoints(Connection& connection);
absl::StatusOr<DeliveryPage> ListDeliveries(Connection& connection, const DeliveryFilter& filter,
                                            int64_t lease_epoch);
absl::StatusOr<int64_t> CountPending(Connection& connection, int32_t webhook_id);
absl::StatusOr<DeliveryDetails> GetDelivery(Connection& connection, int64_t delivery_id,
                                            int64_t lease_epoch);

// NOT_FOUND.
absl::StatusOr<DeliveryRecord> ReadDelivery(Connection& connection, int64_t delivery_id,
                                            int64_t lease_epoch);

// How many deliveries wait for a filter's webhook.
enum class PendingOfWebhook {
  kFew,   // few enough to be sorted
  kMany,  // found among all that wait
};

// The statements with which PendingEndpoints, CountPending and ListDeliveries read, and with which
// the last one finds where the deliveries of some events lie.
absl::string_view PendingEndpointsSql();
absl::string_view CountPendingSql();
std::string ListDeliveriesSql(const DeliveryFilter& filter, PendingOfWebhook pending_of_webhook);
absl::string_view EventRangeSql();

}  // namespace webhookd::sqlite

#endif  // WEBHOOKD_STORAGE_SQLITE_DELIVERY_READS_H_
