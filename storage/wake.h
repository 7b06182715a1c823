#ifndef WEBHOOKD_STORAGE_WAKE_H_
#define WEBHOOKD_STORAGE_WAKE_H_

#include <cstdint>
#include <functional>
#include <vector>

#include "storage/records.h"

namespace webhookd {

// What the deliverer is told after a commit.
struct WakeUp {
  // Deliveries that were committed with a lease for this process.
  std::vector<ClaimedDelivery> claimed;
  // Webhooks that have more deliveries due in the store.
  std::vector<int32_t> waiting;
};

// The one call by which those who store deliveries reach the one who sends them. Thread-safe,
// quick.
using Wake = std::function<void(WakeUp)>;

// Whether the deliverer has room to take `count` deliveries as claimed; if so, it counts on getting
// them by Wake (or on getting them back by another call with a negative count, when the commit
// failed).
using Reserve = std::function<bool(int64_t count)>;

}  // namespace webhookd

#endif  // WEBHOOKD_STORAGE_WAKE_H_
