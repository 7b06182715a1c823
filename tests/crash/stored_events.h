#ifndef WEBHOOKD_TESTS_CRASH_STORED_EVENTS_H_
#define WEBHOOKD_TESTS_CRASH_STORED_EVENTS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace webhookd {

struct StoredDelivery {
  int32_t webhook_id = 0;
  bool pending = false;
  bool delivered = false;
  int attempts = 0;  // recorded ones
};

struct StoredEvent {
  std::string event_id;
  int32_t experiment_id = 0;
  std::vector<StoredDelivery> deliveries;
};

// What is in the database of a server that has ended, in whatever way, as the next server will find
// it. Leaves the files as they are: the write-ahead log is neither merged nor removed. DATA_LOSS:
// the database does not pass SQLite's checks, or an event or an attempt is there in part.
absl::StatusOr<std::vector<StoredEvent>> ReadStoredEvents(const std::string& database);

}  // namespace webhookd

#endif  // WEBHOOKD_TESTS_CRASH_STORED_EVENTS_H_
