#ifndef WEBHOOKD_STORAGE_SQLITE_EXAMINED_ROWS_H_
#define WEBHOOKD_STORAGE_SQLITE_EXAMINED_ROWS_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "base/status_macros.h"
#include "storage/sqlite/statement.h"

namespace webhookd::sqlite {

// What a page of a list holds.
struct FoundIds {
  std::vector<int64_t> ids;
  int64_t next_before_id = 0;  // rows with smaller ids were not examined; 0: there are none
};

// Goes through `rows`: an id, the greatest first, and whether the row is asked for. Ends when
// `limit` were found and there is one more, or after `max_examined` rows.
inline absl::StatusOr<FoundIds> FindIds(Statement& rows, int64_t limit, int64_t max_examined) {
  FoundIds found;
  if (limit <= 0) return found;
  int64_t last = 0;
  for (int64_t examined = 0;; ++examined) {
    ASSIGN_OR_RETURN(const bool more, rows.Step());
    if (!more) return found;
    const bool wanted = rows.Int(1) != 0;
    const bool full = wanted && std::ssize(found.ids) >= limit;
    if (full || (examined >= max_examined && examined > 0)) {
      found.next_before_id = last;
      return found;
    }
    last = rows.Int(0);
    if (wanted) found.ids.push_back(last);
  }
}

}  // namespace webhookd::sqlite

#endif  // WEBHOOKD_STORAGE_SQLITE_EXAMINED_ROWS_H_
