#ifndef WEBHOOKD_SERVER_RPC_PAGINATION_H_
#define WEBHOOKD_SERVER_RPC_PAGINATION_H_

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "determined/api/v1/pagination.pb.h"
#include "server/rpc/rpc_error.h"

namespace webhookd {

// Which part of a list of `total` items Determined's clients mean by an offset (negative: from the
// end) and a limit (0 and -1: none; -2: no items at all). INVALID_ARGUMENT for another limit.
inline absl::StatusOr<determined::api::v1::Pagination> Paginate(int32_t total, int32_t offset,
                                                                int32_t limit) {
  if (limit < -2) {
    return InvalidField("limit", absl::StrCat(limit,
                                              " is out of range: give a number from 1, 0 "
                                              "for all, or -2 for none"));
  }
  determined::api::v1::Pagination pagination;
  pagination.set_offset(offset);
  pagination.set_limit(limit);
  pagination.set_total(total);
  int64_t start = offset;
  if (offset < 0) start = std::max<int64_t>(int64_t{total} + offset, 0);
  start = std::min<int64_t>(start, total);
  int64_t end = total;
  if (limit > 0) end = std::min<int64_t>(start + limit, total);
  if (limit == -2) end = start;
  pagination.set_start_index(static_cast<int32_t>(start));
  pagination.set_end_index(static_cast<int32_t>(end));
  return pagination;
}

// Sorts `items` by what `key` gives of each, in the direction that was asked for; those that are
// equal stay in their order.
template <typename T, typename Key>
void SortBy(std::vector<T>& items, determined::api::v1::OrderBy order, Key key) {
  const bool descending = order == determined::api::v1::ORDER_BY_DESC;
  std::stable_sort(items.begin(), items.end(), [&](const T& a, const T& b) {
    return descending ? key(b) < key(a) : key(a) < key(b);
  });
}

// Whether a name holds what a list is searched for; ASCII letters in any case.
inline bool ContainsInAnyCase(absl::string_view name, absl::string_view part) {
  return absl::StrContains(absl::AsciiStrToLower(name), absl::AsciiStrToLower(part));
}

// Whether a name is like SQL's pattern as a whole, as PostgreSQL's ILIKE has it: % stands for any
// text, _ for any character, and a back-slash takes the meaning from what follows it. ASCII letters
// in any case.
bool IsLikeInAnyCase(absl::string_view name, absl::string_view pattern);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_RPC_PAGINATION_H_
