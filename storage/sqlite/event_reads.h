#ifndef WEBHOOKD_STORAGE_SQLITE_EVENT_READS_H_
#define WEBHOOKD_STORAGE_SQLITE_EVENT_READS_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "storage/records.h"
#include "storage/sqlite/connection.h"

namespace webhookd::sqlite {

// See Store::ListEvents.
absl::StatusOr<EventPage> ListEvents(Connection& connection, const EventFilter& filter);

// See Store::GetEvent.
absl::StatusOr<EventRecord> GetEvent(Connection& connection, absl::string_view event_id);

}  // namespace webhookd::sqlite

#endif  // WEBHOOKD_STORAGE_SQLITE_EVENT_READS_H_
