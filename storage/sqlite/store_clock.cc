#include "storage/sqlite/store_clock.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/status_macros.h"
#include "storage/sqlite/statement.h"

namespace webhookd::sqlite {
namespace {

constexpr absl::string_view kRead = "SELECT due_clock, wall_clock, lived_clock FROM store_state";
constexpr absl::string_view kWrite =
    "UPDATE store_state SET due_clock = ?1, wall_clock = ?2, lived_clock = ?3";

constexpr absl::Duration kKeptEvery = absl::Seconds(1);

}  // namespace

absl::StatusOr<StoreClock> StoreClock::Load(Connection& connection, Clock& clock) {
  const absl::Time wall = absl::FromUnixMicros(absl::ToUnixMicros(clock.Now()));
  absl::Time due = wall;
  absl::Time last_wall = wall;
  absl::Time lived = wall;
  {
    Statement read = connection.Prepare(kRead);
    RETURN_IF_ERROR(read.Step().status());
    due = std::max(read.OptionalTime(0).value_or(wall), wall);
    last_wall = read.OptionalTime(1).value_or(wall);
    lived = read.OptionalTime(2).value_or(wall);
  }
  const int64_t moved = absl::ToInt64Microseconds(wall - last_wall);
  RETURN_IF_ERROR(connection.Execute(
      absl::StrCat("BEGIN IMMEDIATE;"
                   "UPDATE webhooks SET failing_since = failing_since + ",
                   moved,
                   " WHERE failing_since IS NOT NULL;"
                   "UPDATE store_state SET due_clock = ",
                   absl::ToUnixMicros(due), ", wall_clock = ", absl::ToUnixMicros(wall),
                   ", lived_clock = ", absl::ToUnixMicros(lived), "; COMMIT")));
  return StoreClock(clock, wall, due, lived);
}

absl::Status StoreClock::Keep(Connection& connection) {
  const absl::Duration now = clock_->Steady();
  if (now - kept_ < kKeptEvery) return absl::OkStatus();
  keeping_ = now;
  Statement write = connection.Prepare(kWrite);
  write.Bind(due_.Now(), wall_.Now(), lived_.Now());
  return write.Run();
}

}  // namespace webhookd::sqlite
