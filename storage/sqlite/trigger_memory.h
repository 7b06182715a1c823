#ifndef WEBHOOKD_STORAGE_SQLITE_TRIGGER_MEMORY_H_
#define WEBHOOKD_STORAGE_SQLITE_TRIGGER_MEMORY_H_

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "storage/records.h"
#include "storage/sqlite/write.h"

// What triggers remember of earlier events, and what is known of experiments.
namespace webhookd::sqlite {

// Whether the trigger fired for this scope before.
absl::StatusOr<bool> HasFiredOnce(Connection& connection, int32_t trigger_id,
                                  absl::string_view scope);
absl::Status RememberFiring(Connection& connection, int32_t trigger_id, absl::string_view scope,
                            absl::Time accepted_at);

// See Store.
absl::Status SaveMetricStates(Connection& connection, std::span<const MetricState> states);
absl::StatusOr<std::vector<MetricState>> LoadMetricStates(Connection& connection, int64_t limit);
absl::Status SaveKnown(Connection& connection, const KnownRecords& records,
                       absl::Time forget_before);
absl::StatusOr<KnownRecords> LoadKnown(Connection& connection, absl::Time since, int64_t limit);

}  // namespace webhookd::sqlite

#endif  // WEBHOOKD_STORAGE_SQLITE_TRIGGER_MEMORY_H_
