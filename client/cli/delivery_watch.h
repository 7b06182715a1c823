#ifndef WEBHOOKD_CLIENT_CLI_DELIVERY_WATCH_H_
#define WEBHOOKD_CLIENT_CLI_DELIVERY_WATCH_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/cli/session.h"
#include "webhookd/v1/delivery.pb.h"

namespace webhookd {

struct WatchOptions {
  v1::ListDeliveriesRequest filter;  // page_size and page_token aside
  absl::Duration interval = absl::Seconds(1);
  // Ends once every delivery seen, and at least one, is settled: delivered, failed, canceled or
  // skipped.
  bool until_settled = false;
  // Ends once so many deliveries are settled.
  std::optional<int64_t> count;
  // Ends after this time at the latest.
  std::optional<absl::Duration> timeout;
};

// Asks for deliveries every `interval` and prints a line for each that is new or has changed.
// Without an event or a time in the filter, deliveries that were there before are not shown.
// kFailed when the time is over before what was waited for, or when a delivery that was waited for
// failed or was canceled.
absl::StatusOr<ExitCode> WatchDeliveries(Session& session, const WatchOptions& options);

}  // namespace webhookd

#endif  // WEBHOOKD_CLIENT_CLI_DELIVERY_WATCH_H_
